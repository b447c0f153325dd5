"""Leasing: which case comes next, found by its index however many wait, and held by one reviewer for ten minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, bindparam, exists, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.db import db
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.verification import matches, questions
from petition_app.verification.models import Batch, Decision, Evidence, Lease
from petition_app.verification.rules import VERDICTS
from petition_app.verification.services import LEASE


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
    since = (at - questions.KEPT).date()
    given = {"petition": petition.id, "state": state, "by": by.id, "now": at, "since": since}
    for stretch in _stretches(petition, state, answered=answered, after=after):
        query = _free().where(*stretch)
        while signature := db.session.scalars(query, given).first():
            if _take(signature, by=by, at=at):
                matches.refresh(signature, petition, at=at)
                return signature.id
    return None


@cache
def _free() -> Select[Signature]:
    """Write the search for a case that a reviewer may take; to write it takes longer than to search."""
    by = bindparam("by", type_=Uuid())
    return (
        select(Signature)
        .where(
            Signature.petition_id == bindparam("petition"),
            Signature.state == bindparam("state"),
            ~exists().where(Lease.signature_id == Signature.id, Lease.until > bindparam("now")),
            ~decided_by(by),
            ~questions.kept_for_others(by, since=bindparam("since", type_=Date())),
            ~exists().where(
                Evidence.signature_id == Signature.id, Evidence.account_id == by, Evidence.own_word.is_(True)
            ),
        )
        .order_by(Signature.id)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True, of=Signature)
        .execution_options(populate_existing=True)
    )


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
            later.signature_id == Signature.id, later.position > mine.position, later.outcome == "reopened"
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
