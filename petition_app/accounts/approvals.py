"""Acts that take two organizers, because one alone could harm everybody: one asks, another confirms within a day.

What is asked is frozen when it is asked: whoever confirms sees it, and confirms it by its digest. Nobody confirms
their own request. Two ways lead on from a confirmed request: an act in
`AccountHooks.carry_out` happens in the transaction of the
confirmation; of any other kind the asker gets leave, once, for as long again (`require_leave`).
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from petition_app import app_state, audit
from petition_app.accounts.hooks import AccountHooks
from petition_app.accounts.models import APPROVAL_KINDS, Account, ApprovalRequest, Membership
from petition_app.accounts.services import require_role, role_of_id
from petition_app.audit import AuditEvent
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.storage.db import db, get_for_update, try_advisory_lock

LIFE = timedelta(hours=24)
MADE_ORGANIZER = ("member.added_organizer", "member.made_organizer")


class OnlyOrganizerError(DomainError):
    """There is nobody who could confirm."""

    message = N_(
        "This takes two organizers, and you are the only one. Make somebody you trust an organizer under “People”; "
        "they can confirm it a day later."
    )


class SecondPersonError(DomainError):
    """The same organizer cannot confirm their own request."""

    message = N_("You have asked for this yourself. Another organizer must confirm it.")


class NewOrganizerError(DomainError):
    """Who was made an organizer a moment ago may be the asker under another name."""

    message = N_(
        "You have been an organizer of this petition for less than a day. Please let somebody else confirm it."
    )


class AskedAlreadyError(DomainError):
    """The same request is open."""

    message = N_("Exactly this has been asked for already and waits for another organizer.")


class NotOpenError(DomainError):
    """Decided, taken back, or a day old."""

    message = N_("This request is not open any more. Look at what waits now, and ask anew if it is still wanted.")


class ChangedMeanwhileError(DomainError):
    """What it was asked for has changed."""

    message = N_("What this was asked for has changed meanwhile, so it cannot be confirmed. Please ask anew.")


class LeaveNeededError(DomainError):
    """Another organizer has not agreed."""

    message = N_("This takes two organizers. Ask for it first; another organizer must confirm it within 24 hours.")


def digest_of(kind: str, petition_id: UUID, payload: dict[str, Any], *, by: UUID, at: datetime) -> bytes:
    """Return SHA-256 over everything that a request says, in one way of writing it."""
    words = [kind, petition_id.hex, by.hex, at.astimezone(UTC).isoformat(timespec="seconds"), payload]
    plain = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"countersign/approval/v1\n" + plain.encode()).digest()


def ask(kind: str, payload: dict[str, Any], *, petition_id: UUID, by: Account, at: datetime) -> ApprovalRequest:
    """Ask for an act that another organizer must confirm within 24 hours; nothing happens yet.

    Raises:
        OnlyOrganizerError: nobody else could confirm it. AskedAlreadyError
    """
    require_role(by, petition_id, "organizer")
    if kind not in APPROVAL_KINDS:
        raise ValueError(kind)
    require_second(petition_id, by=by)
    if not try_advisory_lock(f"ask|{petition_id}|{kind}|{json.dumps(payload, sort_keys=True)}"):
        raise AskedAlreadyError
    if any(other.kind == kind and other.payload == payload for other in list_open(petition_id, at=at)):
        raise AskedAlreadyError
    request = ApprovalRequest(
        petition_id=petition_id, kind=kind, payload=payload, state="open", asked_by_id=by.id, asked_at=at,
        digest=digest_of(kind, petition_id, payload, by=by.id, at=at),
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    _record("asked", request, by=by, at=at)
    return request


def confirm(request_id: UUID, digest: str, *, petition_id: UUID, by: Account, at: datetime) -> ApprovalRequest:
    """Confirm what another organizer asked for, by the digest that was shown (hexadecimal), and carry it out.

    Raises:
        NotFoundError, NotOpenError, SecondPersonError, NewOrganizerError
        ChangedMeanwhileError: it is not what was shown, or does not fit any more.
    """
    request = _locked(request_id, petition_id, by=by)
    if not is_open(request, at=at):
        raise NotOpenError
    if request.asked_by_id == by.id:
        raise SecondPersonError
    if _is_new(by, petition_id, at=at):
        raise NewOrganizerError
    if request.digest.hex() != digest or request.digest != _digest_again(request):
        raise ChangedMeanwhileError
    with db.session.begin_nested():  # What cannot be carried out leaves nothing behind, and stays open.
        request.state, request.decided_by_id, request.decided_at = "confirmed", by.id, at
        _record("confirmed", request, by=by, at=at)
        if act := app_state.get(AccountHooks).carry_out.get(request.kind):
            request.state = "used"
            act(request, by, at)
        db.session.flush()
    return request


def refuse(request_id: UUID, *, petition_id: UUID, by: Account, at: datetime) -> ApprovalRequest:
    """Refuse a request, or take back one's own, so that nobody can confirm it. Raises: NotFoundError, NotOpenError."""
    request = _locked(request_id, petition_id, by=by)
    mine = request.asked_by_id == by.id
    if not is_open(request, at=at) and not (mine and is_leave(request, at=at)):
        raise NotOpenError
    request.state = "taken_back" if mine else "refused"
    request.decided_by_id, request.decided_at = by.id, at
    _record(request.state, request, by=by, at=at)
    return request


