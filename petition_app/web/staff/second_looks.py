"""The organizers' page of wishes for a second look that do not begin by themselves."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.verification.dialogue import second_looks as second_look
from petition_app.web.labels import WORDS

staff = Blueprint("second_looks", __name__)


@staff.get("/p/<slug>/second-looks")
def second_looks() -> str:
    """List what waits, without names; the words are read in the case."""
    waiting = second_look.list_waiting(g.petition, by=g.account)
    return render_template("staff/second_looks.html", waiting=waiting, words=WORDS)


@staff.post("/p/<slug>/second-looks/<uuid:wish_id>/leave")
def leave(wish_id: UUID) -> Response:
    """Leave a signature as it was decided."""
    second_look.leave(wish_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("It stays as it was decided. The signer may write again."))
    return redirect(url_for("staff.second_looks.second_looks", slug=g.petition.slug), 303)
