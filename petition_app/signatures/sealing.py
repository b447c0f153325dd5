"""Sealing and opening the personal parts of signatures, row by row."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Row, Select, Uuid, bindparam, delete, null, select, union_all
from sqlalchemy.orm import Session

from petition_app.crypto import vault
from petition_app.crypto.fingerprints import commitment, fingerprint
from petition_app.crypto.vault import KeyRing, PetitionPublicKey, SealContext, Sealed, UnreadableError, WrappedKey
from petition_app.keys import open_keys
from petition_app.keys.services import public_lock
from petition_app.petitions.models import Petition
from petition_app.random_pool import id_near, new_id, random_bytes
from petition_app.signatures.models import NearKey, SealedKey, SealedPart, Signature
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.storage.db import db, note_erasure

Boxed = Row[Any]  # Of a wrapped key or a sealed part: id, part_id, key_id, part, box.

ENOUGH = 512  # Random bytes: the keys, nonces and ids of one signature, and the code that confirms it.


@dataclass(frozen=True)
class Identity:
    """What was submitted about the person."""

    name: str
    role: str = ""
    place: str = ""


@dataclass(frozen=True)
class NewPart:
    """One sealed part and the id of its row."""

    id: UUID
    sealed: Sealed


@dataclass(frozen=True)
class SealedSignature:
    """A signature's sealed parts, keys and commitment, ready to be stored under `signature_id`."""

    signature_id: UUID
    commitment: bytes
    key: WrappedKey
    parts: dict[str, NewPart]
    name_index: bytes | None
    mailbox_index: bytes | None
    r: bytes = field(repr=False)


def sealing_key_for(petition: Petition, session: Session | None = None) -> KeyRing | PetitionPublicKey:
    """Return what seals a petition's signatures: the server's key ring, or in sealed mode the petition's public key.

    Every road on which a signature is stored asks here; `session` is another one than the request's.

    Raises:
        StorageSealedError: there is none, so nothing may be stored.
    """
    return public_lock(petition.id, session) if petition.is_sealed else vault.key_ring()


def seal(
    lock: KeyRing | PetitionPublicKey, *, petition_id: UUID, identity: Identity, email: str, case: dict[str, Any],
    tier: int, others: int | None,
) -> SealedSignature:  # fmt: skip
    """Seal the three parts of a new signature; the secret r of its commitment and its consent lie in the identity.

    In sealed mode there are no indexes: whoever may sign is often known, so any of them could be tried out.
    """
    indexed = isinstance(lock, KeyRing)
    signature_id, key, r = new_id(), vault.new_key(), random_bytes(32)
    place = SealContext(petition_id, signature_id, "key")
    contents = {
        "identity": {**vars(identity), "r": r.hex(), "tier": tier, "others": others},
        "contact": {"email": email},
        "case": case,
    }
    return SealedSignature(
        signature_id=signature_id,
        commitment=commitment(petition_id, r),
        r=r,
        key=lock.wrap(key, place),
        parts={
            part: NewPart(id_near(signature_id), sealed)
            for part, sealed in vault.seal_parts(key, place, contents).items()
        },
        name_index=fingerprint("name", petition_id, fold_name(identity.name)) if indexed else None,
        mailbox_index=fingerprint("mailbox", petition_id, fold_mailbox(email)) if indexed and email else None,
    )


def part_rows(sealed: SealedSignature) -> list[dict[str, Any]]:
    """Return the rows of the sealed parts."""
    return [
        {"id": content.id, "signature_id": sealed.signature_id, "part": part, "box": content.sealed.box}
        for part, content in sealed.parts.items()
    ]


def key_rows(sealed: SealedSignature) -> list[dict[str, Any]]:
    """Return the rows of the wrapped keys, to be stored after the parts."""
    own: dict[str, Any] = {"part_id": None, "key_id": sealed.key.key_id, "box": sealed.key.box}
    parts = [
        {"part_id": content.id, "key_id": None, "box": content.sealed.wrapped_key} for content in sealed.parts.values()
    ]
    return [{"id": id_near(sealed.signature_id), "signature_id": sealed.signature_id, **row} for row in (own, *parts)]


def open_identity(signature: Signature) -> Identity:
    """Open what was submitted. Raises: UnreadableError, StorageSealedError, LockedError."""
    return read_identity(_open(signature, "identity")[0])


def open_address(signature: Signature) -> str:
    """Open the mail address; empty when none was given, or when it has run out.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    if is_readable(signature) and not db.session.scalar(_contact_keys(signature).limit(1)):
        return ""
    return str(_open(signature, "contact")[0]["email"])


def open_case(signature: Signature) -> list[dict[str, Any]]:
    """Open all that was added to the case, oldest first. Raises: UnreadableError, StorageSealedError, LockedError."""
    return by_age(_open(signature, "case"))


def by_age(notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was added to a case, oldest first."""
    return sorted(notes, key=lambda note: int(note.get("n", 0)))


def read_identity(content: dict[str, Any]) -> Identity:
    """Return what an opened part tells of the person."""
    return Identity(name=content["name"], role=content["role"], place=content["place"])


def erase(signature: Signature) -> None:
    """Make every part unreadable for good: the keys go, and the indexes that could find the person."""
    db.session.execute(delete(SealedKey).where(SealedKey.signature_id == signature.id))
    db.session.execute(delete(NearKey).where(NearKey.signature_id == signature.id))
    signature.name_index = signature.mailbox_index = signature.match_index = signature.entry_index = None
    signature.match_class = signature.agreement_box = None
    note_erasure()


