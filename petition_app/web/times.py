"""Times as pages show them: in the time zone of the letter that the page is about, beside UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from babel.dates import get_timezone_location
from flask import Flask, before_render_template, g
from flask_babel import format_date, get_locale
from flask_babel import format_datetime as format_localized

from petition_app.petitions.time_zones import zone_of

FORMAT = "d MMMM y, HH:mm"


def init_app(app: Flask) -> None:
    """Let templates write times, days and the places that give a zone its name."""
    app.jinja_env.filters.update(
        moment=moment, day=lambda day: format_date(day, "d MMMM y"), place_of_zone=place_of_zone
    )
    before_render_template.connect(_note_zone, app)


def moment(at: datetime) -> str:
    """Return a time in the zone of the page's letter and, where that is another one, in UTC beside it."""
    at = at.astimezone(UTC)
    name = g.get("time_zone", "UTC")
    in_utc = format_localized(at.replace(tzinfo=None), FORMAT, rebase=False)
    if name == "UTC":
        return f"{in_utc} UTC"
    there = at.astimezone(zone_of(name)).replace(tzinfo=None)
    short = "HH:mm" if there.date() == at.date() else "d MMMM, HH:mm"
    beside = format_localized(at.replace(tzinfo=None), short, rebase=False)
    return f"{format_localized(there, FORMAT, rebase=False)}, {place_of_zone(name)} ({beside} UTC)"


def place_of_zone(name: str) -> str:
    """Return the place after which a zone is named, such as Yekaterinburg, in the language of the page."""
    return "UTC" if name == "UTC" else str(get_timezone_location(name, locale=get_locale(), return_city=True))


def _note_zone(_: Flask, context: dict[str, Any], **__: Any) -> None:
    """Know whose times a page shows: those of its letter; a page about several letters shows UTC."""
    petition = context.get("petition") or g.get("petition")
    g.time_zone = getattr(petition, "time_zone", "UTC")
