"""An uploaded file of signatures between its upload and its use: sealed, looked at, then taken or forgotten.

The file is taken apart in memory as it arrives, and its rows are stored only sealed, under a random key of its own.
That key travels in the cookie of whoever uploaded it and stands nowhere on the server while the file waits. To be
worked off it is sealed to the worker (`messages.enqueue_sealed`): under the server's key ring, or, where the petition
is sealed, to the key of one running worker, which ends with it. A file that was forgotten cannot be read by anybody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, or_, select

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.crypto import vault
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.imports import sealed_file
from petition_app.imports import services as imports
from petition_app.petitions.models import Petition
from petition_app.signatures.file_reader import check_columns
from petition_app.signatures.import_models import Import, ImportBadRow
from petition_app.storage.db import db, get_for_update
from petition_app.storage.spreadsheets import MEGABYTE, BadRow, Limits, sheet_digest
from petition_app.tables.layout import SAMPLE, Layout, Wanted, change_layout, guess_layout
from petition_app.tables.titles import SIGNATURES

LIMITS = Limits(size=16 * MEGABYTE, rows=50_050)
WAITS = timedelta(days=1)
CONSENT_LENGTH = 1000


class ImportedBeforeError(DomainError):
    """The same file was imported."""

    message = N_("This file was imported before; nothing was added.")


class ImportStateError(DomainError):
    """It has gone on meanwhile."""

    message = N_("This can no longer be done: the import has been started, ended or taken back meanwhile.")


@dataclass(frozen=True)
class Reading:
    """How a file is read, who holds the signers' word on publishing, and whether who is there already is left out."""

    layout: Layout
    consent: str
    without_known: bool = False


# --- a file comes in --------------------------------------------------------------------------------------------


def upload(petition: Petition, data: bytes, *, by: Account, at: datetime) -> tuple[Import, bytes]:
    """Seal the rows of a file for their preview, with the columns guessed; return the import and the key to its rows.

    What this person had uploaded before and never started is removed. Of a file with several sheets it is the first
    that was not imported yet; a file of which rows were left out may come again, for those.

    Raises:
        UnreadableFileError, ColumnsError, ImportedBeforeError, ImportClosedError, NotFoundError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    if petition.state == "closed":
        raise imports.ImportClosedError
    sheet, sha256 = _next_sheet(petition, data)
    sha256 = _make_room(petition, sha256, by=by)
    job = Import(petition_id=petition.id, account_id=by.id, sha256=sha256, initial=False, state="waiting", at=at)
    db.session.add(job)
    db.session.flush()
    key = vault.new_key()
    about, sample = sealed_file.keep(job, key, data, limits=LIMITS, sheet=sheet)
    set_reading(job, key, Reading(guess_layout(about, sample, SIGNATURES), ""))
    return job, key


def _next_sheet(petition: Petition, data: bytes) -> tuple[str, bytes]:
    """Return the first sheet of a file that was not imported, "" for the first of all, and what tells it again."""
    if petition.is_sealed:
        return "", secrets.token_bytes(32)
    whole = hashlib.sha256(data).digest()
    if _is_imported(petition.id, whole):
        names = sealed_file.list_sheets(data, limits=LIMITS)
        for sheet in names[1:]:
            if not _is_imported(petition.id, digest := sheet_digest(whole, names, sheet)):
                return sheet, digest
    return "", whole


def _is_imported(petition_id: UUID, sha256: bytes) -> bool:
    same = select(Import.id).where(Import.petition_id == petition_id, Import.sha256 == sha256)
    return db.session.scalar(same.where(Import.state.not_in(("waiting", "staging")))) is not None


def _make_room(petition: Petition, sha256: bytes, *, by: Account) -> bytes:
    """Remove what waits in the place of a file; return what tells the file again."""
    sha256 = _tell_apart(petition.id, sha256)
    same = select(Import).where(Import.petition_id == petition.id, Import.sha256 == sha256)
    found = db.session.scalar(same)
    if found and found.state == "staging" and found.account_id:
        raise ImportStateError
    mine = and_(Import.account_id == by.id, Import.state == "waiting")
    old = select(Import).where(Import.petition_id == petition.id, or_(Import.sha256 == sha256, mine))
    for job in db.session.scalars(old).all():
        remove(job)
    return sha256


def _tell_apart(petition_id: UUID, sha256: bytes) -> bytes:
    """Return what tells a file from what was imported of it before, if rows were left out then.

    Raises:
        ImportedBeforeError: all of it was imported, or that is being taken back.
    """
    ended = select(Import).where(Import.petition_id == petition_id, Import.state.not_in(("waiting", "staging")))
    while found := db.session.scalar(ended.where(Import.sha256 == sha256)):
        if found.state != "done" or not found.bad:
            raise ImportedBeforeError
        sha256 = hashlib.sha256(sha256 + b"again").digest()
    return sha256


# --- it waits ---------------------------------------------------------------------------------------------------


def get_import(import_id: UUID, *, petition: Petition, by: Account) -> Import:
    """Return an import of this petition; a file that waits is there for its uploader only. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    job = db.session.get(Import, import_id)
    if job is None or job.petition_id != petition.id or (job.state == "waiting" and job.account_id != by.id):
        raise NotFoundError
    return job


