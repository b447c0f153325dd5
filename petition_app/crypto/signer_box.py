"""Messages for one reader who is not the server: the signer, whose key pair follows from the secret code."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from petition_app.crypto import vault


def signer_keys(entropy: bytes, petition: UUID) -> X25519PrivateKey:
    """Derive the signer's key pair from the secret code: HKDF-SHA256 (RFC 5869), info `my/v1|petition`."""
    info = f"my/v1|{petition}".encode()
    return X25519PrivateKey.from_private_bytes(HKDF(SHA256(), 32, salt=None, info=info).derive(entropy))


def seal_to(public_key: bytes, content: dict[str, Any], associated_data: bytes) -> bytes:
    """Seal a message to one X25519 public key (32 bytes) with HPKE; `associated_data` is HPKE's info."""
    return vault.hpke_seal(public_key, vault.pad(content), associated_data)


def open_with(private_key: X25519PrivateKey, box: bytes, associated_data: bytes) -> dict[str, Any]:
    """Open a message sealed by `seal_to`. Raises: UnreadableError."""
    content: dict[str, Any] = json.loads(vault.hpke_open_with(private_key, box, associated_data))
    return content
