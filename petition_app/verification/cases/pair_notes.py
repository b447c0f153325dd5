"""Which signatures of a sealed petition may be one person's, as a run of matching has noted it in their cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.signatures.opened_signature import Contents
from petition_app.storage.db import db


def alike(signature: Signature, opened: Contents | None = None) -> set[UUID]:
    """Return the signatures that a run has found to be like this one; it may be `opened` already.

    Raises: UnreadableError, LockedError.
    """
    return {UUID(other) for note in _notes(signature, opened) for other in note["others"]}


def same_entry(signature: Signature, opened: Contents | None = None) -> set[UUID]:
    """Return those that a run has found to match the same entry of the roster. Raises: UnreadableError, LockedError."""
    return {UUID(other) for note in _notes(signature, opened) for other in note["others"][: note["one_entry"]]}


def _notes(signature: Signature, opened: Contents | None) -> list[dict[str, Any]]:
    if not db.session.get_one(Petition, signature.petition_id).is_sealed:
        return []
    notes = opened.notes if opened else sealing.open_case(signature)
    return [note for note in notes if note.get("kind") == "alike"]
