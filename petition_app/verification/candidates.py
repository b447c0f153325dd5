"""Possible duplicates of a case: the same mailbox, roster entry, or nearly the same name; pairs, never verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from petition_app.db import db
from petition_app.signatures import sealing
from petition_app.signatures.models import NearKey, Signature
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.signatures.sealing import Identity
from petition_app.verification import pairs
from petition_app.verification.matching.duplicates import Agreement, Record, compare
from petition_app.verification.rules import case_number

SHOWN = 5
LOOKED_AT = 50


@dataclass(frozen=True)
class Candidate:
    """Another signature that may be the same person's: what agrees, what differs, and how likely it is (0-1).

    The roster entry is not among the rows, since of it only a keyed index is known; `same_entry` says what there is.
    """

    id: UUID
    number: str
    state: str
    identity: Identity
    same_mailbox: bool
    same_name: bool
    same_entry: bool
    likely: float
    rows: tuple[Agreement, ...]

    @property
    def sure(self) -> bool:
        """Whether something beyond a similar name agrees."""
        return self.same_mailbox or self.same_name or self.same_entry


def list_candidates(signature: Signature) -> list[Candidate]:
    """Return at most five signatures that may be the same person's, the likeliest first.

    Raises: UnreadableError, StorageSealedError.
    """
    found = db.session.scalars(
        select(Signature)
        .where(
            Signature.petition_id == signature.petition_id,
            Signature.id != signature.id,
            Signature.state.in_(("checking", "needs_info", "verified")),
            or_(*_alike(signature)),
        )
        .order_by(Signature.state != "verified", Signature.id)
        .limit(LOOKED_AT)
    ).all()
    if not found:
        return []
    same = pairs.same_entry(signature)
    candidates = [_candidate(other, signature, known=other.id in same) for other in found]
    kept = [candidate for candidate in candidates if candidate.sure or candidate.likely >= pairs.LIKELY]
    return sorted(kept, key=lambda one: (not one.sure, one.state != "verified", -one.likely, one.number))[:SHOWN]


def _alike(signature: Signature) -> list[ColumnElement[bool]]:
    keys = select(NearKey.key).where(NearKey.signature_id == signature.id)
    near = select(NearKey.signature_id).where(NearKey.petition_id == signature.petition_id, NearKey.key.in_(keys))
    alike = [Signature.id.in_(near), Signature.id.in_(pairs.alike(signature))]
    columns = (
        (Signature.mailbox_index, signature.mailbox_index),
        (Signature.name_index, signature.name_index),
        (Signature.match_index, signature.match_index),
        (Signature.entry_index, signature.match_index),
    )
    return [*alike, *(column == value for column, value in columns if value is not None)]


def _candidate(other: Signature, signature: Signature, *, known: bool) -> Candidate:
    """Compare two signatures; in sealed mode it is `known` from the notes that they match one entry."""
    mine, record = _record(signature, known=known), _record(other, known=known)
    pair = compare(mine, record)
    return Candidate(
        id=other.id,
        number=case_number(other.id),
        state=other.state,
        identity=sealing.open_identity(other),
        same_mailbox=bool(mine.mailbox) and mine.mailbox == record.mailbox,
        same_name=fold_name(mine.name) == fold_name(record.name),
        same_entry=known
        or (signature.match_index is not None and signature.match_index in (other.match_index, other.entry_index)),
        likely=pair.probability,
        rows=tuple(row for row in pair.rows if row.part != "entry"),
    )


def _record(signature: Signature, *, known: bool) -> Record:
    identity, address = sealing.open_identity(signature), sealing.open_address(signature)
    return Record(
        id=str(signature.id),
        name=identity.name,
        place=identity.place,
        mailbox=fold_mailbox(address) if address else "",
        entry=signature.match_index.hex() if signature.match_index else "same" if known else "",
    )
