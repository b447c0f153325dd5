"""How fast the desk decides, how long the queue is, and how often the first two reviewers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import func, select

from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification import rules
from petition_app.verification.models import Batch, Decision
from petition_app.verification.rules import VERDICTS, Verdict

LATELY = 1000
WEEK, DAY, HOUR = timedelta(days=7), timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Speed:
    """How long signatures waited for their decision, from the sealing of their batch, and what is to be expected.

    `decided` is how many decisions were looked at, at most the last thousand; `per_day` is the pace of the last seven
    days, or of the days since the first batch; `expected` is how long the queue takes at that pace.
    """

    median: timedelta | None
    ninetieth: timedelta | None
    decided: int
    waiting: int
    per_day: float
    expected: timedelta | None


@dataclass(frozen=True)
class Agreement:
    """Of the cases lately seen by two reviewers, in how many the first two said the same on their own."""

    cases: int
    agreed: int

    @property
    def percent(self) -> int:
        """Return the rate in whole percent, rounded down, so that 100 means all."""
        return self.agreed * 100 // self.cases if self.cases else 0


def speed(
    petition_id: UUID, *, at: datetime, waiting: int | None = None, batches: Sequence[Batch] | None = None
) -> Speed:
    """Measure the last thousand decisions that changed a state, each from the sealing of its batch.

    `waiting` is the queue and `batches` are the petition's; without them they are counted and read. The median and the
    ninetieth percentile are by nearest rank (Hyndman and Fan 1996, definition 1); the wait is the queue divided by the
    pace (Little 1961).
    """
    if batches is None:
        batches = db.session.scalars(select(Batch).where(Batch.petition_id == petition_id)).all()
    begun: dict[UUID | None, datetime] = {
        batch.id: batch.sealed_at or batch.started_at if batch.number else batch.started_at for batch in batches
    }
    rows = db.session.execute(
        select(Decision.at, Signature.batch_id)
        .join(Signature, Signature.id == Decision.signature_id)
        .where(Decision.petition_id == petition_id, Decision.enacted, Decision.outcome.in_(VERDICTS))
        .order_by(Decision.at.desc())
        .limit(LATELY)
    ).all()
    times = [decided - begun[batch_id] for decided, batch_id in rows]
    if waiting is None:
        waiting = _count_waiting(petition_id)
    per_day = _pace([row.at for row in rows], first=min((batch.started_at for batch in batches), default=None), at=at)
    return Speed(
        median=rules.percentile(times, 50),
        ninetieth=rules.percentile(times, 90),
        decided=len(times),
        waiting=waiting,
        per_day=per_day,
        expected=timedelta(days=waiting / per_day) if per_day else None,
    )


def _pace(decided: list[datetime], *, first: datetime | None, at: datetime) -> float:
    """Return decisions a day in the last seven days, newest first; a full thousand counts from its oldest."""
    since = max(at - WEEK, min(first or at, at - DAY))
    lately = [moment for moment in decided if moment > since]
    if len(lately) == LATELY:
        since = min(lately[-1], at - HOUR)
    return len(lately) / ((at - since) / DAY)


def _count_waiting(petition_id: UUID) -> int:
    open_cases = select(func.count()).where(
        Signature.petition_id == petition_id, Signature.state.in_(("checking", "needs_info"))
    )
    return db.session.scalar(open_cases) or 0


def agreement(petition_id: UUID) -> Agreement:
    """Return how often the first two reviewers of a case agreed, over the cases of the last thousand verdicts.

    Each decided without seeing the other, so the rate tells how far the verdict depends on who gives it.
    """
    latest = (
        select(Decision.signature_id)
        .where(Decision.petition_id == petition_id)
        .order_by(Decision.at.desc())
        .limit(LATELY)
        .subquery()
    )
    rows = db.session.scalars(
        select(Decision)
        .where(Decision.signature_id.in_(select(latest.c.signature_id)))
        .order_by(Decision.signature_id, Decision.position)
    )
    said = [
        rules.first_two_agree([_verdict(row) for row in case])
        for _, case in groupby(rows, key=lambda row: row.signature_id)
    ]
    return Agreement(cases=sum(one is not None for one in said), agreed=sum(one is True for one in said))


def _verdict(row: Decision) -> Verdict:
    return Verdict(
        row.id, row.account_id, row.outcome, row.duplicate_of_id, row.contact, row.supersedes_id, row.entry_mark
    )
