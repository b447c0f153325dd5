"""Which cases a bulk act may take: a filter as one query, and what it never takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Demands, Policy, together
from petition_app.roster import services as rosters
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.desk.leases import decided_by
from petition_app.verification.models import Batch, Evidence, Lease

CLASSES = {"strong": ("strong",), "possible": ("strong", "possible")}
# States in which another signature may be, or become, the one that counts for a person.
STANDING = ("received", "checking", "needs_info", "verified")


@dataclass(frozen=True)
class Filter:
    """Which cases: of one batch or of all, by class of match (possible: strong ones too), by least evidence 0-3."""

    batch: int | None = None
    match: str = "strong"
    strength: int = 2


def chosen_ids(chosen: Filter, *, petition: Petition, by: Account, at: datetime) -> Select[UUID]:
    """Return the query for the cases that fit a filter and that this person may decide without a closer look.

    Left out, always: what the petition's policy refuses, who fits more than one entry or an older roster, whoever has
    a possible duplicate or a conflict, what somebody holds, and what this person decided or vouched for.
    """
    version = rosters.current(petition.id) if petition.uses_roster else None
    query = (
        select(Signature.id)
        .where(
            Signature.petition_id == petition.id,
            Signature.state == "checking",
            Signature.match_index.is_not(None),
            Signature.matched_roster == (version.number if version else None),
            ~has_alike(),
            ~exists().where(Lease.signature_id == Signature.id, Lease.until > at),
            ~decided_by(by.id),
            ~exists().where(Evidence.signature_id == Signature.id, Evidence.account_id == by.id, Evidence.own_word),
            *has_evidence(chosen.strength, ()),
            fulfils(petition, chosen),
        )
        .order_by(Signature.id)
    )
    if chosen.batch is not None:
        query = query.join(Batch, Batch.id == Signature.batch_id).where(Batch.number == chosen.batch)
    return query


def fulfils(petition: Petition, chosen: Filter) -> ColumnElement[bool]:
    """Return the condition that a case has the match and the evidence which its own batch asks for."""
    batches = db.session.execute(select(Batch.id, Batch.policies).where(Batch.petition_id == petition.id)).all()
    asked: dict[Demands, list[UUID]] = {}
    for batch_id, kept in batches:
        asked.setdefault(together([Policy.of(petition), *map(Policy.read, kept)]), []).append(batch_id)
    return or_(false(), *(_of_batches(ids, demands, chosen) for demands, ids in asked.items()))


def _of_batches(ids: list[UUID], demands: Demands, chosen: Filter) -> ColumnElement[bool]:
    classes = [name for name in CLASSES[chosen.match] if demands.match_rule != "strong" or name == "strong"]
    evidence = [found for strength, kinds in demands.evidence for found in has_evidence(strength, kinds)]
    return and_(Signature.batch_id.in_(ids), Signature.match_class.in_(classes), *evidence)


def has_evidence(strength: int, kinds: Sequence[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that evidence of this strength (0: none needed) stands, of one of these kinds, if any."""
    if not strength:
        return []
    found = (
        Evidence.signature_id == Signature.id,
        Evidence.removed_on.is_(None),
        Evidence.strength >= strength,
        *([Evidence.kind.in_(kinds)] if kinds else []),
    )
    return [exists().where(*found)]


def has_alike() -> ColumnElement[bool]:
    """Return the condition that another signature shares a mailbox, a folded name or a roster entry."""
    other = aliased(Signature)
    same = (
        other.mailbox_index == Signature.mailbox_index,
        other.name_index == Signature.name_index,
        other.match_index == Signature.match_index,
        other.entry_index == Signature.match_index,
    )
    open_too = other.state.in_(STANDING)
    one = (other.petition_id == Signature.petition_id, other.id != Signature.id, open_too)
    return or_(*(exists().where(*one, condition) for condition in same))


def count_chosen(chosen: Filter, *, petition: Petition, by: Account, at: datetime) -> int:
    """Return how many cases fit a filter now. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    found = chosen_ids(chosen, petition=petition, by=by, at=at).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0
