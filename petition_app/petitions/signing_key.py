"""The signing key of a petition: Ed25519 (RFC 8032), for what is published unattended.

The private half lies sealed in the server's key ring, bound to its petition. A thief of the server could sign numbers
with it, and read no name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import IntegrityError

from petition_app.crypto import vault
from petition_app.crypto.vault import KeyRing
from petition_app.petitions.models import Petition, SigningKey
from petition_app.storage.db import db


@dataclass(frozen=True)
class Signed:
    """A signature of 64 bytes and the public key of 32 bytes that proves it."""

    signature: bytes
    public_key: bytes


def canonical(content: dict[str, Any]) -> bytes:
    """Return JSON as it is signed: keys sorted, no spaces, UTF-8."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sign(petition: Petition, message: bytes, *, at: datetime) -> Signed:
    """Sign a message with the petition's key, which is made when it is first needed.

    Raises:
        StorageSealedError: the key ring is gone.
        UnreadableError: the key was sealed under another ring.
    """
    row = _key(petition, at=at)
    private = vault.key_ring().open(row.key_id, row.box, _bound(petition.id))
    return Signed(Ed25519PrivateKey.from_private_bytes(private).sign(message), row.public_key)


def public_key(petition: Petition, *, at: datetime) -> bytes:
    """Return the public half, 32 bytes. Raises: StorageSealedError."""
    return _key(petition, at=at).public_key


def rewrap(row: SigningKey, ring: KeyRing) -> None:
    """Seal a key that lies under an older key of the ring under its newest. Raises: UnreadableError."""
    bound = _bound(row.petition_id)
    row.box, row.key_id = ring.close(ring.open(row.key_id, row.box, bound), bound), ring.newest


def _key(petition: Petition, *, at: datetime) -> SigningKey:
    row = db.session.get(SigningKey, petition.id)
    if row is None:
        try:
            with db.session.begin_nested():
                row = _new(petition, at=at)
                db.session.add(row)
        except IntegrityError:  # Another process has made it at this moment.
            row = db.session.get_one(SigningKey, petition.id, populate_existing=True)
    return row


def _new(petition: Petition, *, at: datetime) -> SigningKey:
    key, ring = Ed25519PrivateKey.generate(), vault.key_ring()
    return SigningKey(
        petition_id=petition.id,
        public_key=key.public_key().public_bytes_raw(),
        key_id=ring.newest,
        box=ring.close(key.private_bytes_raw(), _bound(petition.id)),
        made_on=at.date(),
    )


def _bound(petition_id: UUID) -> bytes:
    return f"signing/v1|{petition_id}".encode()
