"""Published names by their sound and folded, written anew where the rules of folding have changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update

from petition_app.matching.names.spelling import search_spellings
from petition_app.signatures.rules import fold_name
from petition_app.storage.db import db
from petition_app.tally.models import PublishedName

SLICE = 500


def refold_slice(after: UUID | None) -> UUID | None:
    """Fold the next published names in the order of their ids; return the last of them, or nothing where none is left.

    A name that goes meanwhile is left alone, so that it can be done again from any place.
    """
    query = select(PublishedName.signature_id, PublishedName.name, PublishedName.spelled, PublishedName.folded)
    query = query.where(PublishedName.signature_id > after) if after else query
    last = None
    for id_, name, spelled, folded in db.session.execute(query.order_by(PublishedName.signature_id).limit(SLICE)).all():
        last = id_
        fresh = {"spelled": search_spellings(name)[:240], "folded": fold_name(name)[:240]}
        if (spelled, folded) != tuple(fresh.values()):
            there = update(PublishedName).where(PublishedName.signature_id == id_, PublishedName.name == name)
            db.session.execute(there.values(**fresh))
    return last
