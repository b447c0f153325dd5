"""Reading the names of a group entry: one person a line, typed, pasted or from a file."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from petition_app.i18n import N_
from petition_app.person_names.reading import StrayWordError, UnfitTextError, read_line, read_meant, suggest_name
from petition_app.signatures.file_reader import check_columns, whole_name
from petition_app.signatures.rules import fold_name
from petition_app.signatures.sealing import Identity
from petition_app.storage import spreadsheets
from petition_app.storage.spreadsheets import BadRow, Line
from petition_app.tables.layout import SAMPLE, ColumnsError, Layout, guess_layout
from petition_app.tables.rows import prepare
from petition_app.tables.titles import SIGNATURES, fold_title, guess_columns

PARTS = ("name", "role", "place")
NAME_TITLES = ("name", "full name", "surname", "last name", "фио", "имя", "фамилия")
MEMORY = Path("/dev/shm")  # noqa: S108 -- names must not reach a disk; this folder lives in memory.
LIMITS = spreadsheets.Limits(size=spreadsheets.MEGABYTE, unpacked=32 * spreadsheets.MEGABYTE, rows=2000, seconds=10)
MANY_PARTS = N_("This line has more parts than name; role; place.")
NO_NAMES = N_("the first line must name the columns, and one of them must be name (ФИО).")
NO_NAME = N_("there is no name")
TWICE = N_("This person stands on an earlier line already.")


@dataclass(frozen=True)
class BadLine:
    """One line that cannot be taken: which, what stands there, why (translatable), and how its name could read.

    `kept` is the name where it is taken as it stands once its writer was asked.
    """

    number: int
    text: str
    reason: str
    suggestion: str = ""
    kept: str = ""


@dataclass(frozen=True)
class NameList:
    """What was read: the people, and the lines that must be corrected before anybody is entered."""

    people: tuple[Identity, ...]
    bad: tuple[BadLine, ...]


def read_list(
    text: str, *, agreed: Collection[str] = (), kept: Collection[str] = (), with_mended: bool = False
) -> NameList:
    """Read one person a line: name, role and place, separated by semicolons or tabs; empty lines are passed over.

    A first line of column titles, as imports have them, says what stands where. A name that mixes alphabets or hides a
    sign is taken as it reads where that is one of `agreed`, or `with_mended` is said for all; one with a whole word of
    look-alikes is taken as it stands where it is one of `kept`.
    """
    people: list[Identity] = []
    bad: list[BadLine] = []
    seen: set[tuple[str, ...]] = set()
    columns: Sequence[str] | None = None
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        cells = [cell.strip() for cell in line.split("\t" if "\t" in line else ";")]
        if not any(cells):
            continue
        if columns is None:
            columns = _header(cells)
            if columns:
                continue
            columns = PARTS
        try:
            values = dict(_named(columns, cells))
            typed = values.get("name") or whole_name(values)
            values["name"] = read_meant(typed, agreed=(suggest_name(typed),) if with_mended else agreed, kept=kept)
            identity = _person(values)
            key = (fold_name(identity.name), identity.role.casefold(), identity.place.casefold())
            if key in seen:
                raise UnfitTextError(TWICE)
            seen.add(key)
            people.append(identity)
        except UnfitTextError as error:
            stray = error.name if isinstance(error, StrayWordError) else ""
            bad.append(BadLine(number, line.strip(), str(error), error.suggestion, stray))
    return NameList(tuple(people), tuple(bad))


def _header(cells: Sequence[str]) -> Sequence[str] | None:
    if not any(fold_title(cell) in NAME_TITLES for cell in cells):
        return None
    return [guess.field for guess in guess_columns(cells, SIGNATURES)]


def _named(columns: Sequence[str], cells: Sequence[str]) -> Iterable[tuple[str, str]]:
    while len(cells) > len(columns) and not cells[-1]:
        cells = cells[:-1]
    if len(cells) > len(columns):
        raise UnfitTextError(MANY_PARTS)
    return zip(columns, cells, strict=False)


def _person(values: dict[str, str]) -> Identity:
    return Identity(
        name=values["name"],
        role=read_line(values.get("role", "")),
        place=read_line(values.get("place", "")),
    )


class SheetWithoutNamesError(spreadsheets.UnreadableFileError):
    """The file, or the sheet of it that was read, has no column of names; others may have one."""

    def __init__(self, about: spreadsheets.About) -> None:
        """Take what the file is."""
        super().__init__(why=NO_NAMES)
        self.about = about


@dataclass(frozen=True)
class NamesFile:
    """The rows of a file as lines of a list, and those that are no people, or not for all to see.

    `sheet` is the one that was read of those of a spreadsheet that are shown, `sheet_names`.
    """

    text: str
    left_out: tuple[BadLine, ...]
    sheet: str = ""
    sheet_names: tuple[str, ...] = ()


def read_file(data: bytes, *, sheet: str = "") -> NamesFile:
    """Return the rows of a file as lines of a list, so that they can be corrected where they are shown.

    Columns other than names, role and place are left out. Of a spreadsheet this sheet is read, else the first.

    Raises:
        UnreadableFileError: no such file or sheet; SheetWithoutNamesError where it has no column of names.
    """
    with tempfile.NamedTemporaryFile(dir=MEMORY if MEMORY.is_dir() else None) as file:
        file.write(data)
        file.flush()
        about, rows = spreadsheets.open_rows(Path(file.name), LIMITS, sheet=sheet)
        sample = list(islice(rows, SAMPLE))
        try:
            layout = guess_layout(about, sample, SIGNATURES)
            check_columns(layout)
        except ColumnsError:
            raise SheetWithoutNamesError(about) from None
        return _as_list(layout, chain(sample, rows))


def _as_list(layout: Layout, rows: Iterator[Line]) -> NamesFile:
    lines, left_out = list[str](), list[BadLine]()
    for row in layout.below(rows):
        ready = prepare(layout, row)
        typed = "; ".join(filter(None, map(str.strip, row.cells)))
        if isinstance(ready, BadRow):
            left_out.append(BadLine(ready.line, typed, ready.reason))
        elif ready:
            plain = (" ".join(cell.split()).replace(";", ",") for cell in ready.cells)
            values = {column: cell for column, cell in zip(layout.columns, plain, strict=True) if column}
            values["name"] = values.get("name") or whole_name(values)
            if line := "; ".join(values.get(part, "") for part in PARTS).rstrip("; "):
                lines.append(line)
            else:
                left_out.append(BadLine(row.number, typed, NO_NAME))
    return NamesFile("\n".join(lines), tuple(left_out), layout.sheet, layout.sheet_names)
