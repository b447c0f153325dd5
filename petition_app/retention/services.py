"""What is kept no longer than it must be: erased by the worker; what is still held is told to everybody, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select

from petition_app import audit
from petition_app.keys.models import PetitionKey
from petition_app.keys.services import delete_petition_keys
from petition_app.petitions.models import Petition
from petition_app.signatures import expiry, sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.signatures.rules import DECIDED
from petition_app.storage import completions
from petition_app.storage.db import db
from petition_app.storage.jobs import PendingPublication
from petition_app.verification.models import Decision, HeldReport, SecondLook

REJECTED_LIFE = timedelta(days=14)
CONTACT_LIFE = timedelta(days=30)
KEYS_LIFE = timedelta(days=90)
SLICE = 500
KINDS = ("unconfirmed", "people", "contacts", "erased", "keys")


@dataclass(frozen=True)
class Erased:
    """How many rows of one kind ran out: `unconfirmed`, `rejected`, `contact` (signatures) or `keys` (petitions)."""

    kind: str
    number: int


@dataclass(frozen=True)
class Held:
    """What was still held of a petition on a day: numbers of signatures, and of the petition's keys."""

    day: date
    numbers: dict[str, int]


# --- erasing ----------------------------------------------------------------------------------------------------


def list_due(*, at: datetime) -> list[Erased]:
    """Return how much has run out by now, without erasing anything."""
    return [
        Erased("unconfirmed", expiry.count_stale(at=at)),
        Erased("rejected", _count(_rejected(at))),
        Erased("contact", _count(_contacts(at))),
        Erased("keys", len(_closed(at))),
    ]


def list_petitions_due(*, at: datetime) -> list[UUID]:
    """Return the petitions of which something has run out."""
    due = (expiry.stale(at), _rejected(at), _contacts(at))
    found = set(_closed(at))
    for query in due:
        found.update(db.session.scalars(query.with_only_columns(Signature.petition_id).distinct()))
    return sorted(found)


def retain(petition_id: UUID, *, at: datetime) -> list[Erased]:
    """Erase what has run out of a petition, at most 500 signatures of a kind at a time; return how much.

    An unconfirmed signature lives 72 hours; what a rejected one says, 14 days after the decision that its signer reads
    at /my, unless a second look is open; the contact 30 days after the last decision; the keys of a sealed petition 90
    days after it closed. Each slice is a transaction of its caller's.
    """
    own = Signature.petition_id == petition_id
    unconfirmed = expiry.discard_unconfirmed(petition_id, at=at, limit=SLICE)
    rejected = _taken(_rejected(at).where(own))
    for signature in rejected:
        sealing.erase(signature)
    _record("retention.rejected", rejected, at=at)
    contacts = _taken(_contacts(at).where(own))
    for signature in contacts:
        sealing.erase_contact(signature)
    _record("retention.contact", contacts, at=at)
    keys = int(petition_id in _closed(at))
    if keys:
        delete_petition_keys(petition_id, at=at)
    db.session.flush()
    numbers = {"unconfirmed": unconfirmed, "rejected": len(rejected), "contact": len(contacts), "keys": keys}
    return [Erased(kind, number) for kind, number in numbers.items()]


def retain_some(petition_id: UUID, *, at: datetime) -> int:
    """Erase a slice, as `retain` does, and return how much it was: until it is nothing, another is due at once."""
    return sum(one.number for one in retain(petition_id, at=at))


def note_done(*, at: datetime) -> None:
    """Note that everything that has run out is erased, where that is so."""
    if not list_petitions_due(at=at):
        completions.note(completions.RETENTION, at=at)


def _rejected(at: datetime) -> Select[Signature]:
    answered = exists().where(Decision.signature_id == SecondLook.signature_id, Decision.position > SecondLook.position)
    waiting = exists().where(SecondLook.signature_id == Signature.id, SecondLook.closed_on.is_(None), ~answered)
    keyed = exists().where(SealedKey.signature_id == Signature.id)
    return select(Signature).where(
        Signature.state == "rejected", keyed, _undisturbed_since(at - REJECTED_LIFE), ~waiting
    )


def _contacts(at: datetime) -> Select[Signature]:
    return select(Signature).where(Signature.state.in_(DECIDED), _contact_kept(), _undisturbed_since(at - CONTACT_LIFE))


def _contact_kept() -> ColumnElement[bool]:
    return exists().where(
        SealedKey.signature_id == Signature.id, SealedKey.part_id == SealedPart.id, SealedPart.part == "contact"
    )


def _undisturbed_since(moment: datetime) -> ColumnElement[bool]:
    return ~exists().where(Decision.signature_id == Signature.id, Decision.at >= moment)


def _closed(at: datetime) -> Sequence[UUID]:
    """Return the closed petitions whose keys have run out."""
    keyed = exists().where(PetitionKey.petition_id == Petition.id)
    ended = select(Petition.id).where(Petition.state == "closed", Petition.closed_at < at - KEYS_LIFE, keyed)
    return db.session.scalars(ended).all()


def _taken(query: Select[Signature]) -> Sequence[Signature]:
    return db.session.scalars(query.limit(SLICE).with_for_update(skip_locked=True, key_share=True)).all()


def _count(query: Select[Signature]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _record(act: str, signatures: Sequence[Signature], *, at: datetime) -> None:
    for petition_id, number in Counter(signature.petition_id for signature in signatures).items():
        audit.record(act, petition_id=petition_id, number=number, at=at)


# --- telling ----------------------------------------------------------------------------------------------------


def list_unreported(*, at: datetime) -> list[UUID]:
    """Return the public petitions of which nobody has counted today what is still held.

    Sealed ones in which something waits to be published are left out: these numbers tell nothing newer than the others.
    They are counted with the publication.
    """
    told = exists().where(HeldReport.petition_id == Petition.id, HeldReport.day >= at.date())
    waits = exists().where(PendingPublication.petition_id == Petition.id, Petition.mode == "sealed")
    return list(db.session.scalars(select(Petition.id).where(Petition.state != "draft", ~told, ~waits)))


def report(petition_id: UUID, *, at: datetime) -> None:
    """Count what is still held of a petition.

    Once a day, so that nobody can tie a change of these numbers to somebody's visit.
    """
    db.session.merge(HeldReport(petition_id=petition_id, day=at.date(), numbers=_held(petition_id)))
    db.session.flush()


def get_held(petition_id: UUID) -> Held | None:
    """Return what was held when it was last counted, or nothing where nobody has counted yet."""
    report = db.session.get(HeldReport, petition_id)
    return Held(report.day, report.numbers) if report else None


def _held(petition_id: UUID) -> dict[str, int]:
    own = Signature.petition_id == petition_id
    keyed = exists().where(SealedKey.signature_id == Signature.id, SealedKey.part_id.is_(None))
    confirmed = Signature.state != "unconfirmed"
    numbers = {
        "unconfirmed": _number(own, keyed, ~confirmed),
        "people": _number(own, keyed, confirmed),
        "contacts": _number(own, keyed, confirmed, _contact_kept()),
        "erased": _number(own, ~keyed, Signature.state != "discarded"),
        "keys": db.session.scalar(select(func.count()).where(PetitionKey.petition_id == petition_id)) or 0,
    }
    return {kind: numbers[kind] for kind in KINDS}


def _number(*conditions: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Signature).where(*conditions)) or 0
