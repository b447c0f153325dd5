"""Secrets that people type, fingerprints that find them again, and limits on guessing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import unicodedata
from functools import lru_cache
from threading import Lock
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from mnemonic import Mnemonic

from petition_app import config

# Crockford's alphabet: no I, L, O, U, so that a code survives being read aloud.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILOАВЕКМНРСТХ", "110ABEKMHPCTX")
WORDLISTS = {"en": "english", "ru": "russian"}


@lru_cache(maxsize=32)
def _purpose_key(secret_key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret_key.encode())


def fingerprint(purpose: str, *parts: str | UUID) -> bytes:
    """Return HMAC-SHA256 of the parts under the server's key for this purpose (32 bytes)."""
    message = "\x1f".join(str(part) for part in parts).encode()
    return hmac.digest(_purpose_key(config.current().secret_key, purpose), message, "sha256")


# --- one-time form tokens ---------------------------------------------------------------------------------------


def new_form_token() -> str:
    """Return a token for one sending of one form: 128 random bits and the server's mark."""
    token = secrets.token_hex(16)
    return f"{token}.{fingerprint('form', token).hex()[:32]}"


def is_form_token(value: str) -> bool:
    """Return whether this server made the token."""
    token, _, mark = value.partition(".")
    return hmac.compare_digest(fingerprint("form", token).hex()[:32].encode(), mark.encode())


# --- the code that is mailed ------------------------------------------------------------------------------------


def new_mail_code(groups: int = 2) -> str:
    """Return a code of 20 random bits a group: `4F7K-92QX` lives for minutes, `4F7K-92QX-K3M9` for a month."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))


def read_mail_code(typed: str) -> str:
    """Return the code that was meant: any case, spaces and dashes, look-alike letters."""
    letters = unicodedata.normalize("NFKC", typed).upper().translate(_LOOKALIKES)
    return "".join(letter for letter in letters if letter in ALPHABET)


# --- the secret code that opens /my -----------------------------------------------------------------------------


def new_secret_code(language: str) -> tuple[str, bytes]:
    """Return a code of 12 words (128 random bits and a checksum, BIP-39) and the bits themselves."""
    entropy = secrets.token_bytes(16)
    return unicodedata.normalize("NFC", _words(language).to_mnemonic(entropy)), entropy


def read_secret_code(typed: str) -> bytes | None:
    """Return the 16 bytes behind 12 typed words in either language, or nothing when they are no code."""
    return _read_words(typed, 12)


def _read_words(typed: str, number: int) -> bytes | None:
    plain = unicodedata.normalize("NFC", typed).casefold().replace("ё", "е").replace(",", " ")
    words = unicodedata.normalize("NFKD", " ".join(plain.split()))
    if len(words.split()) != number:
        return None
    for language in WORDLISTS:
        book = _words(language)
        if book.check(words):
            return bytes(book.to_entropy(words))
    return None


def new_recovery_words(language: str) -> tuple[str, bytes]:
    """Return 24 words (256 random bits and a checksum, BIP-39) and the bits themselves, for a printed sheet."""
    entropy = secrets.token_bytes(32)
    return unicodedata.normalize("NFC", _words(language).to_mnemonic(entropy)), entropy


def read_recovery_words(typed: str) -> bytes | None:
    """Return the 32 bytes behind 24 typed words in either language, or nothing when they are none."""
    return _read_words(typed, 24)


_REPAIRED = {"сно\ufffd\ufffdа": "снова"}


@lru_cache(maxsize=4)
def _words(language: str) -> Mnemonic:
    # The library looks words up in NFKD, but ships the Russian ones in NFC, so that every «й» would be unknown; and
    # one of its Russian words is damaged.
    name = WORDLISTS.get(language, "english")
    words = [_REPAIRED.get(word, word) for word in Mnemonic(name).wordlist]
    return Mnemonic(name, [unicodedata.normalize("NFKD", word) for word in words])


def hash_secret(purpose: str, secret: bytes) -> bytes:
    """Return SHA-256 of a secret of at least 112 bits, bound to its purpose (32 bytes)."""
    return hashlib.sha256(purpose.encode() + b"\x00" + secret).digest()


# --- the commitment of a signature ------------------------------------------------------------------------------


def commitment(petition: UUID, r: bytes) -> bytes:
    """Return C = SHA-256("psl/v1" ‖ 0x00 ‖ petition ‖ r), which commits to a random secret and to no name."""
    return hashlib.sha256(b"psl/v1\x00" + petition.bytes + r).digest()


# --- limits -----------------------------------------------------------------------------------------------------


class Limits:
    """Counts tries in this process. Addresses are HMACs under a random key that changes every hour."""

    def __init__(self) -> None:
        self._counter = FixedWindowRateLimiter(MemoryStorage())
        self._lock = Lock()
        self._key, self._hour = secrets.token_bytes(32), 0

    def client(self, address: str | None) -> str:
        """Return a name for a client address that means nothing an hour later."""
        with self._lock:
            if (hour := int(time.time() // 3600)) != self._hour:
                self._key, self._hour = secrets.token_bytes(32), hour
            return hmac.digest(self._key, (address or "").encode(), "sha256").hex()

    def allows(self, rule: str, *who: str) -> bool:
        """Return whether another try is allowed under a rule such as `5 per hour`; counts nothing."""
        return self._counter.test(_rule(rule), *who)

    def count(self, rule: str, *who: str) -> bool:
        """Count one try; return whether it was within the limit."""
        return self._counter.hit(_rule(rule), *who)


_rule = lru_cache(maxsize=32)(parse)
limits = Limits()
