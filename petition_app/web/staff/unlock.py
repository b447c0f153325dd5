"""Opening the keys of a petition for a while, and locking them."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.keys import member_keys, open_keys, unlocking
from petition_app.tally.names import open_due_names
from petition_app.web import known_browsers, resumed_posts
from petition_app.web.forms.keys import UnlockForm
from petition_app.web.request_keys import case_access
from petition_app.web.staff.keys import Answer, not_opened

staff = Blueprint("unlock", __name__)


@staff.get("/p/<slug>/unlock")
def ask() -> str:
    """Ask for the passphrase."""
    return _ask(UnlockForm(formdata=None))


@staff.post("/p/<slug>/unlock")
def unlock() -> Answer:
    """Open the keys; a wrong passphrase leaves a trace, so it is no error."""
    form = UnlockForm()
    if not form.validate():
        return _ask(form), 422
    try:
        who = known_browsers.guesser(g.account.email)
        secret = unlocking.unlock(g.account, g.petition.id, form.passphrase.data or "", who=who, at=utcnow())
    except DomainError as error:
        return not_opened(error, form) or _ask(form)
    _hold(secret)
    return resumed_posts.show() or redirect(_next(), 303)


def _hold(secret: str) -> None:
    """Keep the secret in the cookie; after the passphrase of duress it opens a decoy, and the queue is empty."""
    now = utcnow()
    session["unlock"] = {"petition": g.petition.id.hex, "secret": secret}
    keys = unlocking.open_again(g.account.id, g.petition.id, secret, at=now) if secret else None
    if keys and g.role == "organizer":
        with open_keys.using(keys):
            open_due_names(g.petition, access=case_access(), at=now)


@staff.post("/p/<slug>/lock")
def lock() -> Response:
    """Lock the keys, in every browser of this person."""
    member_keys.lock_now(g.account.id)
    session.pop("unlock", None)
    flash(gettext("The keys are locked."), "success")
    return redirect(url_for("staff.petition.show", slug=g.petition.slug), 303)


def _ask(form: UnlockForm) -> str:
    return render_template("staff/unlock.html", form=form, next=_next(), key=member_keys.get_account_key(g.account))


def _next() -> str:
    there = request.values.get("next", "")
    home = url_for("staff.desk.show_desk", slug=g.petition.slug)
    inside = f"{request.script_root}/organizer/p/{g.petition.slug}/"
    return there if there.startswith(inside) and "//" not in there else home
