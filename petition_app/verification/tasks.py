"""Work for later: match with the roster, bring back what was not found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.verification import bulk_runs, matches, settling


def rematch(payload: dict[str, Any], at: datetime) -> None:
    """Put back what was not found on an older roster; the matching itself comes with the next rounds."""
    matches.bring_back_not_found(UUID(payload["petition_id"]), at=at)


def match_waiting(at: datetime) -> None:
    """Match a slice of what waits."""
    matches.match_all_waiting(at=at)


def settle_waiting(_at: datetime) -> None:
    """Carry out what was agreed and had to wait for another case."""
    settling.settle_all()


def run_bulk(payload: dict[str, Any], at: datetime) -> None:
    """Do the next slice of a bulk act, or take it back."""
    bulk_runs.run_slice(UUID(payload["bulk_id"]), by=UUID(payload["by"]), at=at)
