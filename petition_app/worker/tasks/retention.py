"""What has run out is erased; what is still held is told once a day."""

from __future__ import annotations

from datetime import datetime

from petition_app.retention import services as running_out
from petition_app.worker.rounds import Each

# Once a day: what is still held of each petition.
report_held = Each(
    "verification.report_held",
    find=lambda at: running_out.list_unreported(at=at),
    act=lambda petition_id, at: running_out.report(petition_id, at=at),
)
# A slice of what has run out of each petition, and how much that was.
retain = Each(
    "verification.retain",
    find=lambda at: running_out.list_petitions_due(at=at),
    act=lambda petition_id, at: running_out.retain_some(petition_id, at=at),
)


def note_retained(at: datetime) -> None:
    """Note that what has run out is erased."""
    running_out.note_done(at=at)
