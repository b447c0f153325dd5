"""Changing how signatures are checked once somebody has signed: raised by one organizer, lowered by two, in public.

A raised policy holds for every case that is open. A lowered one holds for later batches: each batch keeps the
policies that were in force when its signatures may have been signed, and a case must fulfil all of them. Nothing is
written beside a signature, so that nothing there tells when somebody signed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from petition_app import audit
from petition_app.accounts import approvals
from petition_app.accounts.approvals import ChangedMeanwhileError
from petition_app.accounts.models import Account, ApprovalRequest
from petition_app.petitions import milestones
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Policy, distinct
from petition_app.storage.db import db, get_for_update

# Between signing and confirming there may be as many days: a printed sheet of a group entry is good for thirty.
LONGEST_WAIT = timedelta(days=31)


def change(petition: Petition, wanted: Policy, *, signed: bool, by: Account | None, at: datetime) -> bool:
    """Change the policy of a locked petition, or ask another organizer where less would be asked of who has signed.

    The operator at the shell acts alone. Returns whether the wanted policy is in force now.

    Raises:
        OnlyOrganizerError, AskedAlreadyError
    """
    before = Policy.of(petition)
    if signed and by and wanted.asks_less_than(before):
        approvals.ask("policy", _payload(before, wanted), petition_id=petition.id, by=by, at=at)
        return False
    _put(petition, wanted, signed=signed, by=by, at=at)
    return True


def lower(request: ApprovalRequest, by: Account, at: datetime) -> None:
    """Put the policy in force that two organizers agreed on: what `approvals.confirm` carries out.

    Raises:
        ChangedMeanwhileError: the policy is not that for which it was asked. FrozenError
    """
    petition = get_for_update(Petition, request.petition_id)
    if petition is None or petition.state == "closed" or Policy.read(request.payload["from"]) != Policy.of(petition):
        raise ChangedMeanwhileError
    require_thawed(petition)
    _put(petition, Policy.read(request.payload["to"]), signed=True, by=by, at=at)


def kept_for_batch(petition: Petition) -> list[dict[str, Any]]:
    """Return the policies that a batch sealed now keeps: today's, and each under which its members may have signed."""
    former = [Policy.read(one) for one in petition.former_policies if not one["sealed"]]
    return distinct([Policy.of(petition), *former])


def note_sealed(petition: Petition, *, at: datetime) -> None:
    """Remember that a batch was sealed: what had been lowered long before then does not concern who comes later."""
    petition.former_policies = [
        {**one, "sealed": True} if at >= datetime.fromisoformat(one["until"]) + LONGEST_WAIT else one
        for one in petition.former_policies
    ]


def _put(petition: Petition, wanted: Policy, *, signed: bool, by: Account | None, at: datetime) -> None:
    before = Policy.of(petition)
    if wanted == before:
        return
    lowered = signed and wanted.asks_less_than(before)
    if lowered:
        petition.former_policies = [
            *petition.former_policies,
            {**before.as_json(), "until": at.isoformat(), "sealed": False},
        ]
    for name, value in wanted.as_json().items():
        setattr(petition, name, value)
    if signed and petition.opened_at:
        kind = "rules_lowered" if lowered else "rules_raised"
        milestones.note(petition, kind, by=by, at=at, changes=_payload(before, wanted))
    else:
        audit.record("petition.rules_changed", by=by.id if by else None, petition_id=petition.id, at=at)
    db.session.flush()


def _payload(before: Policy, after: Policy) -> dict[str, Any]:
    return {"from": before.as_json(), "to": after.as_json()}
