"""Work that comes round: keys that lie open are locked when nobody acts with them."""

from __future__ import annotations

from datetime import datetime

from petition_app.keys import unlocking


def lock_idle(at: datetime) -> None:
    """Lock what nobody has acted with for fifteen minutes, or what has been open for eight hours."""
    unlocking.drop_idle(at=at)
