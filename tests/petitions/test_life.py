"""The life of a petition: a pause with a notice, more time, the end with its final tally, the hand-over, an answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.petitions.models import Draft, Milestone
from petition_app.storage.db import db
from tests import factories as make

TODAY = utcnow().date()
WHO = {"recipient_en": "the State Assembly", "recipient_ru": "Государственному собранию"}
WORDS = {"words_en": "We wait.", "words_ru": "Мы ждём."}
BEHIND = {"organizers": {"en": "A working group"}, "contact": "letter@example.org"}
STATES = {"open": "open", "pause": "paused", "close": "closed"}


@pytest.fixture
def world(app: Any) -> make.World:
    """An open petition with its staff."""
    return make.make_world(app)


def write(app: Any, world: make.World, kind: str, act: str = "publish", **fields: Any) -> Any:
    """Send words for the public as an organizer does."""
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer/password")
    return client.post(f"/organizer/p/{world.slug}/words/{kind}", data={"csrf_token": token, "act": act, **fields})


def step(app: Any, world: make.World, name: str) -> Any:
    """Open, pause or close."""
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer/password")
    with make.mail_server():
        return client.post(f"/organizer/p/{world.slug}/{name}", data={"csrf_token": token})


def updates(app: Any, client: FlaskClient, world: make.World, language: str = "en") -> str:
    """Return the public timeline."""
    make.publish_waiting(app)
    return client.get(f"/p/{world.slug}/updates?lang={language}").text


def test_a_pause_says_why_and_ends(app: Any, client: FlaskClient, world: make.World) -> None:
    assert write(app, world, "pause", **WORDS).status_code == 303
    for page in ("", "/sign"):
        assert "We wait." in client.get(f"/p/{world.slug}{page}?lang=en").text
        assert "Мы ждём." in client.get(f"/p/{world.slug}{page}?lang=ru").text
    assert "Signing is paused. We wait." in updates(app, client, world)
    assert step(app, world, "open").status_code == 303
    assert "We wait." not in client.get(f"/p/{world.slug}?lang=en").text.split("timeline")[0]
    assert "Signing has been resumed." in updates(app, client, world)
    write(app, world, "pause")
    assert updates(app, client, world).count("Signing is paused.") == 2


def test_a_pause_in_one_language_is_refused_and_the_words_stay(app: Any, world: make.World) -> None:
    answer = write(app, world, "pause", words_en="Only this.")
    assert answer.status_code == 422
    assert "Only this." in answer.text
    assert "in English and in Russian" in answer.text


def test_more_time_is_told_and_only_more(app: Any, client: FlaskClient, world: make.World) -> None:
    assert write(app, world, "extended", day=TODAY - timedelta(days=1)).status_code == 422
    assert write(app, world, "extended", day=TODAY + timedelta(days=9)).status_code == 303
    assert write(app, world, "extended", day=TODAY + timedelta(days=8)).status_code == 422
    assert write(app, world, "extended", day="").status_code == 422
    assert "Signing goes on until" in updates(app, client, world)
    step(app, world, "close")
    assert write(app, world, "extended", day=TODAY + timedelta(days=20)).status_code == 422


def test_the_final_tally_is_told_when_the_last_case_is_decided_and_amended_when_it_changes(
    app: Any, client: FlaskClient, world: make.World
) -> None:
    verified = make.make_verified(app, world)
    waiting = make.make_signature(app, world.petition_id)
    step(app, world, "close")
    assert "The final tally" not in updates(app, client, world)
    make.seal(app, world.petition_id)
    make.decide_by_all(app, world, waiting.id, outcome="rejected", reason="not_eligible")
    assert "The final tally. Received: 2. Verified: 1. Not counted: 1. Taken back: 0." in updates(app, client, world)
    assert updates(app, client, world).count("The final tally") == 1
    make.act(app, "retract", world.petition_id, verified.id, world.organizer, reason="entered_in_error")
    told = updates(app, client, world)
    assert "The final tally was amended. Verified: 0 (before: 1)." in told
    assert "Окончательный итог" in updates(app, client, world, "ru")


def test_the_hand_over_is_told_with_the_number_of_that_moment(app: Any, client: FlaskClient, world: make.World) -> None:
    make.make_verified(app, world)
    assert write(app, world, "handed_over", day=TODAY, **WHO, **WORDS).status_code == 303
    told = updates(app, client, world)
    assert "the letter was handed over to the State Assembly. Verified signatures then: 1. We wait." in told
    assert "Государственному собранию" in updates(app, client, world, "ru")
    make.make_verified(app, world)
    assert "Verified signatures then: 1." in updates(app, client, world)


@pytest.mark.parametrize("days", [1, -3650])
def test_a_hand_over_lies_between_the_publication_and_today(app: Any, world: make.World, days: int) -> None:
    answer = write(app, world, "handed_over", day=TODAY + timedelta(days=days), **WHO)
    assert answer.status_code == 422
    assert "must not lie ahead" in answer.text
    assert WHO["recipient_ru"] in answer.text


def test_an_answer_needs_words_and_is_told(app: Any, client: FlaskClient, world: make.World) -> None:
    assert write(app, world, "answered", day=TODAY, **WHO).status_code == 422
    assert write(app, world, "answered", day=TODAY, **WHO, **WORDS).status_code == 303
    assert "the State Assembly answered. We wait." in updates(app, client, world)


def test_a_preview_shows_what_the_public_would_read_and_publishes_nothing(
    app: Any, client: FlaskClient, world: make.World
) -> None:
    before = updates(app, client, world)
    page = write(app, world, "handed_over", "preview", day=TODAY, **WHO, **WORDS)
    assert page.status_code == 200
    assert "handed over to the State Assembly" in page.text
    assert "Publish the hand-over" in page.text
    assert updates(app, client, world) == before


def test_a_draft_is_kept_half_written_and_thrown_away_or_published(
    app: Any, client: FlaskClient, world: make.World
) -> None:
    assert write(app, world, "answered", "keep", words_en="Not <b>yet</b>").status_code == 303
    organizer = make.signed_in(app, world.organizer)
    page = organizer.get(f"/organizer/p/{world.slug}/words/answered").text
    assert "Not &lt;b&gt;yet&lt;/b&gt;" in page
    assert "Draft: answer" in organizer.get(f"/organizer/p/{world.slug}").text
    assert "yet" not in updates(app, client, world)
    assert write(app, world, "answered", "drop").status_code == 303
    write(app, world, "answered", "keep", day=TODAY, **WHO)
    assert write(app, world, "answered", day=TODAY, **WHO, **WORDS).status_code == 303
    with make.looking(app):
        assert db.session.scalars(db.select(Draft)).all() == []


def test_an_announcement_is_drafted_from_templates_previewed_and_kept(app: Any, world: make.World) -> None:
    make.make_signature(app, world.petition_id)
    organizer = make.signed_in(app, world.organizer)
    token = make.csrf_token(organizer, "/organizer/password")
    path = f"/organizer/p/{world.slug}/seal"
    assert "Thank you to everybody who signs." in organizer.get(f"{path}?template=thanks").text
    own = {"csrf_token": token, "written_for": 1, "en": "One more, thank you.", "ru": "Ещё одна, спасибо."}
    assert "As the public will read it" in organizer.post(path, data=own | {"act": "preview"}).text
    assert organizer.post(path, data=own | {"act": "keep"}).status_code == 303
    assert "One more, thank you." in organizer.get(path).text
    assert "One more" not in organizer.get(f"{path}?template=plain").text
    assert organizer.post(path, data=own | {"act": "seal"}).status_code == 303
    with make.looking(app):
        assert db.session.scalars(db.select(Draft)).all() == []


def test_a_template_is_counted_anew_when_more_arrive(app: Any, client: FlaskClient, world: make.World) -> None:
    make.make_signature(app, world.petition_id)
    organizer = make.signed_in(app, world.organizer)
    path = f"/organizer/p/{world.slug}/seal"
    form = make.form_with(organizer.get(f"{path}?template=patience"), "en", "ru")
    make.make_signature(app, world.petition_id)
    assert organizer.post(path, data=form | {"act": "seal"}).status_code == 303
    told = updates(app, client, world)
    assert "Another 2 signatures" in told
    assert "Checking takes days." in told


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("pause", WORDS), ("extended", {"day": TODAY + timedelta(days=9)}), ("handed_over", WHO | WORDS | {"day": TODAY}),
     ("answered", WHO | WORDS | {"day": TODAY})],
)  # fmt: skip
def test_words_sent_twice_are_told_once_and_other_words_are_not_lost(
    app: Any, world: make.World, kind: str, fields: dict[str, Any]
) -> None:
    def told() -> int:
        with make.looking(app):
            return db.session.scalar(db.select(db.func.count()).select_from(Milestone)) or 0

    for _ in range(2):
        assert write(app, world, kind, **fields).status_code == 303
        assert told() == 1
    other = {"words_en": "Something else.", "words_ru": "Иначе."} if kind != "extended" else {"day": TODAY}
    again = write(app, world, kind, **(fields | other))
    if kind in ("pause", "extended"):
        assert again.status_code == 422, "it is paused already, and no earlier day is taken"
        assert told() == 1
    else:
        assert again.status_code == 303
        assert told() == 2
    if kind == "pause":
        for _ in range(2):
            assert step(app, world, "open").status_code == 303
        assert told() == 2
        assert write(app, world, kind, **fields).status_code == 303
        assert told() == 3, "another pause with the same words"


@pytest.mark.parametrize("wanted", ["open", "pause", "close"])
def test_a_state_that_is_there_already_is_no_failure(app: Any, wanted: str) -> None:
    world = make.make_world(app, state="draft" if wanted == "open" else "open", **BEHIND)
    for _ in range(2):
        assert step(app, world, wanted).status_code == 303
    with make.looking(app):
        count = db.session.scalar(db.select(db.func.count()).where(AuditEvent.act == f"petition.{STATES[wanted]}"))
    assert count == 1
    assert step(app, world, "pause").status_code == (409 if wanted == "close" else 303)


def test_nothing_of_it_happens_to_a_draft(app: Any) -> None:
    world = make.make_world(app, state="draft")
    for kind in ("handed_over", "answered"):
        answer = write(app, world, kind, day=TODAY, **WHO, **WORDS)
        assert answer.status_code == 422
        assert "still a draft" in answer.text
