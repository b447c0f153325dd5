"""Inviting staff by mail: a code that works once, for a week; who has not answered; sending again, taking back."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from email_validator import EmailNotValidError
from sqlalchemy import select

from petition_app import audit
from petition_app.accounts import services
from petition_app.accounts.models import ROLES, Account, StaffInvitation
from petition_app.accounts.services import AddressError, AlreadyMemberError, require_role
from petition_app.crypto import vault
from petition_app.crypto.codes import new_mail_code, read_mail_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import LANGUAGES, N_
from petition_app.mailer import offers
from petition_app.mailer.addresses import NO_WAY, address_key, read_address
from petition_app.rate_limits import budgets
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update, save_from_here
from petition_app.storage.multi_insert import insert_alone

LIFE = timedelta(days=7)
MOST_MAILS = 5
PAUSE = timedelta(minutes=5)
GROUPS = 6  # 120 random bits.
BOUND = b"invitation/v1"


class InvitedAlreadyError(DomainError):
    """The address has an invitation that waits."""

    message = N_("This address is invited already. Send the invitation again, or take it back first.")


class NoWayError(DomainError):
    """The address has letters that the mail server of this site cannot write to."""

    message = NO_WAY


class TooManyMailsError(DomainError):
    """An invitation is mailed five times at most, not twice in five minutes, nor beyond the budget of its address."""

    message = N_(
        "An invitation is mailed five times at most, with five minutes in between. Ask the person in another way."
    )


class NoInvitationError(DomainError):
    """The code is unknown, used, taken back or too old; which of them is not said."""

    message = N_(
        "This code does not work: it may be mistyped, used, taken back, or older than a week. Ask for a new one."
    )


@dataclass(frozen=True)
class Message:
    """What is mailed: the code, and the page on which it is typed."""

    email: str
    language: str
    code: str
    page: str


def invite(
    *, petition_id: UUID, email: str, name: str, role: str, language: str, page: str, by: Account, at: datetime
) -> StaffInvitation:
    """Invite somebody to a role by a mail that names no petition. `page` is the address where the code is typed.

    Raises:
        AddressError, NoWayError, AlreadyMemberError, InvitedAlreadyError
    """
    require_role(by, petition_id, "organizer")
    if role not in ROLES or language not in LANGUAGES:
        raise NotFoundError
    try:
        address = read_address(email)
    except EmailNotValidError:
        raise AddressError from None
    if not offers.may_reach(address):
        raise NoWayError
    waiting = select(StaffInvitation.id).where(StaffInvitation.petition_id == petition_id)
    same = db.session.scalar(waiting.where(StaffInvitation.email_key == address_key(address)))
    found = get_for_update(StaffInvitation, same) if same else None
    known = services.find_account(address)  # Read now: while this waited, the person may have taken up the role.
    if known and services.role_of(known, petition_id):
        raise AlreadyMemberError
    if found and found.expires_at > at:
        raise InvitedAlreadyError
    if found:
        db.session.delete(found)
        db.session.flush()
    invitation = StaffInvitation(
        petition_id=petition_id, email=address, name=name, role=role, language=language, invited_by_id=by.id
    )
    _send(invitation, page, at=at)
    if not insert_alone(invitation):
        raise InvitedAlreadyError
    audit.record(f"member.invited_{role}", by=by.id, petition_id=petition_id, object_id=invitation.id, at=at)
    return invitation


def list_open(petition_id: UUID, *, by: Account) -> list[StaffInvitation]:
    """Return the invitations nobody has answered, the oldest first; those that have run out among them."""
    require_role(by, petition_id, "organizer", "auditor")
    query = select(StaffInvitation).where(StaffInvitation.petition_id == petition_id)
    return list(db.session.scalars(query.order_by(StaffInvitation.sent_at, StaffInvitation.id)))


def resend(invitation_id: UUID, *, petition_id: UUID, page: str, by: Account, at: datetime) -> StaffInvitation:
    """Mail an invitation again, with a new code that takes the place of the old. Raises: TooManyMailsError."""
    invitation = _locked(invitation_id, petition_id, by=by)
    if invitation.mails >= MOST_MAILS or invitation.sent_at > at - PAUSE:
        raise TooManyMailsError
    invitation.mails += 1
    _send(invitation, page, at=at)
    audit.record("member.invited_again", by=by.id, petition_id=petition_id, object_id=invitation.id, at=at)
    db.session.flush()
    return invitation


def withdraw(invitation_id: UUID, *, petition_id: UUID, by: Account, at: datetime) -> None:
    """Take an invitation back; its code opens nothing any more. Raises: NotFoundError."""
    invitation = _locked(invitation_id, petition_id, by=by)
    audit.record("member.invitation_withdrawn", by=by.id, petition_id=petition_id, object_id=invitation.id, at=at)
    db.session.delete(invitation)
    db.session.flush()


def find(code: str, *, at: datetime) -> StaffInvitation:
    """Return the invitation a code belongs to. Raises: NoInvitationError."""
    code_hash = hash_secret("join", read_mail_code(code).encode())
    query = select(StaffInvitation).where(StaffInvitation.code_hash == code_hash, StaffInvitation.expires_at > at)
    invitation = db.session.scalar(query.with_for_update())
    if invitation is None:
        raise NoInvitationError
    return invitation


def accept(code: str, *, name: str, password: str, at: datetime) -> Account:
    """Take up the role. An address without an account gets one with this name and password; another keeps its own.

    Raises:
        NoInvitationError, WeakPasswordError, CommonPasswordError, BusyError, AlreadyMemberError
    """
    save_from_here()
    invitation = find(code, at=at)
    account = services.create_account(
        email=invitation.email,
        name=name or invitation.name,
        role=invitation.role,
        petition_id=invitation.petition_id,
        password=password,
        at=at,
        by=db.session.get(Account, invitation.invited_by_id),
    )
    db.session.delete(find(code, at=at))  # Hashing a password takes a while: who was first has it.
    db.session.flush()
    return account


# --- the mail ---------------------------------------------------------------------------------------------------


def read_message(payload: dict[str, str]) -> Message | None:
    """Open what a job is to mail; nothing where the invitation was answered, taken back or sent anew meanwhile."""
    code, page = vault.key_ring().open(payload["key"], base64.b64decode(payload["box"]), BOUND).decode().split("\n")
    query = select(StaffInvitation).where(
        StaffInvitation.code_hash == hash_secret("join", read_mail_code(code).encode())
    )
    invitation = db.session.scalar(query)
    return Message(invitation.email, invitation.language, code, page) if invitation else None


def _send(invitation: StaffInvitation, page: str, *, at: datetime) -> None:
    if not budgets.may_mail([invitation.email])[0]:
        raise TooManyMailsError
    code = new_mail_code(GROUPS)
    invitation.code_hash = hash_secret("join", read_mail_code(code).encode())
    invitation.sent_at, invitation.expires_at = at, at + LIFE
    ring = vault.key_ring()
    box = ring.close(f"{code}\n{page}".encode(), BOUND)
    payload = {"key": ring.newest, "box": base64.b64encode(box).decode()}
    jobs.enqueue("accounts.mail_invitation", payload, at=at, petition_id=invitation.petition_id)


def _locked(invitation_id: UUID, petition_id: UUID, *, by: Account) -> StaffInvitation:
    require_role(by, petition_id, "organizer")
    invitation = get_for_update(StaffInvitation, invitation_id)
    if invitation is None or invitation.petition_id != petition_id:
        raise NotFoundError
    return invitation
