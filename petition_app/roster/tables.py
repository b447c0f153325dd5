"""Reading a roster's file: which column is which, and each row checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.roster.rules import (
    FIELDS,
    LINE_LENGTH,
    LONGEST,
    NAME_FIELDS,
    UnfitCellError,
    fold_title,
    guess_columns,
    person_key,
    read_cell,
    read_contact,
    read_day,
    read_truth,
    split_name,
)
from petition_app.sheets import LIMITS, BadRow, Limits, Line, read_rows


class ColumnsError(DomainError):
    """The columns cannot be read in this way."""

    message = N_("The columns: %(why)s")


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
    """An open file: its titles, what each column is taken for, and its rows.

    `counts_lines` says, once the rows are read, that the ids merely count them: they would move with the next version.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        """Read the first line that holds anything; it names the columns.

        Raises:
            UnreadableFileError, ColumnsError: there is no such line.
        """
        self._lines = lines
        self.titles: list[str] = []
        for _, cells in lines:
            if any(cell.strip() for cell in cells):
                self.titles = [cell.strip() for cell in cells]
                break
        if not self.titles:
            raise ColumnsError(why=N_("the file is empty. Its first line must name the columns."))
        self.columns = guess_columns(self.titles)
        self.counts_lines = True

    def choose(self, columns: Sequence[str]) -> None:
        """Take the columns for these fields. Raises: ColumnsError."""
        check_columns(columns, self.titles)
        self.columns = list(columns)

    def rows(self) -> Iterator[Entry | BadRow]:
        """Read the rows one after the other, checked; empty lines are passed over.

        Raises:
            UnreadableFileError, ColumnsError
        """
        self.choose(self.columns)
        self.counts_lines = "id" in self.columns
        seen: set[str] = set()
        for line, cells in self._lines:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                entry = self._entry(cells)
                if entry.key in seen:
                    raise UnfitCellError(N_("this person or id stands twice in the file"))
            except UnfitCellError as error:
                yield BadRow(line, str(error))
                continue
            seen.add(entry.key)
            self.counts_lines = self.counts_lines and entry.key.strip(".") == str(len(seen))
            yield entry

    def _entry(self, cells: Sequence[str]) -> Entry:
        if len(cells) != len(self.columns):
            raise UnfitCellError(N_("more or fewer cells than the first line"))
        typed = {
            column: read_cell(cell, LONGEST.get(column, LINE_LENGTH))
            for column, cell in zip(self.columns, cells, strict=True)
            if column
        }
        names = split_name(typed["name"]) if "name" in typed else [typed.get(part, "") for part in NAME_FIELDS]
        surname, given, patronymic = names
        if any(len(part) > LONGEST["surname"] for part in names):
            raise UnfitCellError(N_("a cell is too long"))
        if not any(map(str.isalpha, surname + given)):
            raise UnfitCellError(N_("there is no name"))
        body, place = typed.get("body", ""), typed.get("place", "")
        term_from, term_to = read_day(typed.get("term_from", "")), read_day(typed.get("term_to", ""))
        if term_from and term_to and term_to < term_from:
            raise UnfitCellError(N_("the term ends before it begins"))
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
            contact=read_contact(typed.get("contact", "")),
            contact_safe=read_truth(typed.get("contact_safe", "")),
        )


def check_columns(columns: Sequence[str], titles: Sequence[str]) -> None:
    """Check what the columns are taken for ("" for one that is not used).

    Raises:
        ColumnsError: another number of columns, a field that does not exist or is given twice, or no name.
    """
    used = [column for column in columns if column]
    if len(columns) != len(titles):
        raise ColumnsError(why=N_("the file has another number of columns."))
    if len(set(used)) != len(used):
        raise ColumnsError(why=N_("two columns have the same meaning."))
    if set(used) - set(FIELDS):
        raise ColumnsError(why=N_("there is no such kind of column."))
    if "name" in used and set(NAME_FIELDS) & set(used):
        raise ColumnsError(why=N_("choose either one column with the whole name, or separate ones."))
    if "name" not in used and "surname" not in used:
        raise ColumnsError(why=N_("one of them must hold the name or the surname."))


def open_table(path: Path, limits: Limits = LIMITS) -> Table:
    """Open a CSV or XLSX file. Raises: UnreadableFileError, ColumnsError."""
    return Table(read_rows(path, limits))


def read_choice(words: str, titles: Sequence[str]) -> list[str]:
    """Read the operator's choice of columns, such as `surname=Фамилия,body=Совет`; other columns are not used.

    Raises:
        ColumnsError
    """
    folded = [fold_title(title) for title in titles]
    columns = [""] * len(titles)
    for pair in words.split(","):
        field, _, title = (part.strip() for part in pair.partition("="))
        if field not in FIELDS:
            raise ColumnsError(why=f"there is no field {field}; there are {', '.join(FIELDS)}")
        if fold_title(title) not in folded:
            raise ColumnsError(why=f"there is no column {title}; there are {', '.join(titles)}")
        columns[folded.index(fold_title(title))] = field
    return columns
