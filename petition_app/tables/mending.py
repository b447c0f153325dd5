"""Names in a table that mix alphabets which look alike, or hide a sign; mended only where somebody said so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from petition_app.person_names.reading import suggest_name
from petition_app.storage.spreadsheets import Line
from petition_app.tables.layout import Layout
from petition_app.tables.titles import NAME_FIELDS

NAMES = ("name", *NAME_FIELDS)


class MendableName(NamedTuple):
    """A name that can be read in one other way alone: its line, how it stands there, and how it would be read."""

    line: int
    typed: str
    meant: str


def mend_names(layout: Layout, cells: Sequence[str]) -> list[str]:
    """Return the cells of a row, those of names as they were meant where one way is plain."""
    columns = list(zip(layout.columns, cells, strict=False))
    whole = " ".join(cell for column, cell in columns if column in NAMES)
    return [(column in NAMES and cell and suggest_name(cell, beside=whole)) or cell for column, cell in columns]


def find_mendable(layout: Layout, line: Line) -> MendableName | None:
    """Return the name of a line as it stands and as it would be mended; nothing where there is nothing to mend."""
    cells = line.cells[: len(layout.columns)]
    mended = mend_names(layout, cells)
    if mended == cells:
        return None
    names = [number for number, column in enumerate(layout.columns[: len(cells)]) if column in NAMES and cells[number]]
    typed, meant = (" ".join(row[number].strip() for number in names) for row in (cells, mended))
    return MendableName(line.number, typed, meant)
