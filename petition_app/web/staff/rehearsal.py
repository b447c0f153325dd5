"""Pages of rehearsals: begin one, throw it away."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.demo import rehearsal
from petition_app.errors import NotAllowedError
from petition_app.petitions import first_petition, rehearsing
from petition_app.web.error_words import explain

staff = Blueprint("rehearsal", __name__)


@staff.post("/rehearsals")
def begin() -> Response:
    """Make a rehearsal, or lead to the one there is."""
    if not first_petition.may_begin(g.account):
        raise NotAllowedError
    petition = rehearsal.begin(by=g.account, at=utcnow())
    flash(gettext("This is a rehearsal with invented people. Try everything; nobody outside sees it."), "success")
    return redirect(url_for("staff.petition.show", slug=petition.slug), 303)


@staff.post("/p/<slug>/throw-away")
def throw_away() -> Response:
    """Throw a rehearsal away, unless somebody is at work in it."""
    try:
        rehearsing.throw_away(g.petition, by=g.account, at=utcnow())
    except rehearsing.AtWorkError as error:
        flash(explain(error), "warning")
        return redirect(url_for("staff.petition.show", slug=g.petition.slug), 303)
    flash(gettext("The rehearsal is thrown away, with everything in it."), "success")
    return redirect(url_for("staff.account.home"), 303)
