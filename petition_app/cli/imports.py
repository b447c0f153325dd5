"""`flask signatures import` and `flask batches …`: doors that need to know batches."""

from __future__ import annotations

import csv
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO
from uuid import UUID

import click
from flask import Flask

from petition_app.cli.base import ErrorReportingGroup, good_rows, write_errors
from petition_app.cli.tables import Options, notes, print_preview, reading_options
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.imports import admission, process_pool
from petition_app.imports import services as imports
from petition_app.imports.known_rows import KnownRows, pass_over
from petition_app.imports.preview import EXAMPLES
from petition_app.imports.staging import SealedRow
from petition_app.petitions.services import get_by_slug
from petition_app.signatures.file_reader import (
    NEEDS_CONSENT,
    REF_BEFORE,
    TWICE,
    Row,
    Seen,
    Table,
    check_columns,
    open_table,
)
from petition_app.signatures.rules import CONSENT
from petition_app.storage.db import transaction
from petition_app.storage.spreadsheets import BadRow, Line, sheet_digest
from petition_app.tables.layout import ColumnsError, Layout
from petition_app.tables.survey import Surveyor
from petition_app.tables.titles import SIGNATURES, guess_columns
from petition_app.verification.batches import services as batches

signatures = ErrorReportingGroup("signatures", help="Bring in signatures collected elsewhere.")
group = ErrorReportingGroup("batches", help="Seal what was received into a batch.")


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
@click.option("--answers", default="", help="What words of the column on publication allow: WORD=count|role|…,WORD=…")
@click.option("--without-known", is_flag=True, help="Leave out rows whose name and address are there already.")
@reading_options
def import_(
    slug: str,
    file: Path,
    initial: bool,
    consent: str,
    codes: Path | None,
    answers: str,
    without_known: bool,
    options: Options,
) -> None:
    """Import signatures from FILE (CSV, XLSX or ODS). Nobody is mailed; bad rows go to FILE.errors.csv.

    An import that was cut off goes on where it was when it is started again with the same words.
    """
    table = _open(file, options, answers, consent)
    surveyor = Surveyor(table.layout, SIGNATURES)
    table.lines = surveyor.watch(table.lines)
    if options.dry_run:
        _preview(slug, table, surveyor, without_known=without_known)
        return
    for title, column in zip(table.layout.titles, table.layout.columns, strict=True):
        if title and not column:
            click.echo(f"column ignored: {title}", err=True)
    part, mark = codes.with_name(f"{codes.name}.part") if codes else None, _mark_of(file, table.layout)
    with transaction():
        petition = get_by_slug(slug)
        if initial:
            batches.check_initial_open(petition.id)
        sha256, known, terms = _hash(file, table.layout), _read_mark(mark), [consent.strip(), str(part is not None)]
        terms += [*options.words, *([answers] if answers else []), *(["without known"] if without_known else [])]
        if petition.is_sealed:
            terms += _look_of(file)
        job = imports.begin(petition, sha256=sha256, initial=initial, known=known, terms=terms, at=utcnow())
        job_id, done, sealed = job.id, job.state != "staging", petition.is_sealed
        there = KnownRows(petition.id, without_known=without_known)
    if sealed:
        mark.write_text(f"{job_id}\n")
    if done:
        _hand_over(part, codes)
        click.echo("This file was imported before; nothing was added.")
        return
    if codes and codes.exists():
        raise FileInTheWayError(file=codes)
    bad = _stage(table, job_id, there, consent=consent.strip(), part=part)
    with transaction():
        imports.keep_bad_rows(imports.get(job_id), bad)
        added = admission.admit_import(job_id, by=None, at=utcnow(), told=_tell("rows brought in"))
    click.echo(err=True)
    _hand_over(part, codes)
    write_errors(file, [_at_the_shell(row) for row in bad])
    for line in (*notes(table.layout, surveyor.survey()), *_known_words(there, without_known=without_known)):
        click.echo(line, err=True)
    click.echo(f"{added} signatures added, {len(bad)} rows not taken")


def _hash(file: Path, layout: Layout) -> bytes:
    return sheet_digest(imports.file_hash(file), layout.sheet_names, layout.sheet)


def _open(file: Path, options: Options, answers: str, consent: str) -> Table:
    table = open_table(file, allow_consent=bool(consent.strip()), **options.opening)
    if not options.columns and any(guess.reason == "twice" for guess in guess_columns(table.layout.titles, SIGNATURES)):
        raise ColumnsError(why=N_("two columns have the same meaning."))
    layout = options.choose(table.layout, SIGNATURES)
    check_columns(layout)
    return replace(table, layout=replace(layout, answers=_read_answers(answers)))


