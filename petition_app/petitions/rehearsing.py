"""Rehearsals: petitions with invented people that nobody outside sees, and that can be thrown away whole."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, false, or_, select

from petition_app import audit
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import require_role
from petition_app.db import Base, db, lock, note_erasure
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition


class NoRehearsalError(DomainError):
    """A letter that real people may have signed cannot be thrown away."""

    message = N_("This is no rehearsal, so it cannot be thrown away.")


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
        NoRehearsalError
    """
    require_role(by, petition.id, "organizer")
    if not petition.rehearsal:
        raise NoRehearsalError
    petition_id = petition.id
    lock(Petition, petition_id)
    db.session.flush()
    children_first = list(reversed(Base.metadata.sorted_tables))
    children_first.sort(key=lambda table: not _is_loose(table))
    for table in children_first:
        db.session.execute(delete(table).where(_belongs(table, petition_id)))
    db.session.expunge_all()
    note_erasure()
    audit.record("rehearsal.thrown_away", by=by.id if by else None, at=at)
    db.session.flush()


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
