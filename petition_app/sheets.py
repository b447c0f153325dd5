"""Reading files of rows, CSV and XLSX, in a process of their own with limits on memory and time.

A file comes from outside and may be made to exhaust whoever reads it. So it is measured first, then read by a child
that holds no secret and is ended when it takes too much.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, cast

from petition_app.errors import DomainError
from petition_app.i18n import N_

Line = tuple[int, list[str]]

MEGABYTE = 1024 * 1024
LONGEST_CELL = 64 * 1024
LAST_ROW = 1_048_576  # The last row a spreadsheet can have (ECMA-376).
XLSX, OLD_SHEET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"

REASONS = {
    "missing": N_("it is not there."),
    "denied": N_("it cannot be opened."),
    "large": N_("it is too large."),
    "packed": N_("it unpacks to far more than a list needs."),
    "long": N_("it has too many rows or columns, or a cell is too long."),
    "costly": N_("reading it takes too much memory or time."),
    "old": N_("this is an old kind of spreadsheet; save it as XLSX or as CSV (UTF-8)."),
    "broken": N_("this is not a spreadsheet in XLSX; save it anew, or as CSV (UTF-8)."),
    "encoding": N_("it is not UTF-8; save it as CSV (UTF-8)."),
    "quotes": N_("a quotation mark is open or stands in the wrong place."),
}


class UnreadableFileError(DomainError):
    """The file as a whole cannot be read."""

    message = N_("The file cannot be read: %(why)s")


@dataclass(frozen=True)
class BadRow:
    """One row that cannot be taken, and why; never its content."""

    line: int
    reason: str


@dataclass(frozen=True)
class Limits:
    """What a file may take: bytes on disk and unpacked, parts and their ratio, rows, columns, memory and time.

    `seconds` are the processor's; `patience` is how long the reader is waited for, however busy the machine is.
    """

    size: int = 32 * MEGABYTE
    unpacked: int = 256 * MEGABYTE
    ratio: int = 150
    parts: int = 500
    rows: int = 500_000
    columns: int = 100
    memory: int = 320 * MEGABYTE
    seconds: int = 120
    patience: float = 900


LIMITS = Limits()


class _RefusedError(Exception):
    """The child's own word for what is wrong: a key of `REASONS`."""


def plain_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, with an apostrophe before it where one could."""
    first = unicodedata.normalize("NFKC", text.lstrip(" "))[:1]
    return f"'{text}" if first and first in "=+-@\t\r\n|%" else text


# --- asking for rows ----------------------------------------------------------------------------------------------


def read_rows(path: Path, limits: Limits = LIMITS) -> Iterator[Line]:
    """Read a file row by row: the line on which each row begins, counted from 1, and its cells as text.

    CSV is UTF-8 with or without BOM, separated by comma, semicolon or tab. Of an XLSX file the first sheet that is
    shown is read; days are written as 2026-09-12.

    Raises:
        UnreadableFileError: what is wrong is known only when the row is reached.
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or not os.access(path, os.R_OK):
            raise UnreadableFileError(why=REASONS["denied"])
    except FileNotFoundError:
        raise UnreadableFileError(why=REASONS["missing"]) from None
    if size > limits.size:
        raise UnreadableFileError(why=REASONS["large"])
    root = str(Path(__file__).parent.parent)
    process = subprocess.Popen(  # noqa: S603 -- our own program, and a path that is handed over as one word.
        [sys.executable, "-P", "-m", __name__, str(path.resolve()), json.dumps(asdict(limits))],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root,
        env={"PYTHONPATH": root, "PYTHONUTF8": "1"},
    )  # fmt: skip
    try:
        for line in _lines(process, limits.patience):
            said = json.loads(line)
            if isinstance(said, str):
                if said == "end":
                    return
                raise UnreadableFileError(why=REASONS[said])
            yield said[0], said[1]
        raise UnreadableFileError(why=REASONS["costly"])
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()
        process.wait()


def _lines(process: subprocess.Popen[bytes], seconds: float) -> Iterator[bytes]:
    """Yield what the child says, line by line, while the time spent waiting for it lasts."""
    pipe = cast(io.BufferedReader, process.stdout)
    rest = b""
    with closing(DefaultSelector()) as selector:
        selector.register(pipe, EVENT_READ)
        while True:
            began = time.monotonic()
            if seconds <= 0 or not selector.select(seconds):
                return
            read = os.read(pipe.fileno(), MEGABYTE)
            seconds -= time.monotonic() - began
            *whole, rest = (rest + read).split(b"\n")
            yield from whole
            if not read:
                return


# --- the child ----------------------------------------------------------------------------------------------------


def main(path: Path, limits: Limits) -> None:
    """Print the rows of a file as JSON, one a line, then "end", or the word for what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        for number, line in enumerate(_read(path, limits), start=1):
            if number > limits.rows or len(line[1]) > limits.columns:
                raise _RefusedError("long")
            sys.stdout.write(json.dumps(line) + "\n")
        word = "end"
    except _RefusedError as error:
        word = str(error)
    except MemoryError:
        word = "costly"
    sys.stdout.write(json.dumps(word) + "\n")


def _read(path: Path, limits: Limits) -> Iterator[Line]:
    with path.open("rb") as file:
        head = file.read(MEGABYTE // 16)
    if head.startswith(OLD_SHEET):
        raise _RefusedError("old")
    if head.startswith(XLSX):
        _measure(path, limits)
        return _sheet(path)
    first = head.decode("utf-8-sig", errors="ignore").lstrip("\r\n").split("\n", 1)[0]
    return _table(path, max(",;\t", key=first.count))


def _table(path: Path, delimiter: str) -> Iterator[Line]:
    """Read CSV."""
    csv.field_size_limit(LONGEST_CELL)
    with path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError:
                raise _RefusedError("encoding") from None
            except csv.Error as error:
                raise _RefusedError("long" if "limit" in str(error) else "quotes") from None
            yield line, cells


def _measure(path: Path, limits: Limits) -> None:
    """Refuse an archive by its table of contents, and any part that declares entities of its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            packed = sum(part.compress_size for part in parts)
            if len(parts) > limits.parts or packed > path.stat().st_size:
                raise _RefusedError("packed")
            if sum(part.file_size for part in parts) > limits.unpacked:
                raise _RefusedError("packed")
            if any(part.file_size > max(MEGABYTE, limits.ratio * part.compress_size) for part in parts):
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


def _sheet(path: Path) -> Iterator[Line]:
    """Read the first sheet that is shown; rows are as wide as the first one that holds anything."""
    sys.modules["numpy"] = None  # type: ignore[assignment] # The library would load it, and it takes much memory.
    import openpyxl

    width = 0
    try:
        # An open file, since the library judges a path by its ending.
        book = openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise _RefusedError("broken")
        sheets[0].reset_dimensions()
        for line, values in enumerate(sheets[0].iter_rows(values_only=True), start=1):
            if line > LAST_ROW:
                raise _RefusedError("long")
            cells = [_text(value) for value in values]
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                width = width or len(cells)
                yield line, cells + [""] * (width - len(cells))
    except (_RefusedError, MemoryError, GeneratorExit):
        raise
    except Exception:  # The library raises whatever the file makes it raise.
        raise _RefusedError("broken") from None


def _text(value: Any) -> str:
    if value is None:
        return ""
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
    main(Path(sys.argv[1]), replace(LIMITS, **json.loads(sys.argv[2])))
