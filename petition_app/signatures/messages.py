"""Messages to signers that wait to be mailed: sealed, and tied to no signature."""

from __future__ import annotations

import base64
from datetime import datetime

from petition_app import couriers, jobs, vault
from petition_app.petitions.models import Petition


def enqueue_sealed(name: str, message: bytes, petition: Petition, *, at: datetime) -> None:
    """Add a job whose message is sealed, without saying which signature it is for: under the server's key ring, or in
    sealed mode to the key of one running worker, with whose end it is lost.

    Raises:
        StorageSealedError: no worker runs, so nothing may be stored.
    """
    if petition.is_sealed:
        courier_id, payload = couriers.seal(message, at=at)
        jobs.enqueue(name, payload, at=at, courier_id=courier_id)
        return
    ring = vault.key_ring()
    payload = {"key": ring.newest, "box": base64.b64encode(ring.close(message, b"job/v1")).decode()}
    jobs.enqueue(name, payload, at=at)


def open_for_worker(payload: dict[str, str]) -> bytes:
    """Open a job's sealed message. Raises: UnreadableError, StorageSealedError, LockedError."""
    if "courier" in payload:
        return couriers.open_(payload)
    return vault.key_ring().open(payload["key"], base64.b64decode(payload["box"]), b"job/v1")
