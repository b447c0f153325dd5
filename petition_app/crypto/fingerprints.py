"""Fingerprints that find a secret again, and commitments that tell nothing of it."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from petition_app import config


@lru_cache(maxsize=32)
def purpose_key(secret_key: str, purpose: str) -> bytes:
    """Return the key that this server derives for one purpose from a secret key of its own (32 bytes)."""
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret_key.encode())


@lru_cache(maxsize=32)
def _begun(secret_key: str, purpose: str) -> hmac.HMAC:
    """Return an HMAC that knows its key and is copied. `hmac.digest` would let go of the interpreter each time."""
    return hmac.new(purpose_key(secret_key, purpose), digestmod="sha256")


def fingerprint(purpose: str, *parts: str | UUID) -> bytes:
    """Return HMAC-SHA256 of the parts under the server's key for this purpose (32 bytes)."""
    begun = _begun(config.current().secret_key, purpose).copy()
    begun.update("\x1f".join(map(str, parts)).encode())
    return begun.digest()


def hash_secret(purpose: str, secret: bytes) -> bytes:
    """Return SHA-256 of a secret of at least 112 bits, bound to its purpose (32 bytes)."""
    return hashlib.sha256(purpose.encode() + b"\x00" + secret).digest()


def commitment(petition: UUID, r: bytes) -> bytes:
    """Return C = SHA-256("psl/v1" ‖ 0x00 ‖ petition ‖ r), which commits to a random secret and to no name."""
    return hashlib.sha256(b"psl/v1\x00" + petition.bytes + r).digest()
