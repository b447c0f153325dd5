"""Pairs of a sealed petition: which signatures may be one person's, worked out while the keys are open and kept sealed.

In sealed mode no index of a person is stored. A holder's run goes through the open cases in slices: it matches each
with the roster and compares keyed values (HMACs under the index key) of mailbox, name, sound and entry with those of
the others. The values wait between two slices in pages sealed under the index key, which go when the run ends.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select

from petition_app import audit, vault
from petition_app.accounts.models import Account
from petition_app.db import db, lock
from petition_app.keys import handed
from petition_app.keys import opened as keys
from petition_app.keys.handed import Handed, HandedError
from petition_app.keys.opened import Opened
from petition_app.petitions.models import Petition
from petition_app.roster.models import RosterVersion
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.signatures.sealing import Identity
from petition_app.verification import matches
from petition_app.verification.matching import near_keys
from petition_app.verification.models import MatchPage

SLICE = 500
MOST = 50
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
    """What is compared of one signature: keyed values, that of its entry apart; `fresh` if matched in this run."""

    id: UUID
    entry: str
    others: tuple[str, ...]
    fresh: bool


def alike(signature: Signature) -> set[UUID]:
    """Return the signatures that a run has found to be like this one. Raises: UnreadableError, LockedError."""
    return {UUID(note["id"]) for note in _notes(signature)}


def same_entry(signature: Signature) -> set[UUID]:
    """Return those that a run has found to match the same entry of the roster. Raises: UnreadableError, LockedError."""
    if given := handed.current():
        return given.same_entry_as(signature.id)
    return {UUID(note["id"]) for note in _notes(signature) if note["entry"]}


def _notes(signature: Signature) -> list[dict[str, str]]:
    if not db.session.get_one(Petition, signature.petition_id).is_sealed:
        return []
    return [note for note in sealing.open_case(signature) if note.get("kind") == "alike"]


def progress(petition: Petition) -> Progress:
    """Return how the matching of a sealed petition stands."""
    pages = select(MatchPage.last_id).where(MatchPage.petition_id == petition.id)
    last = db.session.scalar(pages.order_by(MatchPage.last_id.desc()).limit(1))
    live = (Signature.petition_id == petition.id, Signature.state.in_(COMPARED))
    return Progress(
        live=_count(*live),
        left=_count(*_unmatched(petition)),
        done=_count(*live, Signature.id <= last) if last else 0,
        under_way=last is not None,
    )


def _count(*conditions: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Signature).where(*conditions)) or 0


def _unmatched(petition: Petition) -> tuple[ColumnElement[bool], ...]:
    seen = Signature.matched_number
    number = matches.number_of(matches.current_roster(petition))
    return Signature.petition_id == petition.id, Signature.state.in_(matches.OPEN), or_(seen.is_(None), seen != number)


def catch_up(petition: Petition, *, by: Account, at: datetime) -> None:
    """Match what is left, where that takes no noticeable time; else it waits for a run."""
    now = progress(petition)
    if now.live > AT_ONCE or not (now.left or now.under_way):
        return
    while run_slice(petition, by=by, at=at).under_way:
        pass


def run_slice(petition: Petition, *, by: Account, at: datetime) -> Progress:
    """Go through the next slice of a run and return how it stands after it.

    Raises: LockedError.
    """
    opened = keys.require(petition.id)
    lock(Petition, petition.id)
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
    read = sealing.open_many(found)
    now = [_look_at(one, *read[one.id], version, opened, at=at) for one in found if one.id in read]
    for one in found:
        if one.id not in read and one.state in matches.OPEN:
            one.matched_number = matches.number_of(version)
    _note_pairs(before, now, at=at)
    if len(found) < SLICE:
        db.session.execute(delete(MatchPage).where(MatchPage.petition_id == petition.id))
    else:
        _write_page(petition, now, found[-1].id, opened)
    audit.record("matching.ran", by=by.id, petition_id=petition.id, number=len(found), at=at)
    db.session.flush()
    return progress(petition)


def _look_at(
    signature: Signature,
    identity: Identity,
    address: str,
    version: RosterVersion | None,
    opened: Opened,
    *,
    at: datetime,
) -> Values:
    number = matches.number_of(version)
    fresh = signature.state in matches.OPEN and signature.matched_number != number
    if fresh:
        signature.matched_number = number
    entry = None
    if version:
        match = matches.look_up(signature, identity, version)
        entry = matches.sure_entry(match)
        if fresh:
            sealing.add_to_case(signature, matches.written(match, version, at=at))
    others = [opened.index("name", fold_name(identity.name))]
    others += [opened.index("mailbox", fold_mailbox(address))] if address else []
    others += [opened.index("near", key) for key in near_keys(identity.name)]
    return Values(
        signature.id,
        opened.index("entry", entry).hex() if entry else "",
        tuple(one.hex()[:32] for one in others),
        fresh,
    )


def _note_pairs(before: list[Values], now: list[Values], *, at: datetime) -> None:
    """Write each new pair into both cases: at most fifty for a case, those of one entry first."""
    holders: dict[str, list[Values]] = defaultdict(list)
    noted: dict[UUID, dict[UUID, bool]] = defaultdict(dict)
    for values in before:
        _hold(values, holders)
    for values in now:
        met = [(other, True) for other in holders[values.entry]] if values.entry else []
        met += [(other, False) for value in values.others for other in holders[value]]
        for other, entry in met[:MOST]:
            if values.fresh or other.fresh:
                noted[values.id].setdefault(other.id, entry)
                noted[other.id].setdefault(values.id, entry)
        _hold(values, holders)
    for signature_id, others in noted.items():
        signature = db.session.get_one(Signature, signature_id)
        for other_id, entry in others.items():
            note = {"kind": "alike", "on": at.date().isoformat(), "id": str(other_id), "entry": entry}
            sealing.add_to_case(signature, note)


def _hold(values: Values, holders: dict[str, list[Values]]) -> None:
    for value in (values.entry, *values.others):
        if value:
            holders[value].append(values)


def keep(petition: Petition, given: Handed, matched: list[UUID], *, number: int, by: Account, at: datetime) -> None:
    """Keep what a run on a reviewer's own machine has found: notes sealed there, and which cases it has matched.

    What was withdrawn meanwhile stays erased. Raises: HandedError: it was another roster.
    """
    if number != matches.number_of(matches.current_roster(petition)):
        raise HandedError
    lock(Petition, petition.id)
    while given.additions:
        signature = _live(given.additions[0].signature_id, petition)
        if signature and sealing.is_readable(signature):
            sealing.add_to_case(signature, {})
        else:
            given.additions.pop(0)
    for signature in filter(None, (_live(signature_id, petition) for signature_id in matched)):
        signature.matched_number = number
    audit.record("matching.ran", by=by.id, petition_id=petition.id, number=len(matched), at=at)
    db.session.flush()


def _live(signature_id: UUID, petition: Petition) -> Signature | None:
    signature = lock(Signature, signature_id)
    live = signature and signature.petition_id == petition.id and signature.state in COMPARED
    return signature if live else None


# --- between two slices -----------------------------------------------------------------------------------------


def _read_pages(petition: Petition, opened: Opened) -> tuple[list[Values], UUID | None]:
    rows = db.session.scalars(select(MatchPage).where(MatchPage.petition_id == petition.id).order_by(MatchPage.last_id))
    found: list[Values] = []
    last = None
    for row in rows:
        content = json.loads(vault.decrypt(opened.index_key, row.box, _bound(petition, row.last_id)))
        found += [Values(UUID(id_), entry, tuple(others), fresh) for id_, entry, others, fresh in content]
        last = row.last_id
    return found, last


def _write_page(petition: Petition, now: list[Values], last: UUID, opened: Opened) -> None:
    content = [[str(values.id), values.entry, values.others, values.fresh] for values in now]
    box = vault.encrypt(opened.index_key, json.dumps(content).encode(), _bound(petition, last))
    db.session.add(MatchPage(petition_id=petition.id, last_id=last, box=box))


def _bound(petition: Petition, last: UUID) -> bytes:
    return f"page/v1|{petition.id}|{last}".encode()
