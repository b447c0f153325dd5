"""Reading ODS (OpenDocument 1.3): a sheet that is shown, row by row, with what a spreadsheet hides or merges.

The libraries for it hand on what lies hidden under a merged cell, and tell neither hidden rows nor formulas apart; so
its XML is read here, a row at a time.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from petition_app.storage.sheet_cells import (
    HIDDEN,
    LAST_COLUMN,
    LAST_ROW,
    NO_RESULT,
    MergedCells,
    RefusedError,
    as_text,
    choose_sheet,
    place,
)

CONTENT, MANIFEST = "content.xml", "META-INF/manifest.xml"
MOST_REPEATS = 100  # Of a cell with content; no list is wider.
_NAMES = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _TEXT, _OFFICE, _STYLE = (f"{{{_NAMES}{name}:1.0}}" for name in ("table", "text", "office", "style"))
_NOT_SHOWN = {f"{_OFFICE}annotation", f"{_TEXT}note", f"{_TEXT}ruby-text", f"{_TEXT}tracked-changes"}
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_Told = tuple[int, list[str], str, list[int]]


def is_one(path: Path) -> bool:
    """Return whether an archive is an OpenDocument file."""
    with zipfile.ZipFile(path) as archive:
        return CONTENT in archive.namelist()


def open_rows(path: Path, name: str) -> tuple[dict[str, Any], Iterator[_Told]]:
    """Open a sheet that is shown, the first where none is named; return what it is, and its rows.

    Raises:
        RefusedError
    """
    try:
        shown = [sheet for sheet, is_shown in _list_sheets(path) if is_shown]
        name = shown[choose_sheet(shown, name)]
        rows = _rows(path, name)
        first = next(rows)  # The columns stand before the first row.
        return {"sheet": name, "sheet_names": shown, "hidden_columns": first}, rows
    except (RefusedError, MemoryError):
        raise
    except Exception:  # Whatever the file makes it raise.
        raise RefusedError("broken") from None


def _list_sheets(path: Path) -> list[tuple[str, bool]]:
    """Return the names of all sheets, and whether each is shown."""
    hidden: set[str | None] = set()
    found: list[tuple[str, bool]] = []
    depth = 0
    for event, element in _events(path):
        if element.tag == f"{_TABLE}table":
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1:
                name = element.get(f"{_TABLE}name", "")
                found.append((name, element.get(f"{_TABLE}style-name") not in hidden))
        elif event == "end" and element.tag == f"{_STYLE}style":
            if any(part.get(f"{_TABLE}display") == "false" for part in element):
                hidden.add(element.get(f"{_STYLE}name"))
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            element.clear()
    return found


def _events(path: Path) -> Iterator[tuple[str, Element]]:
    with zipfile.ZipFile(path) as archive, archive.open(CONTENT) as source:
        # Entities are refused before (`sheet_process`), and the memory of this process has an end.
        yield from iterparse(source, events=("start", "end"))  # noqa: S314 -- both as said above.


def _rows(path: Path, name: str) -> Iterator[Any]:
    """Yield the hidden columns, then the rows of one sheet."""
    try:
        yield from _read(path, name)
    except (RefusedError, MemoryError, GeneratorExit):
        raise
    except (Exception, ParseError):  # Whatever the file makes it raise.
        raise RefusedError("broken") from None


def _read(path: Path, name: str) -> Iterator[Any]:
    depth, line, column, hidden, told, merged = 0, 0, 0, list[int](), False, MergedCells()
    for event, element in _events(path):
        if element.tag == f"{_TABLE}table":
            if event == "start" and (depth or element.get(f"{_TABLE}name") == name):
                depth += 1
            elif event == "end" and depth:
                depth -= 1
                if not depth:
                    break
        elif depth == 1 and event == "end" and element.tag == f"{_TABLE}table-column":
            repeated = _number(element, f"{_TABLE}number-columns-repeated", 1)
            if element.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                hidden += range(column, min(column + repeated, 2 * MOST_REPEATS))
            column += repeated
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            if depth == 1:
                if not told:
                    yield hidden
                    told = True
                cells, spans = _cells(element)
                repeated = _number(element, f"{_TABLE}number-rows-repeated", 1)
                flag = HIDDEN if element.get(f"{_TABLE}visibility") in ("collapse", "filter") else ""
                if cells:
                    if line + repeated > LAST_ROW:
                        raise RefusedError("long")
                    for number in range(line + 1, line + repeated + 1):
                        shown = list(cells)
                        covered = merged.fill(number, shown, [(at, number + rows - 1) for at, rows in spans])
                        yield number, shown, flag, covered
                line += repeated
            element.clear()
    if not told:
        yield hidden


def _number(element: Element, name: str, otherwise: int) -> int:
    text = element.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else otherwise


def _cells(row: Element) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the cells of a row, and of those that reach over several rows the column and how many rows these are."""
    cells, column, spans = list[str](), 0, list[tuple[int, int]]()
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        repeated = _number(cell, f"{_TABLE}number-columns-repeated", 1)
        text = "" if cell.tag == _CELLS[1] else _content(cell)  # What a merged cell covers is not shown.
        if text.strip():
            if repeated > MOST_REPEATS:
                raise RefusedError("long")
            for number in range(repeated):
                place(cells, column + number + 1, text)
            spanned = _number(cell, f"{_TABLE}number-rows-spanned", 1)
            spans += [(column, spanned)] if spanned > 1 else []
        column = min(column + repeated, LAST_COLUMN)
    return cells, spans


def _content(cell: Element) -> str:
    kind = cell.get(f"{_OFFICE}value-type", "")
    paragraphs = [_text(part) for part in cell if part.tag == f"{_TEXT}p"]
    shown = "\n".join(paragraphs)
    if kind == "float" and (number := cell.get(f"{_OFFICE}value")):
        return as_text(float(number))
    if kind == "date" and cell.get(f"{_OFFICE}date-value"):
        day, _, time = cell.get(f"{_OFFICE}date-value", "").partition("T")
        return day if not time.strip("0:.") else f"{day}T{time}"
    if kind == "boolean" and cell.get(f"{_OFFICE}boolean-value"):
        return cell.get(f"{_OFFICE}boolean-value", "").upper()
    if not kind and not shown and cell.get(f"{_TABLE}formula"):
        return NO_RESULT
    return as_text(shown or cell.get(f"{_OFFICE}string-value", ""))


def _text(paragraph: Element) -> str:
    """Return what is shown of a paragraph, its parts in order."""
    parts: list[str] = []
    waiting: list[Element | str] = [paragraph]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            parts.append(part)
            continue
        if part.tag == f"{_TEXT}s":
            parts.append(" " * min(_number(part, f"{_TEXT}c", 1), 100))
        elif part.tag == f"{_TEXT}tab":
            parts.append("\t")
        elif part.tag == f"{_TEXT}line-break":
            parts.append("\n")
        elif part.tag not in _NOT_SHOWN:
            for child in reversed(part):
                waiting += [child.tail or "", child]
            parts.append(part.text or "")
    return "".join(parts)
