"""One signature opened as a whole, in two queries and with its key unwrapped once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from petition_app.db import db
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.signatures.sealing import Identity, by_age, open_part, read_identity, unwrap
from petition_app.vault import Place, UnreadableError, WrappedKey


@dataclass(frozen=True)
class Contents:
    """All that is sealed of a signature: who it is, the mail address (empty once it has run out), the notes by age."""

    identity: Identity = field(default_factory=lambda: Identity(name=""))
    email: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)


def open_all(signature: Signature) -> Contents:
    """Open all that is sealed of a signature. Raises: UnreadableError, StorageSealedError, LockedError."""
    rows = db.session.scalars(select(SealedKey).where(SealedKey.signature_id == signature.id))
    keys = {row.part_id: row for row in rows}
    if None not in keys:
        raise UnreadableError("the keys were erased")
    own = unwrap(signature, WrappedKey(keys[None].key_id or "", keys[None].box), "key")
    parts: dict[str, list[dict[str, Any]]] = {"identity": [], "contact": [], "case": []}
    for row in db.session.scalars(select(SealedPart).where(SealedPart.signature_id == signature.id)):
        if wrapped := keys.get(row.id):
            place = Place(signature.petition_id, signature.id, row.part)
            parts[row.part].append(open_part(signature, own, place, row, wrapped))
        elif row.part != "contact":
            raise UnreadableError("the keys were erased")
    if not parts["identity"] or not parts["case"]:
        raise UnreadableError("the keys were erased")
    email = str(parts["contact"][0]["email"]) if parts["contact"] else ""
    return Contents(read_identity(parts["identity"][0]), email, by_age(parts["case"]))
