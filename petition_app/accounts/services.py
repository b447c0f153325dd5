"""Staff: make accounts, give and take roles, find accounts."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import cast
from uuid import UUID

from email_validator import EmailNotValidError
from sqlalchemy import delete, func, select

from petition_app import app_state, audit
from petition_app.accounts import sessions
from petition_app.accounts.hooks import AccountHooks
from petition_app.accounts.models import (
    ROLES,
    Account,
    ApprovalRequest,
    Membership,
    StaffInvitation,
)
from petition_app.crypto import passwords
from petition_app.errors import DomainError, NotAllowedError, NotFoundError
from petition_app.i18n import N_
from petition_app.mailer.addresses import address_key, read_address
from petition_app.storage.db import db, get_for_update
from petition_app.storage.known_rows import known_here
from petition_app.storage.multi_insert import insert_alone

PASSWORD_LENGTH = passwords.LENGTH


class AddressError(DomainError):
    """Not a mail address."""

    message = N_("This is not a mail address.")


class NoAccountError(DomainError):
    """Nobody has this address."""

    message = N_("There is no account with this address.")


class LastOrganizerError(DomainError):
    """A petition must keep one organizer."""

    message = N_("This is the last organizer. Make somebody else an organizer first.")


class TwoOrganizersError(DomainError):
    """A colleague's keys are taken by two organizers, never by one."""

    message = N_("This takes two organizers. Ask for it first; another organizer must confirm it within 24 hours.")


class HoldsKeysError(DomainError):
    """Nobody becomes an auditor with keys; taking a colleague's takes two organizers."""

    message = N_(
        "An auditor keeps no keys from an earlier role. Take the keys first, under “Keys”, and then change the role."
    )


class AlreadyMemberError(DomainError):
    """The account has a role on this petition already."""

    message = N_("This person has a role on this petition already.")


def create_account(
    *, email: str, name: str, role: str, petition_id: UUID | None, password: str, at: datetime,
    by: Account | None = None,
) -> Account:  # fmt: skip
    """Give an account a role on a petition, making the account if the address has none yet.

    An account that exists keeps its password. Without a petition it gets no role yet.

    Raises:
        AddressError, WeakPasswordError, CommonPasswordError, BusyError, AlreadyMemberError
    """
    try:
        address = read_address(email)
    except EmailNotValidError:
        raise AddressError from None
    account = find_account(address)
    if account is None:
        passwords.refuse_weak(password, address, name)
        hashed = passwords.hash_password(password)
        account = find_account(address) or _new_account(address, name, hashed)
    if petition_id:
        give_role(account, petition_id=petition_id, role=role, by=by, at=at)
    return account


def _new_account(address: str, name: str, hashed: str) -> Account:
    """Make an account, or return the one that another request has made of the address at this moment."""
    account = Account(email=address, name=name, password=hashed, active=True, fs_uniquifier=secrets.token_hex(32))
    return account if insert_alone(account) else find_account(address) or account


def give_role(account: Account, *, petition_id: UUID, role: str, by: Account | None, at: datetime) -> None:
    """Give an account its role on a petition. Raises: AlreadyMemberError."""
    if role not in ROLES:
        raise NotFoundError
    if role_of(account, petition_id):
        raise AlreadyMemberError
    if not insert_alone(Membership(account_id=account.id, petition_id=petition_id, role=role)):
        raise AlreadyMemberError
    known_here("roles").clear()
    audit.record(f"member.added_{role}", by=by.id if by else None, petition_id=petition_id, object_id=account.id, at=at)
    db.session.flush()


def role_of(account: Account, petition_id: UUID) -> str | None:
    """Return the account's role on a petition."""
    return role_of_id(account.id, petition_id)


def role_of_id(account_id: UUID, petition_id: UUID) -> str | None:
    """Return the role on a petition of the account with this id."""
    known, key = known_here("roles"), (account_id, petition_id)
    if key in known:
        return cast("str | None", known[key])
    theirs = select(Membership.role).where(Membership.account_id == account_id, Membership.petition_id == petition_id)
    role = known_here("roles")[key] = db.session.scalar(theirs)
    return role


def require_role(account: Account | None, petition_id: UUID, *roles: str) -> None:
    """Refuse an actor who has none of these roles. Nobody (`None`) is the operator at the shell.

    Raises:
        NotAllowedError: for the outside the same as not found.
    """
    if account is not None and role_of(account, petition_id) not in roles:
        raise NotAllowedError


def is_organizer_somewhere(account: Account) -> bool:
    """Return whether the account organizes any petition, and may therefore begin another."""
    theirs = select(Membership.id).where(Membership.account_id == account.id, Membership.role == "organizer")
    return db.session.scalar(theirs.limit(1)) is not None


def list_members(petition_id: UUID, *, by: Account) -> list[Membership]:
    """Return who has a role on a petition, by role and name."""
    require_role(by, petition_id, "organizer", "auditor")
    query = select(Membership).join(Account).where(Membership.petition_id == petition_id)
    return list(db.session.scalars(query.order_by(Membership.role, Account.name)))


