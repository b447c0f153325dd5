"""Possible duplicates of a case: the same mailbox, roster entry, or nearly the same name; pairs, never verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import CompoundSelect, bindparam, false, select, true, union_all

from petition_app.db import db
from petition_app.petitions.models import Petition
from petition_app.signatures.contents import Contents
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
# The index of another signature, and that of this one whose value it may have.
SAME_INDEX = (
    ("mailbox_index", "mailbox_index"),
    ("name_index", "name_index"),
    ("match_index", "match_index"),
    ("entry_index", "match_index"),
)


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


def list_candidates(signature: Signature, opened: Contents | None = None) -> list[Candidate]:
    """Return at most five signatures that may be the same person's, the likeliest first; it may be `opened` already.

    Raises: UnreadableError, StorageSealedError.
    """
    petition = db.session.get_one(Petition, signature.petition_id)
    found_by = list_ids(signature)
    sure = {id_ for id_, is_sure in found_by if is_sure} | pairs.alike(signature, opened)
    rows = db.session.scalars(
        select(Signature).where(
            Signature.id.in_(sure | {id_ for id_, _ in found_by}),
            Signature.petition_id == signature.petition_id,
            Signature.id != signature.id,
            Signature.state.in_(LIVE),
        )
    )
    ordered = sorted(rows, key=lambda other: (other.id not in sure, other.state != "verified", other.id))
    found = ordered[:LOOKED_AT]
    if not found:
        return []
    read = open_many(petition, [*(other.id for other in found), *(() if opened else (signature.id,))])
    if opened:
        read[signature.id] = opened.identity, opened.email
    if signature.id not in read:
        raise UnreadableError("the keys were erased")
    same = pairs.same_entry(signature, opened)
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


def list_ids(signature: Signature) -> set[tuple[UUID, bool]]:
    """Return what may be the same person's, each with whether something beyond the sound of the name is the same.

    What is looked for goes by its own index and is bounded, so that namesakes make no case dearer.
    """
    sounds = db.session.scalars(select(NearKey.key).where(NearKey.signature_id == signature.id)).all()
    same = tuple((one, other) for one, other in SAME_INDEX if getattr(signature, other) is not None)
    if not same and not sounds:
        return set()
    values = {f"same_{one}": getattr(signature, other) for one, other in same}
    values |= {f"sound_{number}": sound for number, sound in enumerate(sounds)}
    values |= {"petition": signature.petition_id, "id": signature.id}
    found = db.session.execute(_search(tuple(one for one, _ in same), len(sounds)), values)
    return {(row[0], row[1]) for row in found}


@cache
def _search(same: tuple[str, ...], sounds: int) -> CompoundSelect[UUID, bool]:
    """Write the search by these indexes and so many sounds; to write it takes longer than to search."""
    found = [
        select(Signature.id, true().label("sure"))
        .where(Signature.petition_id == bindparam("petition"), getattr(Signature, name) == bindparam(f"same_{name}"))
        .where(Signature.state.in_(LIVE), Signature.id != bindparam("id"))
        .limit(LOOKED_AT)
        for name in same
    ]
    found += [
        select(NearKey.signature_id, false().label("sure"))
        .where(NearKey.petition_id == bindparam("petition"), NearKey.key == bindparam(f"sound_{number}"))
        .order_by(NearKey.signature_id)
        .limit(LOOKED_AT)
        for number in range(sounds)
    ]
    return union_all(*(select(query.subquery()) for query in found))


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
