"""Reading and appending decisions, the rows from which an outcome is derived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Select, func, select

from petition_app.accounts.models import Account
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification import rules
from petition_app.verification.models import Decision, Evidence
from petition_app.verification.rules import Verdict


def list_decisions(signature_id: UUID) -> list[Decision]:
    """Return the decisions on one signature in their order."""
    found = select(Decision).where(Decision.signature_id == signature_id)
    return list(db.session.scalars(found.order_by(Decision.position)))


def verdicts_of(signature_id: UUID) -> list[Verdict]:
    """Return a signature's decisions in their order, as the rules read them."""
    return read(list_decisions(signature_id))


def read(decisions: Iterable[Decision]) -> list[Verdict]:
    """Return decisions as the rules read them."""
    return [
        Verdict(
            row.id, row.account_id, row.outcome, row.duplicate_of_id, row.contact, row.supersedes_id, row.entry_mark
        )
        for row in decisions
    ]


def effective_verdicts(signature_id: UUID) -> list[Verdict]:
    """Return the verdicts of a signature that count now."""
    return rules.effective_verdicts(verdicts_of(signature_id))


def append(signature: Signature, *, outcome: str, by: Account | None, at: datetime, **fields: object) -> Decision:
    """Append a decision to a locked signature; without `by` it is nobody's of the staff."""
    before = select(func.coalesce(func.max(Decision.position), 0)).where(Decision.signature_id == signature.id)
    decision = Decision(
        id=uuid4(),
        signature_id=signature.id,
        petition_id=signature.petition_id,
        position=before.scalar_subquery() + 1,
        account_id=by.id if by else None,
        outcome=outcome,
        at=at,
        **fields,
    )
    db.session.add(decision)
    return decision


def decisions_of(ids: Select[UUID] | Collection[UUID]) -> defaultdict[UUID, list[Decision]]:
    """Return the decisions on each of some signatures in their order, all in one query."""
    found = defaultdict[UUID, list[Decision]](list)
    if isinstance(ids, Select) or ids:
        rows = select(Decision).where(Decision.signature_id.in_(ids))
        for row in db.session.scalars(rows.order_by(Decision.signature_id, Decision.position)):
            found[row.signature_id].append(row)
    return found


def was_reached(signature_id: UUID, decisions: Iterable[Decision]) -> bool:
    """Return whether somebody reached the person outside this site, as a verdict or a piece of evidence says."""
    if rules.was_contacted(read(decisions)):
        return True
    contact = select(Evidence.id).where(Evidence.signature_id == signature_id, Evidence.removed_on.is_(None))
    return db.session.scalar(contact.where(Evidence.kind.in_(rules.REACHED)).limit(1)) is not None


def list_reached(ids: Select[UUID]) -> set[UUID]:
    """Return those of the signatures whose people somebody reached outside this site, all in two queries."""
    contact = select(Evidence.signature_id).where(Evidence.signature_id.in_(ids), Evidence.removed_on.is_(None))
    told = {signature_id for signature_id, rows in decisions_of(ids).items() if rules.was_contacted(read(rows))}
    return told | set(db.session.scalars(contact.where(Evidence.kind.in_(rules.REACHED))))