def require_two(
    account_id: UUID, petition_id: UUID, *, by: Account | None, agreed: ApprovalRequest | None = None
) -> None:
    """Refuse to take a colleague's keys unless another organizer has `agreed` to it; the operator acts alone.

    Raises:
        TwoOrganizersError
    """
    if by is None or by.id == account_id or not _holds_keys(account_id, petition_id):
        return
    given = agreed and (agreed.state, agreed.petition_id, agreed.payload.get("account_id"), agreed.decided_by_id)
    if agreed is None or agreed.asked_by_id == by.id or given != ("used", petition_id, str(account_id), by.id):
        raise TwoOrganizersError


def _holds_keys(account_id: UUID, petition_id: UUID, **seen: UUID | None) -> bool:
    return any(holds(account_id, petition_id, **seen) for holds in app_state.get(AccountHooks).holds_keys)


def remove_member(
    membership_id: UUID, *, petition_id: UUID, by: Account | None, at: datetime, agreed: ApprovalRequest | None = None
) -> UUID:
    """Take a role away, end the person's sessions, take back what they have sent; return who it was.

    Raises:
        NotFoundError, LastOrganizerError, TwoOrganizersError
    """
    membership = _locked_member(membership_id, petition_id, by=by)
    account_id = membership.account_id
    require_two(account_id, petition_id, by=by, agreed=agreed)
    audit.record("member.removed", by=by.id if by else None, petition_id=petition_id, object_id=account_id, at=at)
    sessions.end_all(account_id)
    _take_back_invitations(account_id, petition_id)
    db.session.delete(membership)
    db.session.flush()
    known_here("roles").clear()
    return account_id


def change_role(membership_id: UUID, *, petition_id: UUID, role: str, by: Account | None, at: datetime) -> None:
    """Change a member's role; auditors are granted keys as such, and keep none that they held before.

    Raises:
        NotFoundError, LastOrganizerError, HoldsKeysError
    """
    if role not in ROLES:
        raise NotFoundError
    membership = _locked_member(membership_id, petition_id, by=by, stays=role == "organizer")
    account_id, seen_by = membership.account_id, by.id if by else None
    if role == "auditor" and membership.role != role and _holds_keys(account_id, petition_id, seen_by=seen_by):
        raise HoldsKeysError
    membership.role = role
    known_here("roles").clear()
    if role != "organizer":
        _take_back_invitations(account_id, petition_id)
    audit.record(f"member.made_{role}", by=seen_by, petition_id=petition_id, object_id=account_id, at=at)
    db.session.flush()


def _take_back_invitations(account_id: UUID, petition_id: UUID) -> None:
    """Remove the unanswered invitations of somebody who does not organize the petition any more."""
    theirs = StaffInvitation.invited_by_id == account_id
    db.session.execute(delete(StaffInvitation).where(theirs, StaffInvitation.petition_id == petition_id))


def find_member(email: str, *, petition_id: UUID) -> Membership:
    """Return the role an address has on a petition. Raises: NotFoundError."""
    theirs = select(Membership).join(Account).where(Account.email_key == address_key(email))
    if found := db.session.scalar(theirs.where(Membership.petition_id == petition_id)):
        return found
    raise NotFoundError


def _locked_member(membership_id: UUID, petition_id: UUID, *, by: Account | None, stays: bool = False) -> Membership:
    """Load a role for a change, with all organizers of the petition locked so that one always remains."""
    require_role(by, petition_id, "organizer")
    organizers = db.session.scalars(
        select(Membership)
        .where(Membership.petition_id == petition_id, Membership.role == "organizer")
        .order_by(Membership.id)
        .with_for_update()
    ).all()
    membership = get_for_update(Membership, membership_id)
    if membership is None or membership.petition_id != petition_id:
        raise NotFoundError
    if membership in organizers and len(organizers) == 1 and not stays:
        raise LastOrganizerError
    return membership


# --- sign-in ----------------------------------------------------------------------------------------------------


def find_account(email: str) -> Account | None:
    """Return the account of an address."""
    return db.session.scalar(select(Account).where(Account.email_key == address_key(email)))


def last_seen(petition_id: UUID) -> date | None:
    """Return the day of the latest sign of life of any organizer of a petition."""
    return db.session.scalar(
        select(func.max(Account.seen_on))
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.petition_id == petition_id, Membership.role == "organizer")
    )


def name_accounts(ids: set[UUID | None]) -> dict[UUID, str]:
    """Return the names of accounts by id."""
    named = select(Account.id, Account.name).where(Account.id.in_(ids))
    return {row.id: row.name for row in db.session.execute(named)} if ids else {}


def count_accounts() -> int:
    """Return how many accounts there are."""
    return db.session.scalar(select(func.count()).select_from(Account)) or 0
