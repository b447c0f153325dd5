"""Pages of imports: upload, look, do it, follow it, the rows that were not taken, take it back."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Response

from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions.forms import explain
from petition_app.sheets import UnreadableFileError
from petition_app.signatures import import_files as files
from petition_app.signatures.import_files import ImportStateError, KeyGoneError, Preview
from petition_app.signatures.import_models import Import
from petition_app.verification import import_runs as runs
from petition_app.verification.batches import list_batches
from petition_app.verification.import_forms import (
    FIELD_WORDS,
    STATE_WORDS,
    TIER_WORDS,
    ReadingForm,
    UploadForm,
    reading_form,
)

staff = Blueprint("imports", __name__)

Answer = Response | str | tuple[str, int]
REFRESH = "2"


class InMemory(FormDataParser):
    """Reads a form whose file must not reach the disk, as large ones otherwise do."""

    def __init__(self, **settings: Any) -> None:
        """Take what the library gives, but for its choice of a place."""
        super().__init__(**{**settings, "stream_factory": lambda *_, **__: io.BytesIO()})


@staff.url_value_preprocessor
def allow_a_file(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let the one form that carries a file be as large as a file may be, and keep it in memory."""
    if endpoint == "staff.imports.upload":
        request.max_content_length = files.LIMITS.size + 64 * 1024
        request.form_data_parser_class = InMemory


@staff.get("/p/<slug>/imports")
def show_all() -> str:
    """Show what was imported, and the form for another file."""
    return _show_all(UploadForm())


@staff.post("/p/<slug>/imports")
def upload() -> Answer:
    """Take a file in and show what would become of it."""
    form = UploadForm()
    if form.validate():
        try:
            job, key = files.upload(g.petition, form.file.data.stream.read(), by=g.account, at=utcnow())
            session["import"] = {"id": job.id.hex, "key": base64.b64encode(key).decode()}
            return _to("show", import_id=job.id)
        except DomainError as error:
            form.form_errors.append(explain(error))
    return _show_all(form), 422


@staff.get("/p/<slug>/imports/<uuid:import_id>")
def show(import_id: UUID) -> Answer:
    """Show how a file is read before the start, how far it is while it runs, and what came of it in the end."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    if job.state == "waiting":
        return _preview(job)
    undoable = bool(runs.list_undoable([job]))
    names = name_accounts({job.account_id} if job.account_id else set())
    page = render_template("verification/import.html", job=job, names=names, states=STATE_WORDS, undoable=undoable)
    response = make_response(page)
    if job.state in ("staging", "undoing"):
        response.headers["Refresh"] = REFRESH
    return response


@staff.post("/p/<slug>/imports/<uuid:import_id>/columns")
def choose(import_id: UUID) -> Answer:
    """Read the file that waits with other columns."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    form = reading_form(job.columns or (), consent="", initial=job.initial)
    words = {"columns": form.columns(), "consent": form.consent.data or "", "initial": form.initial.data}
    if not form.validate():
        return _show_preview(job, form, Preview(problem=ImportStateError())), 422
    try:
        files.choose(job, _key(job), **words, by=g.account)
    except (UnreadableFileError, ImportStateError, KeyGoneError) as error:
        return _show_preview(job, form, Preview(problem=error)), 422
    return _to("show", import_id=import_id)


@staff.post("/p/<slug>/imports/<uuid:import_id>/start")
def start(import_id: UUID) -> Response:
    """Start it, or wake it."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    runs.start(import_id, _key(job), petition=g.petition, by=g.account, at=utcnow())
    return _to("show", import_id=import_id)


@staff.post("/p/<slug>/imports/<uuid:import_id>/stop")
def stop(import_id: UUID) -> Response:
    """Remove the file that waits, or stop what runs."""
    runs.stop(import_id, petition=g.petition, by=g.account, at=utcnow())
    session.pop("import", None)
    flash(gettext("The file is removed; nothing was added."), "success")
    return _to("show_all")


@staff.get("/p/<slug>/imports/<uuid:import_id>/rows-not-taken.csv")
def bad_rows(import_id: UUID) -> Response:
    """Hand out the line and reason of each row that cannot be taken, in the words of the command's file."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    rows = files.preview(job, _key(job)).bad if job.state == "waiting" else files.list_bad_rows(job)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("line", "reason"))
    writer.writerows((row.line, row.reason) for row in rows)
    answer = Response(out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=rows-not-taken.csv"
    return answer


@staff.get("/p/<slug>/imports/<uuid:import_id>/undo")
def ask_undo(import_id: UUID) -> str:
    """Say what taking it back means before it is done."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    return render_template("verification/import_undo.html", job=job, undoing=runs.look_at_undo(job))


@staff.post("/p/<slug>/imports/<uuid:import_id>/undo")
def undo(import_id: UUID) -> Response:
    """Take it back."""
    runs.undo(import_id, petition=g.petition, by=g.account, at=utcnow())
    return _to("show", import_id=import_id)


def _key(job: Import) -> bytes:
    kept = session.get("import") or {}
    if kept.get("id") != job.id.hex:
        raise KeyGoneError
    return base64.b64decode(kept["key"])


def _show_all(form: UploadForm) -> str:
    done = files.list_imports(g.petition, by=g.account)
    names = name_accounts({job.account_id for job in done if job.account_id})
    undoable = runs.list_undoable(done)
    return render_template(
        "verification/imports.html", form=form, done=done, names=names, states=STATE_WORDS, undoable=undoable
    )


def _preview(job: Import) -> Answer:
    try:
        reading = files.get_reading(job, _key(job))
    except KeyGoneError as error:
        return render_template("verification/import_gone.html", job=job, words=explain(error))
    form = reading_form(reading.columns, consent=reading.consent, initial=job.initial)
    return _show_preview(job, form, files.preview(job, _key(job)))


def _show_preview(job: Import, form: ReadingForm, found: Preview) -> str:
    return render_template(
        "verification/import_preview.html", job=job, form=form, found=found, fields=FIELD_WORDS, tiers=TIER_WORDS,
        titles=files.get_reading(job, _key(job)).titles, problem=explain(found.problem) if found.problem else None,
        sealed_batches=any(batch.sealed_at for batch in list_batches(g.petition.id)),
    )  # fmt: skip


def _to(page: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.imports.{page}", slug=g.petition.slug, **values), 303)
