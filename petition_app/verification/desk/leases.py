"""Leasing: which case comes next, found by its index however many wait, and held by one reviewer for ten minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import NotFoundError
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.states import StateError, lock_signature
from petition_app.storage.db import db
from petition_app.verification.decisions.services import NotYoursError
from petition_app.verification.dialogue import questions
from petition_app.verification.matching_cases import matches
from petition_app.verification.models import Batch, Decision, Evidence, Lease
from petition_app.verification.rules import LEASE, VERDICTS


def lease_next(
    petition: Petition, *, by: Account, at: datetime, after: UUID | None = None, asked: bool = False
) -> UUID | None:
    """Lease the next case to a reviewer without opening anything.

    A case the reviewer holds already is given again. Batches go in order; within one, cases follow their random
    ids. It goes on from `after` and around, so that a case just put back comes last; but first come those whose
    signers have answered this reviewer. With `asked` it is a case whose question has not been answered.
    """
    require_role(by, petition.id, "reviewer", "organizer")
    require_thawed(petition)
    state = "needs_info" if asked else "checking"
    held = db.session.scalar(
        select(Lease.signature_id)
        .join(Signature, Signature.id == Lease.signature_id)
        .where(
            Lease.account_id == by.id,
            Lease.until > at,
            Signature.petition_id == petition.id,
            Signature.state == state,
        )
        .limit(1)
    )
    if held:
        return held
    answered = questions.list_answered(petition, by=by, state=state)
    given = _given(petition, state, by, at)
    # What the worker has locked for a moment is passed over, unless there is nothing else.
    for waits in (False, True):
        if waits and not db.session.scalar(_count_free(), given | {"most": 1}):
            return None
        for stretch in _stretches(petition, state, answered=answered, after=after):
            query = _free(waits).where(*stretch)
            while signature := db.session.scalars(query, given).first():
                if _take(signature, by=by, at=at):
                    matches.refresh(signature, petition, at=at)
                    return signature.id
    return None


@cache
def _free(waits: bool) -> Select[Signature]:
    """Write the search for a case that a reviewer may take; to write it takes longer than to search.

    It passes over what others have locked, or `waits` for them.
    """
    return (
        select(Signature)
        .where(*_may_be_taken())
        .order_by(Signature.id)
        .limit(1)
        .with_for_update(skip_locked=not waits, key_share=True, of=Signature)
        .execution_options(populate_existing=True)
    )


def _may_be_taken() -> list[ColumnElement[bool]]:
    by = bindparam("by", type_=Uuid())
    return [
        Signature.petition_id == bindparam("petition"),
        Signature.state == bindparam("state"),
        ~exists().where(Lease.signature_id == Signature.id, Lease.until > bindparam("now")),
        ~decided_by(by),
        ~questions.kept_for_others(by, since=bindparam("since", type_=Date())),
        ~exists().where(Evidence.signature_id == Signature.id, Evidence.account_id == by, Evidence.own_word.is_(True)),
    ]


def count_free(petition: Petition, *, by: Account, at: datetime, most: int) -> int:
    """Return how many cases a reviewer could take or holds, counted up to `most`."""
    return db.session.scalar(_count_free(), _given(petition, "checking", by, at) | {"most": most}) or 0


@cache
def _count_free() -> Select[int]:
    by = bindparam("by", type_=Uuid())
    here = Signature.petition_id == bindparam("petition"), Signature.state == bindparam("state")
    mine = exists().where(Lease.signature_id == Signature.id, Lease.account_id == by, Lease.until > bindparam("now"))
    some = select(Signature.id).where(*here, or_(mine, and_(*_may_be_taken()))).limit(bindparam("most"))
    return select(func.count()).select_from(some.subquery())


def count_held_by_others(petition: Petition, *, by: Account, at: datetime) -> int:
    """Return how many cases that a reviewer has not decided are in others' hands at this moment."""
    given = {"petition": petition.id, "by": by.id, "now": at}
    return db.session.scalar(_count_held_by_others(), given) or 0


@cache
def _count_held_by_others() -> Select[int]:
    by = bindparam("by", type_=Uuid())
    held = select(func.count()).select_from(Lease).join(Signature, Signature.id == Lease.signature_id)
    here = Signature.petition_id == bindparam("petition"), Signature.state == "checking"
    return held.where(*here, Lease.account_id != by, Lease.until > bindparam("now"), ~decided_by(by))


