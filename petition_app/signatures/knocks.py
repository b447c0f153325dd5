"""Codes that open nothing: each leaves a knock, sealed, and all that are typed at the same time are stored together.

Nobody is answered before their own is on the disk, so the alarm of a second code is never lost; and a flood of wrong
words is a few transactions a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import select

from petition_app import app_state
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.errors import StorageSealedError
from petition_app.signatures.models import CodeAttempt, DuressCode
from petition_app.storage.db import after_saving, db, is_saving, transaction
from petition_app.storage.engines import put
from petition_app.storage.group_commit import Queue, QueuedWrite

NOBODY = UUID(int=0)
BOUND = b"knock/v1"
PAUSE = 0.05  # Seconds for which those who were turned away wait for each other.
BLANK = uuid4()  # Of this process: the row that is written over where nobody's alarm is to be kept.


class _Typed(QueuedWrite):
    """A code that was typed; without `keeps` it leaves nothing unless it is a second code."""

    def __init__(self, code_hash: bytes, *, keeps: bool) -> None:
        super().__init__()
        self.code_hash, self.keeps = code_hash, keeps


class _KnockQueue(Queue[_Typed]):
    """Those who wait in one application."""


def knock(code_hash: bytes) -> None:
    """Store that a code was typed which opens nothing: the same rows, whoever's it is or nobody's.

    A transaction that saves takes it along; after one that only reads it is stored before anybody is answered.
    """
    typed = _Typed(code_hash, keeps=True)
    if is_saving():
        _store([typed])
    else:
        after_saving(lambda: _pass_through(typed))


def turn_away(code_hash: bytes) -> None:
    """Store the alarm of a second code, and of any other code nothing; the same work and the same wait for both.

    So it is on the disk before whoever has typed too many wrong ones is answered.
    """
    _pass_through(_Typed(code_hash, keeps=False), pause=PAUSE)


def _pass_through(typed: _Typed, *, pause: float = 0.0) -> None:
    app_state.get(_KnockQueue).pass_through(typed, _write, pause=pause)


def _write(group: Sequence[_Typed]) -> None:
    with transaction() as work:
        work.insert_only = True
        _store(group)


def _store(group: Sequence[_Typed]) -> None:
    """Write one row for each that is kept, or else over the blank one."""
    owners = _owners({typed.code_hash for typed in group if typed.code_hash})
    kept = [typed for typed in group if typed.keeps or typed.code_hash in owners]
    try:
        ring, day = vault.key_ring(), utcnow().date().isoformat()
    except StorageSealedError:
        return
    people = [(uuid4(), owners.get(typed.code_hash, NOBODY)) for typed in kept] or [(BLANK, NOBODY)]
    boxes = [(row_id, ring.close(f"{owner}|{day}".encode(), BOUND)) for row_id, owner in people]
    put(CodeAttempt, [{"id": row_id, "key_id": ring.newest, "box": box} for row_id, box in boxes])


def _owners(hashes: set[bytes]) -> dict[bytes, UUID]:
    """Return whose second codes they are, of those that are any."""
    found = select(DuressCode.code_hash, DuressCode.signature_id).where(DuressCode.code_hash.in_(hashes))
    return {bytes(row.code_hash): row.signature_id for row in db.session.execute(found)} if hashes else {}
