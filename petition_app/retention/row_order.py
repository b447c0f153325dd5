"""The order in which signers' rows lie on the disk: written anew in the order of their ids, so that it tells no hour.

Whoever holds the disk reads more than columns. PostgreSQL keeps with each row the transaction that wrote it (`xmin`)
and its place (`ctid`), SQLite lets rows lie on a page in the order in which they came; between timed acts of staff both
say when somebody signed. So the rows of signatures are taken out and put back in the order of their ids, a slice at a
time, and nobody has to wait for more than a slice.

On PostgreSQL whatever was written since the last day that is over is written anew every hour: the rows of one day carry
in the end the transactions of the same round, whichever hour they are of. Those that have arrived today stay apart. On
SQLite a round gives new rows other numbers every hour, and writes all of them anew, since nothing says on which pages
new ones lie: every hour, or every day where there are many.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from uuid import UUID

from sqlalchemy import Table, func, select

from petition_app import app_state, maintenance
from petition_app.storage import completions, engines, erasures
from petition_app.storage.completions import ROW_ORDER
from petition_app.storage.db import Base, db, transaction, try_advisory_lock

EVERY = timedelta(hours=1)
MANY = 20_000  # Signatures, from which on a round of SQLite comes once a day.
SLICE = 500
AT_ONCE = 0.2  # Seconds; then other work has its turn.
TRIES = 50
# Acts of staff, whose rows tell their time anyway.
OF_STAFF = frozenset(("decisions", "leases", "bulk_cases", "rechecks"))


@dataclass
class _Rounds:
    """The round of an application that is under way."""

    under_way: Iterator[None] | None = None


class BusyError(Exception):
    """Somebody holds a table for so long that the round was given up; it begins anew in a while."""


def tables() -> list[Table]:
    """Return the tables that hold rows of signatures."""
    named = (table for table in Base.metadata.sorted_tables if table.name not in OF_STAFF)
    return [table for table in named if table.name == "signatures" or "signature_id" in table.c]


def go_on(*, at: datetime) -> bool:
    """Do some slices of a round that is under way or due; return whether some are left. Outside of any transaction.

    Raises:
        BusyError
    """
    rounds = app_state.get(_Rounds)
    if rounds.under_way is None:
        with transaction(saving=False):
            if maintenance.is_on(maintenance.READ_ONLY) or not _is_due(at):
                return False
        rounds.under_way = _round(at)
    begun = monotonic()
    try:
        while monotonic() - begun < AT_ONCE:
            next(rounds.under_way)
    except StopIteration:
        rounds.under_way = None
        return False
    except BaseException:
        rounds.under_way = None
        raise
    return True


def run(*, at: datetime) -> None:
    """Do a whole round now. Outside of any transaction. Raises: BusyError."""
    for _ in _round(at):
        continue


def _is_due(at: datetime) -> bool:
    last = completions.last(ROW_ORDER)
    return last is None or last.date() < at.date() or last <= at - EVERY


def _round(at: datetime) -> Iterator[None]:
    """Write everything anew that has to be, pausing after each slice; note it when nothing was left out."""
    marks = list[int]()
    yield from _by_ranges(at, marks) if engines.has_log() else _by_changes(at, marks)
    with transaction() as work:
        work.insert_only = True
        completions.note(ROW_ORDER, at=at, mark=sum(marks))
        erasures.note()  # The log tells the order in which rows came; it is emptied as after an erasure.
    erasures.settle()


def _by_ranges(at: datetime, marks: list[int]) -> Iterator[None]:
    """Write all rows anew; put into `marks` how many these were, which the drill compares with what is there."""
    with transaction(saving=False):
        last, mark = completions.last(ROW_ORDER), completions.mark(ROW_ORDER)
        many = db.session.scalar(select(func.count()).select_from(Base.metadata.tables["signatures"])) or 0
    for table in tables():
        if table.name in engines.NUMBERED:
            yield from _renumber(table)
    if last and last.date() == at.date() and many > MANY:
        marks.append(mark or 0)
        return  # All of it comes once a day.
    for table in tables():
        for first, last in engines.list_ranges(table, SLICE):
            marks.append(engines.rewrite_range(table, first, last))
            yield


def _renumber(table: Table) -> Iterator[None]:
    for first, last in engines.list_ranges(table, 10 * SLICE):
        counted = engines.list_counted(table, first, last)
        for begin in range(0, len(counted), SLICE):
            engines.renumber(table, counted[begin : begin + SLICE])
            yield
        yield


def _by_changes(at: datetime, marks: list[int]) -> Iterator[None]:
    """Write the rows anew that came since the mark; put the mark of those to come at the end of `marks`.

    First those of days that are over, until none is left that another transaction has written meanwhile; then those of
    signatures that have arrived today, which have to be written again when today is over.
    """
    with transaction(saving=False):
        last, mark = completions.last(ROW_ORDER), completions.mark(ROW_ORDER)
    written = set[str]()
    next_mark = yield from _settle(mark, written, arrived_by=at.date() - timedelta(days=1))
    _, found = _find(mark, written, arrived_by=at.date())
    yield from _write(found, written)
    yield from _settle(mark, written, arrived_by=at.date() - timedelta(days=1))  # Written while today's were.
    is_first_of_day = mark is None or last is None or last.date() < at.date()
    marks.append(next_mark if is_first_of_day or mark is None else mark)


def _settle(mark: int | None, written: set[str], *, arrived_by: date) -> Generator[None, None, int]:
    """Write what others have written until nothing is left; return the mark of what comes then."""
    while True:
        next_mark, found = _find(mark, written, arrived_by=arrived_by)
        if not any(found.values()):
            return next_mark
        yield from _write(found, written)


def _find(mark: int | None, written: Collection[str], *, arrived_by: date) -> tuple[int, dict[Table, list[UUID]]]:
    """Return the signatures, by table, whose rows other transactions than those `written` have written since `mark`."""
    with transaction(saving=False):
        next_mark = engines.oldest_transaction()
        found = {table: engines.list_changed(table, mark, written, arrived_by=arrived_by) for table in tables()}
    return next_mark, found


def _write(found: dict[Table, list[UUID]], written: set[str]) -> Iterator[None]:
    for table, ids in found.items():
        for begin in range(0, len(ids), SLICE):
            some = ids[begin : begin + SLICE]
            for _ in range(TRIES):
                with transaction() as work:
                    work.insert_only = True
                    number = engines.rewrite_rows(table, some) if try_advisory_lock("row order") else None
                    if number is None:
                        work.discard()
                if number is not None:
                    break
                yield
            else:
                raise BusyError
            written.add(number)
            yield
