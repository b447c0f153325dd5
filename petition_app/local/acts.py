"""Acts on a case, as they travel to the server: what the form says, with words and entries left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from petition_app.clock import utcnow
from petition_app.db import db
from petition_app.keys.handed import STAND_IN, Recording
from petition_app.local import results
from petition_app.local.results import Made
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.verification.evidence_forms import EvidenceForm
from petition_app.verification.forms import DecideForm

Args = dict[str, Any]
WORDS = ("note", "grounds", "seen", "danger")


def decide(signature_id: UUID, petition: Petition, recording: Recording) -> tuple[Args, Made]:
    """Return a verdict: the entry as its mark, words as sealed additions."""
    new = DecideForm(today=utcnow().date()).to_new_decision()
    entry = new.entry if new.outcome == "verified" else None
    mark = results.mark_of(db.session.get_one(Signature, signature_id), petition, entry) if entry else None
    args = _without_words(vars(new)) | {"entry": mark}
    return args, results.of_case(signature_id, petition, entry=entry) | results.of_recording(recording)


def ask(_signature_id: UUID, _petition: Petition, recording: Recording) -> tuple[Args, Made]:
    """Return a question, sealed to the signer."""
    return {}, results.of_recording(recording)


def add_evidence(_signature_id: UUID, _petition: Petition, recording: Recording) -> tuple[Args, Made]:
    """Return a piece of evidence, its words sealed."""
    new = EvidenceForm(today=utcnow().date()).to_new_evidence()
    return _without_words(vars(new)), results.of_recording(recording)


def put_back(_signature_id: UUID, _petition: Petition, _recording: Recording) -> tuple[Args, Made]:
    """Return nothing but the act."""
    return {}, {}


def _without_words(values: Args) -> Args:
    """Return values for JSON; words that only holders may read are replaced by a sign that there are some."""
    plain = {name: value if isinstance(value, str | int | None) else str(value) for name, value in values.items()}
    return plain | {name: STAND_IN if plain[name] else "" for name in WORDS if name in plain}


BUILDERS: dict[str, Callable[[UUID, Petition, Recording], tuple[Args, Made]]] = {
    "decide": decide,
    "ask": ask,
    "add_evidence": add_evidence,
    "remove_evidence": put_back,
    "put_back": put_back,
}
