"""Which statements change something that a page shows or that is remembered of the database."""

from __future__ import annotations

import re

CHANGE = re.compile(r'(?:WITH|INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
# Neither a page shows these tables nor is anything of them remembered.
UNSEEN = frozenset(("account_sessions", "confirmations", "jobs", "knocks", "leases", "match_leases", "worker_beats"))


def is_seen(statement: str) -> bool:
    """Return whether what is kept in memory may be wrong after a statement that has changed rows."""
    found = CHANGE.match(statement)
    return found is not None and found[1] not in UNSEEN
