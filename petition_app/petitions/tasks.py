"""Work that comes round: freeze what nobody has watched over for too long, forget what was not delivered."""

from __future__ import annotations

from datetime import datetime

from petition_app.petitions import dead_letters, freezing


def freeze_silent(at: datetime) -> None:
    """Freeze petitions whose organizers have been silent for too long."""
    freezing.freeze_silent(at=at)


def forget_dead_letters(at: datetime) -> None:
    """Remove messages that were not delivered and not sent again for two weeks."""
    dead_letters.forget(at=at)
