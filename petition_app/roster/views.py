"""Pages of organizers about the roster: its versions, an upload, its preview, its use."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions.forms import explain
from petition_app.roster import services, uploads
from petition_app.roster.forms import FIELD_WORDS, UploadForm, VersionForm, columns_form
from petition_app.roster.models import RosterVersion
from petition_app.roster.services import ReplacedError
from petition_app.roster.tables import ColumnsError
from petition_app.roster.uploads import Preview
from petition_app.sheets import LIMITS, UnreadableFileError

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
        return render_template("roster/nothing.html")
    return _preview(waiting, columns_form(waiting.id, waiting.columns), uploads.preview(waiting))


@staff.post("/p/<slug>/roster/columns")
def choose() -> Answer:
    """Read the file that waits with other columns."""
    waiting = _meant(VersionForm())
    form = columns_form(waiting.id, waiting.columns)
    try:
        uploads.choose_columns(waiting, form.columns())
    except ColumnsError as error:
        return _preview(waiting, form, Preview(problem=error)), 422
    return _to("preview")


@staff.post("/p/<slug>/roster/use")
def use() -> Response:
    """Put the file that was looked at to use."""
    version = uploads.use(VersionForm().version_id(), petition=g.petition, by=g.account, at=utcnow())
    flash(
        ngettext(
            "The roster of %(num)s person is in use.", "The roster of %(num)s people is in use.", version.size
        ),
        "success",
    )  # fmt: skip
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
    return render_template("roster/show.html", form=form, versions=versions, waiting=waiting)


def _preview(waiting: RosterVersion, form: VersionForm, found: Preview) -> str:
    return render_template(
        "roster/preview.html", waiting=waiting, titles=uploads.titles_of(waiting), form=form, found=found,
        problem=explain(found.problem) if found.problem else None, fields=FIELD_WORDS,
        unreadable=isinstance(found.problem, UnreadableFileError), used=services.current(g.petition.id),
    )  # fmt: skip


def _meant(form: VersionForm) -> RosterVersion:
    waiting = uploads.get_waiting(g.petition.id, by=g.account)
    if waiting is None or waiting.id != form.version_id():
        raise ReplacedError
    return waiting


def _to(page: str) -> Response:
    return redirect(url_for(f"staff.roster.{page}", slug=g.petition.slug), 303)
