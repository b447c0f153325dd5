"""The vault: seals what a signature says about a person, and opens it again for those who may read it.

Three keys stand above one another. A *wrapping key* (the server's key ring, or an X25519 public key) wraps the
random *signature key*; the signature key wraps one random *part key* for each sealed part; the part key seals the
part. Everything is bound to the place where it is stored, so rows and fields that are swapped do not open. Erasing
the small wrapped key makes a part unreadable for good.

Formats: a box is `1 ‖ nonce (12) ‖ AES-256-GCM ciphertext`, or `2 ‖ HPKE encapsulated key (32) ‖ ciphertext` (RFC 9180:
DHKEM(X25519), HKDF-SHA256, AES-256-GCM), or `3 ‖ salt (16) ‖ nonce (12) ‖ AES-256-GCM ciphertext` under a passphrase
(RFC 9106: Argon2id, 64 MiB, three passes, four lanes). The first byte names the suite, so that others can be added.
"""

from __future__ import annotations

import base64
import json
import os
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from petition_app import config, private_files
from petition_app.errors import StorageSealedError
from petition_app.random_pool import random_bytes

RING, HPKE_X25519, PASSPHRASE = 1, 2, 3
_RING, _HPKE_X25519 = bytes([RING]), bytes([HPKE_X25519])
PASSES, LANES, MEMORY = 3, 4, 64 * 1024  # Of Argon2id; memory in KiB.
_alone = Lock()  # In OpenSSL two derivations with several lanes wait for each other for ever.
STEP = 1024
PARTS = ("identity", "contact", "case")
# What may be typed into a part fits into its length, so that all rows of a part are equally long.
LENGTHS = {"identity": 3 * STEP, "contact": STEP, "case": 4 * STEP}

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_public_key = lru_cache(maxsize=64)(X25519PublicKey.from_public_bytes)


class UnreadableError(Exception):
    """A box does not open: wrong key, wrong place, or changed bytes."""


@dataclass(frozen=True)
class SealContext:
    """Where a sealed thing is stored; it opens nowhere else."""

    petition: UUID
    signature: UUID
    part: str

    def bytes(self) -> bytes:
        """Return the associated data: `sig/v1|petition|signature|part`."""
        return f"{self.front()}{self.part}".encode()

    def front(self) -> str:
        """Return what is the same for all parts of one signature."""
        return f"sig/v1|{self.petition}|{self.signature}|"


@dataclass(frozen=True)
class Sealed:
    """A sealed part and its wrapped key, to be stored in two tables."""

    box: bytes
    wrapped_key: bytes


@dataclass(frozen=True)
class WrappedKey:
    """A wrapped signature key and the name of the key that opens it."""

    key_id: str
    box: bytes


def new_key() -> bytes:
    """Return 32 random bytes."""
    return random_bytes(32)


def encrypt(key: bytes, plain: bytes, associated_data: bytes) -> bytes:
    """Seal bytes under a random key of 32 bytes; `associated_data` says where they are stored."""
    return encrypt_with(AESGCM(key), plain, associated_data)


def encrypt_with(cipher: AESGCM, plain: bytes, associated_data: bytes) -> bytes:
    """Seal bytes as `encrypt` does, under a key that seals several things and is made ready once."""
    nonce = random_bytes(12)
    return _RING + nonce + cipher.encrypt(nonce, plain, associated_data)


def decrypt(key: bytes, box: bytes, associated_data: bytes) -> bytes:
    """Open bytes sealed by `encrypt`. Raises: UnreadableError."""
    if len(box) < 29 or box[0] != RING:
        raise UnreadableError("not a box of this suite")
    try:
        return AESGCM(key).decrypt(box[1:13], box[13:], associated_data)
    except InvalidTag:
        raise UnreadableError("the box does not open here") from None


