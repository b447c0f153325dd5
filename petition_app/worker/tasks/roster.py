"""Work that comes round: remove uploads that nobody used."""

from __future__ import annotations

from datetime import datetime

from petition_app.roster import services, uploads
from petition_app.worker.rounds import Each

# Versions that were begun more than a day ago and never used.
discard_versions = Each(
    "roster.discard_versions",
    find=lambda at: services.list_old(at=at),
    act=lambda version_id, _at: services.discard(version_id),
)


def forget_uploads(at: datetime) -> None:
    """Remove files that were uploaded more than a day ago and never used."""
    uploads.forget_old(at=at)
