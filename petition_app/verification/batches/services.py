"""Batches: what was received is sealed together, announced, and checked; batch 0 holds the initial signatories."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, N_, in_each_language, text_in_each_language
from petition_app.petitions import policies
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Policy, distinct
from petition_app.signatures.states import count_received, put_into_batch
from petition_app.storage.db import db, get_for_update
from petition_app.verification.models import Batch

ANNOUNCEMENT_LENGTH = 2000


class NothingToSealError(DomainError):
    """No signature is waiting."""

    message = N_("No signature has been received since the last batch, so there is nothing to seal.")


class CountChangedError(DomainError):
    """More signatures have arrived since the announcement was written."""

    message = N_("The number has changed to %(number)s while you were writing. Please look at your text again.")


class InitialClosedError(DomainError):
    """Batch 0 is closed to additions."""

    message = N_("Batch 1 is sealed, so no initial signatories can be added. Import them as ordinary signatures.")


class AnnouncementError(DomainError):
    """The announcement is empty or too long."""

    message = N_("Please write an announcement of at most 2,000 characters in each language.")


TEMPLATES = ("plain", "thanks", "patience")


def draft_announcement(number: int, template: str = "plain") -> dict[str, str]:
    """Write the announcement of a batch of this many signatures from one of `TEMPLATES`: {"en": …, "ru": …}."""
    first = in_each_language(
        "Another %(num)s signature has been received, now we will check it.",
        "Another %(num)s signatures have been received, now we will check them.",
        number,
    )
    after = {
        "thanks": N_("Thank you to everybody who signs. What is not verified is not counted."),
        "patience": N_(
            "Checking takes days. Signed and no news? Look at “Where is my signature?” with your secret code."
        ),
    }
    more = text_in_each_language(after[template]) if template in after else {}
    return {language: " ".join(filter(None, (text, more.get(language)))) for language, text in first.items()}


def seal(
    petition: Petition,
    *,
    by: Account | None,
    at: datetime,
    announcement: dict[str, str] | None = None,
    written_for: int | None = None,
) -> Batch:
    """Seal all received signatures into the next batch and announce it.

    `announcement` was written for `written_for` signatures. Where others have arrived meanwhile, a text left as
    drafted is drafted anew and a text of the organizer's own is given back to be looked at.

    Raises:
        NothingToSealError, CountChangedError, AnnouncementError, FrozenError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    require_thawed(petition)
    size = count_received(petition.id)
    if not size:
        raise NothingToSealError
    _announcement(announcement, written_for=written_for, size=size)
    with db.session.begin_nested():  # More may arrive at this moment; then nothing is sealed where the text is refused.
        return _seal(petition, announcement, written_for=written_for, by=by, at=at)


def _seal(
    petition: Petition,
    announcement: dict[str, str] | None,
    *,
    written_for: int | None,
    by: Account | None,
    at: datetime,
) -> Batch:
    batches = list_batches(petition.id)
    number = max((batch.number for batch in batches), default=0) + 1
    batch = Batch(petition_id=petition.id, number=number, started_at=at, sealed_at=at)
    batch.policies = policies.kept_for_batch(petition)
    policies.note_sealed(petition, at=at)
    db.session.add(batch)
    db.session.flush()
    batch.size = put_into_batch(petition.id, batch.id)
    if not batch.size:
        raise NothingToSealError
    batch.announcement = _announcement(announcement, written_for=written_for, size=batch.size)
    for other in batches:
        other.sealed_at = other.sealed_at or at
    audit.record(
        "batch.sealed",
        by=by.id if by else None,
        petition_id=petition.id,
        object_id=batch.id,
        number=batch.size,
        at=at,
    )
    db.session.flush()
    return batch


def find_sealed(petition: Petition, number: int | None, *, by: Account) -> Batch | None:
    """Return the batch of this number, if it is sealed: a form sent twice, or by two people, finds it so."""
    require_role(by, petition.id, "organizer")
    found = (batch for batch in list_batches(petition.id) if batch.number == number and batch.sealed_at)
    return next(found, None) if number else None


def _announcement(given: dict[str, str] | None, *, written_for: int | None, size: int) -> dict[str, str]:
    if given is None:
        return draft_announcement(size)
    for template in TEMPLATES:
        if written_for is not None and given == draft_announcement(written_for, template):
            return draft_announcement(size, template)
    texts = {language: given.get(language, "").strip() for language in LANGUAGES}
    if not all(texts.values()) or any(len(text) > ANNOUNCEMENT_LENGTH for text in texts.values()):
        raise AnnouncementError
    if written_for is not None and written_for != size:
        raise CountChangedError(number=size)
    return texts


def check_initial_open(petition_id: UUID) -> None:
    """Refuse early what would be refused later. Raises: InitialClosedError."""
    if any(batch.sealed_at for batch in list_batches(petition_id)):
        raise InitialClosedError


def open_initial_batch(petition: Petition, *, at: datetime) -> Batch:
    """Return batch 0, to which initial signatories are added. Raises: InitialClosedError."""
    check_initial_open(petition.id)
    batches = list_batches(petition.id)
    batch = batches[0] if batches else Batch(petition_id=petition.id, number=0, started_at=at, policies=[])
    kept = [*batch.policies, *policies.kept_for_batch(petition)]
    batch.policies = distinct(Policy.read(one) for one in kept)
    db.session.add(batch)
    db.session.flush()
    return batch


def list_batches(petition_id: UUID) -> list[Batch]:
    """Return a petition's batches by number."""
    return list(db.session.scalars(select(Batch).where(Batch.petition_id == petition_id).order_by(Batch.number)))
