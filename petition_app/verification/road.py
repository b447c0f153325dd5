"""Where a signature is on the road from received to verified, for its own signer."""

from __future__ import annotations

from dataclasses import dataclass

from petition_app.db import db
from petition_app.petitions.models import Petition, TextVersion
from petition_app.signatures.models import Signature
from petition_app.verification.models import Batch


@dataclass(frozen=True)
class Road:
    """Where a signature is, for its own signer."""

    petition: Petition
    version: TextVersion
    signature: Signature
    batch: Batch | None


def road(signature: Signature) -> Road:
    """Return where a signature is: its state, its batch, and the text it is bound to."""
    petition = db.session.get_one(Petition, signature.petition_id)
    version = db.session.get_one(TextVersion, signature.text_version_id)
    batch = db.session.get(Batch, signature.batch_id) if signature.batch_id else None
    return Road(petition, version, signature, batch)
