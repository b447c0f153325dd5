"""Reading files of rows, CSV, XLSX and ODS, in a process of their own with limits on memory and time.

A file comes from outside and may be made to exhaust whoever reads it. So it is measured first, then read by a child
that holds no secret and is ended when it takes too much.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, NamedTuple, cast

from petition_app.errors import DomainError
from petition_app.i18n import N_

MEGABYTE = 1024 * 1024
CHILD = "petition_app.storage.sheet_process"

REASONS = {
    "missing": N_("it is not there."),
    "denied": N_("it cannot be opened."),
    "large": N_("it is too large."),
    "packed": N_("it unpacks to far more than a list needs."),
    "long": N_("it has too many rows or columns, or a cell is too long."),
    "costly": N_("reading it takes too much memory or time."),
    "old": N_("this is an old kind of spreadsheet; save it as XLSX, ODS or CSV (UTF-8)."),
    "broken": N_("this is not a spreadsheet in XLSX or ODS; save it anew, or as CSV (UTF-8)."),
    "sheet": N_("it has no sheet of this name that is shown."),
    "encoding": N_("its letters cannot be read in this encoding; save it as CSV (UTF-8)."),
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


class Line(NamedTuple):
    """One row as it stands in a file: the line on which it begins, counted from 1, its cells as text, and a flag.

    `flag` is "hidden" for a row that a spreadsheet does not show, "quotes" for one whose quotation marks are astray.
    `covered` are the columns, counted from 0, whose content is that of a merged cell that begins on a line above.
    """

    number: int
    cells: list[str]
    flag: str = ""
    covered: Sequence[int] = ()


@dataclass(frozen=True)
class About:
    """What a file is: a text with an encoding and a delimiter, or one `sheet` of those that are shown.

    `hidden_columns` are those that a spreadsheet does not show, counted from 0.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheet_names: tuple[str, ...] = ()
    hidden_columns: tuple[int, ...] = ()


def sheet_digest(whole: bytes, names: Sequence[str], sheet: str) -> bytes:
    """Return SHA-256 of a sheet's content: `whole`, that of its file, for the first sheet; of both for another one."""
    return whole if sheet in ("", *names[:1]) else hashlib.sha256(whole + sheet.encode()).digest()


def plain_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, with an apostrophe before it where one could."""
    first = unicodedata.normalize("NFKC", text.lstrip(" "))[:1]
    return f"'{text}" if first and first in "=+-@\t\r\n|%" else text


# --- asking for rows ----------------------------------------------------------------------------------------------


def read_rows(path: Path, limits: Limits = LIMITS) -> Iterator[tuple[int, list[str]]]:
    """Read a file row by row, each with its line, in the encoding and with the delimiter that are found.

    Where a row cannot be told, the file is refused; hidden rows are read like others. See `open_rows`.

    Raises:
        UnreadableFileError: what is wrong is known only when the row is reached.
    """
    _, rows = open_rows(path, limits)
    for row in rows:
        if row.flag == "quotes":
            raise UnreadableFileError(why=REASONS["quotes"])
        yield row.number, row.cells


def open_rows(
    path: Path, limits: Limits = LIMITS, *, encoding: str = "", delimiter: str = "", sheet: str = ""
) -> tuple[About, Generator[Line]]:
    """Open a file; return what it is, and its rows one after the other.

    A text is read in this encoding and with this delimiter, or with those that are found. Of a spreadsheet this
    sheet is read, else the first that is shown, without its empty rows; days are written as 2026-09-12, and
    `sheet_cells.NO_RESULT` stands where a formula has no result.

    Raises:
        UnreadableFileError: now, or when the row is reached.
    """
    told = _ask(path, limits, encoding, delimiter, sheet)
    found = cast(dict[str, Any], next(told))
    lists = {name: tuple(found.get(name, ())) for name in ("sheet_names", "hidden_columns")}
    about = About(**found | lists)
    return about, (Line(*row) for row in cast(Iterator[tuple[Any, ...]], told))


def _ask(path: Path, limits: Limits, encoding: str, delimiter: str, sheet: str) -> Generator[object]:
    """Have a child read a file; yield what it says."""
    try:
        size = path.stat().st_size
        if not path.is_file() or not os.access(path, os.R_OK):
            raise UnreadableFileError(why=REASONS["denied"])
    except FileNotFoundError:
        raise UnreadableFileError(why=REASONS["missing"]) from None
    if size > limits.size:
        raise UnreadableFileError(why=REASONS["large"])
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(  # noqa: S603 -- our own program, and a path that is handed over as one word.
        [sys.executable, "-P", "-m", CHILD, str(path.resolve()), json.dumps(asdict(limits)), encoding, delimiter,
         sheet],
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
            yield said
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
