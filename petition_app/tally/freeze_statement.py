"""What a freeze does to what is public: no name stays, and the last numbers are signed for everybody to keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from petition_app.crypto.vault import UnreadableError
from petition_app.errors import StorageSealedError
from petition_app.petitions import signing_key
from petition_app.petitions.models import Freeze, Petition
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.tally.rules import rfc3339
from petition_app.tally.services import get_publication, publish_frozen
from petition_app.tally.unpublish_names import ask_for_names, hide_names

PREFIX = b"countersign/frozen/v1\n"


def publish_frozen_counts(petition: Petition, at: datetime) -> None:
    """Take every name from the public pages, publish the counts of this moment, and sign them."""
    hide_names(petition)
    publication = publish_frozen(petition, at=at) or get_publication(petition)
    if publication:
        frozen = db.session.get_one(Freeze, petition.id)
        frozen.statement = _sign(petition, publication.tally, at=at)


def _sign(petition: Petition, status: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    """Return the statement with its signature; a lost key ring does not keep anybody from freezing."""
    statement = {"frozen_at": rfc3339(at), "petition": petition.slug, "status": status}
    signature = public_key = None
    try:
        signed = signing_key.sign(petition, PREFIX + signing_key.canonical(statement), at=at)
        signature, public_key = signed.signature.hex(), signed.public_key.hex()
    except (StorageSealedError, UnreadableError):
        pass
    return {"statement": statement, "algorithm": "Ed25519", "public_key": public_key, "signature": signature}


def republish(petition: Petition, _at: datetime) -> None:
    """Let what waits be published, and names with it where everything that a name needs still holds."""
    ask_for_names(petition)
    jobs.mark_due(petition.id)


def get_statement(petition: Petition) -> dict[str, Any] | None:
    """Return the signed numbers of a frozen petition.

    The signature is over `countersign/frozen/v1`, a line feed, and the statement as JSON with sorted keys, without
    spaces, in UTF-8.
    """
    frozen = db.session.get(Freeze, petition.id)
    return frozen.statement if frozen else None
