"""Keyed indexes of names, made anew where the rules of folding have changed. Sealed petitions keep no such index."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select

from petition_app.crypto.fingerprints import fingerprint
from petition_app.crypto.vault import UnreadableError
from petition_app.matching import phonetic_keys
from petition_app.signatures import sealing
from petition_app.signatures.models import NearKey, Signature
from petition_app.signatures.rules import fold_name
from petition_app.storage.db import db

SLICE = 100


def refold_slice(after: UUID | None) -> UUID | None:
    """Index the next signatures anew, in the order of their ids; return the last one, or nothing where none is left.

    Nothing is written where the indexes are right already, so that it can be done again from any place.
    """
    waiting = select(Signature).where(Signature.name_index.is_not(None)).order_by(Signature.id).limit(SLICE)
    waiting = waiting.where(Signature.id > after) if after else waiting
    last = None
    for signature in db.session.scalars(waiting.with_for_update(key_share=True)).all():
        last = signature.id
        try:
            name = sealing.open_identity(signature).name
        except UnreadableError:
            continue
        index = fingerprint("name", signature.petition_id, fold_name(name))
        if signature.name_index != index:
            signature.name_index = index
        _refold_near(signature, name)
    db.session.flush()
    return last


def _refold_near(signature: Signature, name: str) -> None:
    """Write the keys of similar names anew, for a signature that has some."""
    held = set(db.session.scalars(select(NearKey.key).where(NearKey.signature_id == signature.id)))
    fresh = {fingerprint("near", signature.petition_id, key) for key in phonetic_keys(name)}
    if not held or held == fresh:
        return
    db.session.execute(delete(NearKey).where(NearKey.signature_id == signature.id))
    db.session.flush()
    sealing.remember_near(signature, phonetic_keys(name))
