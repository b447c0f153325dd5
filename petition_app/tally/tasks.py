"""Work that comes round: publish what is left, fold the counts, link the trail."""

from __future__ import annotations

from datetime import datetime

from petition_app import audit, jobs
from petition_app.petitions import rehearsing
from petition_app.tally import breakdown, services


def publish_left(at: datetime) -> None:
    """Publish changes whose own door left them to the worker."""
    for petition_id in jobs.list_due():
        services.publish_due(petition_id, at=at)


def fold_deltas(_at: datetime) -> None:
    """Fold the counts of petitions that nobody published lately."""
    services.fold_all()


def count_roles(at: datetime) -> None:
    """Count the roles and places of those who are published without a name."""
    breakdown.refresh_all(at=at)


def link_trail(_at: datetime) -> None:
    """Link new rows of the trail into its chain."""
    audit.link_events(apart=rehearsing.list_ids())
