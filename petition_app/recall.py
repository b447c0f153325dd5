"""What was read from the database a moment ago and is good enough for now.

Nothing may be decided by it alone: whoever writes looks again, inside the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from petition_app.db import after_change, db, is_saving

T = TypeVar("T")

LIFE = 1.0  # Seconds.
_read: WeakKeyDictionary[Engine, dict[Hashable, tuple[float, Any]]] = WeakKeyDictionary()


def recall(key: Hashable, read: Callable[[Session], T]) -> T:
    """Return what `read` found within the last second or two; a change by this process makes it look anew.

    After a second one reads again, and meanwhile the others have it as it was. It reads in a session of its own, so
    what it returns hangs on none, and nobody holds a connection for it. Inside a transaction that saves, it reads there
    and remembers nothing.
    """
    if is_saving():
        return read(db.session())
    known = _read.setdefault(db.engine, {})
    found, now = known.get(key), monotonic()
    if found and now - found[0] < LIFE:
        value: T = found[1]
        return value
    if found and now - found[0] < 2 * LIFE:
        known[key] = now, found[1]
    try:
        with Session(db.engine, expire_on_commit=False) as session:
            value = read(session)
            session.expunge_all()
    except BaseException:
        known.pop(key, None)
        raise
    known[key] = now, value
    return value


def forget() -> None:
    """Look anew at everything; what somebody is reading now is not remembered."""
    _read.pop(db.engine, None)


after_change.append(forget)
