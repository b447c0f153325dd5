"""Which cases a bulk act leaves out and why: each case counted once, under the first reason that holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.bulk.choice import CLASSES, Filter, fulfils, has_alike, has_evidence
from petition_app.verification.desk.leases import decided_by
from petition_app.verification.matching_cases import matches
from petition_app.verification.models import LEFT_OUT, Batch, Evidence, Lease

AT_DESK = ("checking", "needs_info")
WIDEST = Filter(match="possible", strength=0)
AT_ONCE = 5_000  # Cases that are counted while somebody opens a page; more are counted when they are chosen from.


def count_unmatched(petition: Petition) -> int:
    """Return how many cases at the desk were not matched with the roster as it is now."""
    number = matches.number_of(matches.current_roster(petition))
    here = select(func.count()).where(Signature.petition_id == petition.id, Signature.state.in_(AT_DESK))
    return sum(db.session.scalar(here.where(part)) or 0 for part in matches.unseen(number))


def count_at_once(petition: Petition, *, by: Account, at: datetime) -> dict[str, int] | None:
    """Return what the widest filter leaves out, as `count_left_out` does, or nothing where counting would take long.

    Raises: NotFoundError.
    """
    here = select(Signature.id).where(Signature.petition_id == petition.id, Signature.state.in_(AT_DESK))
    few = select(func.count()).select_from(here.limit(AT_ONCE + 1).subquery())
    if (db.session.scalar(few) or 0) > AT_ONCE:
        return None
    return count_left_out(WIDEST, petition=petition, by=by, at=at)


def count_left_out(chosen: Filter, *, petition: Petition, by: Account, at: datetime) -> dict[str, int]:
    """Return for each reason of LEFT_OUT how many cases of the filter's batches are left out by it, without zeros.

    Raises: NotFoundError.
    """
    require_role(by, petition.id, "organizer")
    reason = case(*_reasons(chosen, petition=petition, by=by, at=at), else_="")
    query = select(reason.label("reason")).where(Signature.petition_id == petition.id, Signature.state.in_(AT_DESK))
    if chosen.batch is not None:
        query = query.join(Batch, Batch.id == Signature.batch_id).where(Batch.number == chosen.batch)
    found = query.subquery()
    rows = db.session.execute(select(found.c.reason, func.count()).group_by(found.c.reason)).all()
    counted: dict[str, int] = {row[0]: row[1] for row in rows}
    return {name: counted[name] for name in LEFT_OUT if name in counted}


def _reasons(chosen: Filter, *, petition: Petition, by: Account, at: datetime) -> list[tuple[ColumnElement[bool], str]]:
    """Return the conditions of all reasons in the order of LEFT_OUT; a case that meets none of them is chosen."""
    number = matches.number_of(matches.current_roster(petition))
    own_word = exists().where(Evidence.signature_id == Signature.id, Evidence.account_id == by.id, Evidence.own_word)
    likely = Signature.match_class.in_(CLASSES["possible"])
    fits = and_(Signature.match_class.in_(CLASSES[chosen.match]), *has_evidence(chosen.strength, ()))
    conditions = (
        or_(*matches.unseen(number)),
        Signature.state == "needs_info",
        exists().where(Lease.signature_id == Signature.id, Lease.until > at),
        or_(decided_by(by.id), own_word),
        has_alike(),
        and_(Signature.match_index.is_(None), likely),
        or_(Signature.match_index.is_(None), Signature.match_class.is_(None), not_(likely)),
        not_(fulfils(petition, WIDEST)),
        not_(fits),
    )
    return list(zip(conditions, LEFT_OUT, strict=True))
