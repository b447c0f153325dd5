"""One signature opened as a whole, in one query and with its key unwrapped once; and what belongs to none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, func, select

from petition_app.crypto.vault import SealContext, UnreadableError
from petition_app.signatures import consents
from petition_app.signatures.consents import Consent
from petition_app.signatures.import_models import StagedRow
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.signatures.sealing import Identity, by_age, open_part, read_identity, read_sealed
from petition_app.storage.db import db


@dataclass(frozen=True)
class Contents:
    """All that is sealed of a signature: who it is, the mail address (empty once it has run out), the notes by age."""

    identity: Identity = field(default_factory=lambda: Identity(name=""))
    email: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Said:
    """What a signer has agreed to, by what is sealed, and all that the signer has added to the case, by age."""

    consent: Consent
    notes: list[dict[str, Any]]


def open_said(signature: Signature) -> Said:
    """Open what a signer has said: the identity and the signer's own additions, and nothing of the staff's.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    own, keys, rows = read_sealed(signature)
    identities, notes = list[dict[str, Any]](), list[dict[str, Any]]()
    for row in rows:
        wrapped, place = keys.get(row.id), SealContext(signature.petition_id, signature.id, row.part)
        if wrapped and row.part == "identity" and wrapped.key_id is None:
            identities.append(open_part(signature, own, place, row, wrapped))
        elif wrapped and row.part == "case" and wrapped.key_id is not None:
            notes.append(open_part(signature, own, place, row, wrapped))
    if len(identities) != 1:
        raise UnreadableError("there is no identity, or more than one")
    return Said(consents.read(signature, identities[0], by_age(notes)), by_age(notes))


def open_all(signature: Signature) -> Contents:
    """Open all that is sealed of a signature. Raises: UnreadableError, StorageSealedError, LockedError."""
    own, keys, rows = read_sealed(signature)
    parts: dict[str, list[dict[str, Any]]] = {"identity": [], "contact": [], "case": []}
    for row in rows:
        if wrapped := keys.get(row.id):
            place = SealContext(signature.petition_id, signature.id, row.part)
            parts[row.part].append(open_part(signature, own, place, row, wrapped))
        elif row.part != "contact":
            raise UnreadableError("the keys were erased")
    if not parts["identity"] or not parts["case"]:
        raise UnreadableError("the keys were erased")
    email = str(parts["contact"][0]["email"]) if parts["contact"] else ""
    return Contents(read_identity(parts["identity"][0]), email, by_age(parts["case"]))


def strays() -> dict[str, int]:
    """Return by table how many sealed rows belong neither to a signature nor to one that is being imported."""
    found: dict[str, int] = {}
    for model in (SealedPart, SealedKey):
        there = exists().where(Signature.id == model.signature_id) | exists().where(StagedRow.id == model.signature_id)
        number = db.session.scalar(select(func.count()).select_from(model).where(~there))
        found |= {model.__tablename__: number} if number else {}
    return found
