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

from flask import Blueprint, Flask, abort, flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_security import login_user
from sqlalchemy import event
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.config import Settings, new_key_ring
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import unlocking
from petition_app.local_desk import due_name_pages
from petition_app.local_desk.acts import BUILDERS
from petition_app.local_desk.client import Server
from petition_app.local_desk.own_secret import own_secret
from petition_app.local_desk.prefix import hide
from petition_app.local_desk.recording import RecordingAccess
from petition_app.local_desk.server_sync import DeskSession, ManyError
from petition_app.storage.db import db, transaction
from petition_app.verification.desk.own_work import OwnWork
from petition_app.web.access import LOCAL
from petition_app.web.backend import Backend, View
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import read_id
from petition_app.web.labels import STATE_WORDS

ADDRESS = "127.0.0.1"
LIFE = timedelta(hours=12)
# What this machine does itself; other pages of staff are the server's.
HERE = frozenset(
    {"static", "bootstrap.static", "favicon", "local.start", "local.begin", "security.logout"}
    | {f"staff.desk.{name}" for name in (*BUILDERS, "show_desk", "next_case", "match", "match_slice", "case")}
    | {f"staff.unlock.{name}" for name in ("ask", "unlock", "lock")}
    | {f"staff.{name}" for name in LOCAL}
)
HOME = ("staff.account.home", "staff.petition.show")

MakeApp = Callable[[Settings, Backend], Flask]


class ElsewhereError(DomainError):
    """The act belongs to the server."""

    message = N_("This is done on the server, not on your own machine.")


class ClosedError(DomainError):
    """Nobody is signed in here any more."""

    message = N_("This desk is closed. Start it anew with flask desk.")


class OwnMachine(Backend):
    """A reviewer's own machine: acts are sent to the server, and nothing is published from here."""

    publishes = False

    def __init__(self, errands: DeskSession, once: list[str]) -> None:
        """`once` holds the token of the page that signs in, until it was used."""
        self._errands, self._once = errands, once
        self._instead = {
            "staff.desk.next_case": lambda: _next_case(errands),
            "staff.desk.match_slice": lambda: _match_slice(errands),
        }

    def init_app(self, app: Flask) -> None:
        """Add the pages that only this machine has, and keep out what is not done here before anything else looks."""
        errands, names = self._errands, "/organizer/p/<slug>/names"
        app.config.update(PERMANENT_SESSION_LIFETIME=LIFE, OWN_MACHINE=True)
        app.before_request(lambda: _stay_here(errands))
        app.register_blueprint(_pages(errands, self._once))
        pages = due_name_pages
        app.add_url_rule(names, "staff.due_names.show", lambda: pages.show_names(errands))
        app.add_url_rule(
            f"{names}/look", "staff.due_names.look", lambda: pages.look_for_names(errands), methods=["POST"]
        )
        app.add_url_rule(f"{names}/ask", "staff.due_names.ask", lambda: pages.ask_names(errands), methods=["POST"])
        app.add_url_rule(names, "staff.due_names.publish", lambda: pages.publish_names(errands), methods=["POST"])

    def view_for(self, endpoint: str, view: View) -> View:
        """Return a view that sends what it did to the server, where it is an act of the desk."""
        name = endpoint.removeprefix("staff.desk.")
        if endpoint != name and name in BUILDERS:
            return _sent(view, name, self._errands)
        if endpoint == "staff.unlock.unlock":
            return _unlocked(view, self._errands)
        return self._instead.get(endpoint, view)


def make_desk(make_app: MakeApp, server: Server, folder: Path) -> tuple[Flask, str]:
    """Make the application in a folder of its own, fill its mirror, and return it with its one-time path.

    Raises:
        AwayError, TokenError, RefusedError
    """
    errands, once = DeskSession(server), [secrets.token_urlsafe(32)]
    path = f"/organizer/start/{once[0]}"
    app = make_app(_settings(folder), OwnMachine(errands, once))
    with app.app_context():
        event.listen(db.engine, "connect", _allow_holes)
        db.engine.dispose()
        db.create_all()
        with transaction():
            errands.refresh()
    return app, f"{hide(app)}{path}"


def _settings(folder: Path) -> Settings:
    return Settings(
        env="development", database_url=f"sqlite:///{folder / 'mirror.db'}", mail_url="",
        secret_key=secrets.token_urlsafe(48), key_ring=new_key_ring(), unlock_on_server=True, port=1, instance=folder,
    )  # fmt: skip


def _allow_holes(connection: Any, _record: object) -> None:
    """Let rows point to others that the mirror does not hold."""
    connection.execute("PRAGMA foreign_keys=OFF")


