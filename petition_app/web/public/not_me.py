"""The form for whoever did not sign and is named."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.petitions.services import get_public
from petition_app.rate_limits.budgets import CLIENT_CLAIMS
from petition_app.rate_limits.counters import limits
from petition_app.tally import claims
from petition_app.web import language_links
from petition_app.web.forms.not_me import ClaimForm

public = Blueprint("not_me", __name__)


@public.get("/p/<slug>/not-me")
def not_me(slug: str) -> str:
    """Show the form."""
    return _show(slug, ClaimForm(formdata=None))


@public.post("/p/<slug>/not-me")
def claim(slug: str) -> str | Response | tuple[str, int]:
    """Take a claim; the answer is the same whether such a name is published or not."""
    petition, form, client = get_public(slug), ClaimForm(), limits().client(request.remote_addr)
    if language_links.is_carried():
        return _show(slug, form)
    if not form.validate():
        return _show(slug, form), 422
    if not limits().count(CLIENT_CLAIMS, client, "claim"):
        return _show(slug, form, gettext("Too many tries. Please wait an hour and try again.")), 429
    words = {"name": form.name.data or "", "place": form.place.data or "", "words": form.words.data or ""}
    claims.claim(petition, **words, at=utcnow())
    return redirect(url_for("not_me.claimed", slug=petition.slug), 303)


@public.get("/p/<slug>/not-me/thanks")
def claimed(slug: str) -> str:
    """Say what comes next; the same to everybody."""
    return render_template("public/claimed.html", petition=get_public(slug))


def _show(slug: str, form: ClaimForm, problem: str = "") -> str:
    language_links.carry("claim-form", "not_me.claim")
    return render_template("public/not_me.html", petition=get_public(slug), form=form, problem=problem)
