"""Pairs of a sealed petition: which signatures may be one person's, worked out while the keys are open and kept sealed.

In sealed mode no index of a person is stored. A holder's run goes through the open cases in slices: it matches each
with the roster and compares keyed values (HMACs under the index key) of mailbox, name, sound and entry with those of
the others. The values wait between two slices in pages sealed under the index key, which go when the run ends.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.crypto import vault
from petition_app.keys import open_keys as keys
from petition_app.keys.open_keys import OpenKeys
from petition_app.matching import Match, phonetic_keys
from petition_app.matching.linkage.duplicates import Record
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db, get_for_update
from petition_app.verification.cases.desk_results_access import DeskResultsAccess, DeskResultsError
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.matching_cases import matches
from petition_app.verification.matching_cases.name_frequencies import compare_within, frequencies_of
from petition_app.verification.models import MatchPage

SLICE = 200
MOST, NEAREST = 50, 8
LIKELY, WORTH_A_NOTE = 0.5, 0.25
AT_ONCE = 500
COMPARED = ("checking", "needs_info", "verified", "received")


@dataclass(frozen=True)
class Progress:
    """How a run stands: `left` open cases of `live` signatures are not matched with the current roster yet."""

    live: int
    left: int
    done: int
    under_way: bool


@dataclass(frozen=True)
class Values:
    """Keyed values of one signature: of its entry, of what is the same for one person, and of how the name sounds.

    `fresh` if it is matched in this run.
    """

    id: UUID
    entry: str
    same: tuple[str, ...]
    near: tuple[str, ...]
    fresh: bool


def progress(petition: Petition, *, most: int | None = None) -> Progress:
    """Return how the matching of a sealed petition stands; with `most` nothing is counted further than that."""
    pages = select(MatchPage.last_id).where(MatchPage.petition_id == petition.id)
    last = db.session.scalar(pages.order_by(MatchPage.last_id.desc()).limit(1))
    live = (Signature.petition_id == petition.id, Signature.state.in_(COMPARED))
    return Progress(
        live=_count(*live, most=most),
        left=sum(_count(*part, most=most) for part in _unmatched(petition)),
        done=_count(*live, Signature.id <= last, most=most) if last else 0,
        under_way=last is not None,
    )


def _count(*conditions: ColumnElement[bool], most: int | None) -> int:
    found = select(Signature.id).where(*conditions).limit(most).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def _unmatched(petition: Petition) -> list[tuple[ColumnElement[bool], ...]]:
    """Return the conditions of what the current roster has not seen, as parts that an index finds."""
    number = matches.number_of(matches.current_roster(petition))
    return [
        (Signature.petition_id == petition.id, Signature.state.in_(matches.OPEN), part)
        for part in matches.unseen(number)
    ]


def catch_up(petition: Petition, *, access: OpenKeysAccess, by: Account, at: datetime) -> None:
    """Match what is left, where that takes no noticeable time; else it waits for a run."""
    now = progress(petition, most=AT_ONCE + 1)
    if now.live > AT_ONCE or not (now.left or now.under_way):
        return
    while run_slice(petition, access=access, by=by, at=at).under_way:
        pass


def run_slice(petition: Petition, *, access: OpenKeysAccess, by: Account, at: datetime) -> Progress:
    """Go through the next slice of a run and return how it stands after it.

    Raises: LockedError.
    """
    opened = keys.require(petition.id)
    get_for_update(Petition, petition.id)
    version = matches.current_roster(petition)
    before, last = _read_pages(petition, opened)
    waiting = (
        select(Signature)
        .where(Signature.petition_id == petition.id, Signature.state.in_(COMPARED))
        .order_by(Signature.id)
        .limit(SLICE)
        .with_for_update(skip_locked=True, key_share=True)
    )
    found = db.session.scalars(waiting.where(Signature.id > last) if last else waiting).all()
    read = open_many(petition, [one.id for one in found])
    now, additions = [], []
    for one in found:
        fresh = one.state in matches.OPEN and one.matched_roster != matches.number_of(version)
        if one.id in read:
            match = matches.look_up(one, read[one.id][0], version) if version else None
            now.append(_values(one.id, *read[one.id], match, opened, fresh=fresh))
            if fresh and match and version:
                additions.append((one.id, matches.written(match, version, at=at)))
        if fresh:
            one.matched_roster = matches.number_of(version)
    access.append_many(petition, additions + _note_pairs(petition, before, now, read, at=at))
    if len(found) < SLICE:
        db.session.execute(delete(MatchPage).where(MatchPage.petition_id == petition.id))
    else:
        _write_page(petition, now, found[-1].id, opened)
    audit.record("matching.ran", by=by.id, petition_id=petition.id, number=len(found), at=at)
    db.session.flush()
    return progress(petition)


def _values(
    id_: UUID, identity: Identity, address: str, match: Match | None, opened: OpenKeys, *, fresh: bool
) -> Values:
    entry = matches.sure_entry(match) if match else None
    same = [opened.index("name", fold_name(identity.name))]
    same += [opened.index("mailbox", fold_mailbox(address))] if address else []
    near = [opened.index("near", key) for key in phonetic_keys(identity.name)]
    return Values(
        id_,
        opened.index("entry", entry).hex() if entry else "",
        tuple(one.hex()[:32] for one in same),
        tuple(one.hex()[:32] for one in near),
        fresh,
    )


def _note_pairs(
    petition: Petition, before: list[Values], now: list[Values], read: Mapping[UUID, tuple[Identity, str]], *,
    at: datetime,
) -> list[tuple[UUID, dict[str, Any]]]:  # fmt: skip
    """Return what is to be noted in which case: those who may be the same person, those of one entry first.

    Of those who only sound alike the nearest are opened and compared, as the case page will.
    """
    entries, sames, nears = (defaultdict[str, list[Values]](list) for _ in range(3))
    noted: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    sounding: list[tuple[UUID, UUID]] = []
    for values in (*before, *now):
        if values.id in read:
            met = dict.fromkeys((other.id, True) for other in entries[values.entry]) if values.entry else {}
            met |= dict.fromkeys((other.id, False) for same in values.same for other in sames[same])
            for other_id, entry in list(met)[:MOST]:
                noted[values.id].setdefault(other_id, entry)
            near = Counter(other.id for key in values.near for other in nears[key])
            sounding += [(values.id, other_id) for other_id, _ in near.most_common(NEAREST)]
        for held, value in ((entries, [values.entry]), (sames, values.same), (nears, values.near)):
            for one in filter(None, value):
                held[one].append(values)
    for id_, other_id in _likely(petition, [pair for pair in sounding if pair[1] not in noted[pair[0]]], read):
        noted[id_].setdefault(other_id, False)
    return _notes_of(noted, fresh={values.id for values in (*before, *now) if values.fresh}, at=at)


def _likely(
    petition: Petition, pairs: list[tuple[UUID, UUID]], read: Mapping[UUID, tuple[Identity, str]]
) -> Iterator[tuple[UUID, UUID]]:
    """Yield the pairs that are worth a note, with names as common as they are in the list, as the case page has it."""
    others = {other_id for _, other_id in pairs} - set(read)
    records = {id_: _record(id_, *opened) for id_, opened in {**read, **open_many(petition, others)}.items()}
    met: dict[UUID, list[UUID]] = defaultdict(list)
    for id_, other_id in pairs:
        if other_id in records:
            met[id_].append(other_id)
    for id_, found in met.items():
        mine, places = records[id_], [records[other_id].place for other_id in found]
        common = frequencies_of(petition, mine.name, mine.place, places=places)
        for other_id in found:
            if compare_within(common, mine, records[other_id]).probability >= WORTH_A_NOTE:
                yield id_, other_id


def _record(id_: UUID, identity: Identity, address: str) -> Record:
    return Record(str(id_), identity.name, identity.place, fold_mailbox(address) if address else "", "")


def _notes_of(
    noted: Mapping[UUID, Mapping[UUID, bool]], *, fresh: set[UUID], at: datetime
) -> list[tuple[UUID, dict[str, Any]]]:
    """Turn pairs into one note for each of the two cases."""
    both: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    for id_, others in noted.items():
        for other_id, entry in others.items():
            if id_ in fresh or other_id in fresh:
                both[id_][other_id] = both[other_id][id_] = entry
    notes = []
    for id_, met in both.items():
        order = sorted(met, key=lambda other: not met[other])
        shown = {"others": [str(other) for other in order], "one_entry": sum(met.values())}
        notes.append((id_, {"kind": "alike", "on": at.date().isoformat(), **shown}))
    return notes


def keep(
    petition: Petition, access: DeskResultsAccess, matched: list[UUID], *, number: int, by: Account, at: datetime
) -> None:
    """Keep what a run on a reviewer's own machine has found: notes sealed there, and which cases it has matched.

    What was withdrawn meanwhile stays erased. Raises: DeskResultsError: it was another roster.
    """
    if number != matches.number_of(matches.current_roster(petition)):
        raise DeskResultsError
    get_for_update(Petition, petition.id)
    while access.additions:
        signature = _live(access.additions[0].signature_id, petition)
        if signature and sealing.is_readable(signature):
            access.append(signature, {})
        else:
            access.additions.pop(0)
    for signature in filter(None, (_live(signature_id, petition) for signature_id in matched)):
        signature.matched_roster = number
    audit.record("matching.ran", by=by.id, petition_id=petition.id, number=len(matched), at=at)
    db.session.flush()


def _live(signature_id: UUID, petition: Petition) -> Signature | None:
    signature = get_for_update(Signature, signature_id)
    live = signature and signature.petition_id == petition.id and signature.state in COMPARED
    return signature if live else None


# --- between two slices -----------------------------------------------------------------------------------------


def _read_pages(petition: Petition, opened: OpenKeys) -> tuple[list[Values], UUID | None]:
    rows = db.session.scalars(select(MatchPage).where(MatchPage.petition_id == petition.id).order_by(MatchPage.last_id))
    found: list[Values] = []
    last = None
    for row in rows:
        content = json.loads(vault.decrypt(opened.index_key, row.box, _bound(petition, row.last_id)))
        found += [
            Values(UUID(id_), entry, tuple(same), tuple(near), fresh) for id_, entry, same, near, fresh in content
        ]
        last = row.last_id
    return found, last


def _write_page(petition: Petition, now: list[Values], last: UUID, opened: OpenKeys) -> None:
    content = [[str(values.id), values.entry, values.same, values.near, values.fresh] for values in now]
    box = vault.encrypt(opened.index_key, json.dumps(content).encode(), _bound(petition, last))
    db.session.add(MatchPage(petition_id=petition.id, last_id=last, box=box))


def _bound(petition: Petition, last: UUID) -> bytes:
    return f"page/v1|{petition.id}|{last}".encode()
