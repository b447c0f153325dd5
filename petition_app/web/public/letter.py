"""The letter as the public reads it: the list of letters, the page, its names, its timeline, how it is checked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import get_locale

from petition_app.bounds import number
from petition_app.clock import utcnow
from petition_app.petitions.first_petition import is_empty
from petition_app.petitions.milestones import get_pause
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import get_public, list_public
from petition_app.retention import services as retention
from petition_app.tally import published, services, timeline
from petition_app.tally.breakdown import get_breakdown
from petition_app.tally.rules import rfc3339
from petition_app.tally.sharing import ShareText, share_texts
from petition_app.verification.sampling.results import list_published
from petition_app.web import public_responses
from petition_app.web.addresses import absolute

public = Blueprint("letter", __name__)

FIRST_NAMES, MOST_NAMES = 30, 500
EVERY_PLACE = "*"  # An empty place stands for the small ones together, so a form needs a word for all.
# Search engines keep what they have read for weeks: so they read no names beyond the letter's own page, and no form.
ROBOTS = """User-agent: *
Disallow: /organizer
Disallow: /desk
Disallow: /my
Disallow: /p/*/sign
Disallow: /p/*/confirm
Disallow: /p/*/done
Disallow: /p/*/signatories
Disallow: /p/*/print
Disallow: /p/*/not-me
"""


@public.get("/")
def home() -> Response:
    """Show the petitions the public may see."""
    petitions = [(petition, services.get_publication(petition)) for petition in list_public()]
    return public_responses.fresh(
        render_template("public/home.html", petitions=petitions, now=utcnow(), first=is_empty())
    )


@public.get("/robots.txt")
def robots() -> Response:
    """Say what search engines are asked not to read."""
    return public_responses.fresh(ROBOTS, mimetype="text/plain")


@public.get("/p/<slug>")
def show(slug: str) -> Response:
    """Show the letter, the numbers, what happened, and the first names."""
    petition = get_public(slug)
    release = public_responses.release(petition)
    page = render_template(
        "public/letter.html", **release,
        letter=render_text(petition.letter(str(get_locale()))), today=petition.day(utcnow()), pause=get_pause(petition),
        updates=timeline.list_updates(petition, limit=20), batches=public_responses.by_id(petition, release["tally"]),
        initial=published.list_names(petition, batch=0, per_page=FIRST_NAMES).names,
        others=published.list_later_names(petition, limit=FIRST_NAMES), shared=_share_texts(release),
    )  # fmt: skip
    return public_responses.names(page)


@public.get("/p/<slug>/signatories")
def signatories(slug: str) -> Response:
    """List published names by batch, place or first letter."""
    petition, asked = get_public(slug), _asked_for()
    page = min(max(request.args.get("page", 1, type=number), 1), 1_000_000)
    per_page = min(max(request.args.get("per_page", 100, type=number), 1), MOST_NAMES)
    shown = {
        **asked, "found": published.list_names(petition, **asked, page=page, per_page=per_page), "asked": None,
        "places": published.list_places(petition), "letters": published.list_letters(petition),
        "breakdown": get_breakdown(petition.id),
    }  # fmt: skip
    return public_responses.names(
        render_template("public/signatories.html", **public_responses.release(petition), **shown)
    )


def _asked_for() -> dict[str, Any]:
    """Return which names a reader asks for: of a batch, of a place, beginning with a letter."""
    place = request.args.get("place")
    return {
        "batch": request.args.get("batch", type=number),
        "place": None if place == EVERY_PLACE else place,
        "letter": request.args.get("letter", "").casefold()[:1],
    }


@public.get("/p/<slug>/updates")
def updates(slug: str) -> Response:
    """Show the whole timeline."""
    petition = get_public(slug)
    found, batches = (
        timeline.list_updates(petition, limit=500),
        public_responses.by_id(petition, public_responses.release(petition)["tally"]),
    )
    return public_responses.fresh(
        render_template("public/updates.html", petition=petition, updates=found, batches=batches)
    )


@public.get("/p/<slug>/updates.atom")
def feed(slug: str) -> Response:
    """Give the timeline as an Atom feed (RFC 4287)."""
    petition = get_public(slug)
    found = timeline.list_updates(petition, limit=100).updates
    updated = max((entry.at for entry in found), default=petition.created_at)
    body = render_template(
        "public/updates.xml", petition=petition, updates=found, updated=rfc3339(updated), rfc3339=rfc3339
    )
    return public_responses.fresh(body, mimetype="application/atom+xml")


@public.get("/p/<slug>/how-we-check")
def how_we_check(slug: str) -> Response:
    """Tell in plain words how signatures are checked."""
    release = public_responses.release(get_public(slug))
    samples = list_published(release["petition"], as_of=release["as_of"], kept=release["kept"])
    return public_responses.fresh(render_template("public/how_we_check.html", **release, samples=samples))


@public.get("/p/<slug>/held")
def held(slug: str) -> Response:
    """Tell what is still held about signers, in numbers, and how long it will be."""
    petition = get_public(slug)
    return public_responses.fresh(
        render_template("public/held.html", petition=petition, held=retention.get_held(petition.id))
    )


def _share_texts(release: dict[str, Any]) -> list[ShareText]:
    petition = release["petition"]
    addresses = {code: absolute("letter.show", slug=petition.slug, lang=code) for code in petition.text.texts}
    return share_texts(petition, release["tally"]["verified"], as_of=release["as_of"], addresses=addresses)
