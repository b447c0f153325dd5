"""Work that comes round: freeze what nobody has watched over for too long."""

from __future__ import annotations

from datetime import datetime

from petition_app.petitions import freezing


def freeze_silent(at: datetime) -> None:
    """Freeze petitions whose organizers have been silent for too long."""
    freezing.freeze_silent(at=at)
