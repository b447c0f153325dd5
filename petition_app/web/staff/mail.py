"""The page of organizers about mail: what waits, what could not be delivered, sending again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from petition_app import maintenance
from petition_app.clock import utcnow
from petition_app.petitions import dead_letters

staff = Blueprint("mail", __name__)


@staff.get("/p/<slug>/mail")
def show() -> str:
    """Show how much mail waits, and what was not delivered, with the reason."""
    post = dead_letters.get_post(g.petition, by=g.account)
    return render_template("staff/mail.html", post=post, paused=maintenance.is_on(maintenance.MAIL))


@staff.post("/p/<slug>/mail/resend")
def resend_all() -> Response:
    """Send again everything that certainly did not arrive."""
    number = dead_letters.resend_all(g.petition, by=g.account, at=utcnow())
    words = ngettext("%(num)s message is tried again.", "%(num)s messages are tried again.", number)
    return _done(words)


@staff.post("/p/<slug>/mail/<uuid:job_id>/resend")
def resend(job_id: UUID) -> Response:
    """Send one message again."""
    dead_letters.resend(job_id, petition=g.petition, by=g.account, at=utcnow())
    return _done(gettext("The message is tried again."))


@staff.post("/p/<slug>/mail/<uuid:job_id>/drop")
def drop(job_id: UUID) -> Response:
    """Let a message go."""
    dead_letters.drop(job_id, petition=g.petition, by=g.account, at=utcnow())
    return _done(gettext("The message is gone."))


def _done(words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("staff.mail.show", slug=g.petition.slug), 303)
