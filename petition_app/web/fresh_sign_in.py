"""A fresh sign-in: acts that could harm everybody ask for the password again, unless it was given minutes ago.

When it was given last stands in the signed cookie. A wrong one is counted as at sign-in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, request, session
from flask_babel import gettext
from flask_login import user_logged_in

from petition_app.accounts import credentials
from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.web import known_browsers

LASTS = timedelta(minutes=10)
FIELD = "password_again"


def init_app(app: Flask) -> None:
    """Note every sign-in, and let templates ask whether the password is needed."""
    user_logged_in.connect(_note, app)
    app.jinja_env.globals["is_fresh"] = is_fresh


def is_fresh() -> bool:
    """Return whether the password was given in the last ten minutes."""
    given = session.get("fresh")
    return isinstance(given, int) and 0 <= utcnow().timestamp() - given < LASTS.total_seconds()


def problem(account: Account) -> str | None:
    """Return what keeps an act from going on, in words, or nothing: the password that the form carries is looked at."""
    if is_fresh():
        return None
    password = request.form.get(FIELD, "")
    if not password:
        return str(gettext("Please give your password as well: you signed in more than ten minutes ago."))
    try:
        credentials.confirm_password(account, password, who=known_browsers.guesser(account.email))
    except DomainError as error:
        if isinstance(error, credentials.WrongPasswordError):
            known_browsers.session_ends(account, at=utcnow())
        return str(gettext(error.message))
    _note()
    return None


def _note(*_: Any, **__: Any) -> None:
    session["fresh"] = int(utcnow().timestamp())
