"""What people said who are named and did not sign, for the organizers."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.tally import claims

staff = Blueprint("claims", __name__)


@staff.get("/p/<slug>/claims")
def list_claims() -> str:
    """List what waits, without names."""
    waiting = claims.list_waiting(g.petition, by=g.account)
    return render_template("staff/claims.html", waiting=waiting)


@staff.post("/p/<slug>/claims/<uuid:claim_id>/leave")
def leave(claim_id: UUID) -> Response:
    """Let the name stand again."""
    claims.leave(claim_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The name stands on the page again."), "success")
    return redirect(url_for("staff.claims.list_claims", slug=g.petition.slug), 303)
