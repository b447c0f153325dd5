"""Names that an organizer's own machine hands over: two organizers agree on exactly these before it may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from petition_app.accounts import approvals
from petition_app.accounts.models import Account, ApprovalRequest
from petition_app.petitions.models import Petition
from petition_app.storage.db import db
from petition_app.tally.models import DueName
from petition_app.tally.names import open_due_names
from petition_app.verification.cases.desk_results_access import DeskResultsAccess, DeskResultsError

KIND = "desk_names"


def ask(cases: list[UUID], *, petition: Petition, by: Account, at: datetime) -> int:
    """Ask another organizer to agree that exactly these names, all due, are opened on the asker's machine.

    Returns how many. Raises: DeskResultsError, and what `approvals.ask` raises.
    """
    due = select(func.count()).where(DueName.petition_id == petition.id, DueName.signature_id.in_(cases))
    if not cases or len(set(cases)) != len(cases) or db.session.scalar(due) != len(cases):
        raise DeskResultsError
    approvals.ask(KIND, _payload(cases), petition_id=petition.id, by=by, at=at)
    return len(cases)


def publish(*, access: DeskResultsAccess, petition: Petition, by: Account, at: datetime) -> int:
    """Publish the names that were sent, if another organizer has agreed to exactly these; return how many.

    Raises:
        LeaveNeededError, DeskResultsError
    """
    if not access.names:
        raise DeskResultsError
    approvals.require_leave(KIND, _payload(access.names), petition_id=petition.id, by=by, at=at)
    return open_due_names(petition, access=access, at=at, only=access.names)


def standing(*, petition: Petition, by: Account, at: datetime) -> dict[str, Any]:
    """Return which names this organizer may hand over now, and which wait for another one to agree."""
    leave = approvals.list_leave(KIND, petition_id=petition.id, by=by, at=at)
    waiting = [one for one in approvals.list_open(petition.id, at=at) if one.kind == KIND and one.asked_by_id == by.id]
    return {"leave": [_cases(one) for one in leave], "asked": [_cases(one) for one in waiting]}


def _payload(cases: Iterable[UUID]) -> dict[str, Any]:
    return {"cases": sorted(str(case) for case in cases)}


def _cases(request: ApprovalRequest) -> list[str]:
    found: list[str] = request.payload["cases"]
    return found
