"""The child that reads a file of rows: it holds no secret, and is ended when it takes too much memory or time."""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from petition_app.storage.text_tables import (
    ENCODINGS,
    LONGEST_CELL,
    TextError,
    find_delimiter,
    find_encoding,
    read_head,
    read_text,
)

MEGABYTE = 1024 * 1024
LAST_ROW = 1_048_576  # The last row a spreadsheet can have (ECMA-376).
XLSX, OLD_SHEET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
HIDDEN = "hidden"
Told = tuple[int, list[str], str]


class _RefusedError(Exception):
    """The child's own word for what is wrong: a key of `spreadsheets.REASONS`."""


def main(path: Path, limits: dict[str, Any], encoding: str, delimiter: str) -> None:
    """Print what a file is, then its rows as JSON, one a line, then "end", or the word for what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        about, rows = _open(path, limits, encoding, delimiter)
        sys.stdout.write(json.dumps(about) + "\n")
        for number, row in enumerate(rows, start=1):
            if number > limits["rows"] or len(row[1]) > limits["columns"]:
                raise _RefusedError("long")
            sys.stdout.write(json.dumps(row) + "\n")
        word = "end"
    except (_RefusedError, TextError) as error:
        word = str(error)
    except MemoryError:
        word = "costly"
    sys.stdout.write(json.dumps(word) + "\n")


def _open(path: Path, limits: dict[str, Any], encoding: str, delimiter: str) -> tuple[dict[str, Any], Iterator[Told]]:
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(OLD_SHEET):
        raise _RefusedError("old")
    if head.startswith(XLSX):
        _measure(path, limits)
        return _workbook(path)
    encoding = encoding if encoding in ENCODINGS else find_encoding(path)
    delimiter = delimiter or find_delimiter(read_head(path, encoding))
    return {"encoding": encoding, "delimiter": delimiter}, read_text(path, encoding, delimiter)


def _measure(path: Path, limits: dict[str, Any]) -> None:
    """Refuse an archive by its table of contents, and any part that declares entities of its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            packed = sum(part.compress_size for part in parts)
            if len(parts) > limits["parts"] or packed > path.stat().st_size:
                raise _RefusedError("packed")
            if sum(part.file_size for part in parts) > limits["unpacked"]:
                raise _RefusedError("packed")
            if any(part.file_size > max(MEGABYTE, limits["ratio"] * part.compress_size) for part in parts):
                raise _RefusedError("packed")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _refuse_declarations(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zipfile.zlib.error):  # type: ignore[attr-defined] # It is there.
        raise _RefusedError("broken") from None


def _refuse_declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(MEGABYTE):
            text = tail + chunk.replace(b"\0", b"")  # UTF-16 is ASCII with zeros between.
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise _RefusedError("broken")
            tail = text[-16:]


def _workbook(path: Path) -> tuple[dict[str, Any], Iterator[Told]]:
    """Open the first sheet that is shown."""
    sys.modules["numpy"] = None  # type: ignore[assignment] # The library would load it, and it takes much memory.
    import openpyxl

    try:
        # An open file, since the library judges a path by its ending.
        book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise _RefusedError("broken")
        return {"sheet": sheets[0].title, "sheets": len(sheets)}, _rows(sheets[0])
    except (_RefusedError, MemoryError):
        raise
    except Exception:  # The library raises whatever the file makes it raise.
        raise _RefusedError("broken") from None


def _rows(sheet: Any) -> Iterator[Told]:
    """Read rows, and whether each is hidden, by the library's own parser: what it hands on does not tell that."""
    from openpyxl.worksheet._reader import WorkSheetParser

    book = sheet.parent
    try:
        with sheet._get_source() as source:
            dates = {"date_formats": book._date_formats, "timedelta_formats": book._timedelta_formats}
            parser = WorkSheetParser(source, sheet._shared_strings, data_only=True, epoch=book.epoch, **dates)
            for line, row in parser.parse():
                if line > LAST_ROW:
                    raise _RefusedError("long")
                cells = _cells(row)
                hidden = parser.row_dimensions.pop(str(line), {}).get("hidden") in ("1", "true")
                if cells:
                    yield line, cells, HIDDEN if hidden else ""
    except (_RefusedError, MemoryError, GeneratorExit):
        raise
    except Exception:  # The library raises whatever the file makes it raise.
        raise _RefusedError("broken") from None


def _cells(row: list[dict[str, Any]]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell["value"] is None:
            continue
        if (text := _text(cell["value"])).strip():
            if cell["column"] > 16_384:  # The last column a spreadsheet can have.
                raise _RefusedError("long")
            cells += [""] * (cell["column"] - 1 - len(cells))
            cells.append(text)
    return cells


def _text(value: Any) -> str:
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
        raise _RefusedError("long")
    return text


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], sys.argv[4])