def _stay_here(errands: DeskSession) -> Response | None:
    """Lead to the server for what is not done here; a page of the net that calls itself this machine gets nothing."""
    if urlsplit(request.host_url).hostname != ADDRESS:
        abort(400)
    name = request.endpoint or ""
    g.own_work = OwnWork(**errands.own)
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


def _pages(errands: DeskSession, once: list[str]) -> Blueprint:
    """Return the page that signs in whoever started the desk, once."""
    pages = Blueprint("local", __name__, url_prefix="/organizer/start/<token>")

    @pages.get("")
    def start(token: str) -> str:
        if not (once and compare_digest(token.encode(), once[0].encode())):
            raise ClosedError
        return render_template("local_desk/start.html", server=errands.server.address)

    @pages.post("")
    def begin(token: str) -> Response:
        if not (once and compare_digest(token.encode(), once[0].encode())):
            raise ClosedError
        once.clear()
        login_user(errands.account())  # type: ignore[arg-type] # It has what the library asks for.
        session.permanent = False  # The browser forgets it when it is closed.
        return redirect(url_for("staff.desk.show_desk", slug=errands.server.slug), 303)

    return pages


# --- keys -------------------------------------------------------------------------------------------------------


def _unlocked(view: Callable[[], Any], errands: DeskSession) -> Callable[[], Response]:
    """Open the keys here, or tell the server of an alarm."""

    def unlock() -> Response:
        errands.refresh()
        response: Response = make_response(view())
        if response.status_code == 303 or g.get("gives_back"):
            kept = unlocking.open_again(g.account.id, g.petition.id, session["unlock"]["secret"], at=utcnow())
            if kept and not kept.decoy:
                _after_unlock(errands)
            else:
                with suppress(DomainError):
                    errands.server.post("alarm", {})
        return response

    return unlock


def _after_unlock(errands: DeskSession) -> None:
    errands.keep_signing_key(request.form.get("passphrase", ""), own_secret())


# --- the desk ---------------------------------------------------------------------------------------------------


def _next_case(errands: DeskSession) -> Response:
    """Take the next case from the server."""
    try:
        asked, after = request.form.get("asked") == "1", read_id(session.get("last_case"))
        found = errands.next_case(own_secret(), after=after, asked=asked)
    except ManyError as error:
        errands.fetch_all(own_secret())
        flash(gettext(error.message), "warning")
        return _to("match")
    if found is None:
        flash(gettext("No case waits for you. Cases that other people hold, or that you have decided, are not shown."))
        return _to("show_desk")
    session["last_case"] = str(found)
    return _to("case", signature_id=found)


def _match_slice(errands: DeskSession) -> Response:
    """Match the next slice and send what was found."""
    now = errands.match_slice(own_secret())
    if now.under_way or now.left:
        return _to("match")
    flash(gettext("All cases are matched with the roster and with each other."), "success")
    return _to("show_desk")


def _sent(view: Callable[..., Any], name: str, errands: DeskSession) -> Callable[..., Response]:
    """Run an act on the mirror, then have the server carry it out; what the server refuses did not happen here."""

    def act(**values: Any) -> Response:
        g.case_access, g.goes_on_later = (access := RecordingAccess()), True
        response: Response = make_response(view(**values))
        if response.status_code >= 400 or g.get("was_repeated"):
            return response
        try:
            _send(name, values, access, errands)
        except DomainError:
            session.pop("_flashes", None)
            raise
        return _go_on(response, errands)

    return act


def _go_on(response: Response, errands: DeskSession) -> Response:
    """Go on to the next case, where the button said so; if the server gives none now, the desk says why."""
    if request.form.get("then") != "next" or response.status_code != 303:
        return response
    try:
        return _next_case(errands)
    except DomainError as error:
        flash(explain(error), "warning")
        return response


def _send(name: str, values: dict[str, Any], access: RecordingAccess, errands: DeskSession) -> None:
    signature_id = values["signature_id"]
    args, made = BUILDERS[name](signature_id, errands.petition(), access)
    args |= {key: str(value) for key, value in values.items() if key != "signature_id"}
    state = errands.send(name, signature_id, args, made, own_secret())["state"]
    if name == "decide" and state not in ("checking", "needs_info"):
        session.pop("_flashes", None)
        words = STATE_WORDS.get(state, state)
        flash(gettext("Your decision is recorded. The signature is now: %(state)s.", state=words), "success")


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.desk.{endpoint}", slug=g.petition.slug, **values), 303)