def pad(content: dict[str, Any], length: int = STEP) -> bytes:
    """Return JSON, padded to a length, or beyond it to a multiple of 1,024 bytes."""
    plain = _write_json(content).encode()
    return (plain + b" " * (-len(plain) % STEP)).ljust(length)


def seal_part(signature_key: bytes, context: SealContext, content: dict[str, Any]) -> Sealed:
    """Seal one part under a key of its own, padded to its part's length, or beyond it to a multiple of 1,024 bytes."""
    return _seal_part(AESGCM(signature_key), context.part, context.bytes(), content)


def seal_parts(signature_key: bytes, context: SealContext, contents: dict[str, dict[str, Any]]) -> dict[str, Sealed]:
    """Seal each part of one signature as `seal_part` does; `context` is where any of them lies."""
    cipher, front = AESGCM(signature_key), context.front()
    return {part: _seal_part(cipher, part, f"{front}{part}".encode(), content) for part, content in contents.items()}


def _seal_part(cipher: AESGCM, part: str, associated_data: bytes, content: dict[str, Any]) -> Sealed:
    part_key = new_key()
    return Sealed(
        box=encrypt(part_key, pad(content, LENGTHS.get(part, STEP)), associated_data),
        wrapped_key=encrypt_with(cipher, part_key, b"key|" + associated_data),
    )


def seal_box(part_key: bytes, context: SealContext, content: dict[str, Any]) -> bytes:
    """Seal one part under a part key that the caller wraps."""
    return encrypt(part_key, pad(content, LENGTHS.get(context.part, STEP)), context.bytes())


def open_part(signature_key: bytes, context: SealContext, sealed: Sealed) -> dict[str, Any]:
    """Open one part.

    Raises:
        UnreadableError: wrong key, wrong place, or changed bytes.
    """
    return open_box(decrypt(signature_key, sealed.wrapped_key, b"key|" + context.bytes()), context, sealed.box)


def open_box(part_key: bytes, context: SealContext, box: bytes) -> dict[str, Any]:
    """Open one part with its own key. Raises: UnreadableError."""
    content: dict[str, Any] = json.loads(decrypt(part_key, box, context.bytes()))
    return content


# --- the server's key ring --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KeyRing:
    """The server's wrapping keys by id; the last one is used for new rows."""

    keys: dict[str, bytes]

    @property
    def newest(self) -> str:
        """Return the id of the key in use."""
        return list(self.keys)[-1]

    def wrap(self, key: bytes, context: SealContext) -> WrappedKey:
        """Wrap a signature key; the wrap also binds the ring key's id."""
        return WrappedKey(self.newest, self.close(key, b"wrap|" + context.bytes()))

    def unwrap(self, wrapped: WrappedKey, context: SealContext) -> bytes:
        """Open a wrapped signature key. Raises: UnreadableError."""
        return self.open(wrapped.key_id, wrapped.box, b"wrap|" + context.bytes())

    def close(self, plain: bytes, associated_data: bytes) -> bytes:
        """Seal bytes under the newest key."""
        return encrypt(self.keys[self.newest], plain, associated_data + b"|" + self.newest.encode())

    def open(self, key_id: str, box: bytes, associated_data: bytes) -> bytes:
        """Open bytes sealed under the named key. Raises: UnreadableError."""
        if key_id not in self.keys:
            raise UnreadableError(f"the key ring holds no key {key_id}")
        return decrypt(self.keys[key_id], box, associated_data + b"|" + key_id.encode())


def parse_key_ring(text: str) -> KeyRing:
    """Read a ring from `id:base64url`, one a line or separated by commas, oldest first.

    Raises:
        ValueError: not a ring.
    """
    keys: dict[str, bytes] = {}
    for entry in text.replace(",", "\n").split():
        key_id, _, encoded = entry.partition(":")
        key = base64.urlsafe_b64decode(encoded)
        if not key_id or len(key) != 32 or key_id in keys or len(set(key)) < 8:
            raise ValueError(f"The key {key_id!r} of the ring is not 32 random bytes with a name of its own.")
        keys[key_id] = key
    if not keys:
        raise ValueError("The key ring is empty.")
    return KeyRing(keys)


