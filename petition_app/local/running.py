"""The application on a reviewer's own machine: the ordinary desk over the mirror, each act sent before it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Flask, abort, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext, ngettext
from flask_security import login_user
from sqlalchemy import event
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.config import Settings, new_key_ring
from petition_app.db import after_commit, db, transaction
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import handed, opened, unlocking
from petition_app.local.acts import BUILDERS
from petition_app.local.client import Server
from petition_app.local.errands import Errands, ManyError
from petition_app.local.prefix import hide
from petition_app.roles import LOCAL
from petition_app.verification.forms import ActForm, read_id
from petition_app.verification.words import STATE_WORDS

ADDRESS = "127.0.0.1"
LIFE = timedelta(hours=12)
# What this machine does itself; other pages of staff are the server's.
HERE = frozenset(
    {"static", "bootstrap.static", "favicon", "local.start", "local.begin", "security.logout"}
    | {f"staff.desk.{name}" for name in (*BUILDERS, "show_desk", "next_case", "match", "match_slice", "case")}
    | {f"staff.unlock.{name}" for name in ("ask", "unlock", "lock")}
    | {f"staff.{name}" for name in LOCAL}
)
HOME = ("staff.accounts.home", "staff.petitions.show")

MakeApp = Callable[[Settings], Flask]


class ElsewhereError(DomainError):
    """The act belongs to the server."""

    message = N_("This is done on the server, not on your own machine.")


class ClosedError(DomainError):
    """Nobody is signed in here any more."""

    message = N_("This desk is closed. Start it anew with flask desk.")


def make_desk(make_app: MakeApp, server: Server, folder: Path) -> tuple[Flask, str]:
    """Make the application in a folder of its own, fill its mirror, and return it with its one-time path.

    Raises:
        AwayError, TokenError, RefusedError
    """
    app = make_app(_settings(folder))
    app.config["PERMANENT_SESSION_LIFETIME"] = LIFE
    app.config["OWN_MACHINE"] = True
    after_commit.clear()  # Nothing is published from here.
    errands = Errands(server)
    with app.app_context():
        event.listen(db.engine, "connect", _allow_holes)
        db.engine.dispose()
        db.create_all()
        with transaction():
            errands.refresh()
    once = [secrets.token_urlsafe(32)]
    app.register_blueprint(_pages(errands, once))
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: _stay_here(errands))
    for name in BUILDERS:
        app.view_functions[f"staff.desk.{name}"] = _sent(app.view_functions[f"staff.desk.{name}"], name, errands)
    app.view_functions["staff.desk.next_case"] = lambda: _next_case(errands)
    app.view_functions["staff.desk.match_slice"] = lambda: _match_slice(errands)
    names = "/organizer/p/<slug>/names"
    app.add_url_rule(names, "staff.due_names.show", lambda: _show_names(errands))
    app.add_url_rule(f"{names}/look", "staff.due_names.look", lambda: _look_for_names(errands), methods=["POST"])
    app.add_url_rule(f"{names}/ask", "staff.due_names.ask", lambda: _ask_names(errands), methods=["POST"])
    app.add_url_rule(names, "staff.due_names.publish", lambda: _publish_names(errands), methods=["POST"])
    app.view_functions["staff.unlock.unlock"] = _unlocked(app.view_functions["staff.unlock.unlock"], errands)
    return app, f"{hide(app)}/organizer/start/{once[0]}"


def _settings(folder: Path) -> Settings:
    return Settings(
        env="development", database_url=f"sqlite:///{folder / 'mirror.db'}", mail_url="",
        secret_key=secrets.token_urlsafe(48), key_ring=new_key_ring(), unlock_on_server=True, port=1, instance=folder,
    )  # fmt: skip


def _allow_holes(connection: Any, _record: object) -> None:
    """Let rows point to others that the mirror does not hold."""
    connection.execute("PRAGMA foreign_keys=OFF")


def _stay_here(errands: Errands) -> Response | None:
    """Lead to the server for what is not done here; a page of the net that calls itself this machine gets nothing."""
    if urlsplit(request.host_url).hostname != ADDRESS:
        abort(400)
    name = request.endpoint or ""
    if name in HERE or not name:
        return None
    if name in HOME:
        return redirect(url_for("staff.desk.show_desk", slug=errands.server.slug))
    if name == "security.login":
        raise ClosedError
    if request.method == "GET":
        return redirect(f"{errands.server.address}{request.path}")
    raise ElsewhereError


# --- signing in -------------------------------------------------------------------------------------------------


def _pages(errands: Errands, once: list[str]) -> Blueprint:
    """Return the page that signs in whoever started the desk, once."""
    pages = Blueprint("local", __name__, url_prefix="/organizer/start/<token>")

    @pages.get("")
    def start(token: str) -> str:
        if not (once and compare_digest(token.encode(), once[0].encode())):
            raise ClosedError
        return render_template("local/start.html", server=errands.server.address)

    @pages.post("")
    def begin(token: str) -> Response:
        if not (once and compare_digest(token.encode(), once[0].encode())):
            raise ClosedError
        once.clear()
        login_user(errands.account())
        session.permanent = False  # The browser forgets it when it is closed.
        return redirect(url_for("staff.desk.show_desk", slug=errands.server.slug), 303)

    return pages


# --- keys -------------------------------------------------------------------------------------------------------


def _secret() -> bytes:
    """Return the secret under which this browser's keys lie. Raises: LockedError."""
    kept = (session.get("unlock") or {}).get("secret")
    if not kept:
        raise opened.LockedError
    return bytes.fromhex(kept[32:])


