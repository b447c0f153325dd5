"""What the roster says about a signature: worked out ahead by the worker or on opening, and kept sealed in the case."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from dataclasses import astuple
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from petition_app import app_state
from petition_app.crypto import vault
from petition_app.crypto.fingerprints import fingerprint
from petition_app.crypto.vault import UnreadableError
from petition_app.matching import Entry, Match, Query, RosterCandidate, RosterIndex, phonetic_keys
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.roster.models import RosterVersion
from petition_app.signatures import sealing
from petition_app.signatures.case_additions import add_to_case
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.storage.outages import is_outage

logger = logging.getLogger(__name__)

OPEN = ("received", "checking", "needs_info")
SLICE = 100
AT_ONCE = 5_000  # Rosters up to this size are indexed while somebody waits; larger ones by the worker alone.
KEPT = 2
MATCHED = ("key", "surname", "given", "patronymic", "body", "place", "term_from", "term_to")  # As an `Entry` is made.
LONGEST = vault.LENGTHS["case"] - 64


class _Indexes(OrderedDict[UUID, RosterIndex]):
    """The indexes of the rosters that an application matched with last, by version."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()


def refresh(signature: Signature, petition: Petition, *, at: datetime) -> None:
    """Match a locked signature against the roster as it is now, unless that was done or would take long."""
    version = current_roster(petition)
    if signature.matched_roster == number_of(version) or petition.is_sealed:
        return
    if version is None or version.id in app_state.get(_Indexes) or version.size <= AT_ONCE:
        _look_at(signature, version, at=at)


def match_waiting(petition: Petition, *, at: datetime) -> int:
    """Match the next hundred open signatures that the current roster has not seen; return how many there were.

    Where no roster is kept, only the keys are made that find similar names.
    """
    version = current_roster(petition)
    waiting = (
        select(Signature)
        .where(Signature.petition_id == petition.id, Signature.state.in_(OPEN))
        .limit(SLICE)
        .with_for_update(skip_locked=True, key_share=True)
    )
    for part in unseen(number_of(version)):
        if found := db.session.scalars(waiting.where(part)).all():
            break
    for signature in found:
        _look_apart(signature, version, at=at)
    return len(found)


def unseen(number: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of not having been matched with this roster, apart, since an index finds each alone."""
    seen = Signature.matched_roster
    return seen.is_(None), seen < number, seen > number


def current_roster(petition: Petition) -> RosterVersion | None:
    """Return the roster to match with, where the petition keeps one."""
    return rosters.current(petition.id) if petition.uses_roster else None


def number_of(version: RosterVersion | None) -> int:
    """Return what is remembered as the roster that a signature was matched with; 0 stands for none."""
    return version.number if version else 0


def list_waiting() -> list[UUID]:
    """Return the petitions that the server may match and that have signatures to be matched."""
    running = select(Petition).where(Petition.state != "draft", Petition.mode == "standard")
    found = db.session.scalars(running.where(Petition.frozen_at.is_(None)).order_by(Petition.id)).all()
    return [petition.id for petition in found if _has_waiting(petition)]


def _has_waiting(petition: Petition) -> bool:
    here = select(Signature.id).where(Signature.petition_id == petition.id, Signature.state.in_(OPEN)).limit(1)
    parts = unseen(number_of(current_roster(petition)))
    return any(db.session.scalar(here.where(part)) is not None for part in parts)


def _look_apart(signature: Signature, version: RosterVersion | None, *, at: datetime) -> None:
    """Match one of many: a row that is damaged is left to the reviewers unmatched, and stops none of the others."""
    number, petition_id = number_of(version), signature.petition_id
    try:
        with db.session.begin_nested():
            _look_at(signature, version, at=at)
    except Exception as error:
        if is_outage(error):
            raise
        logger.error("A signature of petition %s cannot be matched: %s", petition_id, type(error).__name__)
        signature.matched_roster = number
        db.session.flush()


def _look_at(signature: Signature, version: RosterVersion | None, *, at: datetime) -> None:
    first = signature.matched_roster is None
    signature.matched_roster = number_of(version)
    try:
        identity = sealing.open_identity(signature)
    except UnreadableError:
        return
    if first:
        sealing.remember_near(signature, phonetic_keys(identity.name))
    if version:
        match = look_up(signature, identity, version)
        best = sure_entry(match)
        signature.match_class = match.verdict
        signature.match_index = fingerprint("entry", signature.petition_id, best) if best else None
        add_to_case(signature, written(match, version, at=at))
    db.session.flush()


def look_up(signature: Signature, identity: Identity, version: RosterVersion) -> Match:
    """Match what was submitted with a roster."""
    query = Query(name=identity.name, place=identity.place, role=identity.role, on=signature.arrived_on)
    return _index(version).match(query)


def sure_entry(match: Match) -> str | None:
    """Return the key of the entry that a signature stands for, where only one is likely."""
    sure = match.verdict == "strong" or (match.verdict == "possible" and match.fit == 1)
    return match.candidates[0].entry.id if sure else None


def index_at_hand(petition: Petition) -> RosterIndex | None:
    """Return the index of the roster in use where it is in memory, or small enough to be made while somebody waits."""
    version = current_roster(petition)
    if version and (version.id in app_state.get(_Indexes) or version.size <= AT_ONCE):
        return _index(version)
    return None


def _index(version: RosterVersion) -> RosterIndex:
    """Return the index of a roster; the two used last stay in memory."""
    indexes = app_state.get(_Indexes)
    with indexes.lock:
        if version.id not in indexes:
            indexes[version.id] = RosterIndex([Entry(*row) for row in rosters.iter_fields(version.id, MATCHED)])
            if len(indexes) > KEPT:
                indexes.popitem(last=False)
        indexes.move_to_end(version.id)
        return indexes[version.id]


def written(match: Match, version: RosterVersion, *, at: datetime) -> dict[str, Any]:
    """Return a match as it is kept with the case; the last candidates go where it would be longer than all others."""
    note: dict[str, Any] = {
        "kind": "match",
        "on": at.date().isoformat(),
        "roster": version.number,
        "as_of": version.as_of.isoformat(),
        "class": match.verdict,
        "fit": match.fit,
        "candidates": [_candidate(candidate) for candidate in match.candidates],
    }
    while len(note["candidates"]) > 1 and len(json.dumps(note, ensure_ascii=False).encode()) > LONGEST:
        note["candidates"].pop()
    return note


def _candidate(candidate: RosterCandidate) -> dict[str, Any]:
    entry = candidate.entry
    return {
        "key": entry.id,
        "name": " ".join(part for part in (entry.surname, entry.given, entry.patronymic) if part),
        "body": entry.body,
        "place": entry.place,
        "from": entry.term_from.isoformat() if entry.term_from else "",
        "to": entry.term_to.isoformat() if entry.term_to else "",
        "score": candidate.score,
        "probability": candidate.probability,
        "rows": [list(astuple(row)) for row in candidate.rows],
    }
