"""`flask signatures import` and `flask batches …`: doors that need to know batches."""

from __future__ import annotations

import csv
import itertools
import os
from pathlib import Path
from uuid import UUID

import click
from flask import Flask

from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.services import get_by_slug
from petition_app.sheets import BadRow
from petition_app.shell import Door, good_rows, write_errors
from petition_app.signatures import imports
from petition_app.signatures.tables import Table, open_table
from petition_app.verification import batches

signatures = Door("signatures", help="Bring in signatures collected elsewhere.")
group = Door("batches", help="Seal what was received into a batch.")


class FileInTheWayError(DomainError):
    """A file would be written over."""

    message = N_("%(file)s is there already; move it away first.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(signatures)
    app.cli.add_command(group)


@group.command("seal")
@click.argument("slug")
def seal(slug: str) -> None:
    """Seal all received signatures of a petition into the next batch and announce it."""
    with transaction():
        batch = batches.seal(get_by_slug(slug), by=None, at=utcnow())
        number, size, announcement = batch.number, batch.size, batch.announcement or {}
    click.echo(f"batch {number}: {size} signatures")
    for text in announcement.values():
        click.echo(text)


@signatures.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--initial", is_flag=True, help="They are initial signatories: checked in batch 0.")
@click.option("--consent", default="", help="Who holds the signers' word on publishing, and how.")
@click.option("--codes", type=click.Path(path_type=Path), help="Write each row's secret code to this file.")
def import_(slug: str, file: Path, initial: bool, consent: str, codes: Path | None) -> None:
    """Import signatures from FILE (CSV or XLSX). Nobody is mailed; bad rows go to FILE.errors.csv."""
    table = open_table(file, allow_consent=bool(consent.strip()))
    for title in table.unknown:
        click.echo(f"column ignored: {title}", err=True)
    part = codes.with_name(f"{codes.name}.part") if codes else None
    with transaction():
        petition = get_by_slug(slug)
        if initial:
            batches.check_initial_open(petition.id)
        sha256, known = imports.file_hash(file), _read_mark(file)
        job = imports.begin(petition, sha256=sha256, initial=initial, known=known, at=utcnow())
        job_id, done, sealed = job.id, job.state != "staging", petition.is_sealed
    if sealed:
        _mark_of(file).write_text(f"{job_id}\n")
    if done:
        _hand_over(part, codes)
        click.echo("This file was imported before; nothing was added.")
        return
    if codes and codes.exists():
        raise FileInTheWayError(file=codes)
    bad = _stage(table, job_id, consent=consent.strip(), part=part)
    with transaction():
        imports.keep_bad_rows(imports.get(job_id), bad)
        added = batches.admit_import(job_id, by=None, at=utcnow())
    _hand_over(part, codes)
    write_errors(file, bad)
    click.echo(f"{added} signatures added, {len(bad)} rows not taken")


def _mark_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.imported")


def _read_mark(file: Path) -> UUID | None:
    """Return the id of an earlier import of this file into a sealed petition, which stands beside it."""
    try:
        return UUID(_mark_of(file).read_text().strip())
    except (OSError, ValueError):
        return None


def _stage(table: Table, job_id: UUID, *, consent: str, part: Path | None) -> list[BadRow]:
    """Seal the rows chunk by chunk, with progress; write codes as they are made, readable by this user only."""
    bad: list[BadRow] = []
    good = good_rows(table.rows(), bad)
    seen = 0
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if part else None
    with open(descriptor if descriptor is not None else os.devnull, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "code"))
        while chunk := list(itertools.islice(good, imports.CHUNK)):
            with transaction():
                made = imports.stage(imports.get(job_id), chunk, consent_held=consent, codes=part is not None)
            writer.writerows(made.items())
            seen += len(chunk)
            click.echo(f"\r{seen} rows sealed", nl=False, err=True)
        if seen:
            click.echo(err=True)
        file.flush()
        if part:
            os.fsync(file.fileno())
    return bad


def _hand_over(part: Path | None, codes: Path | None) -> None:
    """Give the file of codes its name once the signatures exist."""
    if part and codes and part.exists():
        part.replace(codes)
