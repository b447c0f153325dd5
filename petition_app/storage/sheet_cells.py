"""Cells of spreadsheets as text, alike whichever format they came in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from petition_app.storage.text_tables import LONGEST_CELL

HIDDEN = "hidden"
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # Of a spreadsheet (ECMA-376).
# Stands for the result of a formula that the file does not hold; like an error it is never a name.
NO_RESULT = "#FORMULA!"


class RefusedError(Exception):
    """The child's own word for what is wrong: a key of `spreadsheets.REASONS`."""


def as_text(value: object) -> str:
    """Return the value of a cell as text: days as 2026-09-12, whole numbers without a point. Raises: RefusedError."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    if len(text) > LONGEST_CELL:
        raise RefusedError("long")
    return text


def place(cells: list[str], column: int, text: str) -> None:
    """Put a text into a column, counted from 1, right of what is there; a cell of spaces is empty.

    Raises:
        RefusedError: no spreadsheet is so wide.
    """
    if text.strip():
        if column > LAST_COLUMN:
            raise RefusedError("long")
        cells += [""] * (column - 1 - len(cells))
        cells.append(text)


def choose_sheet(names: Sequence[str], name: str) -> int:
    """Return the place of the sheet of this name among those that are shown, of the first where none is named.

    Raises:
        RefusedError: there is none.
    """
    if name and name not in names:
        raise RefusedError("sheet")
    if not names:
        raise RefusedError("broken")
    return names.index(name) if name else 0


class MergedCells:
    """What merged cells hold, for the lines below the first of each, which show it as well."""

    def __init__(self) -> None:
        """Begin above the first line."""
        self._open: dict[int, tuple[int, str]] = {}

    def fill(self, line: int, cells: list[str], begun: Iterable[tuple[int, int]]) -> list[int]:
        """Put into the cells of a line what is merged with it from above; return the columns, counted from 0.

        `begun` are the columns of merged cells that begin on this line, each with its last line. A line without
        content of its own stays empty.
        """
        covered = list[int]()
        self._open = {column: (last, text) for column, (last, text) in self._open.items() if line <= last}
        for column, (_, text) in self._open.items() if cells else ():
            cells += [""] * (column + 1 - len(cells))
            if not cells[column].strip():
                cells[column] = text
                covered.append(column)
        for column, last in begun:
            if column < len(cells) and cells[column]:
                self._open[column] = (last, cells[column])
        return sorted(covered)
