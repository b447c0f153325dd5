"""Work that comes round: freeze what nobody has watched over for too long, forget what was not delivered."""

from __future__ import annotations

from datetime import datetime

from petition_app.petitions import dead_letters, freezing
from petition_app.worker.rounds import Each

# Petitions whose organizers have been silent for too long.
freeze_silent = Each(
    "petitions.freeze_silent",
    find=lambda _at: freezing.list_watched(),
    act=lambda petition_id, at: freezing.freeze_if_silent(petition_id, at=at),
)


def forget_dead_letters(at: datetime) -> None:
    """Remove messages that were not delivered and not sent again for two weeks."""
    dead_letters.forget(at=at)
