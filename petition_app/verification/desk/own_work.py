"""What a reviewer has done today and can still decide, and which cases wait for a further person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Integer, Select, Uuid, bindparam, case, exists, func, select
from sqlalchemy.orm import aliased

from petition_app.accounts.models import Account
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.desk import leases
from petition_app.verification.models import Decision
from petition_app.verification.rules import VERDICTS

MOST = 500  # So far is counted, however many wait.


@dataclass(frozen=True)
class OwnWork:
    """How many cases a reviewer has decided today (UTC), and how many they could take now, at most `MOST` + 1.

    `held` of those that wait are in others' hands, and `done` were decided by this person already.
    """

    today: int
    left: int
    held: int = 0
    done: int = 0

    @property
    def many(self) -> bool:
        """Whether more wait than were counted."""
        return self.left > MOST


def count_own(petition: Petition, *, by: Account, at: datetime) -> OwnWork:
    """Return how far somebody who may decide its cases is with a petition: numbers of their own and no case."""
    morning = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    given = leases.given(petition, "checking", by, at) | {"most": MOST + 1, "morning": morning}
    return OwnWork(*db.session.execute(_count_own(), given).one())


@cache
def _count_own() -> Select[int, int, int, int]:
    """Write the numbers of `OwnWork` as one query; the last two are only counted where few are left."""
    left = leases.count_free_of().cte("free")
    few = select(left.c[0]).scalar_subquery() <= MOST
    held, done = leases.count_held_by_others().scalar_subquery(), _count_done().scalar_subquery()
    return select(
        _count_today().scalar_subquery(),
        select(left.c[0]).scalar_subquery(),
        case((few, held), else_=0),
        case((few, done), else_=0),
    )


@cache
def _count_today() -> Select[int]:
    undone = aliased(Decision)
    return select(func.count(Decision.signature_id.distinct())).where(
        Decision.petition_id == bindparam("petition"), Decision.at >= bindparam("morning"),
        Decision.account_id == bindparam("by"), Decision.outcome.in_(VERDICTS), Decision.bulk_id.is_(None),
        ~select(undone.id).where(undone.supersedes_id == Decision.id).exists(),
    )  # fmt: skip


@cache
def _count_done() -> Select[int]:
    mine = leases.decided_by(bindparam("by", type_=Uuid()))
    here = Signature.petition_id == bindparam("petition"), Signature.state == "checking"
    some = select(Signature.id).where(*here, mine).limit(MOST + 1)
    return select(func.count()).select_from(some.subquery())


def count_disagreed(petition: Petition, *, by: Account | None = None) -> int:
    """Return how many cases wait for a further person because those who looked differ; with `by`, without theirs."""
    if petition.most_reviewers < 2:
        return 0
    values = {"petition": petition.id, "many": petition.most_reviewers} | ({"by": by.id} if by else {})
    return db.session.scalar(_count_disagreed(but_theirs=by is not None), values) or 0


@cache
def _count_disagreed(*, but_theirs: bool) -> Select[int]:
    """Write the count; it begins where as many have looked and nothing came of it, which an index finds.

    A case that is found several times is counted once at the end: asked for before, SQLite reads all decisions by case.
    """
    many = bindparam("many", type_=Integer())
    said, later, undone = aliased(Decision), aliased(Decision), aliased(Decision)
    people = (
        select(func.count(said.account_id.distinct()))
        .where(
            said.signature_id == Signature.id,
            said.outcome.in_(VERDICTS),
            ~exists().where(
                later.signature_id == said.signature_id, later.position > said.position, later.outcome == "reopened"
            ),
            ~exists().where(undone.supersedes_id == said.id),
        )
        .scalar_subquery()
    )
    found = (
        select(func.count(Signature.id.distinct()))
        .join_from(Decision, Signature, Signature.id == Decision.signature_id)
        .where(
            Decision.petition_id == bindparam("petition"), Decision.enacted.is_(False), Decision.position >= many,
            Decision.outcome.in_(VERDICTS), Signature.state == "checking", Signature.awaiting_enactment.is_(False),
            people >= many,
        )
    )  # fmt: skip
    return found.where(~leases.decided_by(bindparam("by", type_=Uuid()))) if but_theirs else found
