"""The one way to change the state of a signature: checked against the rules and counted in the same transaction."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select, update

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.signatures import sealing
from petition_app.signatures.import_models import Import, ImportMember
from petition_app.signatures.models import Signature, SignatureDelta
from petition_app.signatures.rules import DECIDED, may_move
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update


class StateError(DomainError):
    """The signature is not in a state in which this can be done."""

    message = N_("This can no longer be done: the signature has moved on meanwhile.")


def count(petition_id: UUID, batch_id: UUID | None = None, **changes: int) -> None:
    """Append a change of the count to the open transaction, e.g. `received=1, unconfirmed=-1, arrived=1`."""
    db.session.add(SignatureDelta(petition_id=petition_id, batch_id=batch_id, **changes))


def lock_signature(signature_id: UUID) -> Signature | None:
    """Load a signature and keep others from changing it until the transaction ends."""
    return get_for_update(Signature, signature_id)


def move(signature: Signature, to: str) -> None:
    """Change the state of a locked signature, count the change and ask for a publication.

    Raises:
        StateError: the signature may not go there from where it is, or is erased.
        FrozenError: its petition is frozen; withdrawing and discarding go on even then.
    """
    if to not in ("withdrawn", "discarded"):
        require_thawed(db.session.get_one(Petition, signature.petition_id))
    if not may_move(signature.state, to):
        raise StateError
    if signature.state in DECIDED and to == "checking" and not sealing.is_readable(signature):
        raise StateError  # Its signer had it erased, or it has run out: nobody could check it.
    count(signature.petition_id, signature.batch_id, **{signature.state: -1, to: 1}, arrived=_arrival(signature, to))
    signature.names_stale = signature.names_stale or "verified" in (signature.state, to)
    if signature.state == "verified":
        signature.entry_index = None
    signature.state = to
    if to != "discarded":
        jobs.mark_due(signature.petition_id)
    db.session.flush()


def _arrival(signature: Signature, to: str) -> int:
    return 1 if signature.state == "unconfirmed" and to == "received" else 0


def count_received(petition_id: UUID) -> int:
    """Return how many signatures of a petition wait to be put into a batch."""
    waiting = select(func.count()).where(Signature.petition_id == petition_id, Signature.state == "received")
    return db.session.scalar(waiting.where(Signature.batch_id.is_(None))) or 0


def put_into_batch(petition_id: UUID, batch_id: UUID) -> int:
    """Move all received signatures into a batch, where they are checked; return how many there were.

    Which of the petition's signatures came with which import is known until then and no longer.

    Raises:
        FrozenError
    """
    require_thawed(db.session.get_one(Petition, petition_id))
    moved = db.session.execute(
        update(Signature)
        .where(Signature.petition_id == petition_id, Signature.state == "received", Signature.batch_id.is_(None))
        .values(state="checking", batch_id=batch_id)
        .execution_options(synchronize_session=False)
    )
    number = cast(CursorResult[Any], moved).rowcount
    came = select(Import.id).where(Import.petition_id == petition_id)
    db.session.execute(delete(ImportMember).where(ImportMember.import_id.in_(came)))
    count(petition_id, None, received=-number, arrived=-number)
    count(petition_id, batch_id, checking=number, arrived=number)
    jobs.mark_due(petition_id, urgent=True)
    db.session.flush()
    return number
