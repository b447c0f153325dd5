"""The twelve words after a confirmation: the same page is shown the same ones, until they are written down.

Nothing of the words is stored. They are derived from a random salt beside the confirmation and from what the page
alone holds: its token of 128 bits and the typed code. Without the page the salt is of no use, and it is erased when
the signer has written the words down, and after half an hour at the latest.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, select, update

from petition_app.crypto import signer_box
from petition_app.crypto.codes import new_secret_code, read_mail_code, split_words, write_secret_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.random_pool import random_bytes
from petition_app.signatures import consents
from petition_app.signatures.models import Confirmation, Signature
from petition_app.signatures.rules import quarter_after
from petition_app.storage.db import db, note_erasure

SHOWN_FOR = timedelta(minutes=30)
PAGE = re.compile(r"[0-9a-f]{32}")
PAIRS = tuple(itertools.combinations(range(1, 13), 2))


class ShownElsewhereError(DomainError):
    """The words were shown on another page, which alone can show the same ones again."""

    message = N_("This signature was confirmed a moment ago on another page, and its twelve words are shown there.")


class OutdatedWordsError(DomainError):
    """Other words were made since these were shown."""

    message = N_("The words on that page no longer open anything: newer ones were made on another page.")


class WrongWordsError(DomainError):
    """The two words that were typed are not those that were asked for."""

    message = N_("That was not right. Here are the words once more: compare them with what you have written down.")


@dataclass(frozen=True)
class Confirmed:
    """The result of a confirmation: the secret code, the language it is in, and the mark of what was shown."""

    secret_code: str
    language: str
    mark: str


def give(signature: Signature) -> str:
    """Make a new secret code of a signature, which ends an earlier one; its hash and the key it yields are kept."""
    secret_code, entropy = new_secret_code(signature.language)
    bind(signature, entropy)
    return secret_code


def bind(signature: Signature, entropy: bytes, r: bytes | None = None) -> None:
    """Keep the hash of a secret code and the public half of the key it yields; the code itself is not kept.

    `r` is the secret by which the code proves what its signer chooses later.
    """
    consents.keep_for_code(signature, r, entropy)
    signature.code_hash = hash_secret("my/v1", entropy)
    signature.signer_key = signer_box.signer_keys(entropy, signature.petition_id).public_key().public_bytes_raw()


def issue(signature: Signature, row: Confirmation, *, page: str, code: str, at: datetime) -> Confirmed:
    """Make a signature's words, which end earlier ones, so that this page can show the same ones again for a while.

    A page without a token of its own is shown them this once.
    """
    row.words_salt = random_bytes(32)
    row.shown_until = row.shown_until or quarter_after(at + SHOWN_FOR)
    token = page if PAGE.fullmatch(page) else random_bytes(16).hex()
    entropy = _derive(row.words_salt, signature.petition_id, token, code if row.code_hash else "")
    bind(signature, entropy, consents.take_from_page(row, page))
    return _confirmed(signature, entropy)


def show_again(signature: Signature, row: Confirmation, *, page: str, code: str, at: datetime) -> Confirmed | None:
    """Return the words that this page was shown, or nothing where none are shown any more.

    Raises:
        ShownElsewhereError: they were shown on another page.
    """
    if row.words_salt is None or row.shown_until is None or row.shown_until < at or signature.code_hash is None:
        return None
    entropy = _derive(row.words_salt, signature.petition_id, page, code if row.code_hash else "")
    if hash_secret("my/v1", entropy) != signature.code_hash:
        raise ShownElsewhereError
    return _confirmed(signature, entropy)


def mark_of(signature: Signature) -> str:
    """Return what tells the words that open a signature from earlier ones (16 hex digits); it tells nothing else."""
    return hash_secret("shown/v1", signature.code_hash).hex()[:16] if signature.code_hash else ""


def asked_positions(mark: str) -> tuple[int, int]:
    """Return which two of the twelve words their signer is asked for, counted from 1: the same of the same words."""
    return PAIRS[int.from_bytes(sha256(mark.encode()).digest()[:4]) % len(PAIRS)]


def require_written_down(
    signature: Signature, row: Confirmation, *, page: str, code: str, typed: tuple[str, str], at: datetime
) -> None:
    """Compare two typed words with those that this page is shown, as long as it is shown them; nothing is stored.

    Raises:
        WrongWordsError: they are others.
    """
    try:
        shown = show_again(signature, row, page=page, code=code, at=at)
    except ShownElsewhereError:  # A page without a token of its own was shown them once, and cannot be asked.
        return
    if shown is None:
        return
    words = shown.secret_code.split()
    asked = [split_words(words[position - 1]) for position in asked_positions(shown.mark)]
    if [split_words(word) for word in typed] != asked:
        raise WrongWordsError


def end_showing(signature_id: UUID) -> None:
    """Show the words of a signature no more."""
    _end(Confirmation.signature_id == signature_id)


def end_due(*, at: datetime) -> None:
    """Show no more the words that half an hour was given for."""
    if db.session.scalar(select(Confirmation.signature_id).where(Confirmation.shown_until < at).limit(1)):
        _end(Confirmation.shown_until < at)


def _end(which: ColumnElement[bool]) -> None:
    ended = update(Confirmation).where(which, Confirmation.shown_until.is_not(None))
    db.session.execute(ended.values(words_salt=None, shown_until=None).execution_options(synchronize_session="fetch"))
    note_erasure()


def _derive(salt: bytes, petition_id: UUID, page: str, code: str) -> bytes:
    """Return the 16 bytes behind the words (HKDF-SHA256, RFC 5869)."""
    secret = f"{page}\x1f{read_mail_code(code)}".encode()
    return HKDF(SHA256(), 16, salt=salt, info=f"words/v1|{petition_id}".encode()).derive(secret)


def _confirmed(signature: Signature, entropy: bytes) -> Confirmed:
    words = write_secret_code(entropy, signature.language)
    return Confirmed(secret_code=words, language=signature.language, mark=mark_of(signature))
