"""Pages of the public: letter, numbers, names, timeline, history; and the organizer's trail."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response as AnyResponse

from petition_app import audit
from petition_app.accounts.services import name_accounts
from petition_app.addresses import absolute
from petition_app.bounds import number
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.petitions.beginning import is_empty
from petition_app.petitions.milestones import get_pause
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import get_public, list_public
from petition_app.tally import answers, frozen, published, services, timeline
from petition_app.tally.breakdown import get_breakdown
from petition_app.tally.charts import growth_chart
from petition_app.tally.rules import count_kind, rfc3339
from petition_app.tally.sharing import ShareText, share_texts
from petition_app.verification import retention
from petition_app.verification.sampling_results import list_published

public = Blueprint("tally", __name__)
staff = Blueprint("tally", __name__)

KINDS = ("received_total", "verified", "checking", "received", "not_counted", "retracted", "corrections")
FIRST_NAMES, MOST_NAMES = 30, 500
EVERY_PLACE = "*"  # An empty place stands for the small ones together, so a form needs a word for all.


@public.get("/")
def home() -> Response:
    """Show the petitions the public may see."""
    petitions = [(petition, services.get_publication(petition)) for petition in list_public()]
    return answers.fresh(
        render_template("tally/home.html", petitions=petitions, today=utcnow().date(), first=is_empty())
    )


@public.get("/p/<slug>")
def show(slug: str) -> Response:
    """Show the letter, the numbers, what happened, and the first names."""
    petition = get_public(slug)
    release = answers.release(petition)
    page = render_template(
        "tally/show.html", **release,
        letter=render_text(petition.letter(str(get_locale()))), today=utcnow().date(), pause=get_pause(petition),
        updates=timeline.list_updates(petition, limit=20), batches=answers.by_id(petition, release["tally"]),
        initial=published.list_names(petition, batch=0, per_page=FIRST_NAMES).names,
        others=published.list_later_names(petition, limit=FIRST_NAMES), shared=_share_texts(release),
    )  # fmt: skip
    return answers.names(page)


@public.get("/p/<slug>/status.json")
def status(slug: str) -> Response:
    """Give the tally as it was last published."""
    return answers.data(answers.release(get_public(slug))["tally"])


@public.get("/p/<slug>/frozen.json")
def frozen_status(slug: str) -> Response:
    """Give the signed numbers of a frozen petition."""
    statement = frozen.get_statement(get_public(slug))
    if statement is None:
        raise NotFoundError
    return answers.data(statement)


@public.get("/p/<slug>/signatories")
def signatories(slug: str) -> Response:
    """List published names by batch or place."""
    petition = get_public(slug)
    batch, place = request.args.get("batch", type=number), request.args.get("place")
    place = None if place == EVERY_PLACE else place
    page = min(max(request.args.get("page", 1, type=number), 1), 1_000_000)
    per_page = min(max(request.args.get("per_page", 100, type=number), 1), MOST_NAMES)
    found = published.list_names(petition, batch=batch, place=place, page=page, per_page=per_page)
    places = published.list_places(petition)
    told = get_breakdown(petition.id)
    shown = {"found": found, "batch": batch, "place": place, "places": places, "breakdown": told, "asked": None}
    return answers.names(render_template("tally/signatories.html", **answers.release(petition), **shown))


@public.get("/p/<slug>/updates")
def updates(slug: str) -> Response:
    """Show the whole timeline."""
    petition = get_public(slug)
    found, batches = (
        timeline.list_updates(petition, limit=500),
        answers.by_id(petition, answers.release(petition)["tally"]),
    )
    return answers.fresh(render_template("tally/updates.html", petition=petition, updates=found, batches=batches))


@public.get("/p/<slug>/updates.atom")
def feed(slug: str) -> Response:
    """Give the timeline as an Atom feed (RFC 4287)."""
    petition = get_public(slug)
    found = timeline.list_updates(petition, limit=100).updates
    updated = max((entry.at for entry in found), default=petition.created_at)
    body = render_template(
        "tally/updates.xml", petition=petition, updates=found, updated=rfc3339(updated), rfc3339=rfc3339
    )
    return answers.fresh(body, mimetype="application/atom+xml")


@public.get("/p/<slug>/how-we-check")
def how_we_check(slug: str) -> Response:
    """Tell in plain words how signatures are checked."""
    release = answers.release(get_public(slug))
    samples = list_published(release["petition"], as_of=release["as_of"], kept=release["kept"])
    return answers.fresh(render_template("tally/how_we_check.html", **release, samples=samples))


@public.get("/p/<slug>/held")
def held(slug: str) -> Response:
    """Tell what is still held about signers, in numbers, and how long it will be."""
    petition = get_public(slug)
    return answers.fresh(render_template("tally/held.html", petition=petition, held=retention.get_held(petition.id)))


@public.get("/p/<slug>/history.csv")
def history(slug: str) -> Response:
    """Give one row a day: the numbers as last published on it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("day", *KINDS))
    for day, tally in services.list_days(get_public(slug)):
        writer.writerow((day.isoformat(), *(count_kind(tally, kind) for kind in KINDS)))
    return answers.fresh(out.getvalue(), mimetype="text/csv")


@public.get("/p/<slug>/chart.svg")
def chart(slug: str) -> Response:
    """Draw what became of the signatures, day by day."""
    words = {
        "verified": gettext("verified"),
        "checking": gettext("now being checked"),
        "received": gettext("received, waiting"),
        "not_counted": gettext("not counted"),
    }
    empty, dark = gettext("Nothing has been published yet."), request.args.get("theme") == "dark"
    svg = growth_chart(services.list_days(get_public(slug)), words=words, empty=empty, dark=dark)
    return answers.image(svg)


@public.get("/p/<slug>/badge.svg")
def badge(slug: str) -> Response:
    """Draw the number of verified signatures as a small image."""
    return answers.image(
        render_template("tally/badge.svg", verified=answers.release(get_public(slug))["tally"]["verified"])
    )


@public.get("/p/<slug>/embed")
def embed(slug: str) -> Response:
    """Show the number and a link, to be framed by other sites."""
    g.may_be_framed = True
    return answers.fresh(render_template("tally/embed.html", **answers.release(get_public(slug))))


def _share_texts(release: dict[str, Any]) -> list[ShareText]:
    petition = release["petition"]
    addresses = {code: absolute("tally.show", slug=petition.slug, lang=code) for code in petition.text.texts}
    return share_texts(petition, release["tally"]["verified"], as_of=release["as_of"], addresses=addresses)


# --- staff ------------------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/trail")
def trail() -> str:
    """Show who did what and when, newest first."""
    events = audit.list_events(petition_id=g.petition.id, seen_by=g.account.id)
    return render_template("tally/trail.html", events=events, names=name_accounts({event.actor_id for event in events}))


@staff.post("/p/<slug>/publish")
def publish() -> AnyResponse:
    """Publish the numbers now."""
    if services.publish_now(g.petition, by=g.account, at=utcnow()):
        flash(gettext("The numbers are published."), "success")
    else:
        flash(
            gettext("The numbers do not add up, so they were not published. Ask the operator for a recount."), "danger"
        )
    return redirect(url_for("staff.petitions.show", slug=g.petition.slug), 303)
