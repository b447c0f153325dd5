"""Exports: signatures as rows of a table, with no more than a role may see, each export with its purpose in the trail.

Auditors get numbers, states and days. Organizers of a standard petition get what was submitted as well, and mail
addresses where they ask for them. Of a sealed petition nobody gets a name that is not public: nothing is opened here.
For the addressee there are the names alone of those who are verified and agreed to be named to the addressee, where
their condition holds and nobody says that they did not sign. An export with names takes two organizers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select

from petition_app import audit
from petition_app.accounts import approvals
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role, role_of_id
from petition_app.petitions.models import Petition
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import publishable
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.storage.spreadsheets import plain_cell
from petition_app.tally.models import Claim, PublishedName
from petition_app.tally.rules import ON_THE_ROAD
from petition_app.verification.models import Batch
from petition_app.verification.rules import case_number

PURPOSES = ("addressee", "check", "records")
SLICE = 500
WITH_ADDRESSES = ("check", "records")
NAMED = 2  # The tier of consent from which on the addressee may have the name.
OPEN_COLUMNS = ("case", "state", "batch", "arrived", "publish", "language")
NAME_COLUMNS = ("name", "role", "place")


@dataclass(frozen=True)
class Export:
    """What one export holds: of which petition, how many signatures, and whether with names and addresses."""

    petition_id: UUID
    purpose: str
    size: int
    names: bool
    addresses: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The titles of its columns."""
        if self.purpose == "addressee":
            return NAME_COLUMNS
        return (*OPEN_COLUMNS, *(NAME_COLUMNS if self.names else ()), *(("email",) if self.addresses else ()))


def count_rows(petition: Petition, purpose: str = "records") -> int:
    """Return how many signatures an export would hold: all that have arrived, or those the addressee may have."""
    return db.session.scalar(select(func.count()).select_from(_rows(petition, purpose).subquery())) or 0


def may_see_names(petition: Petition, *, by: Account) -> bool:
    """Return whether this person's exports hold what was submitted; of a sealed petition, only what is public."""
    return role_of_id(by.id, petition.id) == "organizer"


def ask(petition: Petition, *, purpose: str, addresses: bool, by: Account, at: datetime) -> None:
    """Ask another organizer to agree to an export with names. Raises: OnlyOrganizerError, AskedAlreadyError."""
    payload = _payload(petition, purpose, addresses=addresses)
    approvals.ask("export_names", payload, petition_id=petition.id, by=by, at=at)


def list_agreed(petition: Petition, *, by: Account, at: datetime) -> list[dict[str, Any]]:
    """Return the exports with names that another organizer agreed to and this person has not taken yet."""
    leave = approvals.list_leave("export_names", petition_id=petition.id, by=by, at=at)
    return [dict(one.payload) for one in leave]


def begin(petition: Petition, *, purpose: str, names: bool, addresses: bool, by: Account, at: datetime) -> Export:
    """Write into the trail that this person exports the signatures, and why; return what the export will hold.

    Raises:
        NotFoundError: reviewers see one case at a time and export nothing; auditors get no name.
        LeaveNeededError: with names it takes another organizer who agreed to exactly this.
        ValueError: there is no such purpose.
    """
    if purpose not in PURPOSES:
        raise ValueError(purpose)
    names = names or purpose == "addressee"
    if names or role_of_id(by.id, petition.id) != "auditor":
        require_role(by, petition.id, "organizer")
    payload = _payload(petition, purpose, addresses=addresses)
    if names:
        approvals.require_leave("export_names", payload, petition_id=petition.id, by=by, at=at)
    addresses = names and bool(payload["addresses"])
    export = Export(petition.id, purpose, count_rows(petition, purpose), names, addresses)
    act = f"export.{purpose}{'_addresses' if addresses else ''}"
    audit.record(act, by=by.id, petition_id=petition.id, number=export.size, at=at)
    return export


def _payload(petition: Petition, purpose: str, *, addresses: bool) -> dict[str, Any]:
    """Return what an export with names is asked for: addresses neither for the addressee nor of a sealed petition."""
    return {"purpose": purpose, "addresses": addresses and purpose in WITH_ADDRESSES and not petition.is_sealed}


def read(export: Export) -> Iterator[list[list[str]]]:
    """Read the rows of an export some at a time, so that memory stays flat; no cell can become a formula."""
    last: UUID | None = None
    while True:
        petition = db.session.get_one(Petition, export.petition_id)
        rows = _rows(petition, export.purpose).order_by(Signature.id).limit(SLICE)
        found = db.session.scalars(rows.where(Signature.id > last) if last else rows).all()
        if not found:
            break
        last = found[-1].id
        written = _written(export, petition, found)
        db.session.rollback()  # Nothing is held while the client takes its time, or never reads to the end.
        db.session.expunge_all()
        yield written


def _rows(petition: Petition, purpose: str) -> Select[Signature]:
    of_petition = select(Signature).where(Signature.petition_id == petition.id)
    if purpose != "addressee":
        return of_petition.where(Signature.state.in_(ON_THE_ROAD))
    free, conditional = (_may_be_named(petition, conditional=one) for one in (False, True))
    conditions = list(db.session.scalars(conditional.with_only_columns(Signature.min_named_others)))
    unconditional = db.session.scalar(select(func.count()).select_from(free.subquery())) or 0
    size = publishable([number or 0 for number in conditions], unconditional=unconditional)
    asks = func.coalesce(Signature.min_named_others, 0)
    may_be_named = _may_be_named(petition, conditional=None)
    return may_be_named.where(or_(Signature.min_named_others.is_(None), asks < size))


def _may_be_named(petition: Petition, *, conditional: bool | None) -> Select[Signature]:
    """Return those whom the addressee may know by name: all of them, or those with or without a condition."""
    query = select(Signature).where(
        Signature.petition_id == petition.id,
        Signature.state == "verified",
        Signature.publication_tier >= NAMED,
        ~exists().where(Claim.signature_id == Signature.id, Claim.closed_on.is_(None)),
    )
    if petition.is_sealed:  # Nothing is opened here, so a name that is not public cannot be in the file.
        query = query.where(exists().where(PublishedName.signature_id == Signature.id))
    if conditional is None:
        return query
    return query.where(Signature.min_named_others.is_not(None) if conditional else Signature.min_named_others.is_(None))


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
        row = [
            case_number(signature.id),
            signature.state,
            batch,
            day,
            str(signature.publication_tier),
            signature.language,
        ]
        row = [] if export.purpose == "addressee" else row
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
