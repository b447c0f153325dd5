"""How a table is read: the line that names its columns, what each column is, and what the words in it mean."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.storage.spreadsheets import About, Line, sheet_digest
from petition_app.tables.terms import find_order_of_terms
from petition_app.tables.titles import NAME_FIELDS, Guess, Kind, fold_title, guess_columns

DAY_FIELDS = ("term_from", "term_to", "term")
ROW_CHOICES = ("with_hidden", "with_headings", "with_filled", "with_mended", "mended")
SAMPLE = 40  # Lines from which a layout is guessed.
WIDEST = 100


class ColumnsError(DomainError):
    """The columns cannot be read in this way."""

    message = N_("The columns: %(why)s")


@dataclass(frozen=True)
class Wanted:
    """How somebody wants a table to be read; see `Layout`."""

    header_line: int
    columns: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    with_hidden: bool = False
    with_headings: bool = False
    with_filled: bool = False
    with_mended: bool = False
    mended: tuple[int, ...] = ()
    days: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, layout: Layout) -> Wanted:
        """Return what is wanted where nothing changes."""
        return cls(**{name: getattr(layout, name) for name in cls.__dataclass_fields__})

    def reads_anew(self, layout: Layout) -> bool:
        """Return whether the file itself has to be read in another way."""
        return (self.encoding, self.delimiter, self.sheet) != (layout.encoding, layout.delimiter, layout.sheet)

    @property
    def rows(self) -> dict[str, Any]:
        """How rows are wanted to be taken, as fields of a layout."""
        return {name: getattr(self, name) for name in ROW_CHOICES}

    @property
    def rows_elsewhere(self) -> dict[str, Any]:
        """The same where the lines are others."""
        return self.rows | {"mended": ()}


@dataclass(frozen=True)
class Layout:
    """How a table is read.

    `header_line` is the line of the titles, 0 where there is none; what stands above it is no row. `columns` has a
    field for each column, "" for one that is not used. `answers` says which tier of publication a word of the file
    means. `encoding` and `delimiter` are of texts; `sheet`, `sheet_names` of all that are shown, and `hidden_columns`
    of spreadsheets. `with_hidden` and `with_headings`: rows that are hidden, or look like headings, are taken, too.
    `with_filled`: what a merged cell holds is taken on each of its lines. `with_mended`: each name that mixes alphabets
    or hides a sign is taken as it was meant; else on the lines `mended` alone. `days` is what comes first in a day such
    as 08/09/2019, one of `days.ORDERS`, "" where it is not known.
    """

    header_line: int
    titles: tuple[str, ...]
    columns: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheet_names: tuple[str, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    with_hidden: bool = False
    with_headings: bool = False
    with_filled: bool = False
    with_mended: bool = False
    mended: tuple[int, ...] = ()
    days: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Layout:
        """Read what `as_json` wrote."""
        values = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
        lists = ("titles", "columns", "sheet_names", "hidden_columns", "mended")
        return cls(**values | {name: tuple(found.get(name, ())) for name in lists})

    @property
    def about(self) -> About:
        """What the file is."""
        return About(self.encoding, self.delimiter, self.sheet, self.sheet_names, self.hidden_columns)

    def below(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Go through the lines below the titles, each as it is taken."""
        return (self.taken(line) for line in lines if line.number > self.header_line)

    def taken(self, line: Line) -> Line:
        """Return a line without what is merged with it from above, unless that is taken on each line."""
        return line if self.with_filled else bare(line)

    def mends(self, line: int) -> bool:
        """Return whether the name on a line is taken as it was meant."""
        return self.with_mended or line in self.mended


def digest_of(whole: bytes, layout: Layout) -> bytes:
    """Return SHA-256 of what is read of a file: `whole`, that of the file, where all is read as it was guessed."""
    digest = sheet_digest(whole, layout.sheet_names, layout.sheet)
    chosen = [(name, value) for name in ROW_CHOICES if (value := getattr(layout, name))]
    return hashlib.sha256(digest + repr(chosen).encode()).digest() if chosen else digest


