"""The child that reads a file of rows: it holds no secret, and is ended when it takes too much memory or time."""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from petition_app.storage import open_document, open_xml
from petition_app.storage.sheet_cells import RefusedError
from petition_app.storage.text_tables import (
    ENCODINGS,
    TextError,
    find_delimiter,
    find_encoding,
    read_head,
    read_text,
)

MEGABYTE = 1024 * 1024
ARCHIVE, OLD_SHEET = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
Told = tuple[int, list[str], str] | tuple[int, list[str], str, list[int]]


def main(path: Path, limits: dict[str, Any], encoding: str, delimiter: str, sheet: str) -> None:
    """Print what a file is, then its rows as JSON, one a line, then "end", or the word for what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        about, rows = _open(path, limits, encoding, delimiter, sheet)
        sys.stdout.write(json.dumps(about) + "\n")
        for number, row in enumerate(rows, start=1):
            if number > limits["rows"] or len(row[1]) > limits["columns"]:
                raise RefusedError("long")
            sys.stdout.write(json.dumps(row) + "\n")
        word = "end"
    except (RefusedError, TextError) as error:
        word = str(error)
    except MemoryError:
        word = "costly"
    sys.stdout.write(json.dumps(word) + "\n")


def _open(
    path: Path, limits: dict[str, Any], encoding: str, delimiter: str, sheet: str
) -> tuple[dict[str, Any], Iterator[Told]]:
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(OLD_SHEET):
        raise RefusedError("old")
    if head.startswith(ARCHIVE):
        _measure(path, limits)
        is_document = open_document.is_one(path)
        return open_document.open_rows(path, sheet) if is_document else open_xml.open_rows(path, sheet)
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
                raise RefusedError("packed")
            if sum(part.file_size for part in parts) > limits["unpacked"]:
                raise RefusedError("packed")
            if any(part.file_size > max(MEGABYTE, limits["ratio"] * part.compress_size) for part in parts):
                raise RefusedError("packed")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")) and part.filename != open_document.MANIFEST:
                    _refuse_declarations(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zipfile.zlib.error):  # type: ignore[attr-defined] # It is there.
        raise RefusedError("broken") from None


def _refuse_declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(MEGABYTE):
            text = tail + chunk.replace(b"\0", b"")  # UTF-16 is ASCII with zeros between.
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise RefusedError("broken")
            tail = text[-16:]


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5])
