"""Evidence: why somebody believes that a signature is this person's; and the code sent to the official contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.crypto.codes import new_mail_code, read_mail_code
from petition_app.crypto.fingerprints import fingerprint
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.petitions.rules import EVIDENCE_KINDS
from petition_app.roster import services as rosters
from petition_app.signatures import messages
from petition_app.signatures.messages import Message
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.decisions.services import TEXT_LENGTH, held_case
from petition_app.verification.models import ContactRequest, Evidence

CODE_DAYS = timedelta(days=14)


class EvidenceShapeError(DomainError):
    """The evidence lacks what its kind needs."""

    message = N_("This evidence is not complete: %(what)s.")


class NoSafeContactError(DomainError):
    """Nobody may be written to."""

    message = N_("The roster holds no contact for this entry that is marked safe, so nothing was sent.")


class ContactAskedError(DomainError):
    """A code was sent already."""

    message = N_("A code was sent to this contact already. It can be typed for fourteen days.")


class OfficialCodeError(DomainError):
    """The code is wrong, or too old."""

    message = N_("This code is not right, or it is too old. Please look at the message again.")


@dataclass(frozen=True)
class NewEvidence:
    """What a reviewer found out. `seen` says in a few words what; the thing itself is not kept."""

    kind: str
    strength: int
    on: date
    seen: str = ""
    danger: str = ""
    own_word: bool = False


@dataclass(frozen=True)
class Shown:
    """One piece of evidence with its words."""

    evidence: Evidence
    seen: str
    danger: str


def add(
    signature_id: UUID, new: NewEvidence, *, access: CaseAccess, petition: Petition, by: Account, at: datetime
) -> Evidence:
    """Record evidence on a case that the reviewer holds. Who gives their own word cannot decide the case any more.

    Raises:
        NotFoundError, NotYoursError, StateError, EvidenceShapeError
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    if new.kind not in EVIDENCE_KINDS or not 1 <= new.strength <= 3:
        raise EvidenceShapeError(what=N_("its kind or its strength is missing"))
    if new.on > at.date():
        raise EvidenceShapeError(what=N_("its day lies ahead"))
    if new.kind == "vouched" and not new.own_word and not new.seen:
        raise EvidenceShapeError(what=N_("say which verified signer vouches"))
    if max(len(new.seen), len(new.danger)) > TEXT_LENGTH:
        raise EvidenceShapeError(what=N_("the words are too long"))
    evidence = Evidence(
        id=access.new_id(), signature_id=signature.id, petition_id=petition.id, account_id=by.id, kind=new.kind,
        strength=new.strength, danger=bool(new.danger), own_word=new.kind == "vouched" and new.own_word, on=new.on,
    )  # fmt: skip
    db.session.add(evidence)
    if new.seen or new.danger:
        words = {"kind": "evidence", "evidence": str(evidence.id), "seen": new.seen, "danger": new.danger}
        access.append(signature, {**words, "by": by.name, "on": at.date().isoformat()})
    audit.record("case.evidence_added", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()
    return evidence


def add_once(
    signature_id: UUID, new: NewEvidence, *, access: OpenKeysAccess, petition: Petition, by: Account, at: datetime
) -> bool:
    """Record evidence, unless the very same of this person stands already: a form sent twice is one act.

    Returns whether it was recorded now.

    Raises:
        NotFoundError, NotYoursError, StateError, EvidenceShapeError
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    mine = [row for row in list_evidence(signature_id) if row.account_id == by.id]
    for shown in with_words(mine, access.read_notes(signature)) if mine else ():
        row = shown.evidence
        if (row.kind, row.strength, row.on, shown.seen, shown.danger) == (
            new.kind, new.strength, new.on, new.seen, new.danger,
        ):  # fmt: skip
            return False
    add(signature_id, new, access=access, petition=petition, by=by, at=at)
    return True


def remove(evidence_id: UUID, signature_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Take back evidence entered in error; the row stays, marked, and own word given stays given.

    Raises:
        NotFoundError, NotYoursError, StateError
    """
    held_case(signature_id, petition=petition, by=by, at=at)
    evidence = db.session.get(Evidence, evidence_id)
    if evidence is None or evidence.signature_id != signature_id or evidence.account_id != by.id:
        raise NotFoundError
    evidence.removed_on = at.date()
    audit.record("case.evidence_removed", by=by.id, petition_id=petition.id, object_id=signature_id, at=at)


def list_evidence(signature_id: UUID) -> list[Evidence]:
    """Return the evidence that stands, by day."""
    standing = select(Evidence).where(Evidence.signature_id == signature_id, Evidence.removed_on.is_(None))
    return list(db.session.scalars(standing.order_by(Evidence.on, Evidence.id)))


def with_words(found: list[Evidence], notes: list[dict[str, str]]) -> list[Shown]:
    """Join evidence with the words sealed in the case."""
    words = {note["evidence"]: note for note in notes if note.get("kind") == "evidence"}
    empty: dict[str, str] = {}
    return [
        Shown(row, words.get(str(row.id), empty).get("seen", ""), words.get(str(row.id), empty).get("danger", ""))
        for row in found
    ]


# --- the contact on the official record -------------------------------------------------------------------------


def ask_contact(
    signature_id: UUID, key: str, *, access: CaseAccess, petition: Petition, by: Account, at: datetime
) -> None:
    """Send a code to the contact of a roster entry; whoever signed types it at /my, and that is evidence.

    The message is neutral: a code, no link and no title, since others may read that mailbox.

    Raises:
        NotFoundError, NotYoursError, StateError, NoSafeContactError, ContactAskedError
    """
    signature = held_case(signature_id, petition=petition, by=by, at=at)
    version, match = rosters.current(petition.id), access.match(signature)
    if version is None or match is None or match.get(key) is None:
        raise NotFoundError
    entry = rosters.get_entry(version.id, key)
    if entry is None or not entry.contact or not entry.contact_safe or signature.code_hash is None:
        raise NoSafeContactError
    if _waiting(signature.id, at=at):
        raise ContactAskedError
    code = new_mail_code()
    db.session.add(
        ContactRequest(
            signature_id=signature.id, account_id=by.id, code_hash=_hash(signature.id, code), asked_on=at.date()
        )
    )
    message = Message(code, signature.language, entry.contact, signature.id)
    messages.enqueue_message("signatures.mail_code", message, petition, at=at)
    audit.record("case.contact_asked", by=by.id, petition_id=petition.id, object_id=signature.id, at=at)
    db.session.flush()


def contact_waits(signature: Signature, *, at: datetime) -> bool:
    """Return whether a code sent to the official contact can still be typed."""
    return _waiting(signature.id, at=at) is not None


def is_awaited(signature_id: UUID | None, code: str, *, at: datetime) -> bool:
    """Return whether this code went to an official contact and still waits to be typed."""
    request = _waiting(signature_id, at=at) if signature_id else None
    return bool(request and signature_id and request.code_hash == _hash(signature_id, code))


def answer_contact(signature: Signature, code: str, *, at: datetime) -> None:
    """Take the code that was sent to the official contact: evidence of strength 3. Five tries.

    A code that was taken is taken again without any effect.

    Raises:
        OfficialCodeError: wrong, too old, or none was sent.
    """
    request = _waiting(signature.id, at=at)
    if request is None and _was_taken(signature.id, code):
        return
    if request is None:
        raise OfficialCodeError
    if request.code_hash != _hash(signature.id, code):
        request.tries_left -= 1
        db.session.flush()
        raise OfficialCodeError
    request.answered_on = at.date()
    db.session.add(
        Evidence(
            signature_id=signature.id, petition_id=signature.petition_id, kind="official_contact", strength=3,
            on=at.date(),
        )
    )  # fmt: skip
    audit.record_signer("signature.contact_answered", petition_id=signature.petition_id, at=at)
    db.session.flush()


def _was_taken(signature_id: UUID, code: str) -> bool:
    answered = select(ContactRequest.id).where(
        ContactRequest.signature_id == signature_id,
        ContactRequest.answered_on.is_not(None),
        ContactRequest.code_hash == _hash(signature_id, code),
    )
    return db.session.scalar(answered.limit(1)) is not None


def _waiting(signature_id: UUID, *, at: datetime) -> ContactRequest | None:
    return db.session.scalars(
        select(ContactRequest).where(
            ContactRequest.signature_id == signature_id,
            ContactRequest.answered_on.is_(None),
            ContactRequest.tries_left > 0,
            ContactRequest.asked_on >= (at - CODE_DAYS).date(),
        )
    ).first()


def _hash(signature_id: UUID, code: str) -> bytes:
    return fingerprint("official", signature_id, read_mail_code(code))
