"""Random bytes, drawn from the system at once for one undertaking that needs many.

Each asking lets go of the interpreter, and in a rush another thread takes it: one signature would lose its turn some
forty times. Nothing that was drawn and not taken is kept beyond the undertaking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from uuid import UUID

_MARKS, _RANDOM = 0xF000 << 64 | 0xC000 << 48, 0x4000 << 64 | 0x8000 << 48  # Bits of version and variant; 4 and RFC.


class _Drawn(local):
    """What this thread has drawn, and how much of it was taken."""

    stock, taken = b"", 0


_drawn = _Drawn()


@contextmanager
def drawing(number: int) -> Iterator[None]:
    """Draw so many bytes now, for what asks for some within; whatever goes beyond is asked of the system again."""
    _drawn.stock, _drawn.taken = os.urandom(number), 0
    try:
        yield
    finally:
        _drawn.stock = b""


def random_bytes(number: int) -> bytes:
    """Return so many random bytes, fit for keys; each is given once."""
    begin, end = _drawn.taken, _drawn.taken + number
    if end > len(_drawn.stock):
        return os.urandom(number)
    _drawn.taken = end
    return _drawn.stock[begin:end]


def new_id() -> UUID:
    """Return a random id (RFC 9562, version 4)."""
    return UUID(int=int.from_bytes(random_bytes(16)) & ~_MARKS | _RANDOM)


def id_near(other: UUID) -> UUID:
    """Return a random id beside another one: what belongs together then lies together in every index."""
    return UUID(int=other.int >> 48 << 48 | int.from_bytes(random_bytes(6)))
