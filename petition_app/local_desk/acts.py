"""Acts on a case, as they travel to the server: what the form says, with words and entries left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from petition_app.clock import utcnow
from petition_app.local_desk import results
from petition_app.local_desk.recording import RecordingAccess
from petition_app.local_desk.results import Made
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.cases.desk_results_access import REDACTED
from petition_app.web.forms.cases import DecideForm
from petition_app.web.forms.evidence import EvidenceForm

Args = dict[str, Any]
WORDS = ("note", "grounds", "seen", "danger")


def decide(signature_id: UUID, petition: Petition, access: RecordingAccess) -> tuple[Args, Made]:
    """Return a verdict with what was found: the entry as its mark, words as sealed additions."""
    form = DecideForm(today=utcnow().date())
    new, found = form.to_new_decision(), form.to_new_evidence()
    entry = new.entry if new.outcome == "verified" else None
    mark = results.mark_of(db.session.get_one(Signature, signature_id), petition, entry) if entry else None
    evidence = {f"evidence_{name}": value for name, value in _without_words(vars(found)).items()} if found else {}
    args = _without_words(vars(new)) | {"entry": mark} | evidence
    return args, results.of_case(signature_id, petition, entry=entry) | results.of_recording(access)


def ask(_signature_id: UUID, _petition: Petition, access: RecordingAccess) -> tuple[Args, Made]:
    """Return a question, sealed to the signer."""
    return {}, results.of_recording(access)


def add_evidence(_signature_id: UUID, _petition: Petition, access: RecordingAccess) -> tuple[Args, Made]:
    """Return a piece of evidence, its words sealed."""
    new = EvidenceForm(today=utcnow().date()).to_new_evidence()
    return _without_words(vars(new)), results.of_recording(access)


def search_roster(_signature_id: UUID, _petition: Petition, _access: RecordingAccess) -> tuple[Args, Made]:
    """Return how many were found on the roster of this machine, for the trail."""
    return {"number": int(g.get("found_on_roster", 0))}, {}


def put_back(_signature_id: UUID, _petition: Petition, _access: RecordingAccess) -> tuple[Args, Made]:
    """Return nothing but the act."""
    return {}, {}


def _without_words(values: Args) -> Args:
    """Return values for JSON; words that only holders may read are replaced by a sign that there are some."""
    plain = {name: value if isinstance(value, str | int | None) else str(value) for name, value in values.items()}
    return plain | {name: REDACTED if plain[name] else "" for name in WORDS if name in plain}


BUILDERS: dict[str, Callable[[UUID, Petition, RecordingAccess], tuple[Args, Made]]] = {
    "decide": decide,
    "ask": ask,
    "add_evidence": add_evidence,
    "remove_evidence": put_back,
    "put_back": put_back,
    "undo": put_back,
    "hold": put_back,
    "search_roster": search_roster,
}
