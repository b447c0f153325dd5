"""Looking for a published name, however it is spelled."""

from __future__ import annotations

from sqlalchemy import and_, or_

from petition_app.matching.names.folding import plain_words
from petition_app.matching.names.spelling import fold, spellings
from petition_app.petitions.models import Petition
from petition_app.storage.db import db
from petition_app.tally.models import PublishedName
from petition_app.tally.published import NamesPage, in_place, visible

LONGEST, MOST_WORDS, MOST_FOUND = 120, 6, 100
SHORTEST_SOUND = 3


def find_names(petition: Petition, text: str, *, batch: int | None = None, place: str | None = None) -> NamesPage:
    """Return published names in which each word of the text stands, as typed or as it sounds in another alphabet.

    Only what the list of signatories shows is looked through, and at most 100 names are given. Case, ё and е,
    look-alike letters and the marks on Latin letters make no difference.
    """
    typed = fold(text[:LONGEST]).split()[:MOST_WORDS]
    if not typed:
        return NamesPage([], 1, MOST_FOUND, pages=1)
    query = visible(petition)
    for word in typed:
        sounds = [sound for sound in spellings(word) if len(sound) >= SHORTEST_SOUND]
        query = query.where(
            or_(
                PublishedName.sort_key.contains(word, autoescape=True),
                and_(*(PublishedName.folded.contains(part, autoescape=True) for part in plain_words(word) or [word])),
                *(PublishedName.spelled.contains(sound, autoescape=True) for sound in sounds),
            )
        )
    if batch is not None:
        query = query.where(PublishedName.batch_number == batch)
    if place is not None:
        query = query.where(in_place(petition, place))
    order = query.order_by(PublishedName.batch_number, PublishedName.collation_key, PublishedName.signature_id)
    found = list(db.session.scalars(order.limit(MOST_FOUND + 1)))
    return NamesPage(found[:MOST_FOUND], 1, MOST_FOUND, pages=2 if len(found) > MOST_FOUND else 1)
