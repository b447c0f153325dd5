"""Pages for readers: search among the names, corrections, versions of the text, and the letter to print."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import get_locale

from petition_app.bounds import number
from petition_app.errors import NotFoundError
from petition_app.petitions.models import Petition, in_language
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import get_public
from petition_app.petitions.text_diff import compare
from petition_app.signatures.qr_cards import draw
from petition_app.tally import published, searching, timeline
from petition_app.web import public_responses
from petition_app.web.addresses import absolute

public = Blueprint("reading", __name__)

MOST_PRINTED = 5000
draw_once = lru_cache(maxsize=64)(draw)


@public.app_template_global()
def qr_code(petition: Petition) -> str:
    """Draw the address of the letter as a QR code."""
    return draw_once(absolute("letter.show", slug=petition.slug, lang=None))


@public.post("/p/<slug>/signatories")
def search(slug: str) -> Response:
    """List the published names that were looked for. The name travels in the body: addresses are written down."""
    petition, asked = get_public(slug), request.form.get("q", "").strip()[: searching.LONGEST]
    batch, place = request.form.get("batch", type=number), request.form.get("place")
    found = searching.find_names(petition, asked, batch=batch, place=place)
    shown: dict[str, Any] = {"found": found, "batch": batch, "place": place, "letter": "", "asked": asked}
    shown["places"] = published.list_places(petition)
    words = render_template("public/signatories.html", **public_responses.release(petition), **shown)
    page = public_responses.noarchive(make_response(words))
    page.headers["Cache-Control"] = "no-store"
    return page


@public.get("/p/<slug>/corrections")
def corrections(slug: str) -> Response:
    """List every correction: its day and the class of its reason."""
    release = public_responses.release(petition := get_public(slug))
    found = timeline.list_corrections(petition)
    return public_responses.fresh(render_template("public/corrections.html", **release, corrections=found))


@public.get("/p/<slug>/versions")
def versions(slug: str) -> Response:
    """List the versions of the text."""
    return public_responses.fresh(render_template("public/versions.html", petition=get_public(slug)))


@public.get("/p/<slug>/versions/<int:number>")
def version(slug: str, number: int) -> Response:
    """Show one version of the text, and what changed in it since the one before, in each language."""
    petition = get_public(slug)
    here = next((one for one in petition.versions if one.number == number), None)
    if here is None:
        raise NotFoundError
    before = next((one for one in petition.versions if one.number == number - 1), None)
    letter = render_text(in_language(here.texts, str(get_locale())))
    shown = {"here": here, "before": before, "compare": compare, "letter": letter}
    return public_responses.fresh(render_template("public/version.html", petition=petition, **shown))


@public.get("/p/<slug>/print")
def print_letter(slug: str) -> Response:
    """Show the letter with its numbers and names on paper."""
    petition = get_public(slug)
    letter = render_text(petition.letter(str(get_locale())))
    found = published.list_names(petition, per_page=MOST_PRINTED)
    return public_responses.names(
        render_template("public/print.html", **public_responses.release(petition), letter=letter, found=found)
    )
