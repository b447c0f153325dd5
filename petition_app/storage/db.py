"""The database: one session, one owner of transactions, and what differs between SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    TypeDecorator,
    event,
    func,
    select,
    text,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase

from petition_app import app_state
from petition_app.storage.hooks import TransactionHooks
from petition_app.storage.visible_changes import is_seen

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every model."""

    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=Base)

Row = TypeVar("Row", bound=Base)

ROOM = ("wal_autocheckpoint=10000", "cache_size=-16000")  # SQLite: pages of log until they go to their places; kB.
WAITED = re.compile(r" FOR (?:NO KEY )?UPDATE(?! (?:OF \w+ )?SKIP LOCKED)")
RESTED = 2.0  # Seconds after which a connection may have died unnoticed.
# Rows that come and go by the thousand and keep nothing that may be erased: taking them away is no erasure.
PASSING = frozenset(
    "jobs due_marks signature_deltas worker_beats couriers leases match_leases signed_acts pending_checkpoints".split()  # noqa: SIM905 -- words.
)
REPLACED = frozenset(("sealed_keys", "key_wraps", "account_keys", "published_names"))  # Old values are erased as well.

# SQLite gives each row of other tables a number that grows, and so tells in which order rows came into being.
UNNUMBERED = {"sqlite_with_rowid": False}

_saving: ContextVar[bool] = ContextVar("saving", default=False)


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC, with its zone on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone, and hand over UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs a time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back UTC; SQLite keeps no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def note_change(petition_id: UUID) -> bool:
    """Remember that the open transaction changes what is public of a petition; return whether that is news."""
    changed: set[UUID] = db.session.info.setdefault("changed", set())
    known = petition_id in changed
    changed.add(petition_id)
    return not known


def note_erasure() -> None:
    """Remember that the open transaction erases something for good, so that no log may keep it either.

    Where the database has a log of its own, whatever deletes a row that is not merely passing is noticed by itself.
    """
    db.session.info["erased"] = True


def after_saving(act: Callable[[], object]) -> None:
    """Do something once the open transaction is safe, or has read to its end, and else not: such as removing a file."""
    db.session.info.setdefault("later", []).append(act)


def note_names_published() -> None:
    """Remember that the open transaction shows names outside of a publication."""
    db.session.info["shown"] = True


def touched_names() -> bool:
    """Return whether the open transaction shows names, or erases something."""
    return bool(db.session.info.keys() & {"erased", "shown"})


class UnitOfWork:
    """One transaction while it is open; `discard()` makes it end without a trace.

    One that only `adds` rows, and changes nothing that was there, leaves standing what is remembered of the database.
    """

    def __init__(self) -> None:
        self.discarded = False
        self.insert_only = False

    def discard(self) -> None:
        """Let the transaction end in a rollback."""
        self.discarded = True


def is_saving() -> bool:
    """Return whether a transaction that will be kept is open here."""
    return _saving.get()


def save_from_here() -> None:
    """End what the open transaction has read so far and begin it anew; one that saves late saves from here on."""
    db.session.rollback()
    if db.session.info.pop("late", False):
        _saving.set(True)


@contextmanager
def transaction(*, saving: bool = True, late: bool = False) -> Iterator[UnitOfWork]:
    """Run one unit of work and commit it: the only place that commits.

    With `saving=False` nothing is ever written; a `late` one only reads until `save_from_here`. An exception rolls back
    and goes on. What the application does around it is in its `TransactionHooks`.
    """
    if _saving.get():
        raise RuntimeError("A transaction is open already; it has one owner.")
    db.session.rollback()
    token = _saving.set(saving and not late)
    db.session.info["late"] = saving and late
    work, hooks = UnitOfWork(), app_state.get(TransactionHooks)
    changed, erased = set[UUID](), False
    later: list[Callable[[], object]] = []
    try:
        yield work
        if saving and not work.discarded:
            db.session.flush()
            erased = bool(db.session.info.keys() & {"erased", "deleted"})
            for note in hooks.before_erasure if erased else ():
                note()
            db.session.commit()
            changed = db.session.info.get("changed", set())
            if "touched" in db.session.info and not work.insert_only:
                hooks.after_change()
        later = [] if work.discarded else db.session.info.get("later", [])
    finally:
        db.session.rollback()
        db.session.info.pop("late", None)
        for word in ("changed", "erased", "deleted", "shown", "touched", "later", "held", "known"):
            db.session.info.pop(word, None)
        _saving.reset(token)
    for act in later:
        act()
    for erase in hooks.after_erasure if erased else ():
        erase()
    for petition_id in changed:
        for hook in hooks.after_commit:
            hook(petition_id)


