"""The present moment."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)