def _read_answers(words: str) -> dict[str, int]:
    """Read what words mean, such as `да=name,нет=count`. Raises: ColumnsError."""
    pairs = [[part.strip() for part in pair.rpartition("=")] for pair in words.split(",") if pair.strip()]
    for _, _, tier in pairs:
        if tier not in CONSENT:
            raise ColumnsError(why=f"a word can mean {', '.join(CONSENT)}, not {tier}")
    return {word.casefold(): CONSENT[tier] for word, _, tier in pairs}


def _preview(slug: str, table: Table, surveyor: Surveyor, *, without_known: bool) -> None:
    bad: list[BadRow] = []
    with transaction(saving=False):
        petition = get_by_slug(slug)
        known = KnownRows(petition.id, without_known=without_known)
        rows = list(good_rows(pass_over(petition, table.rows(), known), bad))
    shown, left_out = [_as_text(row) for row in rows[:EXAMPLES]], [_at_the_shell(row) for row in bad]
    for line in _known_words(known, without_known=without_known):
        click.echo(line)
    print_preview(table.layout, surveyor.survey(), shown, len(rows), left_out)


def _known_words(known: KnownRows, *, without_known: bool) -> list[str]:
    what = "left out" if without_known else "taken all the same (--without-known leaves them out)"
    where = f"the first is line {known.lines[0]}" if known.lines else ""
    words = f"{len(known.lines)} rows have a name and address that are there already, {where}; they are {what}"
    return [words] if known.lines else []


def _as_text(row: Row) -> str:
    values = {**vars(row.identity), "email": row.email, "language": row.language, "consent": row.consent}
    return "; ".join(f"{name}: {value}" for name, value in values.items() if value not in ("", 0))


def _at_the_shell(row: BadRow) -> BadRow:
    """Return a row that is not taken, with the option by which it would be."""
    return replace(row, reason=f"{row.reason} (--consent)") if row.reason == NEEDS_CONSENT else row


def _mark_of(file: Path, layout: Layout) -> Path:
    """Return where it is noted that a sheet of a file, the first or another one, was imported."""
    number = layout.sheet_names.index(layout.sheet) if layout.sheet else 0
    return file.with_name(f"{file.name}.{number + 1}.imported" if number else f"{file.name}.imported")


def _look_of(file: Path) -> list[str]:
    """Return what tells that a file was changed, without a word about what it holds."""
    stat = file.stat()
    return [str(stat.st_size), str(stat.st_mtime_ns)]


def _read_mark(mark: Path) -> UUID | None:
    """Return the id of an earlier import of a file into a sealed petition, which stands beside it."""
    try:
        return UUID(mark.read_text().strip())
    except (OSError, ValueError):
        return None


def _stage(table: Table, job_id: UUID, known: KnownRows, *, consent: str, part: Path | None) -> list[BadRow]:
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
    work = partial(recipe.take, layout=table.layout, after=after)
    with _codes_file(part, codes) as file:
        writer = csv.writer(file)
        for made in process_pool.spread(work, _chunks(table)):
            bad += [row for row in made if isinstance(row, BadRow)]
            good = [row for row in made if isinstance(row, SealedRow)]
            twice = {row.line for row in good if row.ref and not seen.add(row.ref)}
            bad += [BadRow(line, TWICE) for line in sorted(twice)]
            with transaction():
                reasons = known.judge([row.mark for row in good if row.line not in twice])
                gone = twice | reasons.keys()
                rows = [row for row in good if row.staged is not None and row.line not in gone]
                taken = imports.keep_next(job_id, rows, using=recipe, staged=staged)
                lines = {row.line for row in taken}
                # The codes are safe before the rows are; those of a transaction that failed are left out later.
                writer.writerows((row.line, row.code) for row in taken)
                file.flush()
                if part:
                    os.fsync(file.fileno())
            bad += [BadRow(line, reason) for line, reason in reasons.items()]
            bad += [BadRow(row.line, REF_BEFORE) for row in rows if row.line not in lines]
            staged += len(taken)
            told(staged)
    if staged:
        click.echo(err=True)
    return sorted(bad, key=lambda row: row.line)


def _chunks(table: Table) -> Iterator[list[Line]]:
    lines = table.layout.below(table.lines)
    while chunk := list(itertools.islice(lines, CHUNK)):
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
