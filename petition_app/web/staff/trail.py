"""The trail: who did what and when; and publishing the numbers at once."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from petition_app import audit
from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.tally import services

staff = Blueprint("trail", __name__)


@staff.get("/p/<slug>/trail")
def trail() -> str:
    """Show who did what and when, newest first."""
    events = audit.list_events(petition_id=g.petition.id, seen_by=g.account.id)
    return render_template("staff/trail.html", events=events, names=name_accounts({event.actor_id for event in events}))


@staff.post("/p/<slug>/publish")
def publish() -> AnyResponse:
    """Publish the numbers now."""
    if services.publish_now(g.petition, by=g.account, at=utcnow()):
        flash(gettext("The numbers are published."), "success")
    else:
        flash(
            gettext("The numbers do not add up, so they were not published. Ask the operator for a recount."), "danger"
        )
    return redirect(url_for("staff.petition.show", slug=g.petition.slug), 303)
