"""Freezing a petition: one person stops everything at once, two must agree before it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from petition_app import app_state, audit
from petition_app.accounts import approvals
from petition_app.accounts.approvals import ChangedMeanwhileError
from petition_app.accounts.models import Account, ApprovalRequest
from petition_app.accounts.services import last_seen, require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import services as keys
from petition_app.petitions.models import Freeze, Petition
from petition_app.storage.db import db, get_for_update

LONGEST_SILENCE = 365


@dataclass(frozen=True)
class FreezeHooks:
    """What else ends or begins again with a freeze, in the transaction of the act; registered by `app.py`."""

    on_freeze: tuple[Callable[[Petition, datetime], object], ...] = ()
    on_unfreeze: tuple[Callable[[Petition, datetime], object], ...] = ()


class FrozenError(DomainError):
    """The petition is frozen."""

    message = N_("This letter is frozen: nothing can be signed, checked or changed until two organizers end that.")


class NotFrozenError(DomainError):
    """The petition is not frozen."""

    message = N_("This letter is not frozen.")


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
    get_for_update(Petition, petition.id)
    if frozen := db.session.get(Freeze, petition.id):
        return frozen
    frozen = Freeze(petition_id=petition.id, account_id=by.id if by else None, cause=cause, at=at)
    petition.frozen_at = at
    db.session.add(frozen)
    act = "petition.frozen" if cause == "act" else f"petition.frozen_{cause}"
    audit.record(act, by=by.id if by else None, petition_id=petition.id, at=at)
    keys.lock_petition(petition.id)
    db.session.flush()
    for hook in app_state.get(FreezeHooks).on_freeze:
        hook(petition, at)
    db.session.flush()
    return frozen


def unfreeze(petition: Petition, *, by: Account, at: datetime) -> bool:
    """Propose to end the freeze, or confirm what another organizer proposed in the last 24 hours.

    Returns whether the petition goes on now.

    Raises:
        NotFrozenError, OnlyOrganizerError, SecondPersonError
    """
    require_role(by, petition.id, "organizer")
    frozen = get_freeze(petition)
    if frozen is None:
        raise NotFrozenError
    proposed = get_proposal(frozen, at=at)
    if proposed is None:
        approvals.ask("unfreeze", _payload(frozen), petition_id=petition.id, by=by, at=at)
        return False
    approvals.confirm(proposed.id, proposed.digest.hex(), petition_id=petition.id, by=by, at=at)
    return True


def end(request: ApprovalRequest, by: Account, at: datetime) -> None:
    """End the freeze that two organizers agreed to end: what `approvals.confirm` carries out.

    Raises:
        ChangedMeanwhileError: it is another freeze, or none.
    """
    petition = get_for_update(Petition, request.petition_id)
    frozen = db.session.get(Freeze, request.petition_id)
    if petition is None or frozen is None or _payload(frozen) != request.payload:
        raise ChangedMeanwhileError
    petition.frozen_at = None
    db.session.delete(frozen)
    audit.record("petition.unfrozen", by=by.id, petition_id=petition.id, at=at)
    db.session.flush()
    for hook in app_state.get(FreezeHooks).on_unfreeze:
        hook(petition, at)
    db.session.flush()


def refuse(petition: Petition, *, by: Account, at: datetime) -> None:
    """Take a proposal off the table, whoever made it. Raises: NotFrozenError."""
    require_role(by, petition.id, "organizer")
    frozen = get_freeze(petition)
    if frozen is None:
        raise NotFrozenError
    for proposed in _proposals(frozen, at=at):
        approvals.refuse(proposed.id, petition_id=petition.id, by=by, at=at)


def get_proposal(frozen: Freeze, *, at: datetime) -> ApprovalRequest | None:
    """Return the proposal to end this freeze that can be confirmed now, if there is one."""
    return next(iter(_proposals(frozen, at=at)), None)


def _proposals(frozen: Freeze, *, at: datetime) -> list[ApprovalRequest]:
    waiting = approvals.list_open(frozen.petition_id, at=at)
    return [one for one in waiting if one.kind == "unfreeze" and one.payload == _payload(frozen)]


def _payload(frozen: Freeze) -> dict[str, str]:
    return {"frozen_at": frozen.at.isoformat()}


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
