"""The time zone of a letter: in which its days begin and end, and in which its times are shown beside UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

# Areas of the IANA database that name places, where people look for their own.
AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@lru_cache(maxsize=1)
def zones() -> tuple[str, ...]:
    """Return the names of all zones, such as Europe/Paris, UTC first."""
    return ("UTC", *sorted(name for name in available_timezones() if name.split("/")[0] in AREAS))


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """Return the zone of this name; UTC where this machine does not know it, so that a page is shown all the same."""
    return ZoneInfo(name) if name != "UTC" and name in zones() else UTC


def day_in(name: str, at: datetime) -> date:
    """Return which day it is in a zone at a moment."""
    return at.astimezone(zone_of(name)).date()
