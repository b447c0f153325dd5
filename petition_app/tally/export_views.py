"""Pages of exports: ask for one, and get it as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from flask import Blueprint, g, render_template, stream_with_context
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.tally import exports
from petition_app.tally.export_forms import ExportForm
from petition_app.tally.exports import Export

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
    words = {"purpose": form.purpose.data, "addresses": form.addresses.data}
    begun = exports.begin(g.petition, **words, by=g.account, at=utcnow())
    answer = Response(stream_with_context(_lines(begun)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename=signatures-{g.petition.slug}.csv"
    return answer


def _lines(begun: Export) -> Iterator[str]:
    """Write CSV that spreadsheets know to be UTF-8."""
    yield "\ufeff" + _written([list(begun.columns)])
    for rows in exports.read(begun):
        yield _written(rows)


def _written(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _show(form: ExportForm) -> str:
    names, size = exports.may_see_names(g.petition, by=g.account), exports.count_rows(g.petition)
    return render_template("tally/export.html", form=form, names=names, size=size)
