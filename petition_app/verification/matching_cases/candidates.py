"""Possible duplicates of a case: the same mailbox, roster entry, or nearly the same name; pairs, never verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import Row, Select, bindparam, false, select, true, union_all

from petition_app.crypto.vault import UnreadableError
from petition_app.matching.linkage.duplicates import Agreement, Frequencies, Record
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
from petition_app.verification.matching_cases.name_frequencies import compare_within, frequencies_of, part_of
from petition_app.verification.rules import case_number

SHOWN = 5
LOOKED_AT = 30
COMPARED = 6
SAME = 30.0  # Percent of likeness of the names that the same place or mailbox makes up for.
FAINT = 0.25  # Below it a namesake is shown as one, and hardly the same person.
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
        """Whether something agrees that strangers do not share."""
        return self.same_mailbox or self.same_entry

    @property
    def faint(self) -> bool:
        """Whether it is a namesake, and hardly the same person: the name is common here, and the place another one."""
        elsewhere = any(row.part == "place" and row.relation == "different" for row in self.rows)
        return elsewhere and not self.sure and self.likely < FAINT


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
    closeness = _Closeness(*read[signature.id])
    near_first = sorted(
        (other for other in found if other.id in read),
        key=lambda other: (
            not (other.id in same or _same_entry(signature, other) or closeness.same_mailbox(read[other.id][1])),
            other.id not in sure,
            -closeness.of(*read[other.id]),
            other.state != "verified",
            other.id,
        ),
    )
    mine, places = read[signature.id][0], [read[other.id][0].place for other in found if other.id in read]
    common = frequencies_of(petition, mine.name, mine.place, places=places)
    candidates = [
        _candidate(other, signature, read, known=other.id in same, common=common) for other in near_first[:COMPARED]
    ]
    kept = [one for one in candidates if one.sure or one.same_name or one.likely >= pairs.LIKELY]
    order = sorted(kept, key=lambda one: (not one.sure, -round(one.likely, 2), one.state != "verified", one.number))
    return order[:SHOWN]


class _Closeness:
    """What tells at a glance how much another has in common with a signer, to choose who is worth a comparison."""

    def __init__(self, mine: Identity, address: str) -> None:
        self._mine, self._name = mine, _spelled(mine.name)
        self._mailbox = fold_mailbox(address) if address else None

    def same_mailbox(self, address: str) -> bool:
        """Return whether both gave one mailbox."""
        return self._mailbox is not None and bool(address) and self._mailbox == fold_mailbox(address)

    def of(self, other: Identity, address: str) -> float:
        """Return how alike names are, in percent, with what place and mailbox add."""
        names = fuzz.token_sort_ratio(self._name, _spelled(other.name))
        place = self._mine.place == other.place or part_of(self._mine.place, other.place)
        return names + SAME * place + SAME * self.same_mailbox(address)


def _same_entry(signature: Signature, other: Row[Any]) -> bool:
    return signature.match_index is not None and signature.match_index in (other.match_index, other.entry_index)


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
    other: Row[Any], signature: Signature, read: Mapping[UUID, tuple[Identity, str]], *, known: bool,
    common: Frequencies,
) -> DuplicateCandidate:  # fmt: skip
    """Compare two signatures; in sealed mode it is `known` from the notes that they match one entry."""
    mine, record = (_record(one, *read[one.id], known=known) for one in (signature, other))
    same_place = part_of(mine.place, record.place)
    pair = compare_within(common, mine, record)
    return DuplicateCandidate(
        id=other.id,
        number=case_number(other.id),
        state=other.state,
        identity=read[other.id][0],
        same_mailbox=bool(mine.mailbox) and mine.mailbox == record.mailbox,
        same_name=fold_name(mine.name) == fold_name(record.name),
        same_entry=known or _same_entry(signature, other),
        likely=pair.probability,
        rows=tuple(
            replace(row, relation="within") if same_place and row.part == "place" else row
            for row in pair.rows
            if row.part != "entry"
        ),
    )


def _record(signature: Signature | Row[Any], identity: Identity, address: str, *, known: bool) -> Record:
    return Record(
        id=str(signature.id),
        name=identity.name,
        place=identity.place,
        mailbox=fold_mailbox(address) if address else "",
        entry=signature.match_index.hex() if signature.match_index else "same" if known else "",
    )
