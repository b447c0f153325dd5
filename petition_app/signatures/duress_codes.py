"""A second code for a signer under duress: it opens nothing, and quietly tells the reviewers that it was used.

Whatever code opens nothing is answered alike and costs the same work: a knock is stored (`knocks`), sealed, and only
the worker learns whether it was anybody's second code.
"""

from __future__ import annotations

import logging
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select

from petition_app.crypto import vault
from petition_app.crypto.codes import write_secret_code
from petition_app.crypto.fingerprints import hash_secret
from petition_app.crypto.vault import UnreadableError
from petition_app.random_pool import random_bytes
from petition_app.signatures import sealing
from petition_app.signatures.case_additions import add_by_signer
from petition_app.signatures.knocks import BOUND, NOBODY
from petition_app.signatures.models import CodeAttempt, DuressCode, Signature
from petition_app.signatures.rules import LIVE
from petition_app.signatures.secret_words import PAGE
from petition_app.signatures.states import StateError, lock_signature
from petition_app.storage.db import db

logger = logging.getLogger(__name__)

SLICE = 1000


def issue(signature: Signature, first: bytes, *, page: str = "") -> str:
    """Make a signer's second code, which ends an earlier one; its hash is kept, the code is not.

    The same `page` (its token, 32 hex digits) of who has the `first` code (its 16 bytes) gives the same second code,
    so that a page which is loaded again does not end the words that were just written down.

    Raises:
        StateError: the signature is not live any more.
    """
    if signature.state not in LIVE:
        raise StateError
    entropy = _derive(signature.id, first, page) if PAGE.fullmatch(page) else random_bytes(16)
    code_hash = hash_secret("my/v1", entropy)
    if db.session.scalar(select(DuressCode.signature_id).where(DuressCode.code_hash == code_hash)) != signature.id:
        forget(signature)
        db.session.add(DuressCode(code_hash=code_hash, signature_id=signature.id))
        db.session.flush()
    return write_secret_code(entropy, signature.language)


def _derive(signature_id: UUID, first: bytes, page: str) -> bytes:
    """Return the 16 bytes of a second code (HKDF-SHA256, RFC 5869); without the page nobody finds them again."""
    return HKDF(SHA256(), 16, salt=bytes.fromhex(page), info=b"second/v1|" + signature_id.bytes).derive(first)


def forget(signature: Signature) -> None:
    """Make the second code of a signature an unknown one."""
    db.session.execute(delete(DuressCode).where(DuressCode.signature_id == signature.id))


def look_at_attempts() -> None:
    """Add a note to the cases whose second code was used, and forget every knock that was heard.

    What lies under a key that the ring lacks stays until the key is back: an alarm is not lost by it. What is damaged
    goes, and is told in the log.

    Raises:
        StorageSealedError: the ring is gone; try again later.
    """
    ring, heard, done = vault.key_ring(), dict[tuple[UUID, str], list[UUID]](), list[UUID]()
    known = select(CodeAttempt).where(CodeAttempt.key_id.in_(ring.keys)).order_by(CodeAttempt.id)
    for row in db.session.scalars(known.limit(SLICE).with_for_update(skip_locked=True)).all():
        try:
            owner, _, day = ring.open(row.key_id, row.box, BOUND).decode().partition("|")
        except UnreadableError:
            logger.error("The use of a second code, or of some other code, is damaged and cannot be read.")
            owner, day = str(NOBODY), ""
        if owner == str(NOBODY):
            done.append(row.id)
        else:
            heard.setdefault((UUID(owner), day), []).append(row.id)
    for (signature_id, day), knocks in sorted(heard.items()):
        try:
            with db.session.begin_nested():
                _tell(signature_id, day)
            done += knocks
        except UnreadableError:  # One that is damaged keeps no other from being heard; its own stays.
            logger.error("A case cannot be told that a second code was used, since its key does not open.")
    db.session.execute(delete(CodeAttempt).where(CodeAttempt.id.in_(done)))


def _tell(signature_id: UUID, day: str) -> None:
    signature = lock_signature(signature_id)
    if signature and sealing.is_readable(signature):
        add_by_signer(signature, {"kind": "second_code", "on": day})
