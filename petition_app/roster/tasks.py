"""Work that comes round: remove uploads that nobody used."""

from __future__ import annotations

from datetime import datetime

from petition_app.roster import uploads


def forget_uploads(at: datetime) -> None:
    """Remove files and versions that were begun more than a day ago and never used."""
    uploads.forget_old(at=at)
