"""Secrets that people type, fingerprints that find them again, and limits on guessing."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from mnemonic import Mnemonic
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from petition_app import config
from petition_app.clock import utcnow
from petition_app.network import group_of
from petition_app.randomness import random_bytes

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# Crockford's alphabet: no I, L, O, U, so that a code survives being read aloud.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILOАВЕКМНРСТХ", "110ABEKMHPCTX")
LONGEST_WORDS = 1000  # Letters of typed words, whatever stands between them.
WORDLISTS = {"en": "english", "ru": "russian"}


@lru_cache(maxsize=32)
def _purpose_key(secret_key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret_key.encode())


def fingerprint(purpose: str, *parts: str | UUID) -> bytes:
    """Return HMAC-SHA256 of the parts under the server's key for this purpose (32 bytes)."""
    message = "\x1f".join(str(part) for part in parts).encode()
    # Not `hmac.digest`, which lets go of the interpreter each time.
    return hmac.new(_purpose_key(config.current().secret_key, purpose), message, "sha256").digest()


def new_form_token() -> str:
    """Return a token for one sending of one form: 128 random bits and the server's mark of this day (UTC)."""
    token = secrets.token_hex(16)
    return f"{token}.{_form_mark(token, 0, config.current().secret_key)}"


def is_form_token(value: str) -> bool:
    """Return whether this server made the token today or yesterday, with its secret key or one of those before."""
    token, _, mark = value.partition(".")
    keys = (config.current().secret_key, *config.current().secret_key_fallbacks)
    marks = [_form_mark(token, days, key) for key in keys for days in (0, 1)]
    return any(hmac.compare_digest(each.encode(), mark.encode()) for each in marks)


def _form_mark(token: str, days_ago: int, key: str) -> str:
    message = f"{token}|{utcnow().date().toordinal() - days_ago}"
    return hmac.new(_purpose_key(key, "form"), message.encode(), "sha256").hexdigest()[:32]


def new_mail_code(groups: int = 2) -> str:
    """Return a code of 20 random bits a group: `4F7K-92QX` lives for minutes, `4F7K-92QX-K3M9` for a month."""
    return "-".join("".join(ALPHABET[byte % 32] for byte in random_bytes(4)) for _ in range(groups))


def read_mail_code(typed: str) -> str:
    """Return the code that was meant: any case, spaces and dashes, look-alike letters."""
    letters = unicodedata.normalize("NFKC", typed).upper().translate(_LOOKALIKES)
    return "".join(letter for letter in letters if letter in ALPHABET)


def new_secret_code(language: str) -> tuple[str, bytes]:
    """Return a code of 12 words (128 random bits and a checksum, BIP-39) and the bits themselves."""
    entropy = secrets.token_bytes(16)
    return write_secret_code(entropy, language), entropy


def write_secret_code(entropy: bytes, language: str) -> str:
    """Return 16 bytes as 12 words, in English where there is no list of words of the language."""
    return unicodedata.normalize("NFC", _words(language).to_mnemonic(entropy))


def read_secret_code(typed: str) -> bytes | None:
    """Return the 16 bytes behind 12 typed words in either language, or nothing when they are no code."""
    return _read_words(typed, 12)


def _read_words(typed: str, number: int) -> bytes | None:
    plain = unicodedata.normalize("NFC", typed[:LONGEST_WORDS]).casefold().replace("ё", "е").replace(",", " ")
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


def commitment(petition: UUID, r: bytes) -> bytes:
    """Return C = SHA-256("psl/v1" ‖ 0x00 ‖ petition ‖ r), which commits to a random secret and to no name."""
    return hashlib.sha256(b"psl/v1\x00" + petition.bytes + r).digest()


MOST_COUNTED = 200_000  # Counters in this process's memory, some 20 MB.
STORE_REST = 10.0  # Seconds for which a store that did not answer is left alone.


class Try(NamedTuple):
    """One of a kind, by somebody, of whom nothing but a keyed hash is kept; so many are allowed within an hour."""

    kind: str
    who: str
    most: int


class _Tallies:
    """Counters that end with this process, and the key under which clients are named in them."""

    def __init__(self) -> None:
        self.counter = FixedWindowRateLimiter(MemoryStorage())
        self._lock = Lock()
        self._key, self._hour = secrets.token_bytes(32), 0
        self._counts = Counter[bytes]()

    def key(self, hour: int) -> bytes:
        """Return the key of this hour, which is forgotten with it."""
        with self._lock:
            if hour != self._hour:
                self._key, self._hour = secrets.token_bytes(32), hour
                self._counts.clear()
            return self._key

    def add(self, names: Sequence[bytes], number: int) -> list[int]:
        """Add to counters of this hour, and return what they are then."""
        with self._lock:
            if len(self._counts) > MOST_COUNTED:  # Whoever was met once is forgotten first.
                self._counts = Counter({name: count for name, count in self._counts.items() if count > 1})
            return [self._add(name, number) for name in names]

    def _add(self, name: bytes, number: int) -> int:
        self._counts[name] = seen = self._counts[name] + number
        return seen


