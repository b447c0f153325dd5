"""What an open transaction has read and need not read again."""

from __future__ import annotations

from typing import Any

from petition_app.storage.db import db


def known_here(what: str) -> dict[Any, Any]:
    """Return what is known of a kind of thing, to be asked and added to, until the open transaction ends.

    It is forgotten once the transaction locks a row: it may have waited for somebody who has changed what was read.
    """
    session = db.session()
    transaction = session.get_transaction()
    known: tuple[object, dict[str, dict[Any, Any]]] | None = session.info.get("known")
    if known is None or known[0] is not transaction:
        known = session.info["known"] = (transaction, {})
    return known[1].setdefault(what, {})