def bare(line: Line) -> Line:
    """Return a line without what is merged with it from above."""
    if not line.covered:
        return line
    return line._replace(cells=["" if at in line.covered else cell for at, cell in enumerate(line.cells)], covered=())


def guess_layout(
    about: About,
    sample: Sequence[Line],
    kind: Kind,
    *,
    header_line: int | None = None,
    days: str = "",
    **rows_taken: Any,
) -> Layout:
    """Guess how a table is read from its first lines, or with the titles on a line that was chosen (0: there are none).

    `rows_taken` are fields of a layout, some of `ROW_CHOICES`.

    Raises:
        ColumnsError: there is no such line.
    """
    lines = [bare(line) for line in sample if any(cell.strip() for cell in line.cells) and line.flag != "quotes"]
    if not lines:
        raise ColumnsError(why=N_("the file is empty. Its first line must name the columns."))
    headers = find_headers(lines, kind) if header_line is None else {header_line: titles_on(lines, header_line, kind)}
    [(header_line, header)] = headers.items()
    if header is None and header_line:
        raise ColumnsError(why=N_("there is no such line of titles."))
    rows = [line.cells for line in lines if line.number > header_line]
    width = max(map(_width, [header or [], *rows]))
    titles = [cell.strip() for cell in (header or [])[:width]]
    titles += [""] * (width - len(titles))
    columns = tuple(guess.field for guess in guess_columns(titles, kind, rows))
    days = days or find_order_of_terms(_days_of(columns, rows))
    return Layout(header_line, tuple(titles), columns, **vars(about), days=days, **rows_taken)


def change_layout(layout: Layout, wanted: Wanted, sample: Sequence[Line], kind: Kind) -> Layout:
    """Return the layout that is wanted; with another line of titles the columns are guessed anew.

    Raises:
        ColumnsError: there is no such line, or there is another number of columns.
    """
    if wanted.header_line != layout.header_line:
        choices = wanted.rows | {"days": wanted.days}
        return guess_layout(layout.about, sample, kind, header_line=wanted.header_line, **choices)
    if len(wanted.columns) != len(layout.columns):
        raise ColumnsError(why=N_("the file has another number of columns."))
    rows = [line.cells for line in sample if line.number > layout.header_line]
    days = wanted.days or find_order_of_terms(_days_of(wanted.columns, rows))
    return replace(layout, columns=wanted.columns, answers=dict(wanted.answers), days=days, **wanted.rows)


def _days_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [cell for row in rows for column, cell in zip(columns, row, strict=False) if column in DAY_FIELDS]


def find_headers(lines: Sequence[Line], kind: Kind) -> dict[int, Sequence[str]]:
    """Return the line that names the columns and its titles: those of which most are known, a name among them.

    Titles may stand in two lines, one over the other, as "Term" over "from" and "to"; then it is the lower one. Where
    no line has known titles, it is the first with more than one cell, since a title of the whole table stands alone.
    """
    best, known = dict[int, Sequence[str]](), 0
    for above, line in zip([None, *lines[:19]], lines[:20], strict=False):
        for titles in (line.cells, *([_joined(above.cells, line.cells)] if above else [])):
            number = _known(titles, kind)
            if number > known and _are_titles(line.cells):
                best, known = {line.number: titles}, number
    if best:
        return best
    first = next((line for line in lines[:20] if sum(bool(cell.strip()) for cell in line.cells) > 1), lines[0])
    return {first.number: first.cells}


def titles_on(lines: Sequence[Line], number: int, kind: Kind) -> Sequence[str] | None:
    """Return the titles on a line, with those above it where more are known then; nothing where there is no line."""
    for above, line in zip([None, *lines], lines, strict=False):
        if line.number == number:
            joined = _joined(above.cells, line.cells) if above else line.cells
            return joined if _known(joined, kind) > _known(line.cells, kind) else line.cells
    return None


