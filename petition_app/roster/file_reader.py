"""Reading a roster's file: each row checked, and a person not lost for a cell that is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from petition_app.i18n import N_
from petition_app.person_names.reading import LINE_LENGTH
from petition_app.roster.rules import (
    LONGEST,
    UnfitCellError,
    person_key,
    read_cell,
    read_contact,
    read_truth,
    split_name,
)
from petition_app.storage.spreadsheets import LIMITS, BadRow, Limits, Line, open_rows
from petition_app.tables.days import UnfitDayError, read_day
from petition_app.tables.layout import DAY_FIELDS, SAMPLE, Layout, check_columns, guess_layout
from petition_app.tables.rows import prepare
from petition_app.tables.terms import BACKWARDS, ONE_END, Term, read_term
from petition_app.tables.titles import NAME_FIELDS, ROSTER

Value = TypeVar("Value")


@dataclass(frozen=True)
class Entry:
    """One person as a row of the file lists them; `key` tells them from all others on the list."""

    key: str
    surname: str = ""
    given: str = ""
    patronymic: str = ""
    body: str = ""
    place: str = ""
    role: str = ""
    term_from: date | None = None
    term_to: date | None = None
    contact: str = ""
    contact_safe: bool | None = None

    @property
    def name(self) -> str:
        """The whole name: surname, given name, patronymic."""
        return " ".join(part for part in (self.surname, self.given, self.patronymic) if part)


COMPARED = tuple(field.name for field in fields(Entry) if field.name != "key")


def key_today(entry: Entry) -> str:
    """Return the key that a person of an earlier version would get now, since names were folded otherwise before."""
    is_made = len(entry.key) == MADE and not entry.key.strip("0123456789abcdef")
    return person_key(entry.name, entry.body, entry.place) if is_made else entry.key


MADE = 64  # Letters of a key that was made from a name, SHA-256 in hex; an id of a file has so many by chance only.
NEAR = timedelta(days=92)  # So far apart, two terms still follow each other.
SAME = N_("a further term of a person on an earlier line; both are one entry")
OTHER = N_("this id stands on an earlier line with another name")
TWICE = N_("this person or id stands twice in the file")
DIFFERENT = N_("the columns of the term say different days")
LONGEST_NAME = N_("several names stand in one cell; the longest was taken")


class Table:
    """An open file: how it is read, and its rows.

    `remarks` are, once the rows are read, the lines of people who were taken without a cell that is not understood, and
    why; `told` are lines of which something was understood that is not written in full, and lines that are a part of an
    earlier one. `counts_lines` says that the ids merely count the rows: they would move with the next version.
    """

    def __init__(self, layout: Layout, lines: Iterator[Line]) -> None:
        """Take lines, those above the titles included."""
        self.layout, self.lines = layout, lines
        self.counts_lines = True
        self.remarks: list[BadRow] = []
        self.told: list[BadRow] = []

    def rows(self) -> Iterator[Entry | BadRow]:
        """Read the rows, checked; empty lines are passed over. The people come last where one may have several rows.

        Raises:
            UnreadableFileError, ColumnsError
        """
        check_columns(self.layout.columns, self.layout.titles, ROSTER)
        self.counts_lines = "id" in self.layout.columns
        may_join = bool({"id", *DAY_FIELDS} & set(self.layout.columns))
        seen: dict[str, Entry | None] = {}
        further: dict[str, list[Entry]] = {}
        for line in self.layout.below(self.lines):
            ready = prepare(self.layout, line)
            if not isinstance(ready, Line):
                if ready:
                    yield ready
                continue
            try:
                entry = self._entry(line.number, ready.cells)
                if entry.key in seen:
                    self._check_same(seen[entry.key], entry)
                    self.told.append(BadRow(line.number, SAME))
                    further.setdefault(entry.key, []).append(entry)
                    continue
            except UnfitCellError as error:
                yield BadRow(line.number, str(error))
                continue
            self.counts_lines = self.counts_lines and entry.key.strip(".") == str(len(seen) + 1)
            seen[entry.key] = entry if may_join else None
            if not may_join:
                yield entry
        yield from (join([entry, *further.get(entry.key, [])]) for entry in seen.values() if entry)

    def _check_same(self, known: Entry | None, entry: Entry) -> None:
        """Check that a row is a further one of a known person. Raises: UnfitCellError."""
        if known is None:
            raise UnfitCellError(TWICE)
        if person_key(known.name, "", "") != person_key(entry.name, "", ""):
            raise UnfitCellError(OTHER)
        if "id" not in self.layout.columns and not all(one.term_from or one.term_to for one in (known, entry)):
            raise UnfitCellError(TWICE)

    def _entry(self, line: int, cells: Sequence[str]) -> Entry:
        typed = {
            column: read_cell(cell, LONGEST.get(column, LINE_LENGTH))
            for column, cell in zip(self.layout.columns, cells, strict=True)
            if column
        }
        surname, given, patronymic = names = self._names(line, typed)
        if any(len(part) > LONGEST["surname"] for part in names):
            raise UnfitCellError(N_("a cell is too long"))
        if not any(map(str.isalpha, surname + given)):
            raise UnfitCellError(N_("there is no name"))
        body, place = typed.get("body", ""), typed.get("place", "")
        term_from, term_to = self._term(line, typed)
        return Entry(
            key=typed.get("id") or person_key(f"{surname} {given} {patronymic}", body, place),
            surname=surname,
            given=given,
            patronymic=patronymic,
            body=body,
            place=place,
            role=typed.get("role", ""),
            term_from=term_from,
            term_to=term_to,
            contact=self._read(line, typed.get("contact", ""), read_contact, ""),
            contact_safe=self._read(line, typed.get("contact_safe", ""), read_truth, None),
        )

    def _names(self, line: int, typed: Mapping[str, str]) -> tuple[str, str, str]:
        if "name" in typed:
            names = [name.strip() for name in typed["name"].split(";") if name.strip()] or [""]
            if len(names) > 1:
                self.told.append(BadRow(line, LONGEST_NAME))
            return split_name(max(names, key=len))
        surname, second, given, patronymic = (typed.get(part, "") for part in NAME_FIELDS)
        return f"{surname} {second}".strip(), given, patronymic

    def _term(self, line: int, typed: Mapping[str, str]) -> tuple[date | None, date | None]:
        """Return the first and the last day of a term; neither where its columns do not agree."""
        terms = [self._ends(line, typed.get(field, ""), field) for field in DAY_FIELDS]
        firsts, lasts = {term.first for term in terms} - {None}, {term.last for term in terms} - {None}
        self.told += [BadRow(line, note) for note in dict.fromkeys(note for term in terms for note in term.notes)]
        if len(firsts) > 1 or len(lasts) > 1:
            self.remarks.append(BadRow(line, DIFFERENT))
            return None, None
        term_from, term_to = next(iter(firsts), None), next(iter(lasts), None)
        if term_from and term_to and term_to < term_from:
            self.remarks.append(BadRow(line, BACKWARDS))
            return None, None
        return term_from, term_to

    def _ends(self, line: int, typed: str, field: str) -> Term:
        """Read one cell of a term; what is no day is told, and says nothing."""
        try:
            if term := read_term(typed, order=self.layout.days):
                return term
            day = read_day(typed, ends=field == "term_to", order=self.layout.days)
            if field == "term" and day.day:
                raise UnfitDayError(ONE_END)
        except UnfitDayError as error:
            self.remarks.append(BadRow(line, str(error)))
            return Term(None, None)
        notes = (day.note,) if day.note else ()
        return Term(None, day.day, notes) if field == "term_to" else Term(day.day, None, notes)

    def _read(self, line: int, typed: str, read: Callable[[str], Value], otherwise: Value) -> Value:
        """Read a cell that a person can do without."""
        try:
            return read(typed)
        except UnfitCellError as error:
            self.remarks.append(BadRow(line, str(error)))
            return otherwise


def join(rows: Sequence[Entry]) -> Entry:
    """Return one entry of all rows of a person: what the last term says, for the unbroken stretch that it ends.

    A signature is compared with the term on the day on which it is signed, so that earlier stretches say nothing.
    """
    with_terms = [row for row in rows if row.term_from or row.term_to] or rows[:1]
    last = max(with_terms, key=lambda row: (row.term_to or date.max, row.term_from or date.min))
    begins = last.term_from
    for row in sorted(with_terms, key=lambda row: row.term_to or date.max, reverse=True):
        if begins and (row.term_to or date.max) >= begins - NEAR:
            begins = min(begins, row.term_from) if row.term_from else None
    return replace(last, term_from=begins) if begins != last.term_from else last


def open_table(path: Path, limits: Limits = LIMITS, *, encoding: str = "", sheet: str = "", **how: Any) -> Table:
    """Open a file, read as it is guessed or as it is told: see `layout.guess_layout`.

    Raises:
        UnreadableFileError, ColumnsError
    """
    about, lines = open_rows(path, limits, encoding=encoding, sheet=sheet)
    sample = list(islice(lines, SAMPLE))
    return Table(guess_layout(about, sample, ROSTER, **how), chain(sample, lines))


def by_reason(rows: Iterable[BadRow]) -> list[tuple[str, list[int]]]:
    """Return each reason with its lines, in the order in which they are met."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.reason, []).append(row.line)
    return list(found.items())
