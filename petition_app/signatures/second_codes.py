"""A second code for a signer under duress: it opens nothing, and quietly tells the reviewers that it was used.

Whatever code opens nothing is answered alike and costs the same work: a knock is stored (`knocks`), sealed, and only
the worker learns whether it was anybody's second code.
"""

from __future__ import annotations

import logging
from uuid import UUID

from sqlalchemy import delete, select

from petition_app import vault
from petition_app.db import db
from petition_app.security import hash_secret, new_secret_code
from petition_app.signatures import sealing
from petition_app.signatures.knocks import BOUND, NOBODY
from petition_app.signatures.models import Knock, SecondCode, Signature
from petition_app.signatures.rules import LIVE
from petition_app.signatures.states import StateError, lock_signature
from petition_app.vault import UnreadableError

logger = logging.getLogger(__name__)

SLICE = 1000


def give(signature: Signature) -> str:
    """Make a signer's second code, which ends an earlier one; its hash is kept, the code is not.

    Raises:
        StateError: the signature is not live any more.
    """
    if signature.state not in LIVE:
        raise StateError
    forget(signature)
    secret_code, entropy = new_secret_code(signature.language)
    db.session.add(SecondCode(code_hash=hash_secret("my/v1", entropy), signature_id=signature.id))
    db.session.flush()
    return secret_code


def forget(signature: Signature) -> None:
    """Make the second code of a signature an unknown one."""
    db.session.execute(delete(SecondCode).where(SecondCode.signature_id == signature.id))


def hear_knocks() -> None:
    """Add a note to the cases whose second code was used, and forget every knock that was heard.

    What lies under a key that the ring lacks stays until the key is back: an alarm is not lost by it. What is damaged
    goes, and is told in the log.

    Raises:
        StorageSealedError: the ring is gone; try again later.
    """
    ring, heard, done = vault.key_ring(), dict[tuple[UUID, str], list[UUID]](), list[UUID]()
    known = select(Knock).where(Knock.key_id.in_(ring.keys)).order_by(Knock.id)
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
    db.session.execute(delete(Knock).where(Knock.id.in_(done)))


def _tell(signature_id: UUID, day: str) -> None:
    signature = lock_signature(signature_id)
    if signature and sealing.is_readable(signature):
        sealing.add_to_case(signature, {"kind": "second_code", "on": day}, by_signer=True)
