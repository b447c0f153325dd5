"""Group entries: names that a colleague collected become invitations, one code a person, printed once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.crypto.codes import new_mail_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures import expiry, sealing, services
from petition_app.signatures.invitation_models import GroupEntry
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.new_signatures import TRIES, ClosedForSigningError, NewSignature, hash_code
from petition_app.signatures.rules import fold_name
from petition_app.signatures.sealing import Identity
from petition_app.signatures.states import lock_signature
from petition_app.storage.db import db, get_for_update

INVITATION_LIFE = timedelta(days=30)
CODE_GROUPS = 3  # 60 random bits: a code that lives for a month must be longer than one that lives for minutes.
MOST_PEOPLE = 200


class EnteredAlreadyError(DomainError):
    """The same form was sent twice; the codes were shown after the first."""

    message = N_("This list is entered already, and its codes were shown once. Print new codes below if you need them.")


class SheetOutdatedError(DomainError):
    """Codes were printed since the page was opened; printing again would make those void unseen."""

    message = N_("Codes of this list were printed meanwhile. Nothing was changed.")


class NobodyLeftError(DomainError):
    """No invitation of the list is open."""

    message = N_("No invitation of this list is open any more.")


class TitleNamesError(DomainError):
    """The title names somebody on the list; titles are not sealed."""

    message = N_("Please choose a title that names nobody, such as Monday list.")


@dataclass(frozen=True)
class NewEntry:
    """A list as it is entered. `form_token` makes a repeated sending harmless."""

    form_token: str
    title: str
    people: Sequence[Identity]
    language: str


@dataclass(frozen=True)
class Invitation:
    """One card of the sheet: who, and the code that is shown now and never again."""

    name: str
    code: str


@dataclass(frozen=True)
class Sheet:
    """What is printed: one invitation a person, and the last day on which they are good (UTC)."""

    title: str
    invitations: tuple[Invitation, ...]
    last_day: date


@dataclass(frozen=True)
class Standing:
    """How a list has come on: `confirmed` of `size` have signed, `open` may still, the rest is gone."""

    id: UUID
    title: str
    size: int
    confirmed: int
    open: int
    sheets: int
    created_on: date
    last_day: date

    @property
    def gone(self) -> int:
        """How many refused, were withdrawn or ran out."""
        return self.size - self.confirmed - self.open


def enter(new: NewEntry, *, petition: Petition, by: Account | None, at: datetime) -> Sheet:
    """Store a list as unconfirmed signatures, each with a code of its own, and return the sheet to print.

    Nobody is mailed and nobody counts: a signature arrives when its person confirms it.

    Raises:
        ClosedForSigningError, EnteredAlreadyError, TitleNamesError, StorageSealedError
    """
    require_role(by, petition.id, "organizer")
    form_hash = hash_secret("group-form", new.form_token.encode())
    if db.session.scalar(select(GroupEntry.id).where(GroupEntry.form_hash == form_hash)):
        raise EnteredAlreadyError
    if not petition.takes_signatures(petition.day(at)):
        raise ClosedForSigningError
    _check_title(new)
    entry = GroupEntry(
        petition_id=petition.id,
        account_id=by.id if by else None,
        title=new.title,
        size=len(new.people),
        form_hash=form_hash,
        created_on=at.date(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(entry)
    except IntegrityError:
        raise EnteredAlreadyError from None
    invitations = tuple(_invite(identity, entry, petition, new.language, at) for identity in new.people)
    _record("entered", entry, number=entry.size, by=by, at=at)
    return Sheet(entry.title, invitations, _last_day(entry))


def _check_title(new: NewEntry) -> None:
    words = set(fold_name(new.title).split())
    for identity in new.people:
        name = set(fold_name(identity.name).split())
        if name and words and (name <= words or words <= name):
            raise TitleNamesError


def _invite(identity: Identity, entry: GroupEntry, petition: Petition, language: str, at: datetime) -> Invitation:
    case = {"kind": "group", "on": entry.created_on.isoformat(), "text": entry.title}
    new = NewSignature(form_token="", identity=identity, email="", language=language, consent=0, others=None)
    signature_id = services.add_unconfirmed(new, petition=petition, case=case, at=at)
    code = new_mail_code(CODE_GROUPS)
    db.session.add(
        Confirmation(
            pending_hash=secrets.token_bytes(32),  # No page waits for this code: it is typed alone.
            form_hash=secrets.token_bytes(32),
            signature_id=signature_id,
            petition_id=petition.id,
            code_hash=hash_code(petition.id, code),
            tries_left=TRIES,
            expires_at=_end(entry),
            group_id=entry.id,
        )
    )
    audit.record_signer("signature.submitted", petition_id=petition.id, at=at)
    return Invitation(identity.name, code)


def _record(act: str, entry: GroupEntry, *, number: int, by: Account | None, at: datetime) -> None:
    who = by.id if by else None
    audit.record(f"group.{act}", by=who, petition_id=entry.petition_id, object_id=entry.id, number=number, at=at)
    db.session.flush()


def _end(entry: GroupEntry) -> datetime:
    return datetime.combine(entry.created_on + INVITATION_LIFE, time(0), UTC)


def _last_day(entry: GroupEntry) -> date:
    return (_end(entry) - timedelta(days=1)).date()


def list_entries(petition: Petition, *, by: Account, at: datetime) -> list[Standing]:
    """Return the lists of a petition and how each has come on, newest first; counts only, never who."""
    require_role(by, petition.id, "organizer")
    counted = (
        select(Confirmation.group_id, func.count().label("number"))
        .where(Confirmation.petition_id == petition.id, Confirmation.group_id.is_not(None))
        .where(Confirmation.expires_at >= at)
        .group_by(Confirmation.group_id)
        .subquery()
    )
    rows = db.session.execute(
        select(GroupEntry, func.coalesce(counted.c.number, 0))
        .outerjoin(counted, counted.c.group_id == GroupEntry.id)
        .where(GroupEntry.petition_id == petition.id)
        .order_by(GroupEntry.created_on.desc(), GroupEntry.title, GroupEntry.id)
    )
    return [_standing(entry, number) for entry, number in rows]


def _standing(entry: GroupEntry, number: int) -> Standing:
    return Standing(
        id=entry.id, title=entry.title, size=entry.size, confirmed=entry.confirmed, open=number,
        sheets=entry.sheets, created_on=entry.created_on, last_day=_last_day(entry),
    )  # fmt: skip


def reprint(entry_id: UUID, *, sheets: int, petition: Petition, by: Account | None, at: datetime) -> Sheet:
    """Give everybody who has not answered yet a new code, make the old ones void, and return the sheet.

    `sheets` is how often codes had been printed when the organizer asked; the last day stays as it is.

    Raises:
        NotFoundError, SheetOutdatedError, NobodyLeftError
    """
    require_role(by, petition.id, "organizer")
    waiting = _lock_open(entry_id, petition_id=petition.id, at=at)
    entry = _lock_entry(entry_id, petition)
    if entry.sheets != sheets:
        raise SheetOutdatedError
    if not waiting:
        raise NobodyLeftError
    entry.sheets += 1
    invitations = []
    for row, signature in waiting:
        code = new_mail_code(CODE_GROUPS)
        row.code_hash = hash_code(petition.id, code)
        invitations.append(Invitation(sealing.open_identity(signature).name, code))
    _record("printed", entry, number=len(waiting), by=by, at=at)
    return Sheet(entry.title, tuple(sorted(invitations, key=lambda one: fold_name(one.name))), _last_day(entry))


def withdraw_rest(entry_id: UUID, *, petition: Petition, by: Account | None, at: datetime) -> int:
    """Discard everybody on a list who has not answered yet, with their keys; return how many. Who signed stays.

    Raises:
        NotFoundError
    """
    require_role(by, petition.id, "organizer")
    waiting = _lock_open(entry_id, petition_id=petition.id, at=None)
    entry = _lock_entry(entry_id, petition)
    for row, signature in waiting:
        expiry.discard_invitation(row, signature, at=at)
    _record("withdrawn", entry, number=len(waiting), by=by, at=at)
    return len(waiting)


def _lock_entry(entry_id: UUID, petition: Petition) -> GroupEntry:
    entry = get_for_update(GroupEntry, entry_id)
    if entry is None or entry.petition_id != petition.id:
        raise NotFoundError
    return entry


def _lock_open(entry_id: UUID, *, petition_id: UUID, at: datetime | None) -> list[tuple[Confirmation, Signature]]:
    """Lock the open invitations of a list: codes before signatures before the list, as who confirms does."""
    rows = db.session.scalars(
        select(Confirmation)
        .where(Confirmation.group_id == entry_id, Confirmation.petition_id == petition_id)
        .order_by(Confirmation.pending_hash)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    found = [(row, lock_signature(row.signature_id)) for row in rows if at is None or row.expires_at >= at]
    return [(row, signature) for row, signature in found if signature and signature.state == "unconfirmed"]
