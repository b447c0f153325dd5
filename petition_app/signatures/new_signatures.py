"""New signatures on their way in: what each stores is made before the transaction, and stored with others at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, exists, select
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.audit import SignerAct
from petition_app.crypto.codes import new_mail_code, read_mail_code
from petition_app.crypto.fingerprints import fingerprint, hash_secret
from petition_app.crypto.vault import KeyRing, PetitionPublicKey
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.models import PetitionKey
from petition_app.keys.services import newest_key
from petition_app.maintenance import READ_ONLY, ReadOnlyError, Switch
from petition_app.petitions.models import Petition, TextVersion, takes_signatures
from petition_app.petitions.time_zones import day_in
from petition_app.signatures import consents, messages, sealing
from petition_app.signatures.messages import Message
from petition_app.signatures.models import Confirmation, SealedKey, SealedPart, Signature, SignatureDelta
from petition_app.signatures.rules import quarter_after
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import Base, db
from petition_app.storage.dialects import among, has_one_writer
from petition_app.storage.jobs import Job, PendingPublication
from petition_app.storage.multi_insert import insert_together

CODE_LIFE = timedelta(hours=2)  # Servers that put strangers off do so for up to forty minutes.
TRIES = 5

Row = dict[str, Any]


class ClosedForSigningError(DomainError):
    """The petition takes no signatures now."""

    message = N_("This letter cannot be signed at the moment.")


class OutdatedError(DomainError):
    """The petition has got another text or key since the signature was sealed; seal it anew."""


class TextChangedError(DomainError):
    """The letter was changed while somebody read it, who would be bound to words that they have not seen."""

    message = N_("The letter has been changed since you opened this page. Please read it again, then sign.")


@dataclass(frozen=True)
class NewSignature:
    """What a signer sends in. `form_token` makes a repeated sending harmless; `consent` is the tier 0-3.

    `text` is the `TextVersion.digest` that was read, or empty: whatever the text is when it is signed.
    """

    form_token: str
    identity: Identity
    email: str
    language: str
    consent: int
    others: int | None
    text: str = ""


@dataclass(frozen=True)
class Rows:
    """What one unconfirmed signature stores: its row, those of its sealed parts and of their keys.

    `hidden` is set in sealed mode, where each counts as a change until the next publication, so that none stands alone.
    """

    signature: Row
    parts: list[Row]
    keys: list[Row]
    hidden: bool
    r: bytes = field(repr=False)


@dataclass(frozen=True)
class Arrival:
    """A signature that is ready to be stored with the code that confirms it. `pending` ties the code to its page.

    `text` is the `TextVersion.digest` of what it agrees to.
    """

    petition_id: UUID
    key_id: str | None
    pending: str
    text: str
    rows: Rows
    confirmation: Row
    job: Row | None
    may_mail: bool = True


def pending_token(petition_id: UUID, form_token: str) -> str:
    """Return the token of the page that a form leads to: the same for the same form (32 hex digits)."""
    return fingerprint("pending", petition_id, form_token).hex()[:32]


def hash_code(petition_id: UUID, code: str) -> bytes:
    """Return what is kept of a short code: a keyed hash of what was meant, however it was typed."""
    return fingerprint("mail-code", petition_id, read_mail_code(code))


def prepare(
    new: NewSignature, *, petition: Petition, lock: KeyRing | PetitionPublicKey, at: datetime, may_mail: bool = True
) -> Arrival:
    """Seal a signature and make its code, which is mailed if it may be. Raises: StorageSealedError."""
    rows = unconfirmed_rows(new, petition=petition, lock=lock, case={}, at=at)
    pending, code = pending_token(petition.id, new.form_token), new_mail_code() if new.email else None
    signature_id = rows.signature["id"]
    message = Message(code, new.language, new.email, signature_id) if code else None
    return Arrival(
        petition_id=petition.id,
        key_id=lock.key_id if isinstance(lock, PetitionPublicKey) else None,
        pending=pending,
        text=new.text or petition.text.digest,
        rows=rows,
        confirmation={
            "pending_hash": hash_secret("pending", pending.encode()),
            "form_hash": hash_secret("form", petition.id.bytes + new.form_token.encode()),
            "signature_id": signature_id,
            "petition_id": petition.id,
            "code_hash": hash_code(petition.id, code) if code else None,
            "tries_left": TRIES,
            "expires_at": quarter_after(at + CODE_LIFE),
            "agreement_box": consents.seal_for_page(
                rows.r, pending, petition_id=petition.id, signature_id=signature_id
            ),
        },
        job=messages.message_row("signatures.mail_code", message, petition, lock=lock, at=at) if message else None,
        may_mail=may_mail,
    )


def unconfirmed_rows(
    new: NewSignature, *, petition: Petition, lock: KeyRing | PetitionPublicKey, case: dict[str, Any], at: datetime
) -> Rows:
    """Seal a signature and return what it stores."""
    sealed = sealing.seal(
        lock, petition_id=petition.id, identity=new.identity, email=new.email, case=case,
        tier=new.consent, others=new.others,
    )  # fmt: skip
    signature = {
        "id": sealed.signature_id,
        "petition_id": petition.id,
        "text_version_id": petition.text.id,
        "state": "unconfirmed",
        "language": new.language,
        "publication_tier": new.consent,
        "min_named_others": new.others,
        "arrived_on": at.date(),
        "commitment": sealed.commitment,
        "name_index": sealed.name_index,
        "mailbox_index": sealed.mailbox_index,
    }
    return Rows(signature, sealing.part_rows(sealed), sealing.key_rows(sealed), petition.is_sealed, sealed.r)


def store(arrivals: Sequence[Arrival], *, at: datetime) -> list[DomainError | None]:
    """Store those that may be stored and return for each what kept it out, or nothing.

    A form that is stored already is taken as it stands, so that the same page sent twice signs once.
    """
    hashes = [arrival.confirmation["form_hash"] for arrival in arrivals]
    standing, known = _look(list({one.petition_id for one in arrivals}), hashes)
    taken: list[Arrival] = []
    problems: list[DomainError | None] = []
    for arrival, form_hash in zip(arrivals, hashes, strict=True):
        problem = None if form_hash in known else _problem(arrival, standing.get(arrival.petition_id), at)
        problems.append(problem)
        if problem is None and form_hash not in known:
            known.add(form_hash)
            taken.append(arrival)
    _insert(taken, at=at)
    return problems


def _look(petition_ids: list[UUID], hashes: list[bytes]) -> tuple[dict[UUID, Any], set[bytes]]:
    """Return how petitions are inside this transaction, with their text and key, and which forms are stored already.

    Raises:
        ReadOnlyError: the installation takes no changes now.
    """
    connection = db.session.connection()
    if not has_one_writer():
        connection.exec_driver_sql(_WAIT, (petition_ids,))
    rows = connection.execute(_look_for(has_one_writer()), {"petitions": petition_ids, "hashes": hashes}).all()
    if any(read_only for _, read_only, *_ in rows):
        raise ReadOnlyError
    return {row[0]: row[3:] for row in rows}, {form_hash for _, _, form_hash, *_ in rows if form_hash}


def _newest_text() -> ScalarSelect[UUID]:
    each = aliased(TextVersion)
    texts = select(each.id).where(each.petition_id == Petition.id)
    return texts.order_by(each.number.desc()).limit(1).scalar_subquery()


# While a petition is edited, one waits, and only then looks: what is looked at while waiting is what was before.
_WAIT = "SELECT id FROM petitions WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"


@lru_cache(maxsize=2)
def _look_for(_one_writer: bool) -> Select[*tuple[Any, ...]]:
    """Return what is looked at, as the kind of database wants it."""
    return (
        select(
            Petition.id,
            exists().where(Switch.name == READ_ONLY),
            Confirmation.form_hash,
            Petition.state, Petition.opens, Petition.closes, Petition.time_zone, Petition.frozen_at, Petition.mode,
            TextVersion.id, TextVersion.sha256,
            newest_key(Petition.id).with_only_columns(PetitionKey.id).scalar_subquery(),
        )
        .select_from(Petition)
        .join(TextVersion, TextVersion.id == _newest_text())
        .outerjoin(Confirmation, among(Confirmation.form_hash, "hashes"))
        .where(among(Petition.id, "petitions"))
    )  # fmt: skip


def _problem(arrival: Arrival, standing: Any | None, at: datetime) -> DomainError | None:
    if standing is None:
        return ClosedForSigningError()
    state, opens, closes, zone, frozen_at, mode, text_id, sha256, key_id = standing
    if not takes_signatures(state, opens=opens, closes=closes, frozen_at=frozen_at, on=day_in(zone, at)):
        return ClosedForSigningError()
    is_sealed_for_it = arrival.key_id == (str(key_id) if mode == "sealed" else None)
    is_for_this_text = arrival.rows.signature["text_version_id"] == text_id and arrival.text == sha256.hex()
    return None if is_sealed_for_it and is_for_this_text else OutdatedError()


def _insert(taken: Sequence[Arrival], *, at: datetime) -> None:
    acts = [
        audit.signer_row("signature.submitted", petition_id=petition_id, at=at, number=number)
        for petition_id, number in Counter(arrival.petition_id for arrival in taken).items()
    ]
    insert_together(
        [
            *_unconfirmed([arrival.rows for arrival in taken]),
            (Confirmation, [arrival.confirmation for arrival in taken]),
            (Job, [arrival.job for arrival in taken if arrival.job and arrival.may_mail]),
            (SignerAct, acts),
        ]
    )


def insert_unconfirmed(rows: Rows) -> None:
    """Store one unconfirmed signature and count it."""
    insert_together(_unconfirmed([rows]))


def _unconfirmed(found: Sequence[Rows]) -> list[tuple[type[Base], list[Row]]]:
    """Return what unconfirmed signatures store, their count included, in an order that tells nothing of arrival."""
    numbers = Counter(rows.signature["petition_id"] for rows in found)
    return [
        (Signature, sorted((rows.signature for rows in found), key=_by_id)),
        (SealedPart, sorted((row for rows in found for row in rows.parts), key=_by_id)),
        (SealedKey, sorted((row for rows in found for row in rows.keys), key=_by_id)),
        (SignatureDelta, [{"petition_id": one, "unconfirmed": number} for one, number in numbers.items()]),
        (PendingPublication, [{"petition_id": rows.signature["petition_id"]} for rows in found if rows.hidden]),
    ]


def _by_id(row: Row) -> bytes:
    made: UUID = row["id"]
    return made.bytes
