"""Whether what was typed is anybody's: asked before anything is changed; nothing here writes or locks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from petition_app.crypto.codes import read_secret_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.new_signatures import hash_code
from petition_app.storage.db import db


def hash_typed(typed: str) -> bytes:
    """Return what is kept of twelve words; of what are none, a hash that nobody's are kept under."""
    return hash_secret("my/v1", read_secret_code(typed) or b"")


def is_code_known(typed: str) -> bool:
    """Return whether a secret code belongs to a signature."""
    found = select(Signature.id).where(Signature.code_hash == hash_typed(typed))
    return db.session.scalar(found) is not None


def is_mail_code_known(petition_id: UUID, code: str) -> bool:
    """Return whether a short code is that of any page."""
    found = select(Confirmation.pending_hash).where(Confirmation.code_hash == hash_code(petition_id, code)).limit(1)
    return db.session.scalar(found) is not None


def is_page_open(pending: str) -> bool:
    """Return whether a code may still be typed on a page, or was."""
    found = select(Confirmation.used, Confirmation.tries_left).where(
        Confirmation.pending_hash == hash_secret("pending", pending.encode())
    )
    row = db.session.execute(found).first()
    return row is not None and (row.used or row.tries_left > 0)
