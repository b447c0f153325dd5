"""The keys that a request carries: opened from its cookie at the start, let go of at the end."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, g, session
from flask_login import user_logged_out
from flask_security import password_changed

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.keys import opened, own, unlocking


def init_app(app: Flask) -> None:
    """Let go of the keys after each request, and lock them when their holder signs out or changes the password."""
    app.teardown_request(lambda _error: let_go())
    user_logged_out.connect(_lock, app)
    password_changed.connect(_lock, app)


def take_up(account: Account, petition_id: UUID) -> None:
    """Open the keys that the cookie's secret opens."""
    kept, now = session.get("unlock") or {}, utcnow()
    if kept.get("petition") != petition_id.hex:
        return
    keys = unlocking.open_again(account.id, petition_id, kept["secret"], at=now)
    g.under_duress = bool(keys and keys.decoy)
    if keys:
        g.keys_token = opened.enter(None if keys.decoy else keys)
    else:
        session.pop("unlock", None)


def note_act() -> None:
    """Note that the keys were used; only acts count, since a page that is looked at changes nothing."""
    kept = session.get("unlock") or {}
    if g.get("keys_token") and kept.get("secret"):
        unlocking.note_act(kept["secret"], at=utcnow())


def let_go() -> None:
    """Hold no key any more."""
    if token := g.pop("keys_token", None):
        opened.leave(token)


def _lock(_app: Flask, user: Account, **_: object) -> None:
    own.lock_now(user.id)
    session.pop("unlock", None)
