"""Pages of imports: upload, look, do it, follow it, the rows that were not taken, take it back."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Response

from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.imports import files, runs, undo_import
from petition_app.imports.files import ImportedBeforeError, ImportStateError
from petition_app.imports.preview import Preview, leave_out_repeats, preview
from petition_app.imports.sealed_file import KeyGoneError
from petition_app.signatures.import_models import Import
from petition_app.storage.spreadsheets import UnreadableFileError
from petition_app.tables.layout import ColumnsError
from petition_app.verification.batches.services import list_batches
from petition_app.web.error_words import explain
from petition_app.web.forms.imports import (
    FIELD_WORDS,
    STATE_WORDS,
    TIER_WORDS,
    ReadingForm,
    UploadForm,
    import_words,
    reading_form,
)
from petition_app.web.forms.sheet import why

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
            leave_out_repeats(job, key)
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
    undoable = bool(undo_import.list_undoable([job]))
    names = name_accounts({job.account_id} if job.account_id else set())
    page = render_template("staff/import.html", job=job, names=names, states=STATE_WORDS, undoable=undoable)
    response = make_response(page)
    if job.state in ("staging", "undoing"):
        response.headers["Refresh"] = REFRESH
    return response


@staff.post("/p/<slug>/imports/<uuid:import_id>/columns")
def choose(import_id: UUID) -> Answer:
    """Read the file that waits in another way."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    return _read_anew(job) or _to("show", import_id=import_id)


@staff.post("/p/<slug>/imports/<uuid:import_id>/start")
def start(import_id: UUID) -> Answer:
    """Start it, or wake it; where the form was changed since, show first what that gives."""
    job = files.get_import(import_id, petition=g.petition, by=g.account)
    if job.state == "waiting" and "header_line" in request.form:
        before = (job.initial, files.get_reading(job, _key(job)))
        if refused := _read_anew(job):
            return refused
        if (job.initial, files.get_reading(job, _key(job))) != before:
            flash(gettext("You changed how the file is read, so nothing was imported. Please look at it once more."))
            return _to("show", import_id=import_id)
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
    rows = preview(job, _key(job)).bad if job.state == "waiting" else files.list_bad_rows(job)
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
    return render_template("staff/import_undo.html", job=job, undoing=undo_import.look_at_undo(job))


@staff.post("/p/<slug>/imports/<uuid:import_id>/undo")
def undo(import_id: UUID) -> Response:
    """Take it back."""
    undo_import.undo(import_id, petition=g.petition, by=g.account, at=utcnow())
    return _to("show", import_id=import_id)


def _key(job: Import) -> bytes:
    kept = session.get("import") or {}
    if kept.get("id") != job.id.hex:
        raise KeyGoneError
    return base64.b64decode(kept["key"])


def _show_all(form: UploadForm) -> str:
    done = files.list_imports(g.petition, by=g.account)
    names = name_accounts({job.account_id for job in done if job.account_id})
    undoable = undo_import.list_undoable(done)
    return render_template(
        "staff/imports.html", form=form, done=done, names=names, states=STATE_WORDS, undoable=undoable
    )


def _preview(job: Import) -> Answer:
    try:
        found, consent = preview(job, _key(job)), files.get_reading(job, _key(job)).consent
    except KeyGoneError as error:
        return render_template("staff/import_gone.html", job=job, words=explain(error))
    return _show_preview(job, reading_form(found, consent=consent, initial=job.initial), found)


def _read_anew(job: Import) -> Answer | None:
    """Read a file as its form says; return the page that says why that cannot be."""
    if job.state != "waiting":
        raise ImportStateError
    found = preview(job, _key(job))
    form = reading_form(found, consent="", initial=False)
    words = {
        "consent": form.consent.data or "", "initial": form.initial.data, "without_known": form.without_known.data,
    }  # fmt: skip
    problem: DomainError | None = None
    if form.validate():
        try:
            files.choose(job, _key(job), form.wanted(), **words, by=g.account)
            return None
        except (UnreadableFileError, ColumnsError, ImportedBeforeError) as error:
            problem = error
    elif not form.consent.errors:
        problem = ColumnsError(why=N_("there is no such kind of column."))
    return _show_preview(job, form, replace(found, problem=problem)), 422


def _show_preview(job: Import, form: ReadingForm, found: Preview) -> str:
    return render_template(
        "staff/import_preview.html", job=job, form=form, found=found, fields=FIELD_WORDS, tiers=TIER_WORDS,
        problem=explain(found.problem) if found.problem else None, why=why,
        button=import_words(found, initial=job.initial), ready=found.is_ready and not form.errors,
        sealed_batches=any(batch.sealed_at for batch in list_batches(g.petition.id)),
    )  # fmt: skip


def _to(page: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.imports.{page}", slug=g.petition.slug, **values), 303)