def require_leave(kind: str, payload: dict[str, Any], *, petition_id: UUID, by: Account, at: datetime) -> None:
    """Use up the leave that another organizer gave this person for exactly this. Raises: LeaveNeededError."""
    require_role(by, petition_id, "organizer")
    for found in list_leave(kind, petition_id=petition_id, by=by, at=at):
        request = get_for_update(ApprovalRequest, found.id)
        if request is None or not is_leave(request, at=at) or request.payload != payload:
            continue
        if request.digest != _digest_again(request):
            continue
        request.state = "used"
        _record("used", request, by=by, at=at)
        return
    raise LeaveNeededError


def require_second(petition_id: UUID, *, by: Account) -> None:
    """Refuse where nobody but this person organizes the petition. Raises: OnlyOrganizerError."""
    others = (
        select(func.count())
        .select_from(Membership)
        .where(Membership.petition_id == petition_id, Membership.role == "organizer", Membership.account_id != by.id)
    )
    if not db.session.scalar(others):
        raise OnlyOrganizerError


def list_open(petition_id: UUID, *, at: datetime) -> list[ApprovalRequest]:
    """Return what waits for a second organizer, the oldest first."""
    waiting = select(ApprovalRequest).where(
        ApprovalRequest.petition_id == petition_id,
        ApprovalRequest.state == "open",
        ApprovalRequest.asked_at > at - LIFE,
    )
    found = db.session.scalars(waiting.order_by(ApprovalRequest.asked_at, ApprovalRequest.id))
    return [request for request in found if is_open(request, at=at)]


def list_leave(kind: str, *, petition_id: UUID, by: Account, at: datetime) -> list[ApprovalRequest]:
    """Return what was confirmed for this person and is not used yet, the oldest first."""
    given = select(ApprovalRequest).where(
        ApprovalRequest.petition_id == petition_id, ApprovalRequest.kind == kind,
        ApprovalRequest.state == "confirmed", ApprovalRequest.asked_by_id == by.id,
    )  # fmt: skip
    found = db.session.scalars(given.order_by(ApprovalRequest.asked_at, ApprovalRequest.id))
    return [request for request in found if is_leave(request, at=at)]


def list_recent(petition_id: UUID, *, limit: int = 20) -> list[ApprovalRequest]:
    """Return what was asked for lately and how it ended, the newest first."""
    recent = select(ApprovalRequest).where(ApprovalRequest.petition_id == petition_id)
    return list(db.session.scalars(recent.order_by(ApprovalRequest.asked_at.desc(), ApprovalRequest.id).limit(limit)))


def is_open(request: ApprovalRequest, *, at: datetime) -> bool:
    """Return whether it can be confirmed: asked less than 24 hours ago by somebody who is an organizer still."""
    if request.state != "open" or at - request.asked_at >= LIFE:
        return False
    return role_of_id(request.asked_by_id, request.petition_id) == "organizer"


def is_leave(request: ApprovalRequest, *, at: datetime) -> bool:
    """Return whether its asker may act on it now: confirmed less than 24 hours ago by an organizer, not used."""
    if request.state != "confirmed" or request.decided_at is None or at - request.decided_at >= LIFE:
        return False
    return role_of_id(request.asked_by_id, request.petition_id) == "organizer"


def _is_new(account: Account, petition_id: UUID, *, at: datetime) -> bool:
    """Return whether a colleague made this person an organizer less than a day ago; the operator may at any time."""
    made = select(AuditEvent.id).where(
        AuditEvent.act.in_(MADE_ORGANIZER), AuditEvent.petition_id == petition_id, AuditEvent.actor_id.is_not(None),
        AuditEvent.object_id == account.id, AuditEvent.actor_id != account.id, AuditEvent.at > at - LIFE,
    )  # fmt: skip
    return db.session.scalar(made.limit(1)) is not None


def _digest_again(request: ApprovalRequest) -> bytes:
    return digest_of(request.kind, request.petition_id, request.payload, by=request.asked_by_id, at=request.asked_at)


def _locked(request_id: UUID, petition_id: UUID, *, by: Account) -> ApprovalRequest:
    """Load a request for a change. Whoever locks the petition as well does so after this row."""
    require_role(by, petition_id, "organizer")
    request = get_for_update(ApprovalRequest, request_id)
    if request is None or request.petition_id != petition_id:
        raise NotFoundError
    return request


def _record(what: str, request: ApprovalRequest, *, by: Account, at: datetime) -> None:
    act = f"approval.{what}_{request.kind}"
    audit.record(act, by=by.id, petition_id=request.petition_id, object_id=request.id, at=at)
    db.session.flush()
