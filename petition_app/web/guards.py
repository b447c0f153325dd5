"""Closes the staff pages to strangers, the door of local desks to other machines, and public forms to other sites."""

from __future__ import annotations

from flask import (
    Response,
    abort,
    flash,
    g,
    redirect,
    request,
    url_for,
)
from flask_babel import gettext
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from petition_app import config, maintenance
from petition_app.accounts import desk_tokens
from petition_app.accounts.sessions import note_seen
from petition_app.bounds import is_said_once, is_text
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.keys import open_keys
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.services import get_for_staff
from petition_app.rate_limits.counters import limits
from petition_app.storage.db import save_from_here
from petition_app.web import fresh_sign_in, request_keys, resumed_posts, sign_in
from petition_app.web.access import (
    ALWAYS,
    FRESH,
    HOLDS_KEYS,
    IN_GROUPS,
    LOCAL,
    NEEDS_KEYS,
    OPEN,
    REMOTE,
    ROLES,
    SIGN_IN,
    SIGNED_IN,
    WHILE_FROZEN,
)
from petition_app.web.language_links import SAFE

WRONG_TOKENS = "20 per hour"

csrf = CSRFProtect()


def guard() -> AnyResponse | None:
    """Close the staff pages to strangers, and the public forms to other sites."""
    name = request.endpoint or ""
    if request.method not in SAFE and name not in ALWAYS and _may_only_be_read(name):
        raise maintenance.ReadOnlyError
    if name.startswith("remote."):
        _guard_remote(name)
    elif name.startswith("staff."):
        return _guard_staff(name.removeprefix("staff."))
    elif name.startswith("security."):
        _keep_out_other_sites()
        sign_in.signed_in()
        if request.method not in SAFE:
            csrf.protect()
        if name not in SIGN_IN:
            raise NotFoundError
    elif request.method not in SAFE:
        _keep_out_other_sites()
    return None


def _may_only_be_read(name: str) -> bool:
    if found := g.get("staff_access"):
        return bool(found.read_only)
    is_on = maintenance.was_on if name == IN_GROUPS else maintenance.is_on  # Whoever writes a group looks again.
    return is_on(maintenance.READ_ONLY)


def _guard_staff(name: str) -> AnyResponse | None:
    account = sign_in.signed_in()
    if account is None and name not in OPEN:
        return _ask_to_sign_in()
    _keep_out_other_sites()
    if request.method not in SAFE:
        csrf.protect()
        is_once = is_said_once(name for name, _ in request.form.items(multi=True))
        if not (is_once and all(is_text(value) for value in request.form.values())):
            abort(400)
    if account is None:
        return None
    g.account, g.petition, g.role = account, None, None
    g.slug = (request.view_args or {}).pop("slug", None)
    if g.slug is not None:
        g.petition, g.role = sign_in.found_access().petition, sign_in.found_access().role
        if g.petition is None:
            raise NotFoundError
    if name not in SIGNED_IN | OPEN and g.role not in (ROLES | LOCAL).get(name, frozenset()):
        raise NotFoundError
    if name in HOLDS_KEYS and not config.current().unlock_on_server:
        raise NotFoundError
    if g.petition and name not in WHILE_FROZEN:
        require_thawed(g.petition)
    if name in FRESH and request.method not in SAFE:
        if words := fresh_sign_in.problem(account):
            flash(words, "warning")
            return redirect(url_for(f"staff.{FRESH[name]}", slug=g.slug), 303)
        save_from_here()
    if g.petition is not None and g.petition.is_sealed and config.current().unlock_on_server:
        request_keys.load_keys(account, g.petition.id)
        if name in NEEDS_KEYS and open_keys.current(g.petition.id) is None:
            return _ask_for_keys()
    return None


def _guard_remote(name: str) -> None:
    """Let in a member's own machine with its token for this sealed petition; to others there is nothing here."""
    _keep_out_other_sites()
    client = limits().client(request.remote_addr)
    if not limits().allows(WRONG_TOKENS, "desk", client):
        abort(429)
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = desk_tokens.find(token, at=utcnow()) if kind == "Bearer" else None
    if found is None:
        limits().count(WRONG_TOKENS, "desk", client)
        raise NotFoundError
    g.slug = (request.view_args or {}).pop("slug", None)
    g.petition, g.role = get_for_staff(str(g.slug), by=found[0])
    if g.petition.id != found[1] or not g.petition.is_sealed or g.role not in REMOTE[name]:
        raise NotFoundError
    g.account = found[0]
    save_from_here()
    require_thawed(g.petition)


def _ask_to_sign_in() -> AnyResponse:
    """Lead to the sign-in, say why where a session has ended, and let what was typed come back afterwards."""
    is_from_here = request.method not in SAFE and request.headers.get("Sec-Fetch-Site") != "cross-site"
    if is_from_here and (page := resumed_posts.ask_to_sign_in()):
        return page
    if g.get("ended"):
        flash(gettext("Your session has ended, so please sign in again."))
    return redirect(url_for("security.login", next=request.path if request.method == "GET" else None))


def _ask_for_keys() -> AnyResponse:
    """Lead to where the keys are opened; who gave the passphrase of duress finds nothing to do."""
    if g.get("under_duress") and (request.endpoint or "").startswith("staff.keys."):
        flash(gettext("Something went wrong on our side. Nothing was changed. Please try again."), "danger")
        return redirect(url_for("staff.keys.manage", slug=g.slug), 303)
    if g.get("under_duress"):
        flash(gettext("No case waits for you. Cases that other people hold, or that you have decided, are not shown."))
        return redirect(url_for("staff.desk.show_desk", slug=g.slug), 303)
    if request.method not in SAFE and (page := resumed_posts.ask_for_keys()):
        return page
    there = request.script_root + request.path if request.method in SAFE else None
    return redirect(url_for("staff.unlock.ask", slug=g.slug, next=there), 303)


def _keep_out_other_sites() -> None:
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.method not in SAFE:
        abort(403)


def note_seen_after(response: Response) -> Response:
    """Note a sign of life of staff, once the act is done."""
    if g.get("account") and request.method not in SAFE and response.status_code < 400:
        note_seen(g.account, at=utcnow())
        request_keys.note_act()
    return response