class _SharedTallies:
    """The same in the memory of Redis or Valkey, for all processes that are given its address."""

    def __init__(self, url: str) -> None:
        # One more try serves a connection that the other side has closed meanwhile; nobody waits for long.
        again = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        words: dict[str, Any] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "retry": again}
        kept = RedisStorage(url, key_prefix="countersign:limits", **words)
        self.counter = FixedWindowRateLimiter(kept)
        self.redis: Redis = kept.storage

    def key(self, hour: int) -> bytes:
        """Return the key of this hour; whoever asks first makes it. It runs out a minute after its hour."""
        name = f"countersign:client-key:{hour}"
        if kept := self.redis.get(name):
            return bytes(kept)  # type: ignore[arg-type] # Not a promise: this client waits.
        new = secrets.token_bytes(32)
        self.redis.set(name, new, nx=True, ex=3660 - int(time.time() % 3600))
        return bytes(self.redis.get(name) or new)  # type: ignore[arg-type]

    def add(self, names: Sequence[bytes], number: int) -> list[int]:
        """Add to counters of this hour, all in one asking, and return what they are then."""
        with self.redis.pipeline(transaction=False) as together:
            for name in (f"countersign:budget:{name.hex()}" for name in names):
                together.incrby(name, number)
                together.expire(name, 3660)
            return [int(count) for count in together.execute()[::2]]


class Limits:
    """Counts tries, in this process or in the store that many share.

    Addresses are HMACs under a random key of the hour that lies beside the counters alone. While the store does not
    answer, each process counts on its own: guessing stays limited, and nobody is turned away.
    """

    def __init__(self) -> None:
        self._here = _Tallies()
        self._away_until, self._away = 0.0, False

    def client(self, address: str | None) -> str:
        """Return a name for a client address that means nothing an hour later.

        Who has one address of IPv6 has a whole network of them, which counts as one.
        """
        hour = int(time.time() // 3600)
        key = self._ask(lambda tallies: tallies.key(hour))
        return hmac.digest(key, group_of(address or "").encode(), "sha256").hex()

    def count_all(self, wanted: Sequence[Sequence[Try]], *, number: int = 1) -> list[bool]:
        """Count the tries of many at once; return for each whether all of theirs were within what is allowed."""
        every, hour = [one for tries in wanted for one in tries], int(time.time() // 3600)
        if not every:
            return [True] * len(wanted)

        def count(tallies: _Tallies | _SharedTallies) -> list[int]:
            key = tallies.key(hour)
            names = [hmac.new(key, f"{one.kind}|{one.who}".encode(), "sha256").digest() for one in every]
            return tallies.add(names, number)

        counts = iter(self._ask(count))
        return [not [one for one in tries if next(counts) + (1 - number) > one.most] for tries in wanted]

    def allow_all(self, wanted: Sequence[Sequence[Try]]) -> list[bool]:
        """Return for each whether another of its tries is allowed; counts nothing."""
        return self.count_all(wanted, number=0)

    def allows(self, rule: str, *who: str) -> bool:
        """Return whether another try is allowed under a rule such as `5 per hour`; counts nothing."""
        return self._ask(lambda tallies: tallies.counter.test(_rule(rule), *who))

    def count(self, rule: str, *who: str) -> bool:
        """Count one try; return whether it was within the limit."""
        return self._ask(lambda tallies: tallies.counter.hit(_rule(rule), *who))

    def take_back(self, rule: str, *who: str) -> None:
        """Take back one try that was counted beforehand, so that many at once cannot slip through."""
        self._ask(lambda tallies: tallies.counter.hit(_rule(rule), *who, cost=-1))

    def used(self, rule: str, *who: str) -> int:
        """Return how many tries were counted in the window that runs."""
        limit = _rule(rule)
        return self._ask(lambda tallies: limit.amount - tallies.counter.get_window_stats(limit, *who).remaining)

    def forget(self, rule: str, *who: str) -> None:
        """Forget the tries that were counted."""
        self._ask(lambda tallies: tallies.counter.clear(_rule(rule), *who))

    def _ask(self, act: Callable[[_Tallies | _SharedTallies], Answer]) -> Answer:
        url = config.current().limits_url
        if url and time.monotonic() >= self._away_until:
            try:
                answer = act(_shared(url))
            except RedisError as error:
                self._away_until = time.monotonic() + STORE_REST
                if not self._away:
                    logger.warning("LIMITS_URL does not answer (%s); tries are counted here.", type(error).__name__)
                self._away = True
            else:
                if self._away:
                    logger.warning("LIMITS_URL answers again.")
                self._away = False
                return answer
        return act(self._here)


_rule = lru_cache(maxsize=64)(parse)
_shared = lru_cache(maxsize=2)(_SharedTallies)
limits = Limits()
