"""A roster's file between its upload and its use: kept for a day, read for the preview, then brought in.

A preview only reads. The rows of a file that was read to its end are kept beside it, so that a spreadsheet is taken
apart once.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from petition_app import config
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.roster import services
from petition_app.roster.file_reader import Entry, Table, by_reason
from petition_app.roster.models import RosterVersion
from petition_app.roster.services import CHUNK, EXAMPLES, WAITS, Comparison, ReplacedError
from petition_app.storage.db import after_saving, get_for_update
from petition_app.storage.spreadsheets import LIMITS, REASONS, About, BadRow, Line, UnreadableFileError, open_rows
from petition_app.tables.layout import (
    SAMPLE,
    ColumnsError,
    Layout,
    Wanted,
    change_layout,
    check_columns,
    digest_of,
    guess_layout,
)
from petition_app.tables.survey import Survey, look_over
from petition_app.tables.titles import ROSTER

SHOWN_BAD_ROWS = 20


class InUseError(DomainError):
    """The same file is in use already."""

    message = N_("This file is the roster in use already; nothing was added.")


@dataclass(frozen=True)
class Preview:
    """What would become of a file: its people and bad rows, some of them, and how it differs from what is in use.

    `problem` says why it cannot be read with these columns. `counts_lines`: its ids merely count the rows. `remarks`
    are lines of people who are taken without a cell that is not understood; `told` says, by reason, on which lines
    something was understood that is not written in full, or is a part of an earlier line.
    """

    problem: DomainError | None = None
    survey: Survey | None = None
    remarks: tuple[BadRow, ...] = ()
    told: tuple[tuple[str, list[int]], ...] = ()
    size: int = 0
    bad: int = 0
    some: tuple[Entry, ...] = ()
    some_bad: tuple[BadRow, ...] = ()
    counts_lines: bool = False
    comparison: Comparison | None = None


def upload(petition: Petition, file: BinaryIO, *, name: str, as_of: date, by: Account, at: datetime) -> RosterVersion:
    """Keep a file for its preview, with its columns guessed; what waited before is removed.

    One that is in use is taken once more where it could be read otherwise.

    Raises:
        UnreadableFileError, ColumnsError, InUseError, AsOfError
    """
    require_role(by, petition.id, "organizer")
    forget_old(at=at)
    token, sha256 = _keep(file)
    try:
        about, lines = open_rows(_folder() / token)
        sample = list(itertools.islice(lines, SAMPLE))
        layout = guess_layout(about, sample, ROSTER)
        used = services.current(petition.id)
        is_same = used is not None and used.sha256 == sha256
        version = services.begin(
            petition,
            name=name,
            as_of=as_of,
            sha256=sha256,
            columns=layout.columns,
            by=by,
            at=at,
            reading={"file": token, "digest": sha256.hex(), "layout": layout.as_json()},
            again=is_same and look_over(layout, itertools.chain(sample, lines), ROSTER).leaves_a_choice(layout),
        )
        if version.state == "current":
            raise InUseError
    except DomainError:
        _forget(token)
        raise
    return version


def get_waiting(petition_id: UUID, *, by: Account) -> RosterVersion | None:
    """Return the version whose file waits to be used."""
    require_role(by, petition_id, "organizer")
    found = services.get_staging(petition_id)
    return found if found and found.reading else None


def layout_of(version: RosterVersion) -> Layout:
    """Return how a waiting file is read."""
    return Layout.read({**_reading(version)["layout"], "columns": version.columns})


def choose(version: RosterVersion, wanted: Wanted) -> Layout:
    """Read a waiting file in another way from now on; return how.

    With another encoding, delimiter or line of titles its columns are guessed anew, which the preview then shows.

    Raises:
        ColumnsError: these columns cannot be read. UnreadableFileError: nor can the file, in this encoding.
    """
    reading = _reading(version)
    layout, token = layout_of(version), reading["file"]
    if wanted.reads_anew(layout):
        delimiter = wanted.delimiter if wanted.delimiter != layout.delimiter else ""
        about, lines = open_rows(_folder() / token, encoding=wanted.encoding, delimiter=delimiter, sheet=wanted.sheet)
        layout = guess_layout(about, list(itertools.islice(lines, SAMPLE)), ROSTER, **wanted.rows_elsewhere)
        (_folder() / f"{token}.rows").unlink(missing_ok=True)
    else:
        is_same = wanted.header_line == layout.header_line
        sample = list(itertools.islice(_rows(token, layout.about), SAMPLE))
        layout = change_layout(layout, wanted, sample, ROSTER)
        if is_same:
            check_columns(layout.columns, layout.titles, ROSTER)
    version.columns = list(layout.columns)
    version.reading = {**reading, "layout": layout.as_json()}
    version.sha256 = digest_of(bytes.fromhex(reading.get("digest", version.sha256.hex())), layout)
    return layout


def preview(version: RosterVersion) -> Preview:
    """Read a file to its end, compare it with the roster in use, and change nothing."""
    try:
        table, bad = open_waiting(version), list[BadRow]()
        some: list[Entry] = []
        size = 0

        def good() -> Iterator[Entry]:
            nonlocal size
            for row in table.rows():
                if isinstance(row, BadRow):
                    bad.append(row)
                    continue
                size += 1
                if size <= EXAMPLES:
                    some.append(row)
                yield row

        used = services.current(version.petition_id)
        comparison = services.compare_with(used.id if used else None, good())
    except (UnreadableFileError, ColumnsError) as error:
        return Preview(problem=error, survey=survey(version))
    return Preview(
        survey=survey(version),
        remarks=tuple(table.remarks),
        told=tuple(by_reason(table.told)),
        size=size,
        bad=len(bad),
        some=tuple(some),
        some_bad=tuple(sorted(bad, key=lambda row: row.line)[:SHOWN_BAD_ROWS]),
        counts_lines=table.counts_lines and size > 1,
        comparison=comparison if used else None,
    )


def survey(version: RosterVersion) -> Survey | None:
    """Look a waiting file over, as far as it can be read."""
    layout = layout_of(version)
    try:
        return look_over(layout, _rows(_reading(version)["file"], layout.about), ROSTER)
    except UnreadableFileError:
        return None


def list_bad_rows(version: RosterVersion) -> list[BadRow]:
    """Return every row of a waiting file that cannot be taken. Raises: UnreadableFileError, ColumnsError."""
    return [row for row in open_waiting(version).rows() if isinstance(row, BadRow)]


def use(version_id: UUID, *, petition: Petition, by: Account, at: datetime) -> RosterVersion:
    """Bring a waiting file in and put it to use at once.

    Raises:
        ReplacedError, UnreadableFileError, ColumnsError, EmptyRosterError
    """
    waiting = get_waiting(petition.id, by=by)
    if waiting is None or waiting.id != version_id:
        raise ReplacedError
    token = _reading(waiting)["file"]
    get_for_update(Petition, petition.id)  # Before the version, which `stage` locks; see `db.lock`.
    good = (row for row in open_waiting(waiting).rows() if isinstance(row, Entry))
    while chunk := list(itertools.islice(good, CHUNK)):
        services.stage(version_id, chunk)
    version = services.admit(version_id, by=by, at=at)
    after_saving(lambda: _forget(token))
    return version


def discard(petition: Petition, *, by: Account) -> None:
    """Remove the file that waits, if there is one."""
    if waiting := get_waiting(petition.id, by=by):
        token = _reading(waiting)["file"]
        services.discard(waiting.id)
        after_saving(lambda: _forget(token))


def open_waiting(version: RosterVersion) -> Table:
    """Open a waiting file, read as it was chosen. Raises: UnreadableFileError."""
    layout = layout_of(version)
    return Table(layout, _rows(_reading(version)["file"], layout.about))


def forget_old(*, at: datetime) -> None:
    """Remove files that were uploaded more than a day ago and never used, on this host; no database is asked."""
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < (at - WAITS).timestamp():
                path.unlink()


def _reading(version: RosterVersion) -> dict[str, Any]:
    if version.reading is None:
        raise ReplacedError
    return version.reading


# --- files --------------------------------------------------------------------------------------------------------


def _folder() -> Path:
    folder = config.current().instance / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _keep(file: BinaryIO) -> tuple[str, bytes]:
    """Write an upload under a random name, for this user only; return the name and SHA-256."""
    token, digest, size = secrets.token_hex(16), hashlib.sha256(), 0
    path = _folder() / token
    with _private(path) as out:
        while chunk := file.read(1024 * 1024):
            size += len(chunk)
            digest.update(chunk)
            out.write(chunk)
            if size > LIMITS.size:
                path.unlink()
                raise UnreadableFileError(why=REASONS["large"])
    return token, digest.digest()


def _rows(token: str, about: About) -> Iterator[Line]:
    """Read the rows of an upload in its encoding, and keep them once all are read."""
    path = _folder() / f"{token}.rows"
    if path.exists():
        with path.open(encoding="ascii") as kept:
            for line in kept:
                yield Line(*json.loads(line))
        return
    part = path.with_name(f"{token}.{secrets.token_hex(4)}")
    try:
        with _private(part) as out:
            _, rows = open_rows(
                _folder() / token, encoding=about.encoding, delimiter=about.delimiter, sheet=about.sheet
            )
            for row in rows:
                out.write(json.dumps(row).encode() + b"\n")
                yield row
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _private(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _forget(token: str) -> None:
    for path in _folder().glob(f"{token}*"):
        path.unlink(missing_ok=True)
