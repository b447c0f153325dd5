"""The numbers for other sites and programs: JSON, CSV, a chart, a badge and a frame."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, g, render_template, request
from flask_babel import gettext

from petition_app.errors import NotFoundError
from petition_app.petitions.services import get_public
from petition_app.tally import freeze_statement, services
from petition_app.tally.rules import count_kind
from petition_app.web import public_responses
from petition_app.web.charts import growth_chart

public = Blueprint("numbers", __name__)

KINDS = ("received_total", "verified", "checking", "received", "not_counted", "retracted", "corrections")


@public.get("/p/<slug>/status.json")
def status(slug: str) -> Response:
    """Give the tally as it was last published."""
    return public_responses.data(public_responses.release(get_public(slug))["tally"])


@public.get("/p/<slug>/frozen.json")
def frozen_status(slug: str) -> Response:
    """Give the signed numbers of a frozen petition."""
    statement = freeze_statement.get_statement(get_public(slug))
    if statement is None:
        raise NotFoundError
    return public_responses.data(statement)


@public.get("/p/<slug>/history.csv")
def history(slug: str) -> Response:
    """Give one row a day: the numbers as last published on it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("day", *KINDS))
    for day, tally in services.list_days(get_public(slug)):
        writer.writerow((day.isoformat(), *(count_kind(tally, kind) for kind in KINDS)))
    return public_responses.fresh(out.getvalue(), mimetype="text/csv")


@public.get("/p/<slug>/chart.svg")
def chart(slug: str) -> Response:
    """Draw what became of the signatures, day by day."""
    words = {
        "verified": gettext("verified"),
        "checking": gettext("now being checked"),
        "received": gettext("received, waiting"),
        "not_counted": gettext("not counted or taken back"),
    }
    look = {"dark": request.args.get("theme") == "dark", "narrow": request.args.get("size") == "narrow"}
    days, empty = services.list_days(get_public(slug)), gettext("Nothing has been published yet.")
    svg = growth_chart(days, words=words, empty=empty, **look)
    return public_responses.image(svg)


@public.get("/p/<slug>/badge.svg")
def badge(slug: str) -> Response:
    """Draw the number of verified signatures as a small image."""
    return public_responses.image(
        render_template("public/badge.svg", verified=public_responses.release(get_public(slug))["tally"]["verified"])
    )


@public.get("/p/<slug>/embed")
def embed(slug: str) -> Response:
    """Show the number and a link, to be framed by other sites."""
    g.may_be_framed = True
    return public_responses.fresh(render_template("public/embed.html", **public_responses.release(get_public(slug))))
