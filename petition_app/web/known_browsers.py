"""Browsers of staff: which have signed in before, and which session ends because too much was guessed in it.

A browser that has signed in holds a cookie under /organizer that opens nothing. Who holds it waits only for their own
mistakes, so a stranger who guesses cannot keep staff out. It holds a random id and the server's mark over it and the
account's address; the server keeps neither.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

from flask import Response, after_this_request, current_app, flash, request, session
from flask_babel import gettext
from flask_security import logout_user

from petition_app.accounts import attempts, credentials
from petition_app.accounts.attempts import Guesser
from petition_app.accounts.models import Account
from petition_app.crypto.fingerprints import fingerprint
from petition_app.mailer.addresses import address_key
from petition_app.rate_limits.counters import limits

LIFE = 180 * 24 * 3600  # Seconds.


def guesser(subject: str) -> Guesser:
    """Return who tries a secret of this address: the client, and the browser where it has signed in with it before."""
    browser, _, mark = request.cookies.get(_cookie(), "").partition(".")
    known = bool(browser) and hmac.compare_digest(mark.encode(), _mark(browser, subject).encode())
    return Guesser(limits().client(request.remote_addr), browser if known else "")


def remember(subject: str) -> None:
    """Give this browser the cookie, unless it has it, or looks at a desk on its own machine, which lives for hours."""
    if not current_app.config.get("OWN_MACHINE") and not guesser(subject).browser:
        browser = secrets.token_hex(16)
        after_this_request(lambda response: _give(response, f"{browser}.{_mark(browser, subject)}"))


def session_ends(account: Account, *, at: datetime) -> bool:
    """Count a wrong password or passphrase that was typed while signed in; after a few, end the session.

    Return whether it has ended; then there is a message to the person.
    """
    credentials.note_failure(account, at=at)
    if attempts.may_go_on(session.get("token", "")):
        return False
    logout_user()
    session.pop("_flashes", None)
    flash(
        gettext("Too many wrong passwords or passphrases were typed, so you are signed out. Please sign in again."),
        "warning",
    )
    return True


def _give(response: Response, value: str) -> Response:
    config = current_app.config
    response.set_cookie(
        _cookie(), value, max_age=LIFE, path=config["SESSION_COOKIE_PATH"], secure=config["SESSION_COOKIE_SECURE"],
        httponly=True, samesite="Strict",
    )  # fmt: skip
    return response


def _cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-browser"


def _mark(browser: str, subject: str) -> str:
    return fingerprint("browser", browser, address_key(subject)).hex()[:32]
