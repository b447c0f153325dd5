"""Messages to signers that wait to be mailed: sealed, so that no row says which signature they are about."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.crypto import vault, worker_keys
from petition_app.crypto.vault import KeyRing, PetitionPublicKey
from petition_app.petitions.models import Petition
from petition_app.storage import jobs

BOUND = b"job/v1"


@dataclass(frozen=True)
class Message:
    """What a job mails: the words that go into it, the language, the address; whose signature it is about."""

    words: str
    language: str
    address: str
    signature_id: UUID | None

    def sealable(self) -> bytes:
        """Return it as it is sealed."""
        return "\n".join((self.words, self.language, self.address, str(self.signature_id or ""))).encode()


def enqueue_message(name: str, message: Message, petition: Petition, *, at: datetime) -> None:
    """Add a job that mails a message. Raises: StorageSealedError, see `seal_for_worker`."""
    enqueue_sealed(name, message.sealable(), petition, at=at)


def message_row(
    name: str, message: Message, petition: Petition, *, lock: KeyRing | PetitionPublicKey, at: datetime
) -> dict[str, Any]:
    """Return the row of a job that mails a message, sealed beside what `lock` has sealed.

    Raises: StorageSealedError, see `seal_for_worker`.
    """
    ring = lock if isinstance(lock, KeyRing) else None
    courier_id, payload = seal_for_worker(message.sealable(), petition, at=at, ring=ring)
    return jobs.row(name, payload, at=at, courier_id=courier_id, petition_id=petition.id)


def open_message(payload: dict[str, str]) -> Message:
    """Open a job's message. Raises: UnreadableError, StorageSealedError, LockedError."""
    words, language, address, signature_id = open_for_worker(payload).decode().split("\n")
    return Message(words, language, address, UUID(signature_id) if signature_id else None)


def enqueue_sealed(name: str, text: bytes, petition: Petition, *, at: datetime) -> None:
    """Add a job whose text is sealed. Raises: StorageSealedError, see `seal_for_worker`."""
    courier_id, payload = seal_for_worker(text, petition, at=at)
    jobs.enqueue(name, payload, at=at, courier_id=courier_id, petition_id=petition.id)


def seal_for_worker(
    text: bytes, petition: Petition, *, at: datetime, ring: KeyRing | None = None
) -> tuple[UUID | None, dict[str, str]]:
    """Seal a job's text under the server's key ring, or in sealed mode to the key of one running worker, with whose end
    it is lost; return that key's id and the payload.

    Raises:
        StorageSealedError: no worker runs, so nothing may be stored.
    """
    if petition.is_sealed:
        return worker_keys.seal(text, at=at)
    ring = ring or vault.key_ring()
    return None, {"key": ring.newest, "box": base64.b64encode(ring.close(text, BOUND)).decode()}


def open_for_worker(payload: dict[str, str]) -> bytes:
    """Open a job's sealed text. Raises: UnreadableError, StorageSealedError, LockedError."""
    if "courier" in payload:
        return worker_keys.open_(payload)
    return vault.key_ring().open(payload["key"], base64.b64decode(payload["box"]), BOUND)
