"""What lies under the server's key ring, all in one place: counted by key, and put under the newest.

Whoever seals something new under the ring adds its columns to `UNDER_THE_RING`; what is sealed under anything else
stands in `ELSEWHERE`, with what that is. A test looks at every column of every table.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from petition_app import audit
from petition_app.accounts import inviting
from petition_app.crypto import vault
from petition_app.crypto.vault import KeyRing, UnreadableError, WrappedKey
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.models import PetitionKey
from petition_app.petitions import signing_key
from petition_app.petitions.models import SigningKey
from petition_app.signatures import knocks, messages
from petition_app.signatures.import_models import Import, StagedRow
from petition_app.signatures.models import CodeAttempt, SealedKey, SealedPart, Signature
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.verification.sampling.models import Sample
from petition_app.verification.sampling.services import bound_of

SLICE = 500

# What is sealed under something else, and under what.
ELSEWHERE: Mapping[str, str] = {
    "account_keys.private_box": "the member's passphrase",
    "account_keys.duress_box": "the member's passphrase for duress",
    "confirmations.agreement_box": "a secret that the page holds",
    "import_chunks.box": "a random key in the cookie of whoever uploaded the file",
    "imports.box": "a random key in the cookie of whoever uploaded the file",
    "key_wraps.box": "the member's own key",
    "match_pages.box": "the petition's index key",
    "petition_keys.index_box": "the petition's key",
    "questions.box": "the signer's secret code",
    "sealed_parts.box": "a key of its own, wrapped in sealed_keys",
    "signatures.agreement_box": "the signer's secret code",
    "staged_rows.agreement_box": "the signer's secret code",
    "unlocks.box": "a secret in the cookie of the session",
}


class RingLacksKeyError(DomainError):
    """A key was taken from the ring while something still lay under it."""

    message = N_(
        "The key ring lacks %(keys)s, under which %(number)s things still lie sealed (%(tables)s). Put it back into "
        "KEY_RING from its copy; `flask keys rotate` says when a key may go."
    )


@dataclass(frozen=True)
class Shelf:
    """A table in which something lies under the ring: the column that names the key, and the one that is sealed.

    `move` puts one row under the newest key of the ring. Raises: UnreadableError.
    """

    model: type[Any]
    key: Any
    columns: tuple[str, ...]
    move: Callable[[Any, KeyRing], None]

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.model.__tablename__)


# --- how a row of each table moves --------------------------------------------------------------------------------


def _move_key(row: SealedKey, ring: KeyRing) -> None:
    """Move a wrapped key of a signature, or of one that is being imported."""
    petition_id = db.session.scalar(select(Signature.petition_id).where(Signature.id == row.signature_id))
    if petition_id is None:
        staged = select(Import.petition_id).join(StagedRow, StagedRow.import_id == Import.id)
        petition_id = db.session.scalar(staged.where(StagedRow.id == row.signature_id))
    if petition_id is None:
        raise UnreadableError("it belongs to nothing")
    part = db.session.scalar(select(SealedPart.part).where(SealedPart.id == row.part_id)) if row.part_id else None
    place = vault.SealContext(petition_id, row.signature_id, part or "key")
    wrapped = ring.wrap(ring.unwrap(WrappedKey(row.key_id or "", row.box), place), place)
    row.key_id, row.box = wrapped.key_id, wrapped.box


def _move_sample(row: Sample, ring: KeyRing) -> None:
    row.seed_box = ring.close(ring.open(row.key_id, row.seed_box, bound_of(row.id)), bound_of(row.id))
    row.key_id = ring.newest


def _move_knock(row: CodeAttempt, ring: KeyRing) -> None:
    row.box = ring.close(ring.open(row.key_id, row.box, knocks.BOUND), knocks.BOUND)
    row.key_id = ring.newest


def _move_job(row: Job, ring: KeyRing) -> None:
    """Move a job that waits, or one that was given up and may be tried again."""
    bound = inviting.BOUND if row.name == "accounts.mail_invitation" else messages.BOUND
    try:
        plain = ring.open(row.payload["key"], base64.b64decode(row.payload["box"]), bound)
    except ValueError:
        raise UnreadableError("it is no box") from None
    box = base64.b64encode(ring.close(plain, bound)).decode()
    row.payload = {**row.payload, "key": ring.newest, "box": box}


UNDER_THE_RING: tuple[Shelf, ...] = (
    Shelf(SealedKey, SealedKey.key_id, ("key_id", "box"), _move_key),
    Shelf(Sample, Sample.key_id, ("key_id", "seed_box"), _move_sample),
    Shelf(SigningKey, SigningKey.key_id, ("key_id", "box"), signing_key.rewrap),
    Shelf(CodeAttempt, CodeAttempt.key_id, ("key_id", "box"), _move_knock),
    Shelf(Job, Job.payload["key"].as_string(), ("payload",), _move_job),
)


# --- counting -----------------------------------------------------------------------------------------------------


def count_by_key() -> dict[str, Counter[str]]:
    """Return for each key of the ring, and each that was one, how many rows of which table lie under it."""
    of_petitions = {str(key_id) for key_id in db.session.scalars(select(PetitionKey.id))}
    found: dict[str, Counter[str]] = {}
    for shelf in UNDER_THE_RING:
        rows = select(shelf.key, func.count()).where(shelf.key.is_not(None)).group_by(shelf.key)
        for key_id, number in db.session.execute(rows).all():
            if key_id not in of_petitions:
                found.setdefault(key_id, Counter())[shelf.name] += number
    return found


def require_whole_ring() -> None:
    """Refuse a ring that lacks a key under which something lies; where the database cannot be read, nothing is known.

    Raises:
        RingLacksKeyError, StorageSealedError
    """
    ring = vault.key_ring()
    try:
        found = count_by_key()
    except SQLAlchemyError:
        db.session.rollback()
        return
    if missing := {key_id: tables for key_id, tables in found.items() if key_id not in ring.keys}:
        tables: Counter[str] = sum(missing.values(), Counter())
        raise RingLacksKeyError(
            keys=", ".join(sorted(missing)), number=tables.total(), tables=", ".join(sorted(tables))
        )


# --- moving -------------------------------------------------------------------------------------------------------


class Rotation:
    """Puts everything that lies under an older key of the ring under the newest, a slice at a time.

    A row that does not open is damaged: it is counted and left as it is, and stops none of the others.
    """

    def __init__(self) -> None:
        self.moved, self.damaged = 0, Counter[str]()
        self._left: list[Shelf] = list(UNDER_THE_RING)
        self._last: UUID | None = None

    def step(self, *, at: datetime) -> bool:
        """Move the next slice; return whether there may be more.

        Raises:
            StorageSealedError: the ring cannot be read.
        """
        if not self._left:
            return False
        ring, shelf = vault.key_ring(), self._left[0]
        rows = self._next(shelf, [key_id for key_id in ring.keys if key_id != ring.newest])
        moved = 0
        for row in rows:
            try:
                shelf.move(row, ring)
                moved += 1
            except UnreadableError:
                self.damaged[shelf.name] += 1
        if moved:
            audit.record("keys.rewrapped", number=moved, at=at)
        self.moved += moved
        if rows:
            self._last = _id_of(rows[-1])
        else:
            self._left.pop(0)
            self._last = None
        db.session.flush()
        return bool(self._left)

    def _next(self, shelf: Shelf, older: Sequence[str]) -> Sequence[Any]:
        identity = _identity(shelf.model)
        rows = select(shelf.model).where(shelf.key.in_(older))
        rows = rows.where(identity > self._last) if self._last else rows
        return db.session.scalars(rows.order_by(identity).limit(SLICE).with_for_update()).all()


def _identity(model: type[Any]) -> Any:
    return model.petition_id if model is SigningKey else model.id


def _id_of(row: Any) -> UUID:
    return row.petition_id if isinstance(row, SigningKey) else row.id
