"""A letter has a time zone: its days begin and end there, and its times are shown in it beside UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import milestones
from petition_app.petitions.new_petition import NewPetition
from petition_app.petitions.services import ZoneError, create
from petition_app.petitions.time_zones import day_in, zones
from petition_app.signatures import services as signing
from petition_app.web import times
from tests import factories as make

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 14 hours before and 11 hours after UTC: never the same day.


def test_a_day_is_another_elsewhere() -> None:
    late = datetime(2026, 2, 3, 20, 30, tzinfo=UTC)
    assert day_in("UTC", late) == date(2026, 2, 3)
    assert day_in("Asia/Yekaterinburg", late) == date(2026, 2, 4)
    assert zones()[0] == "UTC"
    assert "Europe/Paris" in zones()
    assert day_in("Europe/Nowhere", late) == date(2026, 2, 3), "what this machine does not know is UTC"


@pytest.mark.parametrize("way", ["page", "service", "extend"])
@pytest.mark.parametrize(("zone", "is_open"), [(EAST, False), (WEST, True), ("UTC", True)])
def test_the_last_day_ends_at_midnight_there(app: Any, client: Any, way: str, zone: str, is_open: bool) -> None:
    at = datetime(2026, 2, 3, 12, 0, tzinfo=UTC)
    closes = at.date()
    petition_id = make.make_petition(app, closes=utcnow().date() - timedelta(days=3), time_zone=zone)
    with make.acting(app):
        petition = make.petition(petition_id)
        petition.closes = closes
        if way == "service" or way == "page":
            assert petition.takes_signatures(petition.day(at)) is is_open
        if way == "service":
            try:
                signing.sign(make.new_signature(), petition=petition, at=at)
                assert is_open
            except DomainError:
                assert not is_open
        if way == "extend":
            petition.closes = closes - timedelta(days=9)
            try:
                milestones.extend(petition, closes, by=None, at=at)
                assert is_open
            except milestones.NoMoreTimeError:
                assert not is_open


def test_the_first_day_begins_at_midnight_there(app: Any, client: Any) -> None:
    today = utcnow().date()
    for zone, slug in ((EAST, "east"), (WEST, "west")):
        make.make_petition(app, slug, opens=day_in(EAST, utcnow()), time_zone=zone)
        page = client.get(f"/p/{slug}?lang=en").text
        assert ("Signing begins on" in page) is (day_in(zone, utcnow()) < day_in(EAST, utcnow()))
    assert day_in(EAST, utcnow()) >= today


def test_times_are_shown_there_beside_utc(app: Any) -> None:
    world = make.make_world(app, time_zone="Asia/Yekaterinburg")
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.publish_waiting(app)
    for path, client in (
        (f"/p/{make.SLUG}", app.test_client()),
        (f"/organizer/p/{make.SLUG}", make.signed_in(app, world.organizer)),
    ):
        assert "Yekaterinburg (" in client.get(f"{path}?lang=en").text
        assert "Екатеринбург (" in client.get(f"{path}?lang=ru").text
    as_of = app.test_client().get(f"/p/{make.SLUG}/status.json").json["as_of"]
    assert as_of.endswith("Z"), "what programs read stays in UTC"


def test_a_time_says_the_other_day_where_it_is_another(app: Any) -> None:
    late = datetime(2026, 2, 3, 20, 30, tzinfo=UTC)
    with app.test_request_context("/?lang=en"):
        from flask import g

        g.time_zone = "Asia/Yekaterinburg"
        assert times.moment(late) == "4 February 2026, 01:30, Yekaterinburg (3 February, 20:30 UTC)"
        assert times.moment(late.replace(hour=9)) == "3 February 2026, 14:30, Yekaterinburg (09:30 UTC)"
        g.time_zone = "UTC"
        assert times.moment(late) == "3 February 2026, 20:30 UTC"


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "posixrules"])
def test_a_zone_that_is_none_is_refused(app: Any, zone: str) -> None:
    with make.acting(app), pytest.raises(ZoneError):
        create(NewPetition("zone", {"en": "A"}, {"en": "B"}, {}, {}, time_zone=zone), by=None, at=utcnow())


def test_a_file_of_a_petition_may_name_its_zone(app: Any, cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "letter.toml"
    words = 'slug = "letter"\naddressee = "The Assembly"\nwho_may_sign = "deputies"\ntime_zone = "Europe/Berlin"\n'
    path.write_text(words + 'title.en = "A letter"\ntext.en = "We ask."\n')
    cli("petitions", "create", path)
    assert "time_zone: Europe/Berlin" in cli("petitions", "show", "letter").out
    path.write_text(words.replace("Berlin", "Nowhere").replace("letter", "other") + 'title.en = "A"\ntext.en = "B"\n')
    assert "time zone" in cli("petitions", "create", path, code=1).err