def erase_contact(signature: Signature) -> None:
    """Make the contact unreadable for good, and the index that could find the mailbox; the rest stays."""
    keys = db.session.scalars(_contact_keys(signature)).all()
    db.session.execute(delete(SealedKey).where(SealedKey.id.in_(keys)))
    signature.mailbox_index = None
    note_erasure()


def _contact_keys(signature: Signature) -> Select[UUID]:
    contact = SealedPart.signature_id == signature.id, SealedPart.part == "contact"
    return select(SealedKey.id).join(SealedPart, SealedPart.id == SealedKey.part_id).where(*contact)


def is_readable(signature: Signature) -> bool:
    """Return whether the keys of a signature are still there."""
    return _wrap_of(signature) is not None


def subkey(signature: Signature, purpose: str) -> bytes:
    """Return a key for one purpose (32 bytes) that is made from the signature's own, and ends with it.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    return _subkey(signature_key(signature), purpose)


def older_marker(signature: Signature) -> Callable[[str], bytes]:
    """Return what makes marks of texts as verdicts bore them before they committed to an index. Raises: as `subkey`."""
    key = signature_key(signature)
    return lambda text: hmac.digest(key, b"mark/v1|" + text.encode(), "sha256")


def _subkey(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"subkey/v1|{purpose}".encode(), "sha256")


def open_with_subkey(signature: Signature, purpose: str) -> tuple[Identity, bytes]:
    """Open what was submitted, and a key for one purpose (32 bytes) that is made from the signature's own.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    key, found = _open_with_key(signature, "identity")
    return read_identity(found[0]), _subkey(key, purpose)


def remember_near(signature: Signature, keys: Iterable[str]) -> None:
    """Index a signature by the rough sounds of its name, so that similar names are found."""
    for key in dict.fromkeys(keys):
        index = fingerprint("near", signature.petition_id, key)
        db.session.add(NearKey(signature_id=signature.id, petition_id=signature.petition_id, key=index))


def signature_key(signature: Signature) -> bytes:
    """Open the key of a signature (32 bytes). Raises: UnreadableError, StorageSealedError, LockedError."""
    wrapped = _wrap_of(signature)
    if wrapped is None:
        raise UnreadableError("the keys were erased")
    return unwrap(signature, wrapped, "key")


def _wrap_of(signature: Signature) -> WrappedKey | None:
    """Return the wrapped key of a signature.

    All its keys are read and sorted out here: asked for "no part", SQLite would search every signature's.
    """
    rows = db.session.scalars(select(SealedKey).where(SealedKey.signature_id == signature.id))
    return next((WrappedKey(row.key_id or "", row.box) for row in rows if row.part_id is None), None)


def unwrap(signature: Signature, wrapped: WrappedKey, part: str) -> bytes:
    """Unwrap a key of a signature. Raises: UnreadableError, StorageSealedError, LockedError."""
    return unwrap_at(SealContext(signature.petition_id, signature.id, part), wrapped, _petition(signature))


def unwrap_at(place: SealContext, wrapped: WrappedKey, petition: Petition) -> bytes:
    """Unwrap a key that stands at a place. Raises: UnreadableError, StorageSealedError, LockedError."""
    if petition.is_sealed:
        return open_keys.require(petition.id).unwrap(wrapped, place)
    return vault.key_ring().unwrap(wrapped, place)


def _petition(signature: Signature) -> Petition:
    return db.session.get_one(Petition, signature.petition_id)


def _open(signature: Signature, part: str) -> list[dict[str, Any]]:
    return _open_with_key(signature, part)[1]


def _open_with_key(signature: Signature, part: str) -> tuple[bytes, list[dict[str, Any]]]:
    key, keys, found = read_sealed(signature, part)
    place = SealContext(signature.petition_id, signature.id, part)
    if not found or any(row.id not in keys for row in found):
        raise UnreadableError("the keys were erased")
    return key, [open_part(signature, key, place, row, keys[row.id]) for row in found]


def read_sealed(signature: Signature, part: str | None = None) -> tuple[bytes, dict[UUID | None, Boxed], list[Boxed]]:
    """Return the key of a signature, opened, the rows of its wrapped keys by `part_id`, and those of its sealed parts.

    One query brings them all; of several kinds of parts only the one asked for.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    rows = db.session.execute(_all_sealed(part is None), {"signature": signature.id, "part": part}).all()
    keys = {row.part_id: row for row in rows if row.part is None}
    if None not in keys:
        raise UnreadableError("the keys were erased")
    key = unwrap(signature, WrappedKey(keys[None].key_id or "", keys[None].box), "key")
    return key, keys, [row for row in rows if row.part is not None]


@cache
def _all_sealed(whole: bool) -> CompoundSelect[Any]:
    here = bindparam("signature", type_=Uuid())
    keys = select(SealedKey.id, SealedKey.part_id, SealedKey.key_id, null().label("part"), SealedKey.box)
    parts = select(SealedPart.id, null(), null(), SealedPart.part, SealedPart.box)
    parts = parts if whole else parts.where(SealedPart.part == bindparam("part"))
    return union_all(keys.where(SealedKey.signature_id == here), parts.where(SealedPart.signature_id == here))


def open_part(signature: Signature, key: bytes, place: SealContext, row: Boxed, wrapped: Boxed) -> dict[str, Any]:
    """Open one part with the signature's `key`, or with its own where the signer added it."""
    if wrapped.key_id is None:
        return vault.open_part(key, place, Sealed(row.box, wrapped.box))
    own = unwrap(signature, WrappedKey(wrapped.key_id, wrapped.box), place.part)
    return vault.open_box(own, place, row.box)
