"""Sign-in through Flask-Security: its datastore under our transaction, our sessions behind its signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Request, Response, flash, g, has_request_context, request, session
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_babel import gettext
from flask_login import user_logged_in, user_logged_out
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore, UserMixin, current_user

from petition_app.accounts import services, sessions
from petition_app.accounts.models import Account
from petition_app.bounds import is_text
from petition_app.clock import utcnow
from petition_app.petitions import staff_access
from petition_app.petitions.staff_access import StaffAccess
from petition_app.storage.db import db
from petition_app.web import known_browsers
from petition_app.web.forms.accounts import SignInForm

MOUNT = "/organizer"


class Datastore(SQLAlchemyUserDatastore):
    """Flask-Security's datastore; the request's transaction stays the only one that commits."""

    def commit(self) -> None:
        """Flush; the commit comes with the end of the request."""
        db.session.flush()

    def find_user(self, case_insensitive: bool = False, **known: Any) -> UserMixin | None:
        """Return an account; who is known by a cookie together with what its request will ask for next."""
        if known.keys() != {"fs_uniquifier"} or not has_request_context():
            return super().find_user(case_insensitive=case_insensitive, **known)
        token, slug = session.get("token", ""), (request.view_args or {}).get("slug", "")
        slug = slug if is_text(slug) else ""  # What no database takes names no letter.
        g.staff_access = found = staff_access.find(known["fs_uniquifier"], token=token, slug=slug, at=utcnow())
        return found.account if found else None  # type: ignore[return-value] # The library stands for any user.


class StaffSessions(SecureCookieSessionInterface):
    """A session exists under /organizer only; public pages read and set no cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open the signed cookie under /organizer."""
        return super().open_session(app, request) if _is_staff(request.path) else _NoSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the signed cookie under /organizer."""
        if not isinstance(session, NullSession):
            super().save_session(app, session, response)


class _NoSession(NullSession):
    """What public pages have: empty, and an error to write to."""


def _is_staff(path: str) -> bool:
    return path == MOUNT or path.startswith(f"{MOUNT}/")


def init_app(app: Flask) -> None:
    """Hang Flask-Security under /organizer, with our forms and templates."""
    app.session_interface = StaffSessions()
    app.config.update(
        SECURITY_URL_PREFIX=MOUNT,
        SECURITY_BLUEPRINT_NAME="security",
        SECURITY_LOGIN_URL="/login",
        SECURITY_LOGOUT_URL="/logout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW=MOUNT,
        SECURITY_POST_LOGOUT_VIEW=f"{MOUNT}/login",
        SECURITY_LOGIN_USER_TEMPLATE="staff/login.html",
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 -- a method.
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],  # Of no use here: we hash passwords ourselves.
        SECURITY_CACHE_CONTROL=None,  # Ours stands on every answer.
        SECURITY_PASSWORD_LENGTH_MIN=services.PASSWORD_LENGTH,
        SECURITY_RETURN_GENERIC_RESPONSES=False,  # Our form says the same whatever is wrong, in our words.
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_CLI_USERS_NAME=False,
        SECURITY_CLI_ROLES_NAME=False,
        SECURITY_REDIRECT_VALIDATE_MODE=["absolute", "regex"],
        SESSION_PROTECTION=None,
    )
    security = Security(app, Datastore(db, Account, RoleMixin), login_form=SignInForm)  # type: ignore[arg-type] # As there.
    security.want_json(lambda _request: False)  # Its JSON holds a token that would outlive the session.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined] # And no token signs in.
    _look_for_accounts_among_staff(app)
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)


def _look_for_accounts_among_staff(app: Flask) -> None:
    """Spare public pages the library's search for an account: without a session there is none to be found."""

    def only_for_staff(hook: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: hook() if _is_staff(request.path) else None

    hooks = app.before_request_funcs[None]
    hooks[:] = [only_for_staff(hook) if hook.__module__ == "flask_principal" else hook for hook in hooks]


def _begin(_app: Flask, user: Account, **_: Any) -> None:
    session.permanent = True
    session["token"] = sessions.start(user, at=utcnow())
    session.pop("_id", None)  # A hash of the address and the browser, which nothing here needs.
    session.pop("csrf_token", None)  # Forms of before belong to whoever was here before.
    g.pop("csrf_token", None)
    known_browsers.remember(user.email)


def _end(_app: Flask, **_: Any) -> None:
    sessions.end(session.pop("token", ""))
    session.clear()
    flash(gettext("You are signed out."), "success")


def found_access() -> StaffAccess:
    """Return what is known of who asks for this page, once a cookie has said who it is."""
    return cast(StaffAccess, g.staff_access)


def signed_in() -> Account | None:
    """Return the account whose live session the request carries."""
    if not current_user.is_authenticated:
        return None
    if not found_access().in_session:
        g.ended = current_user.id
        session.clear()
        return None
    return current_user._get_current_object()  # type: ignore[no-any-return] # The library stands for any user.
