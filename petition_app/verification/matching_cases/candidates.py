"""Possible duplicates of a case: the same mailbox, roster entry, or nearly the same name; pairs, never verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import Row, Select, bindparam, false, select, true, union_all

from petition_app.crypto.vault import UnreadableError
from petition_app.matching.linkage.duplicates import Agreement, Record, compare
from petition_app.matching.names.spelling import spelling, words
from petition_app.petitions.models import Petition
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import NearKey, Signature
from petition_app.signatures.opened_signature import Contents
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.verification.cases import pair_notes
from petition_app.verification.matching_cases import pairs
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
LOOKED_FOR = (Signature.id, Signature.state, Signature.match_index, Signature.entry_index)


@dataclass(frozen=True)
class DuplicateCandidate:
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


def list_candidates(signature: Signature, opened: Contents | None = None) -> list[DuplicateCandidate]:
    """Return at most five signatures that may be the same person's, the likeliest first; it may be `opened` already.

    Raises: UnreadableError, StorageSealedError.
    """
    petition = db.session.get_one(Petition, signature.petition_id)
    rows = search(signature) + _noted(signature, pair_notes.alike(signature, opened))
    sure = {row.id for row in rows if row.sure}
    others = {row.id: row for row in rows}.values()
    ordered = sorted(others, key=lambda other: (other.id not in sure, other.state != "verified", other.id))
    found = ordered[:LOOKED_AT]
    if not found:
        return []
    read = open_many(petition, [*(other.id for other in found), *(() if opened else (signature.id,))])
    if opened:
        read[signature.id] = opened.identity, opened.email
    if signature.id not in read:
        raise UnreadableError("the keys were erased")
    same = pair_notes.same_entry(signature, opened)
    closeness = _closeness(*read[signature.id])
    near_first = sorted(
        (other for other in found if other.id in read),
        key=lambda other: (other.id not in sure, other.state != "verified", -closeness(*read[other.id])),
    )
    candidates = [_candidate(other, signature, read, known=other.id in same) for other in near_first[:COMPARED]]
    kept = [candidate for candidate in candidates if candidate.sure or candidate.likely >= pairs.LIKELY]
    return sorted(kept, key=lambda one: (not one.sure, one.state != "verified", -one.likely, one.number))[:SHOWN]


def _closeness(mine: Identity, address: str) -> Callable[[Identity, str], float]:
    """Return what tells at a glance how much another has in common, to choose those who are worth a comparison."""
    name, mailbox = _spelled(mine.name), fold_mailbox(address) if address else None

    def closeness(other: Identity, address: str) -> float:
        names = fuzz.token_sort_ratio(name, _spelled(other.name))
        return names + SAME * (mine.place == other.place) + SAME * (mailbox == fold_mailbox(address))

    return closeness


def _spelled(name: str) -> str:
    return " ".join(spelling(word.folded) for word in words(name))


def search(signature: Signature) -> list[Row[Any]]:
    """Return what may be the same person's, `sure` where something beyond the sound of the name is the same.

    What is looked for goes by its own index and is bounded, so that namesakes make no case dearer.
    """
    sounds = db.session.scalars(select(NearKey.key).where(NearKey.signature_id == signature.id)).all()
    same = tuple((one, other) for one, other in SAME_INDEX if getattr(signature, other) is not None)
    if not same and not sounds:
        return []
    values = {f"same_{one}": getattr(signature, other) for one, other in same}
    values |= {f"sound_{number}": sound for number, sound in enumerate(sounds)}
    values |= {"petition": signature.petition_id, "id": signature.id}
    return list(db.session.execute(_search(tuple(one for one, _ in same), len(sounds)), values))


@cache
def _search(same: tuple[str, ...], sounds: int) -> Select[Any]:
    """Write the search by these indexes and so many sounds; to write it takes longer than to search."""
    here = Signature.petition_id == bindparam("petition")
    live = Signature.state.in_(LIVE), Signature.id != bindparam("id")
    found = [
        select(Signature.id, true().label("sure"))
        .where(here, getattr(Signature, name) == bindparam(f"same_{name}"), *live)
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
    ids = union_all(*(select(query.subquery()) for query in found)).subquery()
    there = select(*LOOKED_FOR, ids.c.sure).join_from(ids, Signature, Signature.id == ids.c[0])
    return there.where(here, *live)


def _noted(signature: Signature, ids: set[UUID]) -> list[Row[Any]]:
    """Return those of a sealed petition that the notes of a case tell of."""
    noted = select(*LOOKED_FOR, true().label("sure")).where(
        Signature.id.in_(ids),
        Signature.petition_id == signature.petition_id,
        Signature.id != signature.id,
        Signature.state.in_(LIVE),
    )
    return list(db.session.execute(noted)) if ids else []


def _candidate(
    other: Row[Any], signature: Signature, read: Mapping[UUID, tuple[Identity, str]], *, known: bool
) -> DuplicateCandidate:
    """Compare two signatures; in sealed mode it is `known` from the notes that they match one entry."""
    mine, record = (_record(one, *read[one.id], known=known) for one in (signature, other))
    pair = compare(mine, record)
    return DuplicateCandidate(
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


def _record(signature: Signature | Row[Any], identity: Identity, address: str, *, known: bool) -> Record:
    return Record(
        id=str(signature.id),
        name=identity.name,
        place=identity.place,
        mailbox=fold_mailbox(address) if address else "",
        entry=signature.match_index.hex() if signature.match_index else "same" if known else "",
    )