def list_imports(petition: Petition, *, by: Account, limit: int = 50) -> list[Import]:
    """Return the latest imports that were started, newest first. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    started = select(Import).where(Import.petition_id == petition.id, Import.state != "waiting")
    return list(db.session.scalars(started.order_by(Import.at.desc()).limit(limit)))


def list_bad_rows(job: Import) -> list[BadRow]:
    """Return the lines and reasons of the rows that were not taken."""
    rows = select(ImportBadRow).where(ImportBadRow.import_id == job.id).order_by(ImportBadRow.line)
    return [BadRow(row.line, row.reason) for row in db.session.scalars(rows)]


def get_reading(job: Import, key: bytes) -> Reading:
    """Return how a file is read. Raises: KeyGoneError, ImportStateError."""
    if job.box is None:
        raise ImportStateError
    told: dict[str, Any] = json.loads(sealed_file.open_box(job, key, job.box, "reading"))
    layout = Layout.read({**told["layout"], "columns": job.columns or ()})
    return Reading(layout, told["consent"], told.get("without_known", False))


def set_reading(job: Import, key: bytes, reading: Reading) -> None:
    """Read a file in this way from now on."""
    consent = reading.consent.strip()[:CONSENT_LENGTH]
    told = {"layout": reading.layout.as_json(), "consent": consent, "without_known": reading.without_known}
    job.box = sealed_file.seal_box(job, key, json.dumps(told).encode(), "reading")
    job.columns = list(reading.layout.columns)
    db.session.flush()


def choose(
    job: Import, key: bytes, wanted: Wanted, *, consent: str, initial: bool, by: Account, without_known: bool = False
) -> Layout:
    """Read a waiting file in this way, with this word on consent, and as initial signatories or not; return how.

    With another encoding, delimiter or line of titles its columns are guessed anew, which the preview then shows.

    Raises:
        UnreadableFileError, ColumnsError, ImportedBeforeError, ImportStateError, KeyGoneError
    """
    if job.state != "waiting" or job.account_id != by.id:
        raise ImportStateError
    layout = get_reading(job, key).layout
    is_same = wanted.header_line == layout.header_line
    if wanted.reads_anew(layout):
        _tell_sheet(job, key, layout, wanted.sheet)
        delimiter = wanted.delimiter if wanted.delimiter != layout.delimiter else ""
        how = {"encoding": wanted.encoding, "delimiter": delimiter, "sheet": wanted.sheet}
        about, sample = sealed_file.read_again(job, key, **how, limits=LIMITS)
        layout, is_same = guess_layout(about, sample, SIGNATURES, **wanted.rows_elsewhere), False
    else:
        sample = list(islice(sealed_file.open_rows(job, key), SAMPLE))
        layout = change_layout(layout, wanted, sample, SIGNATURES)
    job.initial = initial
    set_reading(job, key, Reading(layout, consent, without_known))
    if is_same:
        check_columns(layout)
    return layout


def _tell_sheet(job: Import, key: bytes, layout: Layout, sheet: str) -> None:
    """Note which sheet is read, so that it is told again. Raises: ImportedBeforeError."""
    if sheet == layout.sheet or db.session.get_one(Petition, job.petition_id).is_sealed:
        return
    whole = hashlib.sha256(sealed_file.read_whole(job, key)).digest()
    digest = _tell_apart(job.petition_id, sheet_digest(whole, layout.sheet_names, sheet))
    same = select(Import.id).where(Import.petition_id == job.petition_id, Import.sha256 == digest, Import.id != job.id)
    if db.session.scalar(same):
        raise ImportedBeforeError
    job.sha256 = digest


# --- it is forgotten --------------------------------------------------------------------------------------------


def remove(job: Import) -> None:
    """Remove a file that was never started, or one that a command was cut off from."""
    imports.discard_staged(job)
    db.session.execute(delete(Import).where(Import.id == job.id))


def halt(job: Import) -> None:
    """End an import before anything became a signature: its rows go, its bad rows and its place in the list stay."""
    bad = list_bad_rows(job)
    total = job.total
    imports.discard_staged(job)
    imports.keep_bad_rows(job, bad)
    job.state, job.total, job.sha256 = "stopped", total, secrets.token_bytes(32)
    db.session.flush()


def list_old(*, at: datetime) -> list[UUID]:
    """Return the files that were uploaded more than a day ago and are still waiting, or stand still half way."""
    old = select(Import.id).where(Import.account_id.is_not(None), Import.at < at - WAITS)
    return list(db.session.scalars(old.where(Import.state.in_(("waiting", "staging")))))


def forget(import_id: UUID) -> None:
    """Remove a file that was never started, or end one that has stood still."""
    job = get_for_update(Import, import_id)
    if job and job.state == "waiting":
        remove(job)
    elif job and job.state == "staging":
        halt(job)
