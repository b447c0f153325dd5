"""Work that comes round: publish what is left, fold the counts, link the trail."""

from __future__ import annotations

from datetime import datetime

from petition_app import audit
from petition_app.petitions import rehearsing
from petition_app.storage import jobs
from petition_app.tally import breakdown, names_order, services
from petition_app.worker.rounds import Each

# Changes whose own door left them to the worker.
publish_left = Each(
    "tally.publish_left",
    find=lambda _at: jobs.list_due(),
    act=lambda petition_id, at: services.publish_due(petition_id, at=at),
)
# The counts of petitions that nobody published lately.
fold_deltas = Each(
    "tally.fold_deltas",
    find=lambda _at: services.list_unfolded(),
    act=lambda petition_id, _at: services.fold_one(petition_id),
)
# Names that are sorted by earlier rules, or for another language than their letter has now: a slice of them.
sort_names = Each(
    "tally.sort_names",
    find=lambda _at: names_order.list_unsorted(),
    act=lambda petition_id, at: names_order.sort_some(petition_id, at=at),
)
# The roles and places of those who are published without a name.
count_roles = Each(
    "tally.count_roles",
    find=lambda _at: breakdown.list_countable(),
    act=lambda petition_id, at: breakdown.refresh_one(petition_id, at=at),
)


def link_trail(at: datetime) -> None:
    """Add up signers' acts, and link new rows of the trail into its chain."""
    audit.add_up(at=at, apart=rehearsing.list_ids())
    audit.link_events(apart=rehearsing.list_ids())
