"""Help for a signer who has lost the twelve words: one case by exact name and mailbox, never a list.

An organizer who has made sure who asks withdraws the signature for its signer, or hands over new words, which end the
old ones. Each look-up stands in the trail, with what it found; an organizer is told whether there is one, since nobody
could be helped otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.db import db
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.security import fingerprint
from petition_app.signatures import second_codes, secret_words
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import LIVE, fold_mailbox, fold_name
from petition_app.signatures.slices import open_many
from petition_app.signatures.states import StateError, lock_signature
from petition_app.verification import second_look
from petition_app.verification.rules import case_number

SLICE = 500
# The one that counts comes first, where somebody has signed more than once.
ORDER = ("verified", "needs_info", "checking", "received", "rejected", "duplicate", "retracted")


class NobodyError(DomainError):
    """No signature has exactly this name and mailbox."""

    message = N_(
        "No signature has exactly this name and this mailbox. Ask the person how they wrote both. One whose mailed "
        "code was never typed, or that was withdrawn, is not found."
    )


class SeveralError(DomainError):
    """Several people have this name, and no mailbox tells them apart."""

    message = N_("Several signatures have this name and no mailbox, so nobody can tell whose is whose. None is opened.")


@dataclass(frozen=True)
class Person:
    """Who asks, as they signed. An empty mailbox fits only those signatures of which none is kept."""

    name: str
    mailbox: str = ""


@dataclass(frozen=True)
class FoundCase:
    """The one case that was found; `more` says that the same person has signed more than once."""

    id: UUID
    number: str
    state: str
    has_code: bool
    more: bool

    @property
    def is_live(self) -> bool:
        """Whether it is counted, or on its way."""
        return self.state in LIVE


def look_up(person: Person, *, petition: Petition, by: Account, at: datetime) -> FoundCase:
    """Return the case of a person, by exact name and mailbox; that somebody looked is written down either way.

    Raises:
        NobodyError, SeveralError
        LockedError: the keys of a sealed petition are not open.
    """
    signature, more = _find(person, petition=petition, by=by, at=at)
    return FoundCase(signature.id, case_number(signature.id), signature.state, signature.code_hash is not None, more)


def withdraw(person: Person, *, petition: Petition, by: Account, at: datetime) -> None:
    """Withdraw and erase a signature for its signer, who has asked for it outside of this site.

    Raises: as `look_up`.
    """
    signature, _ = _find(person, petition=petition, by=by, at=at)
    audit.record("case.withdrawn_for_signer", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    second_look.withdraw(signature, at=at)


def renew(person: Person, *, petition: Petition, by: Account, at: datetime) -> tuple[str, str]:
    """Make new words for a signer, to be handed over, and return them with their language; the old ones end.

    Raises: as `look_up`.
    """
    signature, _ = _find(person, petition=petition, by=by, at=at)
    words = secret_words.give(signature)
    secret_words.end_showing(signature.id)
    second_codes.forget(signature)
    audit.record("case.words_issued", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()
    return words, signature.language


def _find(person: Person, *, petition: Petition, by: Account, at: datetime) -> tuple[Signature, bool]:
    require_role(by, petition.id, "organizer")
    found = sorted(_matching(person, petition), key=lambda row: (ORDER.index(row[1]), row[0].bytes))
    chosen = found[0][0] if found and (person.mailbox or len(found) == 1) else None
    audit.record("case.looked_up", by=by.id, petition_id=petition.id, object_id=chosen, number=int(bool(found)), at=at)
    db.session.flush()
    if not found:
        raise NobodyError
    if chosen is None:
        raise SeveralError
    signature = lock_signature(chosen)
    if signature is None or signature.state not in ORDER:
        raise StateError
    return signature, len(found) > 1


def _matching(person: Person, petition: Petition) -> Iterator[tuple[UUID, str]]:
    """Return the signatures of exactly this name and mailbox, with their states; what is erased is never found."""
    name, mailbox = fold_name(person.name), fold_mailbox(person.mailbox) if person.mailbox.strip() else ""
    if not name:
        return
    query = select(Signature.id, Signature.state).where(
        Signature.petition_id == petition.id, Signature.state.in_(ORDER)
    )
    if not petition.is_sealed:
        index = fingerprint("mailbox", petition.id, mailbox) if mailbox else None
        query = query.where(Signature.name_index == fingerprint("name", petition.id, name))
        query = query.where(Signature.mailbox_index == index if index else Signature.mailbox_index.is_(None))
    states: dict[UUID, str] = {row.id: row.state for row in db.session.execute(query)}
    ids = list(states)
    for start in range(0, len(ids), SLICE):
        for signature_id, (identity, address) in open_many(petition, ids[start : start + SLICE]).items():
            if fold_name(identity.name) == name and (fold_mailbox(address) if address else "") == mailbox:
                yield signature_id, states[signature_id]
