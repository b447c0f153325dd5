"""Sessions of staff: begun by a sign-in, known by a token in a cookie, good for twelve hours."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from petition_app import audit
from petition_app.accounts.models import Account, AccountSession, DeskToken
from petition_app.crypto.fingerprints import hash_secret
from petition_app.storage.db import db

LIFE = timedelta(hours=12)


def hash_token(token: str) -> bytes:
    """Return under what a cookie's token is kept."""
    return hash_secret("session", token.encode())


def start(account: Account, *, at: datetime) -> str:
    """Begin a session after a successful sign-in and return its token for the cookie."""
    token = secrets.token_urlsafe(32)
    db.session.add(AccountSession(token_hash=hash_token(token), account_id=account.id, started_at=at))
    db.session.execute(delete(AccountSession).where(AccountSession.started_at < at - LIFE))
    note_seen(account, at=at)
    audit.record("account.signed_in", by=account.id, object_id=account.id, at=at)
    db.session.flush()
    return token


def end(token: str) -> None:
    """End one session."""
    db.session.execute(delete(AccountSession).where(AccountSession.token_hash == hash_token(token)))


def end_all(account_id: UUID) -> None:
    """End all sessions of an account, and its local desks."""
    db.session.execute(delete(AccountSession).where(AccountSession.account_id == account_id))
    db.session.execute(delete(DeskToken).where(DeskToken.account_id == account_id))


def note_seen(account: Account, *, at: datetime) -> None:
    """Note a sign of life, with its day."""
    if account.seen_on != at.date():
        account.seen_on = at.date()
        db.session.flush()