def _unlocked(view: Callable[[], Any], errands: Errands) -> Callable[[], Response]:
    """Open the keys here, or tell the server of an alarm."""

    def unlock() -> Response:
        errands.refresh()
        response: Response = make_response(view())
        if response.status_code == 303:
            kept = unlocking.open_again(g.account.id, g.petition.id, session["unlock"]["secret"], at=utcnow())
            if kept and not kept.decoy:
                _after_unlock(errands)
            else:
                with suppress(DomainError):
                    errands.server.post("alarm", {})
        return response

    return unlock


def _after_unlock(errands: Errands) -> None:
    errands.keep_signing_key(request.form.get("passphrase", ""), _secret())


# --- names that are due -----------------------------------------------------------------------------------------


def _show_names(errands: Errands) -> str:
    """Show which names this machine would open for the public, and how many it keeps closed, and why."""
    return render_template("local/names.html", names=errands.sort_names(), form=ActForm(formdata=None))


def _look_for_names(errands: Errands) -> Response:
    """Fetch what is due; nothing is opened for anybody else."""
    errands.refresh()
    errands.fetch_names()
    return _to_names()


def _ask_names(errands: Errands) -> Response:
    """Ask another organizer to agree to the ticked names."""
    errands.ask_names(_chosen(), _secret())
    errands.fetch_names()
    flash(
        gettext("Another organizer now finds the request on the server and must confirm it within 24 hours."), "success"
    )
    return _to_names()


def _publish_names(errands: Errands) -> Response:
    """Open the names that were shown and confirmed, and no other."""
    number = errands.publish_names(_chosen(), _secret())
    errands.fetch_names()
    flash(ngettext("%(num)s name is published.", "%(num)s names are published.", number), "success")
    return _to_names()


def _chosen() -> set[UUID]:
    return {found for text in request.form.getlist("name") if (found := read_id(text))}


def _to_names() -> Response:
    return redirect(url_for("staff.due_names.show", slug=g.petition.slug), 303)


# --- the desk ---------------------------------------------------------------------------------------------------


def _next_case(errands: Errands) -> Response:
    """Take the next case from the server."""
    try:
        asked, after = request.form.get("asked") == "1", read_id(session.get("last_case"))
        found = errands.next_case(_secret(), after=after, asked=asked)
    except ManyError as error:
        errands.fetch_all(_secret())
        flash(gettext(error.message), "warning")
        return _to("match")
    if found is None:
        flash(gettext("No case waits for you. Cases that other people hold, or that you have decided, are not shown."))
        return _to("show_desk")
    session["last_case"] = str(found)
    return _to("case", signature_id=found)


def _match_slice(errands: Errands) -> Response:
    """Match the next slice and send what was found."""
    now = errands.match_slice(_secret())
    if now.under_way or now.left:
        return _to("match")
    flash(gettext("All cases are matched with the roster and with each other."), "success")
    return _to("show_desk")


def _sent(view: Callable[..., Any], name: str, errands: Errands) -> Callable[..., Response]:
    """Run an act on the mirror, then have the server carry it out; what the server refuses did not happen here."""

    def act(**values: Any) -> Response:
        with handed.recorded() as recording:
            response: Response = make_response(view(**values))
        if response.status_code < 400:
            try:
                _send(name, values, recording, errands)
            except DomainError:
                session.pop("_flashes", None)
                raise
        return response

    return act


def _send(name: str, values: dict[str, Any], recording: handed.Recording, errands: Errands) -> None:
    signature_id = values["signature_id"]
    args, made = BUILDERS[name](signature_id, errands.petition(), recording)
    args |= {key: str(value) for key, value in values.items() if key != "signature_id"}
    state = errands.send(name, signature_id, args, made, _secret())["state"]
    if name == "decide" and state not in ("checking", "needs_info"):
        session.pop("_flashes", None)
        words = STATE_WORDS.get(state, state)
        flash(gettext("Your decision is recorded. The signature is now: %(state)s.", state=words), "success")


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.desk.{endpoint}", slug=g.petition.slug, **values), 303)
