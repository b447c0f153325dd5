"""Help for a signer who has lost the twelve words: one case by exact name and mailbox, never a list.

An organizer who has made sure who asks withdraws the signature for its signer, or hands over new words, which end the
old ones. Each look-up stands in the trail, with what it found; an organizer is told whether there is one, since nobody
could be helped otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures import duress_codes, secret_words
from petition_app.signatures.exact_match import list_exact
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import LIVE, fold_name
from petition_app.signatures.states import StateError, lock_signature
from petition_app.storage.db import db
from petition_app.verification.dialogue import second_looks
from petition_app.verification.rules import case_number

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
    second_looks.withdraw(signature, at=at)


def renew(person: Person, *, petition: Petition, by: Account, at: datetime) -> tuple[str, str]:
    """Make new words for a signer, to be handed over, and return them with their language; the old ones end.

    Raises: as `look_up`.
    """
    signature, _ = _find(person, petition=petition, by=by, at=at)
    words = secret_words.give(signature)
    secret_words.end_showing(signature.id)
    duress_codes.forget(signature)
    audit.record("case.words_issued", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()
    return words, signature.language


def _find(person: Person, *, petition: Petition, by: Account, at: datetime) -> tuple[Signature, bool]:
    require_role(by, petition.id, "organizer")
    matching = list_exact(petition, person.name, person.mailbox, states=ORDER) if fold_name(person.name) else ()
    found = sorted(matching, key=lambda match: (ORDER.index(match.state), match.id.bytes))
    chosen = found[0].id if found and (person.mailbox or len(found) == 1) else None
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
