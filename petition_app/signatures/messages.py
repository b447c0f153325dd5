"""Messages to signers that wait to be mailed: sealed, so that no row says which signature they are about."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from petition_app import couriers, jobs, vault
from petition_app.petitions.models import Petition


@dataclass(frozen=True)
class Message:
    """What a job mails: the words that go into it, the language, the address; whose signature it is about."""

    words: str
    language: str
    address: str
    signature_id: UUID | None


def enqueue_message(name: str, message: Message, petition: Petition, *, at: datetime) -> None:
    """Add a job that mails a message. Raises: StorageSealedError, see `enqueue_sealed`."""
    parts = (message.words, message.language, message.address, str(message.signature_id or ""))
    enqueue_sealed(name, "\n".join(parts).encode(), petition, at=at)


def open_message(payload: dict[str, str]) -> Message:
    """Open a job's message. Raises: UnreadableError, StorageSealedError, LockedError."""
    words, language, address, signature_id = open_for_worker(payload).decode().split("\n")
    return Message(words, language, address, UUID(signature_id) if signature_id else None)


def enqueue_sealed(name: str, text: bytes, petition: Petition, *, at: datetime) -> None:
    """Add a job whose text is sealed: under the server's key ring, or in sealed mode to the key of one running worker,
    with whose end it is lost.

    Raises:
        StorageSealedError: no worker runs, so nothing may be stored.
    """
    if petition.is_sealed:
        courier_id, payload = couriers.seal(text, at=at)
        jobs.enqueue(name, payload, at=at, courier_id=courier_id, petition_id=petition.id)
        return
    ring = vault.key_ring()
    payload = {"key": ring.newest, "box": base64.b64encode(ring.close(text, b"job/v1")).decode()}
    jobs.enqueue(name, payload, at=at, petition_id=petition.id)


def open_for_worker(payload: dict[str, str]) -> bytes:
    """Open a job's sealed text. Raises: UnreadableError, StorageSealedError, LockedError."""
    if "courier" in payload:
        return couriers.open_(payload)
    return vault.key_ring().open(payload["key"], base64.b64decode(payload["box"]), b"job/v1")
