"""Freezing a petition: one person stops everything at once, two must agree before it goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import last_seen, require_role, role_of
from petition_app.db import db, lock
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import services as keys
from petition_app.petitions.models import Freeze, Petition

PROPOSAL_LIFE = timedelta(hours=24)
LONGEST_SILENCE = 365

# What else ends or begins again with a freeze, in the transaction of the act; filled by `app.py`.
on_freeze: list[Callable[[Petition, datetime], object]] = []
on_unfreeze: list[Callable[[Petition, datetime], object]] = []


class FrozenError(DomainError):
    """The petition is frozen."""

    message = N_("This letter is frozen: nothing can be signed, checked or changed until two organizers end that.")


class NotFrozenError(DomainError):
    """The petition is not frozen."""

    message = N_("This letter is not frozen.")


class SecondPersonError(DomainError):
    """The same organizer cannot confirm their own proposal."""

    message = N_("You have proposed this already. Another organizer must confirm it.")


class SilenceError(DomainError):
    """Not a number of days."""

    message = N_("The number of days must lie between 1 and 365, or stay empty.")


def require_thawed(petition: Petition) -> None:
    """Refuse to go on while the petition is frozen. Raises: FrozenError."""
    if petition.frozen_at is not None:
        raise FrozenError


def freeze(petition: Petition, *, by: Account | None, at: datetime, cause: str = "act") -> Freeze:
    """Stop intake, lock desks and keys, lower what is public to counts and publish a signed tally, all in one act.

    `by` is any organizer, or nobody: the operator at the shell, or the worker after too long a silence (`cause`
    "silence"). A petition that is frozen already stays as it is.
    """
    require_role(by, petition.id, "organizer")
    lock(Petition, petition.id)
    if frozen := db.session.get(Freeze, petition.id):
        return frozen
    frozen = Freeze(petition_id=petition.id, account_id=by.id if by else None, cause=cause, at=at)
    petition.frozen_at = at
    db.session.add(frozen)
    act = "petition.frozen" if cause == "act" else f"petition.frozen_{cause}"
    audit.record(act, by=by.id if by else None, petition_id=petition.id, at=at)
    keys.lock_petition(petition.id)
    db.session.flush()
    for hook in on_freeze:
        hook(petition, at)
    db.session.flush()
    return frozen


def unfreeze(petition: Petition, *, by: Account, at: datetime) -> bool:
    """Propose to end the freeze, or confirm what another organizer proposed in the last 24 hours.

    Returns whether the petition goes on now.

    Raises:
        NotFrozenError, SecondPersonError
    """
    require_role(by, petition.id, "organizer")
    lock(Petition, petition.id)
    frozen = db.session.get(Freeze, petition.id)
    if frozen is None:
        raise NotFrozenError
    proposed = is_proposed(frozen, at=at)
    if proposed and frozen.proposed_by_id == by.id:
        raise SecondPersonError
    if not proposed:
        frozen.proposed_by_id, frozen.proposed_at = by.id, at
        audit.record("petition.unfreeze_proposed", by=by.id, petition_id=petition.id, at=at)
        db.session.flush()
        return False
    petition.frozen_at = None
    db.session.delete(frozen)
    audit.record("petition.unfrozen", by=by.id, petition_id=petition.id, at=at)
    db.session.flush()
    for hook in on_unfreeze:
        hook(petition, at)
    db.session.flush()
    return True


def refuse(petition: Petition, *, by: Account, at: datetime) -> None:
    """Take a proposal off the table, whoever made it. Raises: NotFrozenError."""
    require_role(by, petition.id, "organizer")
    frozen = get_freeze(petition)
    if frozen is None:
        raise NotFrozenError
    if frozen.proposed_by_id:
        frozen.proposed_by_id = frozen.proposed_at = None
        audit.record("petition.unfreeze_refused", by=by.id, petition_id=petition.id, at=at)
        db.session.flush()


def is_proposed(frozen: Freeze, *, at: datetime) -> bool:
    """Return whether somebody proposed to end the freeze, less than 24 hours ago, and is an organizer still."""
    if frozen.proposed_by_id is None or frozen.proposed_at is None or at - frozen.proposed_at > PROPOSAL_LIFE:
        return False
    proposer = db.session.get(Account, frozen.proposed_by_id)
    return proposer is not None and role_of(proposer, frozen.petition_id) == "organizer"


def get_freeze(petition: Petition) -> Freeze | None:
    """Return the freeze of a petition, if it is frozen."""
    return db.session.get(Freeze, petition.id)


# --- silence ----------------------------------------------------------------------------------------------------


def set_silence(petition: Petition, days: int | None, *, by: Account | None, at: datetime) -> None:
    """Choose after how many days without a sign of life from any organizer it freezes; nothing: never.

    Raises:
        SilenceError
    """
    require_role(by, petition.id, "organizer")
    if days is not None and not 1 <= days <= LONGEST_SILENCE:
        raise SilenceError
    petition.freeze_after = days
    audit.record("petition.silence_set", by=by.id if by else None, petition_id=petition.id, number=days or 0, at=at)
    db.session.flush()


def freezes_on(petition: Petition) -> date | None:
    """Return the day on which the petition freezes unless an organizer signs in or acts before."""
    if petition.freeze_after is None or petition.opened_at is None or petition.frozen_at is not None:
        return None
    seen = last_seen(petition.id)
    since = max(seen, petition.opened_at.date()) if seen else petition.opened_at.date()
    return since + timedelta(days=petition.freeze_after + 1)


def list_watched() -> list[UUID]:
    """Return the petitions that freeze by themselves, and are not frozen."""
    return list(
        db.session.scalars(select(Petition.id).where(Petition.freeze_after.is_not(None), Petition.frozen_at.is_(None)))
    )


def freeze_if_silent(petition_id: UUID, *, at: datetime) -> None:
    """Freeze a petition whose organizers have been silent for too long."""
    petition = db.session.get_one(Petition, petition_id)
    if (day := freezes_on(petition)) and day <= at.date():
        freeze(petition, by=None, at=at, cause="silence")
