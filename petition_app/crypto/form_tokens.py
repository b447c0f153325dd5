"""Tokens for one sending of one form, marked by this server and this day."""

from __future__ import annotations

import hmac
import secrets

from petition_app import config
from petition_app.clock import utcnow
from petition_app.crypto.fingerprints import purpose_key


def new_form_token() -> str:
    """Return a token for one sending of one form: 128 random bits and the server's mark of this day (UTC)."""
    token = secrets.token_hex(16)
    return f"{token}.{_form_mark(token, 0, config.current().secret_key)}"


def is_form_token(value: str) -> bool:
    """Return whether this server made the token today or yesterday, with its secret key or one of those before."""
    token, _, mark = value.partition(".")
    keys = (config.current().secret_key, *config.current().secret_key_fallbacks)
    marks = (_form_mark(token, days, key) for key in keys for days in (0, 1))
    return any(hmac.compare_digest(each.encode(), mark.encode()) for each in marks)


def _form_mark(token: str, days_ago: int, key: str) -> str:
    message = f"{token}|{utcnow().date().toordinal() - days_ago}"
    return hmac.new(purpose_key(key, "form"), message.encode(), "sha256").hexdigest()[:32]
