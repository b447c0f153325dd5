"""Reading published names: in pages, by place, and by an organizer who looks for a case."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.bounds import LONGEST_WORD
from petition_app.db import db
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.tally.claims import hidden
from petition_app.tally.models import PublishedName, PublishedPlace

FEW = 5


@dataclass(frozen=True)
class NamesPage:
    """One page of published names, and whether there is another."""

    names: list[PublishedName]
    page: int
    per_page: int
    more: bool


def list_names(
    petition: Petition, *, batch: int | None = None, place: str | None = None, page: int = 1, per_page: int = 100
) -> NamesPage:
    """Return published names in order of batch and alphabet.

    `place` "" stands for the small places together. A name whose signature was withdrawn a moment ago is left out,
    although the next publication has not removed it yet.
    """
    query = visible(petition)
    if batch is not None:
        query = query.where(PublishedName.batch_number == batch)
    if place is not None:
        query = query.where(in_place(petition, place))
    order = query.order_by(PublishedName.batch_number, PublishedName.sort_key, PublishedName.signature_id)
    found = list(db.session.scalars(order.offset((page - 1) * per_page).limit(per_page + 1)))
    return NamesPage(found[:per_page], page, per_page, len(found) > per_page)


def list_later_names(petition: Petition, *, limit: int) -> list[PublishedName]:
    """Return the first published names that are not initial signatories."""
    query = visible(petition).where(PublishedName.batch_number > 0)
    return list(db.session.scalars(query.order_by(PublishedName.batch_number, PublishedName.sort_key).limit(limit)))


def in_place(petition: Petition, place: str) -> ColumnElement[bool]:
    """Return the condition that a name belongs to a place; "" stands for the small places together."""
    if place:
        return PublishedName.place == place
    large = select(PublishedPlace.place).where(PublishedPlace.petition_id == petition.id, PublishedPlace.number >= FEW)
    return PublishedName.place.not_in(large)


def visible(petition: Petition) -> Select[PublishedName]:
    """Select the published names that may be shown at this moment."""
    return (
        select(PublishedName)
        .join(Signature, Signature.id == PublishedName.signature_id)
        .where(PublishedName.petition_id == petition.id, Signature.state == "verified", Signature.consent == 3)
        .where(~hidden())
    )


def list_places(petition: Petition) -> list[PublishedPlace]:
    """Return the places with at least five published names; the others are merged."""
    query = select(PublishedPlace).where(PublishedPlace.petition_id == petition.id, PublishedPlace.number >= FEW)
    return list(db.session.scalars(query.order_by(PublishedPlace.place)))


def find_published(petition: Petition, text: str, *, by: Account, limit: int = 20) -> list[PublishedName]:
    """Return published names that contain the text, for an organizer who looks for a case."""
    require_role(by, petition.id, "organizer")
    words = unicodedata.normalize("NFKC", text[:LONGEST_WORD]).casefold().replace("ё", "е").split()
    query = select(PublishedName).where(PublishedName.petition_id == petition.id)
    for word in words[:6]:
        query = query.where(PublishedName.sort_key.contains(word, autoescape=True))
    return list(db.session.scalars(query.order_by(PublishedName.sort_key).limit(limit))) if words else []
