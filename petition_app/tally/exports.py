"""Exports: signatures as rows of a table, with no more than a role may see, each export with its purpose in the trail.

Auditors get numbers, states and days. Organizers of a standard petition get what was submitted as well, and mail
addresses where they ask for them. Of a sealed petition nobody gets a name that is not public: nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role, role_of_id
from petition_app.db import db
from petition_app.petitions.models import Petition
from petition_app.sheets import plain_cell
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.signatures.slices import open_many
from petition_app.tally.models import PublishedName
from petition_app.tally.rules import ON_THE_ROAD
from petition_app.verification.models import Batch
from petition_app.verification.rules import case_number

PURPOSES = ("addressee", "check", "records")
SLICE = 500
OPEN_COLUMNS = ("case", "state", "batch", "arrived", "publish", "language")
NAME_COLUMNS = ("name", "role", "place")


@dataclass(frozen=True)
class Export:
    """What one export holds: of which petition, how many signatures, and whether with names and addresses."""

    petition_id: UUID
    size: int
    names: bool
    addresses: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The titles of its columns."""
        return (*OPEN_COLUMNS, *(NAME_COLUMNS if self.names else ()), *(("email",) if self.addresses else ()))


def count_rows(petition: Petition) -> int:
    """Return how many signatures an export would hold: all that have arrived."""
    return db.session.scalar(select(func.count()).select_from(_rows(petition.id).subquery())) or 0


def may_see_names(petition: Petition, *, by: Account) -> bool:
    """Return whether this person's exports hold what was submitted; of a sealed petition, only what is public."""
    return role_of_id(by.id, petition.id) == "organizer"


def begin(petition: Petition, *, purpose: str, addresses: bool, by: Account, at: datetime) -> Export:
    """Write into the trail that this person exports the signatures, and why; return what the export will hold.

    Raises:
        NotFoundError: reviewers see one case at a time and export nothing.
        ValueError: there is no such purpose.
    """
    if purpose not in PURPOSES:
        raise ValueError(purpose)
    if role_of_id(by.id, petition.id) != "auditor":
        require_role(by, petition.id, "organizer")
    names = may_see_names(petition, by=by)
    addresses = addresses and names and not petition.is_sealed
    export = Export(petition.id, count_rows(petition), names, addresses)
    act = f"export.{purpose}{'_addresses' if addresses else ''}"
    audit.record(act, by=by.id, petition_id=petition.id, number=export.size, at=at)
    return export


def read(export: Export) -> Iterator[list[list[str]]]:
    """Read the rows of an export some at a time, so that memory stays flat; no cell can become a formula."""
    last: UUID | None = None
    while True:
        petition = db.session.get_one(Petition, export.petition_id)
        rows = _rows(petition.id).order_by(Signature.id).limit(SLICE)
        found = db.session.scalars(rows.where(Signature.id > last) if last else rows).all()
        if not found:
            break
        last = found[-1].id
        yield _written(export, petition, found)
        db.session.rollback()  # Nothing is read for longer than one slice takes.
        db.session.expunge_all()


def _rows(petition_id: UUID) -> Select[Signature]:
    return select(Signature).where(Signature.petition_id == petition_id, Signature.state.in_(ON_THE_ROAD))


def _written(export: Export, petition: Petition, found: Sequence[Signature]) -> list[list[str]]:
    numbers = {
        id_: str(number)
        for id_, number in db.session.execute(select(Batch.id, Batch.number).where(Batch.petition_id == petition.id))
    }
    people = _people(export, petition, [signature.id for signature in found])
    written = []
    for signature in found:
        batch = numbers.get(signature.batch_id, "") if signature.batch_id else ""
        day = signature.arrived_on.isoformat()
        row = [case_number(signature.id), signature.state, batch, day, str(signature.consent), signature.language]
        identity, address = people.get(signature.id, (Identity(""), ""))
        row += [identity.name, identity.role, identity.place] if export.names else []
        row += [address] if export.addresses else []
        written.append([plain_cell(cell) for cell in row])
    return written


def _people(export: Export, petition: Petition, ids: Sequence[UUID]) -> dict[UUID, tuple[Identity, str]]:
    if not export.names:
        return {}
    if not petition.is_sealed:
        return open_many(petition, ids)
    public = db.session.scalars(select(PublishedName).where(PublishedName.signature_id.in_(ids)))
    return {row.signature_id: (Identity(row.name, row.role, row.place), "") for row in public}
