"""Pages of "I did not sign this": the public form, and the organizers' list."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.budgets import CLIENT_CLAIMS
from petition_app.clock import utcnow
from petition_app.petitions.services import get_public
from petition_app.security import limits
from petition_app.tally import claims
from petition_app.tally.claim_forms import ClaimForm

public = Blueprint("claims", __name__)
staff = Blueprint("claims", __name__)


@public.get("/p/<slug>/not-me")
def not_me(slug: str) -> str:
    """Show the form."""
    return _show(slug, ClaimForm(formdata=None))


@public.post("/p/<slug>/not-me")
def claim(slug: str) -> str | tuple[str, int]:
    """Take a claim; the answer is the same whether such a name is published or not."""
    petition, form, client = get_public(slug), ClaimForm(), limits.client(request.remote_addr)
    if not form.validate():
        return _show(slug, form), 422
    if not limits.count(CLIENT_CLAIMS, client, "claim"):
        return _show(slug, form, gettext("Too many tries. Please wait an hour and try again.")), 429
    words = {"name": form.name.data or "", "place": form.place.data or "", "words": form.words.data or ""}
    claims.claim(petition, **words, at=utcnow())
    return render_template("tally/claimed.html", petition=petition)


def _show(slug: str, form: ClaimForm, problem: str = "") -> str:
    return render_template("tally/not_me.html", petition=get_public(slug), form=form, problem=problem)


@staff.get("/p/<slug>/claims")
def list_claims() -> str:
    """List what waits, without names."""
    waiting = claims.list_waiting(g.petition, by=g.account)
    return render_template("tally/claims.html", waiting=waiting)


@staff.post("/p/<slug>/claims/<uuid:claim_id>/leave")
def leave(claim_id: UUID) -> Response:
    """Let the name stand again."""
    claims.leave(claim_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The name stands on the page again."), "success")
    return redirect(url_for("staff.claims.list_claims", slug=g.petition.slug), 303)
