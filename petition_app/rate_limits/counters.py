"""Limits on guessing: tries are counted in this process, or in a store that many share."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from petition_app import app_state, config
from petition_app.network import group_of

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
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
        return bytes(self.redis.get(name) or new)  # type: ignore[arg-type] # The same.

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
                answer = act(shared(url))
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
shared = lru_cache(maxsize=2)(_SharedTallies)


def limits() -> Limits:
    """Return what the active application counts with."""
    return app_state.get(Limits)
