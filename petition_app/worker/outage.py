"""An outage of the database as the lanes of a worker meet it."""

from __future__ import annotations

import logging
from threading import Lock

from petition_app.storage.outages import is_outage

logger = logging.getLogger(__name__)


class Outage:
    """Which lanes wait for the database, so that an outage is said once and its end once."""

    def __init__(self) -> None:
        self._lock, self._away = Lock(), set[object]()

    def begin(self, lane: object, error: Exception) -> None:
        """Note that a lane cannot go on."""
        with self._lock:
            if not self._away:
                what = "The database does not answer" if is_outage(error) else "The worker stumbled"
                logger.error("%s (%s); waiting until it goes on.", what, type(error).__name__)
            self._away.add(lane)

    def end(self, lane: object) -> None:
        """Note that a lane goes on."""
        with self._lock:
            self._away.remove(lane)
            if not self._away:
                logger.warning("The worker goes on.")
