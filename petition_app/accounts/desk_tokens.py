"""Tokens of the local desk: made by a member for one petition, good for twelve hours, ended with their sessions."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from petition_app import audit
from petition_app.accounts.models import Account, DeskToken
from petition_app.accounts.services import require_role
from petition_app.crypto.fingerprints import hash_secret
from petition_app.storage.db import db

LIFE = timedelta(hours=12)
HOLDERS = ("organizer", "reviewer")


def make(petition_id: UUID, *, by: Account, at: datetime) -> str:
    """Make a token for a member's own machine and return it; the one before and those that have run out end.

    Raises:
        NotAllowedError
    """
    require_role(by, petition_id, *HOLDERS)
    end(by.id, petition_id)
    db.session.execute(delete(DeskToken).where(DeskToken.made_at < at - LIFE))
    token = secrets.token_urlsafe(32)
    db.session.add(DeskToken(token_hash=_hash(token), account_id=by.id, petition_id=petition_id, made_at=at))
    audit.record("desk.token_made", by=by.id, petition_id=petition_id, object_id=by.id, at=at)
    db.session.flush()
    return token


def withdraw(petition_id: UUID, *, by: Account, at: datetime) -> None:
    """End a member's own token."""
    end(by.id, petition_id)
    audit.record("desk.token_withdrawn", by=by.id, petition_id=petition_id, object_id=by.id, at=at)


def end(account_id: UUID, petition_id: UUID) -> None:
    """End the token of an account for a petition."""
    mine = (DeskToken.account_id == account_id, DeskToken.petition_id == petition_id)
    db.session.execute(delete(DeskToken).where(*mine))


def find(token: str, *, at: datetime) -> tuple[Account, UUID] | None:
    """Return whose token it is, and for which petition, while it lasts."""
    row = db.session.get(DeskToken, _hash(token))
    if row is None or row.made_at < at - LIFE:
        return None
    account = db.session.get_one(Account, row.account_id)
    return (account, row.petition_id) if account.active else None


def lasts_until(petition_id: UUID, *, by: Account, at: datetime) -> datetime | None:
    """Return until when a member's token lasts, if there is one."""
    mine = (DeskToken.account_id == by.id, DeskToken.petition_id == petition_id)
    made = db.session.scalar(select(DeskToken.made_at).where(*mine, DeskToken.made_at >= at - LIFE))
    return made + LIFE if made else None


def _hash(token: str) -> bytes:
    return hash_secret("desk", token.encode())