def _given(petition: Petition, state: str, by: Account, at: datetime) -> dict[str, Any]:
    since = (at - questions.KEPT).date()
    return {"petition": petition.id, "state": state, "by": by.id, "now": at, "since": since}


def _stretches(
    petition: Petition, state: str, *, answered: list[UUID], after: UUID | None
) -> Iterator[list[ColumnElement[bool]]]:
    """Go through the stretches in which the next case is looked for.

    Each lies in one batch, so that an index yields its cases in their order, however many there are.
    """
    batches = _open_batches(petition, state)
    for batch_id in batches if answered else ():
        yield [Signature.batch_id == batch_id, Signature.id.in_(answered)]
    seen = select(Batch.number).join(Signature, Signature.batch_id == Batch.id).where(Signature.id == after)
    number = db.session.scalar(seen) if after else None
    if number is not None:
        for batch_id, later in batches.items():
            if later == number:
                yield [Signature.batch_id == batch_id, Signature.id > after]
            elif later > number:
                yield [Signature.batch_id == batch_id]
    for batch_id in batches:
        yield [Signature.batch_id == batch_id]


def _open_batches(petition: Petition, state: str) -> dict[UUID, int]:
    """Return the batches that have a case in this state, with their numbers, in order."""
    first = select(Signature.id).where(Signature.batch_id == Batch.id, Signature.state == state).limit(1)
    found = select(Batch.id, Batch.number).where(Batch.petition_id == petition.id)
    rows = db.session.execute(found.where(first.scalar_subquery().is_not(None)).order_by(Batch.number))
    return {batch_id: number for batch_id, number in rows}  # noqa: C416 -- rows are typed as tuples only one by one.


def decided_by(by: UUID | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that this reviewer's verdict stands in the round now open (`rules.standing` as SQL)."""
    mine, later, undone = aliased(Decision), aliased(Decision), aliased(Decision)
    return exists().where(
        mine.signature_id == Signature.id,
        mine.account_id == by,
        mine.outcome.in_(VERDICTS),
        ~exists().where(
            later.signature_id == mine.signature_id, later.position > mine.position, later.outcome == "reopened"
        ),
        ~exists().where(undone.supersedes_id == mine.id),
    )


def _take(signature: Signature, *, by: Account, at: datetime) -> bool:
    """Lease a locked case, unless another reviewer leased it between the search and the lock."""
    lease = db.session.get(Lease, signature.id, populate_existing=True)
    if lease is None:
        db.session.add(Lease(signature_id=signature.id, account_id=by.id, until=at + LEASE))
    elif lease.until > at:
        return False
    else:
        lease.account_id, lease.until = by.id, at + LEASE
    audit.record("case.opened", by=by.id, petition_id=signature.petition_id, object_id=signature.id, at=at)
    db.session.flush()
    return True


# --- holding it for longer ----------------------------------------------------------------------------------------


def renew(signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> datetime:
    """Hold a case for ten minutes from now, and return until when; one whose time has run out is taken again.

    That is possible as long as nobody else has taken it: a case that was never given to this reviewer, or that was
    put back, can only be had as the next one.

    Raises:
        NotFoundError, NotYoursError, FrozenError
        StateError: the signature was withdrawn or decided meanwhile.
    """
    require_role(by, petition.id, "reviewer", "organizer")
    require_thawed(petition)
    signature = lock_signature(signature_id)
    if signature is None or signature.petition_id != petition.id:
        raise NotFoundError
    if not may_hold_again(signature_id, by=by):
        raise NotYoursError
    if signature.state not in ("checking", "needs_info"):
        raise StateError
    lease = db.session.get_one(Lease, signature_id)
    if lease.until <= at:
        audit.record("case.opened", by=by.id, petition_id=petition.id, object_id=signature_id, at=at)
    lease.until = at + LEASE
    db.session.flush()
    return lease.until


def may_hold_again(signature_id: UUID, *, by: Account) -> bool:
    """Return whether a reviewer holds a case, or has held it last and nobody has taken it since."""
    lease = db.session.get(Lease, signature_id, populate_existing=True)
    return lease is not None and lease.account_id == by.id


def give_back(signature: Signature, *, by: Account, at: datetime) -> None:
    """Put a case into a reviewer's hands again, whose verdict on it was taken back."""
    db.session.merge(Lease(signature_id=signature.id, account_id=by.id, until=at + LEASE))
    db.session.flush()
