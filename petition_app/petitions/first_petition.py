"""The first petition of a server: who may draft it."""

from __future__ import annotations

from sqlalchemy import select

from petition_app.accounts.models import Account
from petition_app.accounts.services import is_organizer_somewhere
from petition_app.petitions.models import Petition
from petition_app.storage.db import db


def is_empty() -> bool:
    """Return whether nobody has drafted anything on this server yet."""
    return db.session.scalar(select(Petition.id).limit(1)) is None


def may_begin(account: Account) -> bool:
    """Return whether the account may draft a petition: organizers may, and anybody with an account the first one."""
    return is_organizer_somewhere(account) or is_empty()
