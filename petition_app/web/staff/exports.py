"""Pages of exports: ask for one, and get it as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, stream_with_context, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts.approvals import LeaveNeededError
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.tally import exports
from petition_app.tally.exports import Export
from petition_app.web.error_words import explain
from petition_app.web.forms.exports import PURPOSE_WORDS, ExportForm

staff = Blueprint("exports", __name__)


@staff.get("/p/<slug>/export")
def ask() -> str:
    """Say what an export holds, and ask what it is for."""
    return _show(ExportForm())


@staff.post("/p/<slug>/export")
def export() -> Response | tuple[str, int]:
    """Hand out the signatures as CSV, a slice at a time."""
    form = ExportForm()
    if not form.validate():
        return _show(form), 422
    words = {"purpose": form.purpose.data, "addresses": form.addresses.data, "by": g.account, "at": utcnow()}
    try:
        begun = exports.begin(g.petition, names=form.names.data, **words)
    except LeaveNeededError:
        return _ask(form, words)
    answer = Response(stream_with_context(_lines(begun)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename=signatures-{g.petition.slug}.csv"
    return answer


def _ask(form: ExportForm, words: dict[str, Any]) -> Response | tuple[str, int]:
    """Ask another organizer; only then is there a file with names."""
    try:
        exports.ask(g.petition, **words)
    except DomainError as error:
        form.form_errors.append(explain(error))
        return _show(form), 422
    flash(gettext("Asked. Once another organizer confirms it, download the file here, within 24 hours."))
    return redirect(url_for("staff.exports.ask", slug=g.petition.slug), 303)


def _lines(begun: Export) -> Iterator[str]:
    """Write CSV that spreadsheets know to be UTF-8; one that fails midway says so at its end, and is cut off."""
    yield "\ufeff" + _written([list(begun.columns)])
    try:
        for rows in exports.read(begun):
            yield _written(rows)
    except Exception:
        yield _written([[gettext("THIS FILE IS NOT COMPLETE: reading failed here. Export it anew.")]])
        raise


def _written(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _show(form: ExportForm) -> str:
    names, size = exports.may_see_names(g.petition, by=g.account), exports.count_rows(g.petition)
    if not names:
        form.purpose.choices = [choice for choice in form.purpose.choices if choice.value != "addressee"]
    return render_template(
        "staff/export.html", form=form, names=names, size=size, purposes=PURPOSE_WORDS,
        addressee=exports.count_rows(g.petition, "addressee") if names else 0,
        agreed=exports.list_agreed(g.petition, by=g.account, at=utcnow()),
    )  # fmt: skip
