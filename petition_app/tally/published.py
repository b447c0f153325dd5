"""Reading published names: in pages, by place, and by an organizer who looks for a case."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.bounds import LONGEST_WORD
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally.claims import hidden
from petition_app.tally.models import PublishedName, PublishedPlace

FEW = 5


@dataclass(frozen=True)
class NamesPage:
    """One page of published names, of `pages` (at least one)."""

    names: list[PublishedName]
    page: int
    per_page: int
    pages: int

    @property
    def more(self) -> bool:
        """Whether there is another page."""
        return self.page < self.pages

    @property
    def near(self) -> list[int]:
        """The pages to link to: the first, the last, and those beside this one; 0 stands for a gap."""
        shown = sorted({1, self.pages, *range(max(1, self.page - 2), min(self.pages, self.page + 2) + 1)})
        gaps = {number: [0] for number, before in zip(shown[1:], shown, strict=False) if number - before > 1}
        return [page for number in shown for page in (*gaps.get(number, ()), number)]


@dataclass(frozen=True)
class Letter:
    """A letter with which published names begin, and how many do."""

    letter: str
    number: int


def list_names(
    petition: Petition,
    *,
    batch: int | None = None,
    place: str | None = None,
    letter: str = "",
    page: int = 1,
    per_page: int = 100,
) -> NamesPage:
    """Return published names in order of batch and alphabet, those that begin with a letter where it is given.

    `place` "" stands for the small places together. A name whose signature was withdrawn a moment ago is left out,
    although the next publication has not removed it yet.
    """
    query = visible(petition)
    if batch is not None:
        query = query.where(PublishedName.batch_number == batch)
    if place is not None:
        query = query.where(in_place(petition, place))
    if letter:
        query = query.where(PublishedName.initial == letter)
    order = query.order_by(PublishedName.batch_number, PublishedName.collation_key, PublishedName.signature_id)
    found = list(db.session.scalars(order.offset((page - 1) * per_page).limit(per_page)))
    total = len(found)
    if page > 1 or total == per_page:
        total = db.session.scalar(query.with_only_columns(func.count())) or 0
    return NamesPage(found, page, per_page, pages=max(1, -(-total // per_page)))


def list_letters(petition: Petition) -> list[Letter]:
    """Return with which letters published names begin, in the order of the alphabet, and how many do."""
    letter = PublishedName.initial
    order = func.min(PublishedName.collation_key)
    counted = visible(petition).with_only_columns(letter, func.count()).group_by(letter).order_by(order)
    return [Letter(first, number) for first, number in db.session.execute(counted)]


def list_later_names(petition: Petition, *, limit: int) -> list[PublishedName]:
    """Return the first published names that are not initial signatories."""
    query = visible(petition).where(PublishedName.batch_number > 0)
    return list(
        db.session.scalars(query.order_by(PublishedName.batch_number, PublishedName.collation_key).limit(limit))
    )


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
        .where(PublishedName.petition_id == petition.id, Signature.state == "verified", Signature.publication_tier == 3)
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
    return list(db.session.scalars(query.order_by(PublishedName.collation_key).limit(limit))) if words else []
