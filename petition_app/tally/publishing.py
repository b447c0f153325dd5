"""Publishes what has just been committed, in transactions of its own."""

from __future__ import annotations

import logging
from collections import deque
from contextvars import ContextVar
from uuid import UUID

from petition_app.clock import utcnow
from petition_app.storage import db
from petition_app.storage.db import transaction
from petition_app.tally.services import publish_due

logger = logging.getLogger(__name__)

_publishing: ContextVar[deque[UUID] | None] = ContextVar("publishing", default=None)


def publish_at_once(petition_id: UUID) -> None:
    """Publish a change that has just been committed.

    A publication in slices changes its petition again; that waits for this one to end, so that none is inside another.
    """
    waiting = _publishing.get()
    if waiting is not None:
        waiting.append(petition_id)
        return
    waiting = deque([petition_id])
    token = _publishing.set(waiting)
    try:
        while waiting:
            _publish_once(waiting.popleft())
    finally:
        _publishing.reset(token)


def _publish_once(petition_id: UUID) -> None:
    """Do so in a transaction of its own; what goes wrong here is left to the worker."""
    try:
        with transaction() as work:
            work.insert_only = publish_due(petition_id, at=utcnow()) is None and not db.touched_names()
    except Exception as error:
        logger.error("A publication failed (%s); the worker will try again.", type(error).__name__)
