"""Invitations: whoever holds a code of a group entry reads the letter and signs, or refuses, for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import update

from petition_app.petitions.models import Petition
from petition_app.signatures import expiry, sealing, services
from petition_app.signatures.invitation_models import GroupEntry
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.new_signatures import ClosedForSigningError, TextChangedError
from petition_app.signatures.sealing import Identity
from petition_app.signatures.secret_words import Confirmed
from petition_app.signatures.services import WrongCodeError
from petition_app.signatures.states import lock_signature
from petition_app.storage.db import db

REMEMBERED = timedelta(days=2)


@dataclass(frozen=True)
class Agreement:
    """What an invited person says: the tier 0-3, its condition, a language, and which text version was read."""

    consent: int
    others: int | None
    language: str
    text_number: int


def read_invitation(*, petition: Petition, code: str, at: datetime) -> Identity | None:
    """Return what was written about the holder of a code, before they have said anything; nothing in sealed mode.

    Raises:
        WrongCodeError: no such code, too old, or answered.
    """
    _, signature = _find(petition, code, at)
    return None if petition.is_sealed else sealing.open_identity(signature)


def agree(agreement: Agreement, *, petition: Petition, code: str, at: datetime, page: str = "") -> Confirmed:
    """Take the holder's own agreement to the text as it stands now, and confirm as after any other code.

    From here on nothing leads back to the list: only its count goes up. `page` is the token of the page that is shown
    the words.

    Raises:
        ClosedForSigningError, WrongCodeError
        TextChangedError: another version was read.
    """
    row, signature = _find(petition, code, at)
    if not petition.takes_signatures(petition.day(at)):
        raise ClosedForSigningError
    if agreement.text_number != petition.text.number:
        raise TextChangedError
    signature.text_version_id, signature.arrived_on = petition.text.id, at.date()
    signature.publication_tier, signature.min_named_others = agreement.consent, agreement.others
    signature.language = agreement.language
    entry_id, row.group_id = row.group_id, None
    confirmed = services.confirm(petition=petition, pending="", code=code, page=page, at=at)
    if confirmed is None:
        raise WrongCodeError
    # The used code is remembered by the day, so that a second look the day after is told what happened.
    row.expires_at = min(row.expires_at, datetime.combine(at.date() + REMEMBERED, time(0), UTC))
    db.session.execute(
        update(GroupEntry)
        .where(GroupEntry.id == entry_id)
        .values(confirmed=GroupEntry.confirmed + 1)
        .execution_options(synchronize_session=False)
    )
    return confirmed


def refuse(*, petition: Petition, code: str, at: datetime) -> None:
    """Discard what was entered about the holder of a code, and erase its keys at once.

    Raises:
        WrongCodeError
    """
    expiry.discard_invitation(*_find(petition, code, at), at=at)
    db.session.flush()


def _find(petition: Petition, code: str, at: datetime) -> tuple[Confirmation, Signature]:
    row = services.find_confirmation(petition.id, pending="", code=code, at=at)
    signature = lock_signature(row.signature_id) if row and row.group_id and not row.used else None
    if row is None or signature is None or signature.state != "unconfirmed":
        raise WrongCodeError
    return row, signature
