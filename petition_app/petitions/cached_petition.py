"""Petitions as they stood at most a second ago, for pages that many people ask for at once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from petition_app.errors import NotFoundError
from petition_app.petitions.models import Petition
from petition_app.storage.short_cache import recall


def get_public(slug: str) -> Petition:
    """Return a petition the public may see, with its texts, bound to no session.

    Raises:
        NotFoundError: there is none, which is never remembered.
    """

    def read(session: Session) -> Petition:
        petition = session.scalar(
            select(Petition).where(Petition.slug == slug).options(selectinload(Petition.versions))
        )
        if petition is None or not petition.is_public:
            raise NotFoundError
        return petition

    return recall(("petition", slug), read)
