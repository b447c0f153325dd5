"""Which errors say that the database is away or cannot write, and not that something is wrong with what was asked."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, InterfaceError, SQLAlchemyError, TimeoutError

DatabaseError, ConflictError = SQLAlchemyError, IntegrityError  # Under names that say what they mean to a caller.

# PostgreSQL's classes (SQLSTATE): connection, resources, an operator's act, the system; deadlock and serialization,
# where the same may go well the next time; a standby that takes no writes.
CLASSES = ("08", "53", "57", "58", "40")
READ_ONLY_STATE = "25006"
# SQLite's results: perm, abort, busy, locked, nomem, readonly, interrupt, ioerr, corrupt, full, cantopen, protocol,
# notadb.
RESULTS = frozenset((3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26))


def is_outage(error: BaseException | None) -> bool:
    """Return whether an error says that the database does not answer, or has no room, at this moment."""
    if isinstance(error, DisconnectionError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    state = getattr(error.orig, "sqlstate", None)
    result = getattr(error.orig, "sqlite_errorcode", None)
    if state is not None:
        return state[:2] in CLASSES or state == READ_ONLY_STATE
    if result is not None:
        return result & 0xFF in RESULTS
    # Neither has said anything: there was nobody to say it.
    return type(error).__name__ == "OperationalError"
