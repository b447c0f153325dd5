"""Rehearsals: petitions with invented people that nobody outside sees, and that can be thrown away whole."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, false, or_, select
from sqlalchemy.exc import DBAPIError

from petition_app import audit
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.storage.db import Base, db, get_for_update, note_erasure


class NoRehearsalError(DomainError):
    """A letter that real people may have signed cannot be thrown away."""

    message = N_("This is no rehearsal, so it cannot be thrown away.")


class AtWorkError(DomainError):
    """Somebody adds to the rehearsal at this moment."""

    message = N_(
        "Somebody is at work in this rehearsal at this moment, so nothing of it was thrown away. Please try again in a "
        "moment."
    )


# PostgreSQL's states: a row came that points to what is deleted; this transaction and another wait for each other.
BESIDE = ("23503", "40P01")
OWNERS = ("signatures", "staged_rows")  # Whose id a sealed row names: a signature's, or of one being imported.


def list_ids() -> list[UUID]:
    """Return every rehearsal of the server."""
    return list(db.session.scalars(select(Petition.id).where(Petition.rehearsal)))


def get_own(account: Account) -> Petition | None:
    """Return the rehearsal that the account organizes, if there is one."""
    own = select(Petition).join(Membership, Membership.petition_id == Petition.id)
    own = own.where(Petition.rehearsal, Membership.account_id == account.id, Membership.role == "organizer")
    return db.session.scalar(own.order_by(Petition.created_at.desc()).limit(1))


def declare(petition: Petition) -> None:
    """Make a draft that was just begun a rehearsal; nothing makes one a petition again."""
    petition.rehearsal = True
    db.session.flush()


def throw_away(petition: Petition, *, by: Account | None, at: datetime) -> None:
    """Delete a rehearsal and every row that belongs to it, its trail included; only that it happened is kept.

    Raises:
        NoRehearsalError, AtWorkError
    """
    require_role(by, petition.id, "organizer")
    if not petition.rehearsal:
        raise NoRehearsalError
    petition_id = petition.id
    get_for_update(Petition, petition_id)
    db.session.flush()
    try:
        with db.session.begin_nested():
            _delete_all(petition_id)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") not in BESIDE:
            raise
        raise AtWorkError from None
    db.session.expunge_all()
    note_erasure()
    audit.record("rehearsal.thrown_away", by=by.id if by else None, at=at)
    db.session.flush()


def _delete_all(petition_id: UUID) -> None:
    """Delete every row of a locked rehearsal; whoever decides a case of it is waited for first."""
    cases = Base.metadata.tables["signatures"]
    held = select(cases.c.id).where(_belongs(cases, petition_id)).order_by(cases.c.id)
    db.session.execute(held.with_for_update(key_share=True))
    children_first = list(reversed(Base.metadata.sorted_tables))
    children_first.sort(key=lambda table: not _is_loose(table))
    for table in children_first:
        db.session.execute(delete(table).where(_belongs(table, petition_id)))


def _is_loose(table: Table) -> bool:
    """Return whether rows name a signature that may not be there yet: no key of the database ties them to it."""
    return "signature_id" in table.c and not table.c.signature_id.foreign_keys


def _belongs(table: Table, petition_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a row belongs to a petition, directly or through the rows it points to."""
    if table is Petition.__table__:
        return table.c.id == petition_id
    if "petition_id" in table.c:
        return table.c.petition_id == petition_id
    if _is_loose(table):
        owned = (Base.metadata.tables[name] for name in OWNERS)
        return or_(*(table.c.signature_id.in_(select(one.c.id).where(_belongs(one, petition_id))) for one in owned))
    owners = [key for key in table.foreign_keys if key.column.table is not table]
    through = [
        key.parent.in_(select(key.column).where(_belongs(key.column.table, petition_id)))
        for key in owners
        if key.column.table.name != "accounts"
    ]
    return or_(false(), *through)
