"""The list of decisions for organizers and auditors: filtered, page by page, and without names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.petitions.models import Petition
from petition_app.petitions.time_zones import zone_of
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.models import Batch, Decision
from petition_app.verification.rules import VERDICTS, case_number

PAGE = 50
OPEN_CASES = ("checking", "needs_info")


@dataclass(frozen=True)
class Filter:
    """Which decisions are wanted; what is empty does not matter. Days are of the letter's time zone, both inclusive."""

    batch: int | None = None
    outcome: str = ""
    reviewer: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Cursor:
    """The last decision of a page: the next page holds what comes before it."""

    at: datetime
    position: int
    id: UUID

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Read what `str` wrote; nothing where it is something else."""
        try:
            at, position, id_ = text.split("~")
            moment = datetime.fromisoformat(at)
            return cls(moment, int(position[:9]), UUID(id_)) if moment.tzinfo else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.position}~{self.id.hex}"


@dataclass(frozen=True)
class Decided:
    """One line: no name, and no outcome that a second reviewer must not see yet. `batch` is 0 for the initial ones."""

    signature_id: UUID
    number: str
    outcome: str | None
    reason: str | None
    state: str
    batch: int | None
    reviewer: str
    at: datetime


@dataclass(frozen=True)
class Page:
    """Some decisions, the latest first, and where the next page begins, if there is one."""

    rows: list[Decided]
    next: Cursor | None


def list_decided(
    petition: Petition, wanted: Filter, *, by: Account, before: Cursor | None = None, limit: int = PAGE
) -> Page:
    """Return one page of the decisions of a petition for its organizers and auditors.

    What is hidden until it is final is found by no outcome.
    """
    require_role(by, petition.id, "organizer", "auditor")
    blind = petition.most_reviewers > 1
    query = (
        select(Decision, Signature.state, Batch.number, Account.name)
        .join(Signature, Signature.id == Decision.signature_id)
        .outerjoin(Batch, Batch.id == Signature.batch_id)
        .outerjoin(Account, Account.id == Decision.account_id)
        .where(Decision.petition_id == petition.id)
        .order_by(Decision.at.desc(), Decision.position.desc(), Decision.id.desc())
        .limit(limit + 1)
    )
    query = _filtered(query, petition, wanted, blind=blind)
    rows = list(db.session.execute(query.where(_older_than(before)) if before else query))
    shown = rows[:limit]
    last: Decision | None = shown[-1][0] if len(rows) > limit else None
    return Page([_line(*row, blind=blind) for row in shown], Cursor(last.at, last.position, last.id) if last else None)


def _line(row: Decision, state: str, batch: int | None, reviewer: str | None, *, blind: bool) -> Decided:
    hidden = blind and state in OPEN_CASES and row.outcome in VERDICTS
    return Decided(
        row.signature_id,
        case_number(row.signature_id),
        None if hidden else row.outcome,
        None if hidden else row.reason,
        state,
        batch,
        reviewer or "",
        row.at,
    )


def _filtered(
    query: Select[Decision, str, int, str], petition: Petition, wanted: Filter, *, blind: bool
) -> Select[Decision, str, int, str]:
    zone = zone_of(petition.time_zone)
    if wanted.batch is not None:
        query = query.where(Batch.number == wanted.batch)
    if wanted.reviewer is not None:
        query = query.where(Decision.account_id == wanted.reviewer)
    if wanted.since:
        query = query.where(Decision.at >= datetime.combine(wanted.since, time.min, zone))
    if wanted.until:
        query = query.where(Decision.at < datetime.combine(wanted.until + timedelta(days=1), time.min, zone))
    if wanted.outcome:
        query = query.where(Decision.outcome == wanted.outcome)
        if blind:
            query = query.where(not_(and_(Signature.state.in_(OPEN_CASES), Decision.outcome.in_(VERDICTS))))
    return query


def _older_than(place: Cursor) -> ColumnElement[bool]:
    same = and_(Decision.at == place.at, Decision.position == place.position, Decision.id < place.id)
    earlier = and_(Decision.at == place.at, Decision.position < place.position)
    return or_(Decision.at < place.at, earlier, same)
