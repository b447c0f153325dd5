"""The keys that a request carries: opened from its cookie at the start, let go of at the end."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, g, session
from flask_login import user_logged_out
from flask_security import password_changed

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.keys import member_keys, open_keys, unlocking
from petition_app.verification.cases.open_keys_access import OpenKeysAccess


def init_app(app: Flask) -> None:
    """Let go of the keys after each request, and lock them when their holder signs out or changes the password."""
    app.teardown_request(lambda _error: release_keys())
    user_logged_out.connect(_lock, app)
    password_changed.connect(_lock, app)


def load_keys(account: Account, petition_id: UUID) -> None:
    """Open the keys that the cookie's secret opens."""
    kept, now = session.get("unlock") or {}, utcnow()
    if kept.get("petition") != petition_id.hex:
        return
    keys = unlocking.open_again(account.id, petition_id, kept["secret"], at=now)
    g.under_duress = bool(keys and keys.decoy)
    if keys:
        g.keys_token = open_keys.activate(None if keys.decoy else keys)
    else:
        session.pop("unlock", None)


def case_access() -> OpenKeysAccess:
    """Return how this request works on cases: with its open keys; a local desk has put its own in place."""
    access: OpenKeysAccess = g.setdefault("case_access", OpenKeysAccess())
    return access


def note_act() -> None:
    """Note that the keys were used; only acts count, since a page that is looked at changes nothing."""
    kept = session.get("unlock") or {}
    if g.get("keys_token") and kept.get("secret"):
        unlocking.note_act(kept["secret"], at=utcnow())


def release_keys() -> None:
    """Hold no key any more."""
    if token := g.pop("keys_token", None):
        open_keys.deactivate(token)


def _lock(_app: Flask, user: Account, **_: object) -> None:
    member_keys.lock_now(user.id)
    session.pop("unlock", None)
