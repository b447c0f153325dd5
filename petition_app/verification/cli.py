"""`flask signatures import` and `flask batches …`: doors that need to know batches."""

from __future__ import annotations

import csv
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click
from flask import Flask

from petition_app.clock import utcnow
from petition_app.db import transaction
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.services import get_by_slug
from petition_app.sheets import BadRow, Line
from petition_app.shell import Door, write_errors
from petition_app.signatures import imports, sealers
from petition_app.signatures.staging import Columns, Ready
from petition_app.signatures.tables import TWICE, Seen, Table, open_table
from petition_app.verification import batches

signatures = Door("signatures", help="Bring in signatures collected elsewhere.")
group = Door("batches", help="Seal what was received into a batch.")


CHUNK = 1_000  # Rows of one transaction.


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
    """Import signatures from FILE (CSV or XLSX). Nobody is mailed; bad rows go to FILE.errors.csv.

    An import that was cut off goes on where it was when it is started again with the same words.
    """
    table = open_table(file, allow_consent=bool(consent.strip()))
    for title in table.unknown:
        click.echo(f"column ignored: {title}", err=True)
    part = codes.with_name(f"{codes.name}.part") if codes else None
    with transaction():
        petition = get_by_slug(slug)
        if initial:
            batches.check_initial_open(petition.id)
        sha256, known, terms = imports.file_hash(file), _read_mark(file), [consent.strip(), str(part is not None)]
        if petition.is_sealed:
            terms += _look_of(file)
        job = imports.begin(petition, sha256=sha256, initial=initial, known=known, terms=terms, at=utcnow())
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
        added = batches.admit_import(job_id, by=None, at=utcnow(), told=_tell("rows brought in"))
    click.echo(err=True)
    _hand_over(part, codes)
    write_errors(file, bad)
    click.echo(f"{added} signatures added, {len(bad)} rows not taken")


def _mark_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.imported")


def _look_of(file: Path) -> list[str]:
    """Return what tells that a file was changed, without a word about what it holds."""
    stat = file.stat()
    return [str(stat.st_size), str(stat.st_mtime_ns)]


def _read_mark(file: Path) -> UUID | None:
    """Return the id of an earlier import of this file into a sealed petition, which stands beside it."""
    try:
        return UUID(_mark_of(file).read_text().strip())
    except (OSError, ValueError):
        return None


def _stage(table: Table, job_id: UUID, *, consent: str, part: Path | None) -> list[BadRow]:
    """Seal the rows chunk by chunk, with progress, each chunk in a transaction; those that are staged are passed."""
    bad, seen, told = list[BadRow](), Seen(), _tell("rows sealed")
    with transaction():
        job = imports.get(job_id)
        codes = _kept_codes(part, imports.last_staged(job))
        if part and len(codes) != job.staged:
            imports.start_over(job)
            codes = []
        after, staged = imports.last_staged(job), job.staged
        recipe = imports.recipe(job, consent_held=consent, codes=part is not None)
    if staged:
        click.echo(f"going on after line {after}", err=True)
    work = partial(recipe.take, columns=Columns(table.used, table.allow_consent), after=after)
    with _codes_file(part, codes) as file:
        writer = csv.writer(file)
        for made in sealers.spread(work, _chunks(table)):
            bad += [row for row in made if isinstance(row, BadRow)]
            good = [row for row in made if isinstance(row, Ready)]
            twice = {row.line for row in good if row.ref and not seen.add(row.ref)}
            bad += [BadRow(line, TWICE) for line in sorted(twice)]
            rows = [row for row in good if row.staged is not None and row.line not in twice]
            with transaction():
                taken = imports.keep_next(job_id, rows, using=recipe, staged=staged)
                # The codes are safe before the rows are; those of a transaction that failed are left out later.
                writer.writerows((row.line, row.code) for row in taken)
                file.flush()
                if part:
                    os.fsync(file.fileno())
            staged += len(taken)
            told(staged)
    if staged:
        click.echo(err=True)
    return sorted(bad, key=lambda row: row.line)


def _chunks(table: Table) -> Iterator[list[Line]]:
    while chunk := list(itertools.islice(table.lines, CHUNK)):
        yield chunk


def _tell(what: str) -> Callable[[int], None]:
    return lambda number: click.echo(f"\r{number} {what}", nl=False, err=True)


def _kept_codes(part: Path | None, last: int) -> list[list[str]]:
    """Return the codes that an earlier run has written, of rows up to a line."""
    if not part or not part.exists() or not last:
        return []
    with part.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file) if len(row) == 2 and row[0].isdecimal() and int(row[0]) <= last]


@contextmanager
def _codes_file(part: Path | None, codes: list[list[str]]) -> Iterator[TextIO]:
    """Open the file of codes, readable by this user only, with what it holds already; or nowhere, without codes."""
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if part else None
    with open(descriptor if descriptor is not None else os.devnull, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("line", "code"), *codes])
        yield file


def _hand_over(part: Path | None, codes: Path | None) -> None:
    """Give the file of codes its name once the signatures exist."""
    if part and codes and part.exists():
        part.replace(codes)
