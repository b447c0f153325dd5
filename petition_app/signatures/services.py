"""Collecting signatures: sign, confirm, look up by code, change consent, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from petition_app import audit
from petition_app.crypto.codes import read_secret_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures import consents, duress_codes, expiry, knocks, new_signatures, sealing, secret_words
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.new_signatures import NewSignature, hash_code
from petition_app.signatures.rules import DECIDED, LIVE
from petition_app.signatures.secret_words import Confirmed, OutdatedWordsError, ShownElsewhereError
from petition_app.signatures.states import StateError, lock_signature, move
from petition_app.storage import jobs
from petition_app.storage.db import db, note_change


class WrongCodeError(DomainError):
    """The code is wrong, used up or too old; nobody learns which."""

    message = N_("This code is not right, or it is too old. Please check it, or sign again to get a new one.")


class InvitedError(DomainError):
    """The code is an invitation's: its holder must first agree to the text, which `invitations.agree` takes."""

    message = N_("Please read the letter and say yourself whether you sign it.")


class AlreadyConfirmedError(DomainError):
    """The code was used; the secret code was shown then and is shown once."""

    message = N_("This signature is confirmed already. Use your secret code to see where it is.")


class UnknownCodeError(DomainError):
    """No signature answers to this secret code."""

    message = N_("There is no signature here. Please check the twelve words.")


class ConsentError(DomainError):
    """There is no such way of publishing."""

    message = N_("Please choose one of the ways in which your signature may be published.")


# --- signing ----------------------------------------------------------------------------------------------------


def sign(new: NewSignature, *, petition: Petition, at: datetime) -> str:
    """Store an unconfirmed signature, have its code mailed, and return the pending token of its page (32 hex digits).

    The same form sent again stores nothing and returns the same token. Whether this person has signed before makes
    no difference here; reviewers see possible duplicates. Requests come by `group_commit`, which stores many at once.

    Raises:
        ClosedForSigningError: the petition takes no signatures now.
        StorageSealedError: nothing can be sealed, so nothing is stored.
    """
    arrival = new_signatures.prepare(new, petition=petition, lock=sealing.sealing_key_for(petition), at=at)
    try:
        with db.session.begin_nested():
            problem = new_signatures.store([arrival], at=at)[0]
    except IntegrityError:
        return arrival.pending  # The same form arrived twice at once; the other one is stored.
    if problem:
        raise problem
    if petition.is_sealed:
        note_change(petition.id)
    return arrival.pending


def add_unconfirmed(new: NewSignature, *, petition: Petition, case: dict[str, Any], at: datetime) -> UUID:
    """Seal and store an unconfirmed signature, count it as such, and return its id; its code is the caller's.

    Raises:
        StorageSealedError, FrozenError
    """
    require_thawed(petition)
    lock = sealing.sealing_key_for(petition)
    rows = new_signatures.unconfirmed_rows(new, petition=petition, lock=lock, case=case, at=at)
    new_signatures.insert_unconfirmed(rows)
    if petition.is_sealed:
        note_change(petition.id)
    signature_id: UUID = rows.signature["id"]
    return signature_id


# --- confirming -------------------------------------------------------------------------------------------------


def confirm(
    *, petition: Petition, pending: str, code: str, at: datetime, page: str = "", anew: bool = False,
    invited: bool = False,
) -> Confirmed | None:  # fmt: skip
    """Confirm a signature with the code that was mailed and the token of its page, and make its secret code.

    A wrong code uses up one of five tries and returns nothing, so that the caller can keep the trace. Where no
    mail was asked for, `pending` alone confirms. A page that was lost gives an empty `pending`: then the code alone
    finds the signature (the caller limits how often), and `page` is the token of the new page. The same page is shown
    the same words again until they are written down; another one, with `anew`, new ones that end them. With `invited`
    the sender answers an invitation, so that the code of anything else confirms nothing.

    Raises:
        AlreadyConfirmedError: this code was used, and its words are shown no more.
        ShownElsewhereError: this code was used on another page a moment ago.
        InvitedError: the code is an invitation's, and its holder has not agreed to anything yet.
        WrongCodeError: no such page, too old, or no tries left.
    """
    row = find_confirmation(petition.id, pending=pending, code=code, at=at)
    if row is None or row.tries_left < 1 or (row.expires_at < at and not row.used):
        knocks.knock(b"")  # As much work as counting a wrong try.
        raise WrongCodeError
    if not _fits(row, code):
        return None
    signature = lock_signature(row.signature_id)
    if row.used:
        return _show_again(row, signature, page=pending or page, code=code, anew=anew, at=at)
    if signature is None or signature.state != "unconfirmed":
        raise WrongCodeError
    if row.group_id is not None:
        raise InvitedError
    if invited:
        raise WrongCodeError
    row.used = True
    confirmed = secret_words.issue(signature, row, page=pending or page, code=code, at=at)
    move(signature, "received")
    audit.record_signer("signature.received", petition_id=petition.id, at=at)
    db.session.flush()
    return confirmed


def _fits(row: Confirmation, code: str) -> bool:
    """Return whether a code is that of its page; a wrong one is counted."""
    if row.code_hash is None or row.code_hash == hash_code(row.petition_id, code):
        return True
    row.tries_left -= 1
    db.session.flush()
    return False