def _known(titles: Sequence[str], kind: Kind) -> int:
    """Return how many titles are known, 0 where no name is among them or one cell may be such a word by chance."""
    fields = {guess.field for guess in guess_columns(titles, kind) if guess.field}
    few = len(fields) < min(2, sum(bool(cell.strip()) for cell in titles))
    return len(fields) if {"name", "surname"} & fields and not few else 0


def _joined(above: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Join titles of two lines; what stands above stands over all columns to the next one, if those have titles."""
    if sum(bool(cell.strip()) for cell in above) < 2:  # The title of the whole table.
        return list(titles)
    joined, over = list[str](), ""
    for number in range(max(len(above), len(titles))):
        upper = above[number].strip() if number < len(above) else ""
        lower = titles[number].strip() if number < len(titles) else ""
        if upper:  # With nothing below it, it is the title of its own column alone.
            over = upper if lower else ""
        joined.append(f"{upper or (over if lower else '')} {lower}".strip())
    return joined


def _are_titles(cells: Sequence[str]) -> bool:
    """Return whether cells are short words and no numbers, as titles are."""
    return all(len(cell) <= 120 and "@" not in cell and not fold_title(cell).isdecimal() for cell in cells)


def _width(cells: Sequence[str]) -> int:
    filled = [number for number, cell in enumerate(cells, start=1) if cell.strip()]
    return min(filled[-1] if filled else 0, WIDEST)


def guesses_of(layout: Layout, sample: Sequence[Line], kind: Kind) -> list[Guess]:
    """Return what the columns of a table would be taken for by themselves, with the reasons."""
    rows = [line.cells for line in sample if line.number > layout.header_line and line.flag != "quotes"]
    return guess_columns(layout.titles, kind, rows)


def check_columns(columns: Sequence[str], titles: Sequence[str], kind: Kind) -> None:
    """Check what the columns are taken for ("" for one that is not used).

    Raises:
        ColumnsError: another number of columns, a field that does not exist or is given twice, or no name.
    """
    used = [column for column in columns if column]
    if len(columns) != len(titles):
        raise ColumnsError(why=N_("the file has another number of columns."))
    if set(used) - set(kind.fields):
        raise ColumnsError(why=N_("there is no such kind of column."))
    if len(set(used)) != len(used):
        raise ColumnsError(why=N_("two columns have the same meaning."))
    if "name" in used and set(NAME_FIELDS) & set(used):
        raise ColumnsError(why=N_("choose either one column with the whole name, or separate ones."))
    if "name" not in used and "surname" not in used:
        raise ColumnsError(why=N_("one of them must hold the name or the surname."))


def read_choice(words: str, layout: Layout, kind: Kind) -> Layout:
    """Read the operator's choice of columns, such as `surname=Фамилия,body=3`; other columns are not used.

    A column goes by its title or by its number, counted from 1; a title with a comma is put into quotation marks, as
    in CSV.

    Raises:
        ColumnsError
    """
    folded = [fold_title(title) for title in layout.titles]
    columns = [""] * len(folded)
    for pair in next(csv.reader([words], skipinitialspace=True), []):
        name, _, title = (part.strip() for part in pair.partition("="))
        if name not in kind.fields:
            raise ColumnsError(why=f"there is no field {name}; there are {', '.join(kind.fields)}")
        place = _place(title, folded)
        if place is None:
            raise ColumnsError(why=f"there is no column {title}; there are {', '.join(layout.titles)}")
        columns[place] = name
    return replace(layout, columns=tuple(columns))


def _place(title: str, folded: Sequence[str]) -> int | None:
    if fold_title(title) in folded:
        return folded.index(fold_title(title))
    return int(title) - 1 if title.isdecimal() and 0 < int(title) <= len(folded) else None
