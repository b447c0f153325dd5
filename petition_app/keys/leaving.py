"""Taking a sealed petition's keys from a colleague, by itself or with the role: one organizer asks, another confirms.

One's own keys and role anybody gives up alone. The operator at the shell acts alone as well (`by` is nobody), and the
trail says so: whoever has the machine needs no command to do harm, and after an arrest there may be one organizer left.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from petition_app import audit
from petition_app.accounts import approvals, desk_tokens
from petition_app.accounts import services as accounts
from petition_app.accounts.models import Account, ApprovalRequest, Membership
from petition_app.errors import NotFoundError
from petition_app.keys import member_keys
from petition_app.keys.models import KeyWrap, PetitionKey, Unlock
from petition_app.keys.services import newest
from petition_app.storage.db import db


def take(account_id: UUID, petition_id: UUID, *, by: Account, at: datetime) -> bool:
    """Give up one's own keys, or ask another organizer to agree that a colleague's are taken.

    Returns whether they are taken now.

    Raises:
        NotFoundError, OnlyOrganizerError, AskedAlreadyError
    """
    accounts.require_role(by, petition_id, "organizer")
    if account_id == by.id:
        _take(account_id, petition_id, by=by, at=at)
        return True
    if not holds(account_id, petition_id):
        raise NotFoundError
    approvals.ask("take_keys", _payload(account_id), petition_id=petition_id, by=by, at=at)
    return False


def remove(membership_id: UUID, *, petition_id: UUID, by: Account, at: datetime) -> bool:
    """Take a role away, and the keys with it; where a colleague holds keys, ask another organizer to agree.

    Returns whether it is done now.

    Raises:
        NotFoundError, LastOrganizerError, OnlyOrganizerError, AskedAlreadyError
    """
    accounts.require_role(by, petition_id, "organizer")
    member = db.session.get(Membership, membership_id)
    if member is None or member.petition_id != petition_id:
        raise NotFoundError
    if member.account_id == by.id or not holds(member.account_id, petition_id):
        _remove(membership_id, petition_id=petition_id, by=by, at=at)
        return True
    payload = {**_payload(member.account_id), "membership_id": str(membership_id), "role": member.role}
    approvals.ask("remove_member", payload, petition_id=petition_id, by=by, at=at)
    return False


def carry_out(request: ApprovalRequest, by: Account, at: datetime) -> None:
    """Do what two organizers agreed to. Raises: ChangedMeanwhileError: the colleague has no keys, or no such role."""
    account_id, petition_id = UUID(request.payload["account_id"]), request.petition_id
    if request.kind == "take_keys":
        if not holds(account_id, petition_id):
            raise approvals.ChangedMeanwhileError
        _take(account_id, petition_id, by=by, at=at, agreed=request)
        return
    membership_id = UUID(request.payload["membership_id"])
    member = db.session.get(Membership, membership_id)
    if member is None or member.account_id != account_id or member.role != request.payload["role"]:
        raise approvals.ChangedMeanwhileError
    _remove(membership_id, petition_id=petition_id, by=by, at=at, agreed=request)


def take_as_operator(account_id: UUID, petition_id: UUID, *, at: datetime) -> None:
    """Take somebody's keys at the shell, without a second person; the trail names the operator."""
    _take(account_id, petition_id, by=None, at=at)


def remove_as_operator(membership_id: UUID, *, petition_id: UUID, at: datetime) -> None:
    """Take a role and its keys away at the shell; the trail names the operator. Raises: LastOrganizerError."""
    _remove(membership_id, petition_id=petition_id, by=None, at=at)


def _remove(
    membership_id: UUID, *, petition_id: UUID, by: Account | None, at: datetime, agreed: ApprovalRequest | None = None
) -> None:
    account_id = accounts.remove_member(membership_id, petition_id=petition_id, by=by, at=at, agreed=agreed)
    _forget(account_id, petition_id)
    if newest(petition_id):
        audit.record("keys.taken", by=by.id if by else None, petition_id=petition_id, object_id=account_id, at=at)


def _take(
    account_id: UUID, petition_id: UUID, *, by: Account | None, at: datetime, agreed: ApprovalRequest | None = None
) -> None:
    accounts.require_two(account_id, petition_id, by=by, agreed=agreed)
    _forget(account_id, petition_id)
    audit.record("keys.taken", by=by.id if by else None, petition_id=petition_id, object_id=account_id, at=at)


def _forget(account_id: UUID, petition_id: UUID) -> None:
    keys = select(PetitionKey.id).where(PetitionKey.petition_id == petition_id)
    db.session.execute(delete(KeyWrap).where(KeyWrap.account_id == account_id, KeyWrap.key_id.in_(keys)))
    db.session.execute(delete(Unlock).where(Unlock.account_id == account_id, Unlock.petition_id == petition_id))
    desk_tokens.end(account_id, petition_id)


def holds(account_id: UUID, petition_id: UUID, *, seen_by: UUID | None = None) -> bool:
    """Return whether somebody has any of the petition's keys: the newest, or older ones that open what is older.

    Who lost their own under duress sees no difference, so `seen_by` says who looks.
    """
    if account_id == seen_by and member_keys.seems_to_hold(account_id, petition_id):
        return True
    held = select(KeyWrap.id).join(PetitionKey, PetitionKey.id == KeyWrap.key_id)
    held = held.where(PetitionKey.petition_id == petition_id, KeyWrap.account_id == account_id)
    return db.session.scalar(held.limit(1)) is not None


def _payload(account_id: UUID) -> dict[str, str]:
    account = db.session.get(Account, account_id)
    return {"account_id": str(account_id), "name": account.name if account else ""}
