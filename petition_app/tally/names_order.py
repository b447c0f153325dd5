"""The order of published names: that of the letter's language, by keys that are stored with them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from petition_app.i18n import DEFAULT_LANGUAGE
from petition_app.person_names.sorting import VERSION, initial_of, sort_key
from petition_app.petitions.models import Petition
from petition_app.storage.db import db, get_for_update, note_names_published
from petition_app.tally.models import PublishedName

SLICE = 500


def language_of(petition: Petition) -> str:
    """Return the language in whose order the names of a letter stand: the chosen one, else the first of its own."""
    titles = petition.text.titles
    if petition.names_order:
        return petition.names_order
    return DEFAULT_LANGUAGE if DEFAULT_LANGUAGE in titles else next(iter(titles), DEFAULT_LANGUAGE)


def keys(name: str, language: str) -> dict[str, str]:
    """Return the columns by which a name is sorted and found by its first letter."""
    return {
        "collation_key": sort_key(name, language),
        "initial": initial_of(name, language),
        "sorted_as": _rules(language),
    }


def list_unsorted() -> list[UUID]:
    """Return the petitions some of whose names are sorted by earlier rules, or for another language."""
    found = db.session.execute(select(PublishedName.petition_id, PublishedName.sorted_as).distinct())
    expected: dict[UUID, str] = {}
    unsorted = set[UUID]()
    for petition_id, sorted_as in found:
        if petition_id not in expected:
            expected[petition_id] = _rules(language_of(db.session.get_one(Petition, petition_id)))
        if sorted_as != expected[petition_id]:
            unsorted.add(petition_id)
    return sorted(unsorted)


def sort_some(petition_id: UUID, *, at: datetime) -> int:
    """Make the keys of up to 500 names of a petition anew; return how many these were. Nothing else is changed."""
    petition = get_for_update(Petition, petition_id)
    if petition is None:
        return 0
    language = language_of(petition)
    old = select(PublishedName).where(
        PublishedName.petition_id == petition_id, PublishedName.sorted_as != _rules(language)
    )
    rows = db.session.scalars(old.order_by(PublishedName.signature_id).limit(SLICE)).all()
    for row in rows:
        for column, value in keys(row.name, language).items():
            setattr(row, column, value)
    if rows:
        note_names_published()
    db.session.flush()
    return len(rows)


def _rules(language: str) -> str:
    return f"{VERSION}{language}"
