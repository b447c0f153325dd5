"""Claims of “I did not sign this”: the name that somebody says is theirs is hidden until it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import NotFoundError
from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import add_by_signer
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import fold_name
from petition_app.storage.db import db, get_for_update
from petition_app.tally.models import Claim, PublishedName
from petition_app.verification.rules import case_number

MOST_HIDDEN = 5
LONGEST = 1000


@dataclass(frozen=True)
class Waiting:
    """A claim that an organizer has to look at; no name."""

    id: UUID
    signature_id: UUID
    number: str
    hides: bool
    asked_on: date


def claim(petition: Petition, *, name: str, place: str, words: str, at: datetime) -> None:
    """Open a claim on every published name that reads like this one; whether there is one, the caller does not learn.

    The name is hidden at once. Where five names of the petition are hidden already, or an organizer has made sure of
    this signature before, the claim hides nothing and waits. The signature stays as it is until somebody has looked.
    """
    if not _like(petition, name, place):  # Nobody waits for a stranger who names nobody.
        return
    get_for_update(Petition, petition.id)
    for signature_id in _like(petition, name, place):
        _open(petition, signature_id, words=words[:LONGEST], at=at)
    db.session.flush()


def _like(petition: Petition, name: str, place: str) -> list[UUID]:
    """Return the signatures with such a published name, and of several those at this place, found by an index."""
    columns = select(PublishedName.signature_id, PublishedName.place)
    folded = (PublishedName.petition_id == petition.id, PublishedName.folded == fold_name(name)[:240])
    rows = db.session.execute(columns.where(*folded)).all()
    here = [row for row in rows if place and row.place.casefold() == place.casefold()]
    return [row.signature_id for row in here or rows]


def _open(petition: Petition, signature_id: UUID, *, words: str, at: datetime) -> None:
    earlier = db.session.scalars(select(Claim).where(Claim.signature_id == signature_id)).all()
    signature = get_for_update(Signature, signature_id)
    if signature is None or signature.state != "verified" or any(row.closed_on is None for row in earlier):
        return
    hidden = select(func.count()).select_from(Claim).where(Claim.petition_id == petition.id, _hides())
    hides = not earlier and (db.session.scalar(hidden) or 0) < MOST_HIDDEN
    db.session.add(Claim(signature_id=signature_id, petition_id=petition.id, hides=hides, asked_on=at.date()))
    text = words.strip() or "–"
    add_by_signer(signature, {"kind": "claim", "on": at.date().isoformat(), "text": text})
    audit.record_signer("signature.claimed", petition_id=petition.id, at=at)
    db.session.flush()


def _hides() -> ColumnElement[bool]:
    return Claim.hides & Claim.closed_on.is_(None)


def hidden() -> ColumnElement[bool]:
    """Return the condition that a published name is hidden by a claim."""
    return exists().where(Claim.signature_id == PublishedName.signature_id, _hides())


def list_waiting(petition: Petition, *, by: Account) -> list[Waiting]:
    """Return the claims on signatures that are still verified, oldest first."""
    require_role(by, petition.id, "organizer")
    rows = db.session.scalars(
        select(Claim)
        .join(Signature, Signature.id == Claim.signature_id)
        .where(Claim.petition_id == petition.id, Claim.closed_on.is_(None), Signature.state == "verified")
        .order_by(Claim.asked_on, Claim.id)
    )
    return [Waiting(row.id, row.signature_id, case_number(row.signature_id), row.hides, row.asked_on) for row in rows]


def count_waiting(petition: Petition) -> int:
    """Return how many claims wait on signatures that are still verified."""
    here = Claim.petition_id == petition.id, Claim.closed_on.is_(None), Signature.state == "verified"
    waiting = select(func.count()).select_from(Claim).join(Signature, Signature.id == Claim.signature_id)
    return db.session.scalar(waiting.where(*here)) or 0


def leave(claim_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Let a name stand again after somebody has made sure that the person signed. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    found = get_for_update(Claim, claim_id)
    if found is None or found.petition_id != petition.id or found.closed_on:
        raise NotFoundError
    found.closed_on, found.account_id = at.date(), by.id
    audit.record("claim.left", by=by.id, petition_id=petition.id, object_id=found.signature_id, at=at)
    db.session.flush()
