"""Looking a table over: its first lines, how full each column is, and what must be told before anything is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from petition_app.person_names.letters import strip_unseen
from petition_app.storage.spreadsheets import Line
from petition_app.tables.layout import DAY_FIELDS, SAMPLE, Layout, guesses_of
from petition_app.tables.mending import NAMES, MendableName, find_mendable
from petition_app.tables.rows import is_error, may_be_asked
from petition_app.tables.terms import is_unclear_term
from petition_app.tables.titles import Guess, Kind, fold_title

SHOWN_ROWS, SHOWN_HEADS, SHOWN_NAMES, MOST_WORDS = 6, 12, 20, 12
_COUNTERS = ("№", "№ п п", "n", "no", "nr", "п п", "row")


@dataclass
class Column:
    """One column: its title, what it is taken for, what it would be by itself, and how many cells are filled."""

    number: int
    title: str
    field: str
    guess: Guess
    filled: int = 0
    is_hidden: bool = False

    @property
    def is_passed_over(self) -> bool:
        """Whether it has content that is not used, and does more than count the rows."""
        return bool(self.filled and not self.field and fold_title(self.title) not in _COUNTERS)


@dataclass
class Survey:
    """What a table holds before it is read as people.

    `heads` are its first lines, `rows` the first ones below the titles. `hidden` rows are not shown by the spreadsheet,
    `headings` look like headings, totals or vacant seats, the lines of `merged` are covered by merged cells that
    begin above. `mendable` is how many names mix alphabets or hide a sign, `some_mendable` are the first of them.
    `errors` are cells of used columns that hold an error of it, `unclear` those with a day whose month may be the day,
    `short` the lines with fewer cells than titles in a text, `words` how often each word stands in the column of
    publication, by the word in small letters.
    """

    columns: list[Column]
    heads: list[Line] = field(default_factory=list)
    rows: list[Line] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    mendable: int = 0
    some_mendable: list[MendableName] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    errors: int = 0
    unclear: int = 0
    words: dict[str, int] = field(default_factory=dict)

    @property
    def passed_over(self) -> list[Column]:
        """Columns with content that is not used."""
        return [column for column in self.columns if column.is_passed_over]

    def leaves_a_choice(self, layout: Layout) -> bool:
        """Return whether other rows could be taken, or the same ones otherwise."""
        return len(layout.sheet_names) > 1 or bool(self.hidden or self.headings or self.merged or self.mendable)

    @property
    def hidden_columns(self) -> list[Column]:
        """Columns with content that the spreadsheet does not show."""
        return [column for column in self.columns if column.is_hidden and column.filled]


class Surveyor:
    """Looks a table over while its lines are read for something else."""

    def __init__(self, layout: Layout, kind: Kind) -> None:
        """Take how it is read."""
        self._layout, self._kind = layout, kind
        self._found, self._sample = Survey([]), list[Line]()
        self._filled = [0] * len(layout.columns)
        self._asked = layout.columns.index("consent") if "consent" in layout.columns else None

    def watch(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Hand lines on."""
        for line in lines:
            self._add(line)
            yield line

    def survey(self) -> Survey:
        """Return what was seen of the lines so far."""
        guesses = guesses_of(self._layout, self._sample, self._kind)
        hidden = self._layout.hidden_columns
        parts = zip(self._layout.titles, self._layout.columns, guesses, self._filled, strict=True)
        columns = [Column(number, *part, is_hidden=number in hidden) for number, part in enumerate(parts)]
        return replace(self._found, columns=columns)

    def _add(self, line: Line) -> None:
        found, layout = self._found, self._layout
        if not any(cell.strip() for cell in line.cells):
            return
        if len(self._sample) < SAMPLE:
            self._sample.append(line)
            found.heads = self._sample[:SHOWN_HEADS]
        if line.number <= layout.header_line:
            return
        if line.covered:
            found.merged.append(line.number)
            line = layout.taken(line)
        if len(found.rows) < SHOWN_ROWS:
            found.rows.append(line)
        if line.flag == "hidden":
            found.hidden.append(line.number)
        elif line.flag != "quotes" and may_be_asked(layout, line):
            found.headings.append(line.number)
        if not line.flag or (line.flag == "hidden" and layout.with_hidden):
            self._note_name(line)
        if layout.encoding and len(line.cells) < len(layout.columns):
            found.short.append(line.number)
        for number, (column, cell) in enumerate(zip(layout.columns, line.cells, strict=False)):
            if cell and not cell.isspace():
                self._filled[number] += 1
                found.errors += bool(column and column not in NAMES and is_error(cell))
                found.unclear += column in DAY_FIELDS and is_unclear_term(cell)
        if self._asked is not None and len(line.cells) > self._asked and (layout.with_hidden or not line.flag):
            self._note_word(strip_unseen(line.cells[self._asked]).casefold())

    def _note_name(self, line: Line) -> None:
        if name := find_mendable(self._layout, line):
            self._found.mendable += 1
            if len(self._found.some_mendable) < SHOWN_NAMES:
                self._found.some_mendable.append(name)

    def _note_word(self, word: str) -> None:
        words = self._found.words
        if word and not is_error(word) and (word in words or len(words) <= MOST_WORDS):
            words[word] = words.get(word, 0) + 1


def look_over(layout: Layout, lines: Iterable[Line], kind: Kind) -> Survey:
    """Go through all lines of a table, those above its titles included."""
    surveyor = Surveyor(layout, kind)
    for _ in surveyor.watch(lines):
        pass
    return surveyor.survey()
