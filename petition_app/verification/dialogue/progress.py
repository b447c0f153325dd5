"""Where a signature is on the road from received to verified, for its own signer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from petition_app.petitions.models import Petition, TextVersion
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.models import Batch


@dataclass(frozen=True)
class Progress:
    """Where a signature is, for its own signer."""

    petition: Petition
    version: TextVersion
    signature: Signature
    batch: Batch | None


@dataclass(frozen=True)
class Wait:
    """How many wait in earlier batches and in one's own, and how many hours all these take at the present pace.

    `hours` is empty where nobody can say.
    """

    before: int
    beside: int
    hours: int | None


def progress_of(signature: Signature) -> Progress:
    """Return where a signature is: its state, its batch, and the text it is bound to."""
    petition = db.session.get_one(Petition, signature.petition_id)
    version = db.session.get_one(TextVersion, signature.text_version_id)
    batch = db.session.get(Batch, signature.batch_id) if signature.batch_id else None
    return Progress(petition, version, signature, batch)


def wait(number: int, tally: Mapping[str, Any], speed: Mapping[str, int | None] | None) -> Wait | None:
    """Return how long the batch of this number waits, by the numbers and the speed that were published.

    Batches go in order and cases within one in no order that tells anything, so the whole batch stands beside one's
    own. Nothing is returned where the publication does not know the batch as being checked.
    """
    checking = {batch["number"]: int(batch["checking"]) for batch in tally["batches"]}
    beside = checking.get(number, 0)
    if not beside:
        return None
    before = sum(count for other, count in checking.items() if other < number)
    expected, waiting = (speed.get("expected_hours"), speed.get("waiting")) if speed else (None, None)
    hours = -(-expected * (before + beside) // waiting) if expected and waiting else None
    return Wait(before, beside, max(1, hours) if hours else None)
