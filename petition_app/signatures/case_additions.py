"""Additions to the sealed part of a case: each is sealed by itself, never touching the earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from petition_app.crypto import vault
from petition_app.crypto.vault import SealContext
from petition_app.petitions.models import Petition
from petition_app.random_pool import id_near
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db


@dataclass(frozen=True)
class Addition:
    """One addition as staff seal it: the box, and its key wrapped under the signature's."""

    signature_id: UUID
    box: bytes
    key: bytes


def add_to_case(signature: Signature, content: dict[str, Any]) -> Addition:
    """Seal an addition under the signature's key, store it and return it.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    sealed = vault.seal_part(sealing.signature_key(signature), _place(signature), _numbered(signature, content))
    addition = Addition(signature.id, sealed.box, sealed.wrapped_key)
    store_addition(signature, addition)
    return addition


def store_addition(signature: Signature, addition: Addition) -> None:
    """Store an addition as it was sealed, here or on a reviewer's own machine."""
    _store(signature, addition.box, SealedKey(signature_id=signature.id, box=addition.key))


def add_by_signer(signature: Signature, content: dict[str, Any]) -> None:
    """Seal what the signer adds under a key that is wrapped by itself, since the signer's pages open nothing.

    Raises: StorageSealedError.
    """
    key, place = vault.new_key(), _place(signature)
    box = vault.seal_box(key, place, _numbered(signature, content))
    wrap = sealing.sealing_key_for(db.session.get_one(Petition, signature.petition_id)).wrap(key, place)
    _store(signature, box, SealedKey(signature_id=signature.id, key_id=wrap.key_id, box=wrap.box))


def count_notes(signature: Signature) -> int:
    """Return how many additions a case has."""
    notes = select(func.count()).where(SealedPart.signature_id == signature.id, SealedPart.part == "case")
    return db.session.scalar(notes) or 0


def _numbered(signature: Signature, content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "n": count_notes(signature)}


def _place(signature: Signature) -> SealContext:
    return SealContext(signature.petition_id, signature.id, "case")


def _store(signature: Signature, box: bytes, key: SealedKey) -> None:
    key.part_id = id_near(signature.id)
    db.session.add(SealedPart(id=key.part_id, signature_id=signature.id, part="case", box=box))
    db.session.flush()
    db.session.add(key)
