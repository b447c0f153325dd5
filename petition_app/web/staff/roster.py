"""Pages of organizers about the roster: its versions, an upload, its preview, its use."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.roster import services, uploads
from petition_app.roster.models import RosterVersion
from petition_app.roster.services import ReplacedError
from petition_app.roster.uploads import Preview
from petition_app.storage.spreadsheets import LIMITS, UnreadableFileError
from petition_app.tables.layout import ColumnsError
from petition_app.verification.decisions import first_roster
from petition_app.web.error_words import explain
from petition_app.web.forms.roster import (
    FIELD_WORDS,
    ReadingForm,
    UploadForm,
    VersionForm,
    asked_again_words,
    reading_form,
    use_words,
)
from petition_app.web.forms.sheet import why

staff = Blueprint("roster", __name__)

Answer = Response | str | tuple[str, int]


@staff.url_value_preprocessor
def allow_a_file(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Let the one form that carries a file be as large as a file may be."""
    if endpoint == "staff.roster.upload":
        request.max_content_length = LIMITS.size + 64 * 1024


@staff.get("/p/<slug>/roster")
def show() -> str:
    """Show the versions and the form for a new one."""
    return _versions(UploadForm())


@staff.post("/p/<slug>/roster")
def upload() -> Answer:
    """Take a file in and show what would become of it."""
    form = UploadForm()
    if form.validate():
        try:
            words = {"name": form.name.data.strip(), "as_of": form.as_of.data}
            uploads.upload(g.petition, form.file.data.stream, **words, by=g.account, at=utcnow())
            return _to("preview")
        except DomainError as error:
            form.form_errors.append(explain(error))
    return _versions(form), 422


@staff.get("/p/<slug>/roster/preview")
def preview() -> str:
    """Show how the file that waits is read and what it would change."""
    waiting = uploads.get_waiting(g.petition.id, by=g.account)
    if waiting is None:
        return render_template("staff/roster_unreadable.html")
    return _preview(waiting, uploads.preview(waiting))


@staff.post("/p/<slug>/roster/columns")
def choose() -> Answer:
    """Read the file that waits in another way."""
    return _read_anew(_meant(VersionForm())) or _to("preview")


@staff.post("/p/<slug>/roster/use")
def use() -> Answer:
    """Put the file that was looked at to use; where the form was changed since, show first what that gives."""
    version_id = VersionForm().version_id()
    if "header_line" in request.form:
        waiting = _meant(VersionForm())
        before = uploads.layout_of(waiting)
        if refused := _read_anew(waiting):
            return refused
        if uploads.layout_of(waiting) != before:
            flash(gettext("You changed how the file is read, so it is not in use yet. Please look at it once more."))
            return _to("preview")
    version = uploads.use(version_id, petition=g.petition, by=g.account, at=utcnow())
    _tell(version.size, first_roster.use(g.petition, by=g.account, at=utcnow()) if _checks() else 0)
    return _to("show")


@staff.post("/p/<slug>/roster/discard")
def discard() -> Response:
    """Remove the file that waits."""
    uploads.discard(g.petition, by=g.account)
    flash(gettext("The file is removed; the roster in use stays as it is."), "success")
    return _to("show")


@staff.get("/p/<slug>/roster/rows-not-taken.csv")
def bad_rows() -> Response:
    """Hand out the line and reason of each row that cannot be taken."""
    waiting = uploads.get_waiting(g.petition.id, by=g.account)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("line", "reason"))
    writer.writerows((row.line, gettext(row.reason)) for row in (uploads.list_bad_rows(waiting) if waiting else ()))
    answer = Response(out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=rows-not-taken.csv"
    return answer


def _versions(form: UploadForm) -> str:
    versions = services.list_versions(g.petition.id, by=g.account)
    waiting = uploads.get_waiting(g.petition.id, by=g.account)
    return render_template("staff/roster.html", form=form, versions=versions, waiting=waiting)


def _preview(waiting: RosterVersion, found: Preview, form: ReadingForm | None = None) -> str:
    layout = uploads.layout_of(waiting)
    if form is None and found.survey:
        form = reading_form(waiting.id, layout, found.survey)
    return render_template(
        "staff/roster_preview.html", waiting=waiting, layout=layout, form=form, found=found, why=why,
        problem=explain(found.problem) if found.problem else None, fields=FIELD_WORDS,
        used=services.current(g.petition.id), button=use_words(found.size, found.bad),
        asked_again=first_roster.count_without_entry(g.petition),
    )  # fmt: skip


def _read_anew(waiting: RosterVersion) -> Answer | None:
    """Read a file as its form says; return the page that says why that cannot be."""
    if (survey := uploads.survey(waiting)) is None:
        return _preview(waiting, uploads.preview(waiting)), 422
    form = reading_form(waiting.id, uploads.layout_of(waiting), survey)
    problem: DomainError = ColumnsError(why=N_("there is no such kind of column."))
    if form.validate():
        try:
            uploads.choose(waiting, form.wanted())
            return None
        except (ColumnsError, UnreadableFileError) as error:
            problem = error
    return _preview(waiting, Preview(problem=problem, survey=survey), form), 422


def _checks() -> bool:
    """Return whether the form asks for cases to be checked against the roster, and they are not yet."""
    return not g.petition.roster and request.form.get("check") == "yes"


def _tell(size: int, asked: int) -> None:
    people = ngettext("The roster of %(num)s person is in use.", "The roster of %(num)s people is in use.", size)
    flash(f"{people} {asked_again_words(asked)}".strip(), "success")


def _meant(form: VersionForm) -> RosterVersion:
    waiting = uploads.get_waiting(g.petition.id, by=g.account)
    if waiting is None or waiting.id != form.version_id():
        raise ReplacedError
    return waiting


def _to(page: str) -> Response:
    return redirect(url_for(f"staff.roster.{page}", slug=g.petition.slug), 303)