def sorted_text(length: int) -> String:
    """Return the type of a text that both databases sort alike: letter by letter, by number (Unicode code point)."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def partial_index(condition: str) -> dict[str, Any]:
    """Return the options of an index that holds only the rows of a condition, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def get_for_update(model: type[Row], key: object, *, alone: bool = False) -> Row | None:
    """Load a row and keep it to this transaction until it ends (SQLite: the whole database already is).

    Who locks several takes them in one order, or two wait for each other: a petition, then a roster version, an import
    or a batch of it, then its signatures, those by their ids. What only one transaction looks for, passing over what is
    locked, may come later.

    `FOR NO KEY UPDATE` lets others insert rows that point to it meanwhile; `alone` waits for those who have begun to,
    and lets nobody else.
    """
    return db.session.get(model, key, with_for_update={"key_share": not alone}, populate_existing=True)


def try_advisory_lock(act: str) -> bool:
    """Return whether this transaction is the only one that does this act now, until it ends; nobody is waited for.

    On SQLite there is one writer anyway.
    """
    if db.engine.dialect.name == "sqlite":
        return True
    number = int.from_bytes(sha256(act.encode()).digest()[:8], signed=True)
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(number))))


def configure_engine(engine: Engine) -> None:
    """Teach the engine what its database needs; called once when the application is made."""
    event.listen(engine, "after_cursor_execute", _notice_change)
    if engine.dialect.name != "sqlite":
        event.listen(engine, "checkout", _refuse_dead)
        return

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL", *ROOM):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A writer takes its place in the queue at once: a reader that turns into a writer half way can only fail.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _saving.get() else "BEGIN")

    event.listen(engine, "after_cursor_execute", _notice_erasure)


def _notice_change(_connection: object, cursor: Any, statement: str, *_rest: object) -> None:
    """Remember that the open transaction changes something that is shown or remembered, or has waited for a lock."""
    if cursor.rowcount and is_seen(statement):
        db.session.info["touched"] = True
    if WAITED.search(statement):
        db.session.info.pop("known", None)


def _notice_erasure(_connection: object, cursor: Any, statement: str, *_rest: object) -> None:
    """Remember that the open transaction takes rows away which are not merely passing, or writes over keys."""
    kind = statement[:6]
    if kind in ("DELETE", "UPDATE") and (cursor.rowcount or "RETURNING" in statement) and _saving.get():
        table = statement.split(maxsplit=3)[2 if kind == "DELETE" else 1].strip('"')
        if table not in PASSING if kind == "DELETE" else table in REPLACED:
            db.session.info["deleted"] = True


def _refuse_dead(connection: Any, record: Any, _proxy: object) -> None:
    """Ask a connection that has rested whether it is still there; the pool opens another one if it is not."""
    rested, record.info["used"] = monotonic() - record.info.get("used", 0), monotonic()
    if rested < RESTED:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise DisconnectionError from error


def is_reachable() -> bool:
    """Return whether the database answers."""
    try:
        db.session.execute(text("SELECT 1"))
    except Exception:
        db.session.rollback()
        return False
    return True


def clock() -> datetime:
    """Return what the database's clock says (SQLite has the machine's own)."""
    now: datetime = db.session.execute(select(func.now())).scalar_one()
    return now.replace(tzinfo=UTC) if now.tzinfo is None else now.astimezone(UTC)


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Read everything as it is at one moment, while others go on writing."""
    if db.engine.dialect.name == "sqlite":
        engine = db.engine  # A reader of the write-ahead log sees one moment anyway.
    else:
        engine = db.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        yield connection
