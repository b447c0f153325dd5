"""Remembers what is derived from words while they are compared, and forgets all of it with the keys.

Words of signers of a sealed petition are in memory only while somebody has the keys open: what is remembered here would
outlive the request, so whoever closes the keys calls `forget_words`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar
from weakref import WeakSet

Function = TypeVar("Function", bound=Callable[..., Any])

_caches: WeakSet[Any] = WeakSet()


def remembering(most: int) -> Callable[[Function], Function]:
    """Have a function remember its latest results, as many as `most`, until `forget_words`."""

    def remember(function: Function) -> Function:
        cached: Any = lru_cache(maxsize=most)(function)
        _caches.add(cached)
        return cached  # type: ignore[no-any-return] # It is called in the same way.

    return remember


def forget_words() -> None:
    """Forget every word that was compared."""
    for cached in list(_caches):
        cached.cache_clear()
