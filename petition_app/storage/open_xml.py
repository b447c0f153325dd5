"""Reading XLSX (ECMA-376): a sheet that is shown, row by row, with what a spreadsheet hides or merges."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from petition_app.storage.sheet_cells import (
    HIDDEN,
    LAST_ROW,
    NO_RESULT,
    MergedCells,
    RefusedError,
    as_text,
    choose_sheet,
    place,
)

if TYPE_CHECKING:
    from openpyxl.worksheet._reader import WorkSheetParser

MEGABYTE = 1024 * 1024
MOST_COLUMNS = 200  # Of which it is told whether they are hidden.
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]{0,200}?ref="\$?([A-Z]{1,3})\$?(\d{1,7}):\$?[A-Z]{1,3}\$?(\d{1,7})"')
_COLUMNS = re.compile(rb"<(?:\w+:)?col\s([^<>]{0,400})/?>|<(?:\w+:)?sheetData")
_ATTRIBUTE = re.compile(rb'(min|max|hidden)="(\w+)"')
_OVERLAP = 512
_Told = tuple[int, list[str], str, list[int]]


def open_rows(path: Path, name: str) -> tuple[dict[str, Any], Iterator[_Told]]:
    """Open a sheet that is shown, the first where none is named; return what it is, and its rows.

    Raises:
        RefusedError
    """
    sys.modules["numpy"] = None  # type: ignore[assignment] # The library would load it, and it takes much memory.
    import openpyxl

    try:
        # An open file, since the library judges a path by its ending.
        book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        names = [sheet.title for sheet in sheets]
        sheet = sheets[choose_sheet(names, name)]
        with sheet._get_source() as source:
            hidden = _hidden_columns(source)
        return {"sheet": sheet.title, "sheet_names": names, "hidden_columns": hidden}, _rows(sheet)
    except (RefusedError, MemoryError):
        raise
    except Exception:  # The library raises whatever the file makes it raise.
        raise RefusedError("broken") from None


def unescape(text: str) -> str:
    """Return a text with its escapes undone, such as _x000D_ (ECMA-376, part 1, 22.4.2.4)."""
    if "_x" not in text:
        return text
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16) or 0xFFFD), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # Halves of a letter meet.


def _rows(sheet: Any) -> Iterator[_Told]:
    """Read rows by the library's own parser: what it hands on tells neither what is hidden nor what is a formula."""
    book = sheet.parent
    try:
        with sheet._get_source() as source:
            begun = _begun(source)
        merged = MergedCells()
        with sheet._get_source() as source:
            dates = {"date_formats": book._date_formats, "timedelta_formats": book._timedelta_formats}
            parser = _parser(source, sheet._shared_strings, data_only=True, epoch=book.epoch, **dates)
            for line, row in parser.parse():
                if line > LAST_ROW:
                    raise RefusedError("long")
                hidden = parser.row_dimensions.pop(str(line), {}).get("hidden") in ("1", "true")
                if cells := _cells(row):
                    covered = merged.fill(line, cells, begun.get(line, ()))
                    yield line, cells, HIDDEN if hidden else "", covered
    except (RefusedError, MemoryError, GeneratorExit):
        raise
    except Exception:  # The library raises whatever the file makes it raise.
        raise RefusedError("broken") from None


def _parser(*args: Any, **words: Any) -> WorkSheetParser:
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class Parser(WorkSheetParser):  # type: ignore[misc] # The library is untyped.
        """Tells a formula without a result from an empty cell."""

        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            if cell["value"] is None and element.find(FORMULA_TAG) is not None and element.get("t") != "str":
                cell["value"] = NO_RESULT
            return cell

    return Parser(*args, **words)


def _cells(row: list[dict[str, Any]]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell["value"] is not None:
            text = as_text(cell["value"])
            place(cells, cell["column"], unescape(text) if isinstance(cell["value"], str) else text)
    return cells


def _begun(source: IO[bytes]) -> dict[int, list[tuple[int, int]]]:
    """Return, by the line on which merged cells of several lines begin, the column of each and its last line.

    They stand behind the rows, so that they are looked for before.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    for match in _matches(_MERGED, source):
        first, last = int(match[2]), int(match[3])
        if last > first:
            found.setdefault(first, []).append((_number_of(match[1]) - 1, last))
    return found


def _number_of(letters: bytes) -> int:
    """Return the number of a column that goes by letters, such as 28 for AB."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _hidden_columns(source: IO[bytes]) -> list[int]:
    """Return the columns that are hidden, counted from 0; they stand before the rows."""
    found: list[int] = []
    for match in _matches(_COLUMNS, source):
        if match[1] is None:
            break
        told = dict(_ATTRIBUTE.findall(match[1]))
        if told.get(b"hidden") in (b"1", b"true"):
            found += range(int(told[b"min"]) - 1, min(int(told[b"max"]), MOST_COLUMNS))
    return found


def _matches(pattern: re.Pattern[bytes], source: IO[bytes]) -> Iterator[re.Match[bytes]]:
    """Find a short pattern in a stream."""
    rest = b""
    while chunk := source.read(MEGABYTE):
        text, end = rest + chunk, 0
        for match in pattern.finditer(text):
            end = match.end()
            yield match
        rest = text[max(end, len(text) - _OVERLAP) :]
