"""What only keys yield about a case, as it travels to the server: marks, boxes and ids, no name and no entry."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from petition_app.crypto.vault import UnreadableError
from petition_app.local_desk.recording import RecordingAccess
from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import Addition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.cases import entry_macs, pair_notes, stored_matches

Made = dict[str, Any]


def of_case(signature_id: UUID, petition: Petition, *, entry: str | None = None, mark: str | None = None) -> Made:
    """Return the match of a case as marks, those of the same entry, and the index of one entry, if it is named.

    The entry is named by its key, or by its mark; a mark that leads to no entry any more travels without an index.
    """
    signature = db.session.get_one(Signature, signature_id)
    match = stored_matches.latest(signature)
    marks = [mark_of(signature, petition, candidate.key) for candidate in match.candidates] if match else []
    meant = entry or (entry_macs.find(signature, petition, bytes.fromhex(mark)) if mark else None)
    indexes = {mark_of(signature, petition, meant): _opening(signature, petition, meant)} if meant else {}
    found = {"number": match.number, "verdict": match.verdict, "marks": marks} if match else None
    return {
        "matches": {str(signature_id): found},
        "same_entry": {str(signature_id): [str(other) for other in pair_notes.same_entry(signature)]},
        "indexes": ({mark: None} if mark else {}) | indexes,
    }


def mark_of(signature: Signature, petition: Petition, key: str) -> str:
    """Return the mark of an entry under the signature's own key."""
    return entry_macs.mark(signature, petition, key).hex()


def _opening(signature: Signature, petition: Petition, key: str) -> dict[str, str]:
    """Return what shows to which index a mark commits."""
    return {"index": entry_macs.entry_index(petition, key).hex(), "key": entry_macs.key_for(signature).hex()}


def of_waiting(waiting: Iterable[tuple[UUID, str | None]], petition: Petition) -> Made:
    """Return what carrying out agreed cases needs; one that cannot be read here waits on."""
    made: Made = {"matches": {}, "same_entry": {}, "indexes": {}}
    for signature_id, mark in waiting:
        try:
            found = of_case(signature_id, petition, mark=mark)
        except UnreadableError:
            continue
        for name, values in found.items():
            made[name].update(values)
    return made


def of_recording(access: RecordingAccess) -> Made:
    """Return what a service has sealed."""
    return {
        "additions": [_addition(one) for one in access.additions],
        "question": _text(access.question) if access.question else None,
        "row_id": str(access.row_id),
        "proofs": {str(id_): proof.hex() for id_, proof in access.proofs.items()},
    }


def _addition(one: Addition) -> dict[str, str]:
    return {"signature_id": str(one.signature_id), "box": _text(one.box), "key": _text(one.key)}


def _text(box: bytes) -> str:
    return base64.b64encode(box).decode()
