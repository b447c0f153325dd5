"""Loading many rows: on PostgreSQL in the binary format of COPY, each value its length, then its bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Integer, LargeBinary, SmallInteger, String, Uuid, insert

from petition_app.storage.db import Base, db
from petition_app.storage.dialects import is_copying

HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
_NOTHING = struct.pack("!i", -1)


class Loader:
    """Many rows on their way into some columns of a table, as the database takes them fastest."""

    def __init__(self, table: type[Base], *columns: str) -> None:
        """Look at the columns; nothing is asked of the database."""
        self._table, self._columns = table, columns
        self._copies = is_copying()
        self._write = _writer([table.__table__.c[column].type for column in columns])

    def pack(self, values: Sequence[Any]) -> Any:
        """Return one row as `load` takes it; another process may do so, since this needs no connection.

        For PostgreSQL it is a row of its binary format of COPY.
        """
        return self._write(values) if self._copies else tuple(values)

    def load(self, packed: Iterable[Any]) -> None:
        """Write rows within the open transaction."""
        if not self._copies:
            if rows := [dict(zip(self._columns, row, strict=True)) for row in packed]:
                db.session.execute(insert(self._table), rows)
            return
        db.session.flush()
        into = f"{self._table.__tablename__} ({', '.join(self._columns)})"
        db.session.info["touched"] = True
        cursor: Any = db.session.connection().connection.cursor()
        with cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(HEAD + b"".join(packed) + END)


def _writer(kinds: Sequence[Any]) -> Callable[[Sequence[Any]], bytes]:
    """Return what writes a row of values of these kinds of columns."""
    writers = [next(write for kind, write in _WRITERS if isinstance(one, kind)) for one in kinds]
    head = struct.pack("!h", len(writers))

    def write(values: Sequence[Any]) -> bytes:
        fields = zip(writers, values, strict=True)
        return head + b"".join(_NOTHING if value is None else write(value) for write, value in fields)

    return write


def _sized(value: bytes) -> bytes:
    return struct.pack("!i", len(value)) + value


_WRITERS: tuple[tuple[type[Any], Callable[[Any], bytes]], ...] = (
    (Uuid, lambda value: _sized(value.bytes)),
    (LargeBinary, _sized),
    (String, lambda value: _sized(value.encode())),
    (SmallInteger, lambda value: struct.pack("!ih", 2, value)),
    (Integer, lambda value: struct.pack("!ii", 4, value)),
)