def _show_again(
    row: Confirmation, signature: Signature | None, *, page: str, code: str, anew: bool, at: datetime
) -> Confirmed:
    try:
        shown = secret_words.show_again(signature, row, page=page, code=code, at=at) if signature else None
    except ShownElsewhereError:
        if signature is None or not anew:
            raise
        shown = secret_words.issue(signature, row, page=page, code=code, at=at)
        audit.record_signer("signature.words_renewed", petition_id=row.petition_id, at=at)
        db.session.flush()
    if shown is None:
        raise AlreadyConfirmedError
    return shown


def keep_words(
    *, petition: Petition, pending: str, code: str, mark: str, typed: tuple[str, str], at: datetime, page: str = ""
) -> bool:
    """Show the words no more, since their signer has them: `typed` are the two of `secret_words.asked_positions`.

    `mark` says which words were shown. A page that nobody knows any more changes nothing; return whether it was known.

    Raises:
        OutdatedWordsError: newer words were made on another page, and those written down open nothing.
        WrongWordsError: the two words are not right, so that the page shows all of them again.
    """
    row = find_confirmation(petition.id, pending=pending, code=code, at=at)
    if row is None or not row.used or row.tries_left < 1 or not _fits(row, code):
        return False
    signature = lock_signature(row.signature_id)
    if signature is not None and signature.code_hash and mark != secret_words.mark_of(signature):
        raise OutdatedWordsError
    if signature is not None:
        secret_words.require_written_down(signature, row, page=pending or page, code=code, typed=typed, at=at)
    secret_words.end_showing(row.signature_id)
    return True


def discard_unconfirmed(*, petition: Petition, pending: str, at: datetime) -> None:
    """Discard a signature that its signer does not want to confirm: its keys are erased at once.

    A page that nobody knows, or whose code was used, changes nothing; whoever asks does not learn which.
    """
    row = find_confirmation(petition.id, pending=pending, code="", at=at) if pending else None
    signature = lock_signature(row.signature_id) if row and not row.used and row.group_id is None else None
    if row is None or signature is None or signature.state != "unconfirmed":
        return
    expiry.discard_invitation(row, signature, at=at)
    db.session.flush()


def find_confirmation(petition_id: UUID, *, pending: str, code: str, at: datetime) -> Confirmation | None:
    """Return the row of a page, or that of a code which has not run out, locked."""
    found = select(Confirmation).where(Confirmation.petition_id == petition_id)
    if pending:
        found = found.where(Confirmation.pending_hash == hash_secret("pending", pending.encode()))
    else:
        still = or_(Confirmation.expires_at >= at, Confirmation.shown_until >= at)
        found = found.where(Confirmation.code_hash == hash_code(petition_id, code), still)
    return db.session.scalars(found.with_for_update().execution_options(populate_existing=True).limit(1)).first()


def has_any(petition_id: UUID) -> bool:
    """Return whether anybody has signed, confirmed or not."""
    return db.session.scalar(select(Signature.id).where(Signature.petition_id == petition_id).limit(1)) is not None


# --- with the secret code ---------------------------------------------------------------------------------------


def find_by_code(typed: str, *, by_staff: bool = False) -> tuple[Signature, bytes]:
    """Return the signature a secret code belongs to, locked, and the code's 16 bytes.

    What staff look for is no attempt of anybody's, so nothing of it is kept.

    Raises:
        UnknownCodeError: not a code, nobody's, a withdrawn signature's, or a second code: nobody learns which.
    """
    entropy = read_secret_code(typed)
    code_hash = hash_secret("my/v1", entropy or b"")
    signature = db.session.scalars(
        select(Signature)
        .where(Signature.code_hash == code_hash)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if signature is None or entropy is None:
        if not by_staff:
            knocks.knock(code_hash)
        raise UnknownCodeError
    return signature, entropy


def change_consent(signature: Signature, *, consent: int, entropy: bytes, at: datetime) -> None:
    """Let the signer choose anew what may be published (the tiers of `CONSENT`), proved by the code's 16 bytes.

    Raises:
        ConsentError: no such tier.
        StateError: the signature is not live any more.
    """
    if consent not in (0, 1, 2, 3):
        raise ConsentError
    if signature.state not in LIVE:
        raise StateError
    signature.publication_tier = consent
    consents.add(signature, entropy, at=at)
    signature.names_stale = True
    jobs.mark_due(signature.petition_id)
    audit.record_signer("signature.consent_changed", petition_id=signature.petition_id, at=at)
    db.session.flush()


def withdraw(signature: Signature, *, at: datetime) -> None:
    """Withdraw a signature: its keys are erased at once, so that nobody can read it any more.

    One that was not verified, or taken back, is not counted anyway: it stays so in the numbers and is erased alike.

    Raises:
        StateError: the signature is withdrawn, or was never confirmed.
    """
    if signature.state in LIVE:
        move(signature, "withdrawn")
    elif signature.state not in DECIDED:
        raise StateError
    sealing.erase(signature)
    duress_codes.forget(signature)
    secret_words.end_showing(signature.id)
    signature.code_hash = signature.signer_key = None  # From now on its codes are unknown ones.
    act = "signature.withdrawn" if signature.state == "withdrawn" else "signature.erased"
    audit.record_signer(act, petition_id=signature.petition_id, at=at)
    db.session.flush()
