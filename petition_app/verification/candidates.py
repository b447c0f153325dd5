"""Possible duplicates of a case: the same mailbox, roster entry, or nearly the same name; pairs, never verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import Select, select, union_all

from petition_app.db import db
from petition_app.petitions.models import Petition
from petition_app.signatures.models import NearKey, Signature
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.signatures.sealing import Identity
from petition_app.signatures.slices import open_many
from petition_app.vault import UnreadableError
from petition_app.verification import pairs
from petition_app.verification.matching.duplicates import Agreement, Record, compare
from petition_app.verification.matching.normalize import spelling, words
from petition_app.verification.rules import case_number

SHOWN = 5
LOOKED_AT = 30
COMPARED = 6
SAME = 30.0  # Percent of likeness of the names that the same place or mailbox makes up for.
LIVE = ("checking", "needs_info", "verified")


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
    petition = db.session.get_one(Petition, signature.petition_id)
    sure, near = _list_ids(_alike(signature)) | pairs.alike(signature), _list_ids(_sounding(signature))
    rows = db.session.scalars(
        select(Signature).where(
            Signature.id.in_(sure | near),
            Signature.petition_id == signature.petition_id,
            Signature.id != signature.id,
            Signature.state.in_(LIVE),
        )
    )
    ordered = sorted(rows, key=lambda other: (other.id not in sure, other.state != "verified", other.id))
    found = ordered[:LOOKED_AT]
    if not found:
        return []
    read = open_many(petition, [signature.id, *(other.id for other in found)])
    if signature.id not in read:
        raise UnreadableError("the keys were erased")
    same = pairs.same_entry(signature)
    near_first = sorted(
        (other for other in found if other.id in read),
        key=lambda other: (
            other.id not in sure,
            other.state != "verified",
            -_closeness(read[signature.id], read[other.id]),
        ),
    )
    candidates = [_candidate(other, signature, read, known=other.id in same) for other in near_first[:COMPARED]]
    kept = [candidate for candidate in candidates if candidate.sure or candidate.likely >= pairs.LIKELY]
    return sorted(kept, key=lambda one: (not one.sure, one.state != "verified", -one.likely, one.number))[:SHOWN]


def _closeness(mine: tuple[Identity, str], other: tuple[Identity, str]) -> float:
    """Return at a glance how much two people have in common, to choose those who are worth a comparison."""
    (one, address), (two, second) = mine, other
    names = fuzz.token_sort_ratio(_spelled(one.name), _spelled(two.name))
    return (
        names
        + SAME * (one.place == two.place)
        + SAME * (bool(address) and fold_mailbox(address) == fold_mailbox(second))
    )


def _spelled(name: str) -> str:
    return " ".join(spelling(word.folded) for word in words(name))


def _list_ids(queries: Iterable[Select[UUID]]) -> set[UUID]:
    """Return what several queries find, each of them no more than its limit."""
    found = [select(query.subquery()) for query in queries]
    return set(db.session.scalars(union_all(*found))) if found else set()


def _alike(signature: Signature) -> Iterator[Select[UUID]]:
    """Give a query for each thing that may be the same: each goes by its own index, and is bounded."""
    columns = (
        (Signature.mailbox_index, signature.mailbox_index),
        (Signature.name_index, signature.name_index),
        (Signature.match_index, signature.match_index),
        (Signature.entry_index, signature.match_index),
    )
    for column, value in columns:
        if value is not None:
            same = select(Signature.id).where(Signature.petition_id == signature.petition_id, column == value)
            yield same.where(Signature.state.in_(LIVE), Signature.id != signature.id).limit(LOOKED_AT)


def _sounding(signature: Signature) -> Iterator[Select[UUID]]:
    """Give a query for each rough sound of the name."""
    for key in db.session.scalars(select(NearKey.key).where(NearKey.signature_id == signature.id)).all():
        near = select(NearKey.signature_id).where(NearKey.petition_id == signature.petition_id, NearKey.key == key)
        yield near.order_by(NearKey.signature_id).limit(LOOKED_AT)


def _candidate(
    other: Signature, signature: Signature, read: Mapping[UUID, tuple[Identity, str]], *, known: bool
) -> Candidate:
    """Compare two signatures; in sealed mode it is `known` from the notes that they match one entry."""
    mine, record = (_record(one, *read[one.id], known=known) for one in (signature, other))
    pair = compare(mine, record)
    return Candidate(
        id=other.id,
        number=case_number(other.id),
        state=other.state,
        identity=read[other.id][0],
        same_mailbox=bool(mine.mailbox) and mine.mailbox == record.mailbox,
        same_name=fold_name(mine.name) == fold_name(record.name),
        same_entry=known
        or (signature.match_index is not None and signature.match_index in (other.match_index, other.entry_index)),
        likely=pair.probability,
        rows=tuple(row for row in pair.rows if row.part != "entry"),
    )


def _record(signature: Signature, identity: Identity, address: str, *, known: bool) -> Record:
    return Record(
        id=str(signature.id),
        name=identity.name,
        place=identity.place,
        mailbox=fold_mailbox(address) if address else "",
        entry=signature.match_index.hex() if signature.match_index else "same" if known else "",
    )
