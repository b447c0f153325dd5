"""Tables written as text: in which encoding, with which delimiter, and their rows one after the other.

Whoever sends a file seldom knows either. So both are found: the encoding by what can be decoded and looks like words,
the delimiter by how well the rows agree on their number of cells.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16", "cp1251", "cp1252")
DELIMITERS = (",", ";", "\t", "|")
LONGEST_CELL = 64 * 1024
SAMPLE = 64 * 1024
SAMPLE_ROWS = 40
QUOTES = "quotes"
NEAR = 20  # Lines within which a quotation mark that was opened may be closed.
# A first line of this alone names the one column there is, whatever stands in the cells.
ONE_COLUMN = frozenset(("name", "full name", "фио", "ф.и.о.", "имя"))
_UNWRITTEN = re.compile(r"[\x00-\x08\x0e-\x19\x1b-\x1f]")
_HINT = re.compile(r"\ufeff?sep=([,;\t|:])\s*", re.IGNORECASE)
_MIXED = re.compile(
    r"[A-Za-z][А-Яа-яЁёЂ-џ]|[А-Яа-яЁёЂ-џ][A-Za-z]|[a-zа-яё][A-ZА-ЯЁ]|[^\W\d_][^\w\s.,;:'’\"()/|-][^\W\d_]"
)


class TextError(Exception):
    """What is wrong with a file as a whole: `encoding` or `long`."""


def find_encoding(path: Path) -> str:
    """Return the encoding of a file, one of `ENCODINGS`.

    UTF-8 and UTF-16 are known by their marks or by decoding; of the Windows code pages the one is taken whose words
    mix the fewest alphabets and capitals.

    Raises:
        TextError: it is none of these.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _looks_like_utf16(head):
            return "utf-16"
        if _is_utf8(head, file):
            return "utf-8"
    scores = {}
    for encoding in ("cp1251", "cp1252"):
        text = head.decode(encoding, errors="replace")
        if _UNWRITTEN.search(text):
            raise TextError("encoding")
        scores[encoding] = len(_MIXED.findall(text)) + 10 * text.count("\ufffd")
    return min(scores, key=lambda encoding: scores[encoding])


def _looks_like_utf16(head: bytes) -> bool:
    """Return whether every second byte of a text without a mark names a block of letters, as no other text has it."""
    return len(head) >= 8 and max(_blocks(head[0::2]), _blocks(head[1::2])) > len(head) // 3


def _blocks(half: bytes) -> int:
    """Return how many bytes are such as UTF-16 has before letters of Latin, Cyrillic, Hebrew and Arabic."""
    return sum(half.count(block) for block in range(9))


def _is_utf8(head: bytes, rest: io.BufferedReader) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
        while chunk := rest.read(1024 * 1024):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def codec_of(path: Path, encoding: str) -> str:
    """Return the codec by which an encoding is read, marks at the beginning included."""
    if encoding == "utf-8":
        return "utf-8-sig"
    if encoding == "utf-16":
        with path.open("rb") as file:
            head = file.read(SAMPLE)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        return "utf-16-be" if _blocks(head[0::2]) > _blocks(head[1::2]) else "utf-16-le"
    return encoding


def find_delimiter(head: str) -> str:
    """Return the delimiter by which the first rows agree best on their number of cells, or that of a `sep=` line."""
    if hint := _HINT.match(head):
        return hint[1]
    lines = head.splitlines()
    first = next((line.strip().casefold() for line in lines if line.strip()), "")
    if first.strip('"') in ONE_COLUMN:
        return next((delimiter for delimiter in "\t;|" if delimiter not in head), ",")
    return max(DELIMITERS, key=lambda delimiter: _agreement(lines, delimiter))


def _agreement(lines: Sequence[str], delimiter: str) -> tuple[bool, float, int]:
    widths = [len(_without_empty(cells)) for _, cells, _ in read_records(lines, delimiter) if any(cells)][:SAMPLE_ROWS]
    if not widths:
        return (False, 0, 0)
    width, number = max(Counter(widths).items(), key=lambda item: (item[0] > 1, item[1], item[0]))
    return (width > 1, number / len(widths), width)


def _without_empty(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def read_text(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Read rows: the line on which each begins, its cells, and `QUOTES` where its quotation marks cannot be told apart.

    Of such a row nothing is taken.

    Raises:
        TextError: it is not in this encoding, or a cell is too long.
    """
    csv.field_size_limit(LONGEST_CELL)
    with path.open("rb") as raw, io.TextIOWrapper(raw, codec_of(path, encoding), newline="") as file:
        try:
            yield from read_records(file, delimiter)
        except UnicodeDecodeError:
            raise TextError("encoding") from None


def read_head(path: Path, encoding: str) -> str:
    """Return the beginning of a text. Raises: TextError."""
    try:
        with path.open("rb") as raw, io.TextIOWrapper(raw, codec_of(path, encoding), newline="") as file:
            return file.read(SAMPLE)
    except UnicodeDecodeError:
        raise TextError("encoding") from None


def read_records(lines: Sequence[str] | io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Read rows of lines; a `sep=` line at the beginning is passed over.

    A row whose quotation marks are astray ends with its line where they come in pairs, so that the next ones are read
    by themselves; else with the next line that has an odd number of them, if it is near. Where a cell of several lines
    holds what looks like rows, a mark was forgotten: each of its lines is told and none is taken.

    Raises:
        TextError: a cell is too long.
    """
    source, number = _Lines(iter(lines)), 1
    while source.peek(0) is not None:
        if number == 1 and _HINT.fullmatch(source.peek(0) or ""):
            source.drop(1)
            number += 1
            continue
        cells, used = _record(source, delimiter)
        if cells is not None:
            yield number, cells, ""
        else:
            yield from ((number + place, [], QUOTES) for place in range(used))
        source.drop(used)
        number += used


class _Lines:
    """Lines of a text, of which some can be looked at before they are passed."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._ahead = lines, deque[str]()

    def peek(self, place: int) -> str | None:
        """Return the line that comes so many lines later."""
        while len(self._ahead) <= place:
            line = next(self._lines, None)
            if line is None:
                return None
            self._ahead.append(line if line.endswith(("\n", "\r")) else f"{line}\n")
        return self._ahead[place]

    def drop(self, number: int) -> None:
        """Pass so many lines."""
        for _ in range(number):
            self._ahead.popleft()


def _record(source: _Lines, delimiter: str) -> tuple[list[str] | None, int]:
    """Return the cells of the next row and how many lines it takes; no cells where its marks are astray."""
    place = 0

    def ahead() -> Iterator[str]:
        nonlocal place
        while (line := source.peek(place)) is not None:
            place += 1
            yield line

    try:
        cells = next(csv.reader(ahead(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "limit" in str(error) and place == 1:
            raise TextError("long") from None
        return None, _astray(source)
    except StopIteration:
        return [], 1
    if place > 1 and any(_swallows(cell, delimiter, len(cells)) for cell in cells):
        return None, place
    return cells, place


def _astray(source: _Lines) -> int:
    """Return how many lines belong to a row whose quotation marks are astray."""
    if not _is_odd(source.peek(0) or ""):
        return 1
    near = (place for place in range(1, NEAR) if _is_odd(source.peek(place) or ""))
    return next(near, 0) + 1


def _is_odd(line: str) -> bool:
    return line.count('"') % 2 == 1


def _swallows(cell: str, delimiter: str, width: int) -> bool:
    """Return whether a cell of several lines holds what looks like whole rows."""
    inner = cell.splitlines()[1:]
    return width > 1 and any(line.count(delimiter) >= width - 1 for line in inner)
