"""Reading a roster's file: each row checked, and a person not lost for a cell that is not understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from petition_app.i18n import N_
from petition_app.person_names.reading import LINE_LENGTH
from petition_app.roster.rules import (
    LONGEST,
    UnfitCellError,
    person_key,
    read_cell,
    read_contact,
    read_day,
    read_truth,
    split_name,
)
from petition_app.storage.spreadsheets import LIMITS, BadRow, Limits, Line, open_rows
from petition_app.tables.layout import SAMPLE, Layout, check_columns, guess_layout
from petition_app.tables.rows import prepare
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


class Table:
    """An open file: how it is read, and its rows.

    `remarks` are, once the rows are read, the lines of people who were taken without a cell that is not understood, and
    why. `counts_lines` says that the ids merely count the rows: they would move with the next version.
    """

    def __init__(self, layout: Layout, lines: Iterator[Line]) -> None:
        """Take lines, those above the titles included."""
        self.layout, self.lines = layout, lines
        self.counts_lines = True
        self.remarks: list[BadRow] = []

    def rows(self) -> Iterator[Entry | BadRow]:
        """Read the rows one after the other, checked; empty lines are passed over.

        Raises:
            UnreadableFileError, ColumnsError
        """
        check_columns(self.layout.columns, self.layout.titles, ROSTER)
        self.counts_lines = "id" in self.layout.columns
        seen: set[str] = set()
        for line in self.layout.below(self.lines):
            ready = prepare(self.layout, line)
            if not isinstance(ready, Line):
                if ready:
                    yield ready
                continue
            try:
                entry = self._entry(line.number, ready.cells)
                if entry.key in seen:
                    raise UnfitCellError(N_("this person or id stands twice in the file"))
            except UnfitCellError as error:
                yield BadRow(line.number, str(error))
                continue
            seen.add(entry.key)
            self.counts_lines = self.counts_lines and entry.key.strip(".") == str(len(seen))
            yield entry

    def _entry(self, line: int, cells: Sequence[str]) -> Entry:
        typed = {
            column: read_cell(cell, LONGEST.get(column, LINE_LENGTH))
            for column, cell in zip(self.layout.columns, cells, strict=True)
            if column
        }
        names = split_name(typed["name"]) if "name" in typed else [typed.get(part, "") for part in NAME_FIELDS]
        surname, given, patronymic = names
        if any(len(part) > LONGEST["surname"] for part in names):
            raise UnfitCellError(N_("a cell is too long"))
        if not any(map(str.isalpha, surname + given)):
            raise UnfitCellError(N_("there is no name"))
        body, place = typed.get("body", ""), typed.get("place", "")
        term_from = self._read(line, typed.get("term_from", ""), read_day, None)
        term_to = self._read(line, typed.get("term_to", ""), read_day, None)
        if term_from and term_to and term_to < term_from:
            self.remarks.append(BadRow(line, N_("the term ends before it begins")))
            term_from = term_to = None
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

    def _read(self, line: int, typed: str, read: Callable[[str], Value], otherwise: Value) -> Value:
        """Read a cell that a person can do without."""
        try:
            return read(typed)
        except UnfitCellError as error:
            self.remarks.append(BadRow(line, str(error)))
            return otherwise


def open_table(
    path: Path,
    limits: Limits = LIMITS,
    *,
    encoding: str = "",
    header_line: int | None = None,
    with_hidden: bool = False,
) -> Table:
    """Open a CSV or XLSX file, read as it is guessed or as it is told. Raises: UnreadableFileError, ColumnsError."""
    about, lines = open_rows(path, limits, encoding=encoding)
    sample = list(islice(lines, SAMPLE))
    layout = guess_layout(about, sample, ROSTER, header_line=header_line, with_hidden=with_hidden)
    return Table(layout, chain(sample, lines))