def key_ring() -> KeyRing:
    """Return the server's key ring; a ring kept in a file is read again when the file changes.

    Raises:
        StorageSealedError: the ring is gone or damaged, so nothing may be stored.
    """
    source = config.current().key_ring
    try:
        if not private_files.is_path(source):
            return _parsed(source)
        return _read(source, os.stat(source).st_mtime_ns)
    except (OSError, ValueError):
        raise StorageSealedError from None


_parsed = lru_cache(maxsize=2)(parse_key_ring)
_read = lru_cache(maxsize=2)(lambda path, _changed: parse_key_ring(Path(path).read_text()))


# --- keys that the server cannot open ---------------------------------------------------------------------------


@dataclass(frozen=True)
class PetitionPublicKey:
    """The public half of a petition's key: whoever has it can seal, and cannot open."""

    key_id: str
    public: bytes

    def wrap(self, key: bytes, context: SealContext) -> WrappedKey:
        """Wrap a signature key; the wrap also binds the petition key's id."""
        return WrappedKey(self.key_id, hpke_seal(self.public, key, _wrap_bound(context, self.key_id)))


def unwrap_with(private: X25519PrivateKey, wrapped: WrappedKey, context: SealContext) -> bytes:
    """Open a signature key wrapped by a `PetitionPublicKey`. Raises: UnreadableError."""
    return hpke_open_with(private, wrapped.box, _wrap_bound(context, wrapped.key_id))


def _wrap_bound(context: SealContext, key_id: str) -> bytes:
    return b"wrap|" + context.bytes() + b"|" + key_id.encode()


def new_private() -> bytes:
    """Return a new private X25519 key of 32 bytes."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_half(private: bytes) -> bytes:
    """Return the public half of a private X25519 key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def hpke_seal(public: bytes, plain: bytes, associated_data: bytes) -> bytes:
    """Seal bytes to one X25519 public key with HPKE; `associated_data` is HPKE's info."""
    return _HPKE_X25519 + _hpke.encrypt(plain, _public_key(public), info=associated_data)


def hpke_open(private: bytes, box: bytes, associated_data: bytes) -> bytes:
    """Open bytes sealed by `hpke_seal`. Raises: UnreadableError."""
    return hpke_open_with(X25519PrivateKey.from_private_bytes(private), box, associated_data)


def hpke_open_with(private: X25519PrivateKey, box: bytes, associated_data: bytes) -> bytes:
    """Open bytes sealed by `hpke_seal` with a key that was read. Raises: UnreadableError."""
    if not box or box[0] != HPKE_X25519:
        raise UnreadableError("not a box of this suite")
    try:
        return _hpke.decrypt(box[1:], private, info=associated_data)
    except InvalidTag:
        raise UnreadableError("the box does not open here") from None


def close_with_passphrase(passphrase: str, plain: bytes, associated_data: bytes) -> bytes:
    """Seal bytes under a passphrase."""
    salt = os.urandom(16)
    return bytes([PASSPHRASE]) + salt + encrypt(_stretch(passphrase, salt), plain, associated_data)[1:]


def open_with_passphrase(passphrase: str, box: bytes, associated_data: bytes) -> bytes:
    """Open bytes sealed by `close_with_passphrase`. Raises: UnreadableError."""
    if len(box) < 45 or box[0] != PASSPHRASE:
        raise UnreadableError("not a box of this suite")
    return decrypt(_stretch(passphrase, box[1:17]), bytes([RING]) + box[17:], associated_data)


def _stretch(passphrase: str, salt: bytes) -> bytes:
    words = " ".join(unicodedata.normalize("NFKC", passphrase).split())
    with _alone:
        return Argon2id(salt=salt, length=32, iterations=PASSES, lanes=LANES, memory_cost=MEMORY).derive(words.encode())
