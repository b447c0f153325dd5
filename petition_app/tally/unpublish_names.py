"""Taking names from the public: what may no longer be shown goes at once, and waits for no publication."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CompoundSelect, delete, or_, select, union, update

from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import publishable
from petition_app.storage.db import db, note_erasure
from petition_app.tally.models import Breakdown, DueName, PublishedName, PublishedPlace
from petition_app.tally.names import count_place


def unpublish_lost_names(petition: Petition) -> None:
    """Remove the names that may no longer be public; the numbers follow with the next publication.

    When somebody leaves, others may have asked to be named only beside more people than are left; they go too.
    """
    lost = select(Signature.id).where(
        Signature.id.in_(_standing(petition)), or_(Signature.state != "verified", Signature.publication_tier != 3)
    )
    if gone := list(db.session.scalars(lost)):
        _remove(petition, gone)
        _remove(petition, _unmet(petition))


def _standing(petition: Petition) -> CompoundSelect[UUID]:
    """Select the signatures whose names are public, or due to be."""
    tables = (PublishedName, DueName)
    return union(*(select(table.signature_id).where(table.petition_id == petition.id) for table in tables))


def _unmet(petition: Petition) -> list[UUID]:
    """Return those who stand and have asked for more others than do."""
    rows = db.session.execute(
        select(Signature.id, Signature.min_named_others).where(Signature.id.in_(_standing(petition)))
    ).all()
    conditions = [others for _, others in rows if others is not None]
    size = publishable(conditions, unconditional=len(rows) - len(conditions))
    return [signature_id for signature_id, others in rows if others is not None and others >= size]


def _remove(petition: Petition, ids: list[UUID]) -> None:
    for public in db.session.scalars(select(PublishedName).where(PublishedName.signature_id.in_(ids))).all():
        count_place(petition.id, public.place, -1)
        db.session.delete(public)
        note_erasure()
    db.session.execute(delete(DueName).where(DueName.signature_id.in_(ids)))
    db.session.flush()


def hide_names(petition: Petition) -> None:
    """Take every name of a petition from the public at once, and what is told of those without a name."""
    for table in (PublishedName, PublishedPlace, DueName, Breakdown):
        gone = delete(table).where(table.petition_id == petition.id)
        db.session.execute(gone.execution_options(synchronize_session="fetch"))
    note_erasure()


def ask_for_names(petition: Petition) -> None:
    """Ask the publisher to look anew at every signature whose signer agreed to be named."""
    agreed = update(Signature).where(
        Signature.petition_id == petition.id, Signature.state == "verified", Signature.publication_tier == 3
    )
    db.session.execute(agreed.values(names_stale=True).execution_options(synchronize_session="fetch"))
