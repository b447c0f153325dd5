"""Pages of what waits for a second organizer: what exactly would happen, confirm it, refuse it, take it back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from petition_app.accounts import approvals
from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.tally.policy_words import list_changes
from petition_app.web.error_words import explain
from petition_app.web.forms.exports import PURPOSE_WORDS

staff = Blueprint("approvals", __name__)


@staff.get("/p/<slug>/approvals")
def show() -> str:
    """Show what waits, and how the latest requests ended."""
    now = utcnow()
    waiting, recent = approvals.list_open(g.petition.id, at=now), approvals.list_recent(g.petition.id)
    ids = {id_ for one in (*waiting, *recent) for id_ in (one.asked_by_id, one.decided_by_id)}
    return render_template(
        "staff/approvals.html", waiting=waiting, recent=[one for one in recent if one not in waiting],
        names=name_accounts(ids), leave={one.id for one in recent if approvals.is_leave(one, at=now)},
        changes={one.id: list_changes(one.payload, str(get_locale())) for one in waiting if one.kind == "policy"},
        life=approvals.LIFE, purposes=PURPOSE_WORDS,
    )  # fmt: skip


@staff.post("/p/<slug>/approvals/<uuid:request_id>/confirm")
def confirm(request_id: UUID) -> Response:
    """Confirm what was shown."""
    words, digest = {"petition_id": g.petition.id, "by": g.account, "at": utcnow()}, request.form.get("digest", "")
    try:
        done = approvals.confirm(request_id, digest, **words)
    except DomainError as error:
        return _back(explain(error), "warning")
    if done.state == "used":
        return _back(gettext("Confirmed. It is done, and the trail names you both."))
    return _back(gettext("Confirmed. Whoever asked can do it once, within 24 hours."))


@staff.post("/p/<slug>/approvals/<uuid:request_id>/refuse")
def refuse(request_id: UUID) -> Response:
    """Refuse it, or take one's own request back."""
    try:
        approvals.refuse(request_id, petition_id=g.petition.id, by=g.account, at=utcnow())
    except DomainError as error:
        return _back(explain(error), "warning")
    return _back(gettext("Nothing happens, and the request is gone."))


def _back(words: str, kind: str = "success") -> Response:
    flash(words, kind)
    return redirect(url_for("staff.approvals.show", slug=g.petition.slug), 303)
