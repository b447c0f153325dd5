"""What waits for a member of staff: a number in the head of their pages, and one neutral mail a day, where wanted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from petition_app.accounts import approvals, notices
from petition_app.accounts.models import NoticeWish
from petition_app.clock import utcnow
from petition_app.storage import short_cache
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.tally import waiting
from petition_app.worker import loop as worker
from tests import factories as make


def things(app: Any, person: make.Person) -> int:
    """Return how many things wait for somebody."""
    with make.looking(app):
        return sum(waiting.count_by_petition(make.account(person), at=utcnow()).values())


def badge(app: Any, person: make.Person, *, language: str = "en") -> str:
    """Return what the head of the pages says."""
    page = make.signed_in(app, person).get(f"/organizer?lang={language}").text
    found = re.search(r'class="waits"[^>]*>(.*?)</a>', page, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", "", found.group(1)).split()) if found else ""


def checked(app: Any, number: int, **policy: Any) -> make.World:
    """Make a world in which so many cases wait."""
    world = make.make_world(app, **policy)
    for one in range(number):
        make.make_signature(app, world.petition_id, f"Person Number{one}")
    make.seal(app, world.petition_id, by=world.organizer)
    return world


def wish(app: Any, person: make.Person, *, language: str = "en", days: int = 1) -> None:
    """Have somebody want to be told, over the page, since some days ago."""
    client = make.signed_in(app, person)
    token = make.csrf_token(client, "/organizer/settings")
    sent = client.post("/organizer/settings/notices", data={"csrf_token": token, "language": language})
    assert sent.status_code == 303
    with make.acting(app):
        db.session.get_one(NoticeWish, person.id).last_on = utcnow().date() - timedelta(days=days)


def mails(app: Any, person: make.Person) -> list[tuple[str, str]]:
    """Let the worker do what is due; return subject and words of what went to somebody."""
    with app.app_context():
        worker.run_once()
    found = [make.read_mail(path) for path in make.outbox()]
    return [(subject, words) for to, subject, words in found if to == person.email]


@pytest.mark.standard("Cases of a sealed petition are no part of the number.")
def test_the_head_says_how_many_things_wait_for_who_is_signed_in_and_home_says_where(app: Any) -> None:
    world = checked(app, 3)
    assert badge(app, world.reviewers[0]) == "3 things wait for you"
    assert badge(app, world.reviewers[0], language="ru") == "3 задачи ждут вас"
    home = make.signed_in(app, world.reviewers[0]).get("/organizer").text
    assert "3 things wait for you" in home
    assert badge(app, world.auditor) == ""
    stranger = make.make_world(app, slug="another").reviewers[0]
    assert badge(app, stranger) == ""


@pytest.mark.standard("Cases of a sealed petition are no part of the number.")
def test_the_number_follows_what_one_does_and_never_counts_further_than_it_shows(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = checked(app, 4, reviewers=2)
    one, other = world.reviewers[:2]
    case = make.take(app, world.petition_id, one)
    make.decide(app, world.petition_id, case, one, outcome="rejected", reason="not_eligible")
    assert (things(app, one), things(app, other)) == (3, 4)
    monkeypatch.setattr(waiting, "MOST", 2)
    with app.app_context():
        short_cache.forget()
    assert things(app, other) == 3


def test_cases_of_a_sealed_petition_are_no_part_of_the_number(app: Any) -> None:
    world = make.make_sealed_world(app)
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    assert badge(app, world.reviewers[0]) == ""


def test_an_organizer_is_shown_what_only_they_can_do_and_not_what_they_asked_themselves(app: Any) -> None:
    world = make.make_world(app)
    other = make.make_person(app, world.petition_id, "organizer")
    with make.acting(app):
        by, petition = make.account(world.organizer), make.petition(world.petition_id)
        assert by is not None
        approvals.ask("export_names", {}, petition_id=petition.id, by=by, at=utcnow())
        job = Job(name="signatures.mail_code", payload={}, due_at=utcnow(), petition_id=petition.id)
        job.dead_on = utcnow().date()
        db.session.add(job)
    assert [things(app, one) for one in (world.organizer, other, world.reviewers[0], world.auditor)] == [1, 2, 0, 0]


def test_nobody_is_mailed_before_they_have_said_so(app: Any) -> None:
    world = checked(app, 1)
    assert mails(app, world.reviewers[0]) == []
    page = make.signed_in(app, world.reviewers[0]).get("/organizer/settings").text
    assert "Nothing is sent to you." in page


@pytest.mark.everywhere
def test_whoever_wants_it_is_mailed_once_a_day_and_the_mail_names_nothing(app: Any) -> None:
    world = checked(app, 2)
    person = world.reviewers[0]
    wish(app, person)
    (sent,) = mails(app, person)
    assert sent[0] == "Something waits for you"
    assert sent[1].startswith("Something waits for you. Sign in to see.")
    for told in (world.slug, "open letter", "Person Number", "http", "2"):
        assert told.casefold() not in " ".join(sent).casefold()
    assert len(mails(app, person)) == 1
    with make.acting(app):
        assert not notices.tell(person.id, at=utcnow())
        assert notices.tell(person.id, at=utcnow() + timedelta(days=1))
        assert not notices.tell(person.id, at=utcnow())  # The clock of a server may go back.


def test_in_russian_it_is_russian(app: Any) -> None:
    world = checked(app, 1)
    wish(app, world.reviewers[0], language="ru")
    ((subject, words),) = mails(app, world.reviewers[0])
    assert subject == "Вас что-то ждёт"
    assert words.startswith("Вас что-то ждёт. Войдите, чтобы посмотреть.")


def test_nothing_is_mailed_when_nothing_waits_or_the_role_is_gone(app: Any) -> None:
    world = make.make_world(app)
    wish(app, world.reviewers[0])
    assert mails(app, world.reviewers[0]) == []
    with make.looking(app):
        last = db.session.get_one(NoticeWish, world.reviewers[0].id).last_on
        assert last is not None
        assert last < utcnow().date()


def test_one_act_ends_it_and_what_was_not_sent_yet_is_not_sent(app: Any) -> None:
    world = checked(app, 1)
    person = world.reviewers[0]
    wish(app, person)
    with make.acting(app):
        assert waiting.tell(person.id, at=utcnow())
    client = make.signed_in(app, person)
    (form,) = [form for form in make.forms_of(client.get("/organizer/settings")) if form["action"].endswith("/end")]
    assert client.post(form["action"], data=form["fields"]).status_code == 303
    assert mails(app, person) == []
    # Whoever asks for it again on the same day is not told twice on it.
    token = make.csrf_token(client, "/organizer/settings")
    client.post("/organizer/settings/notices", data={"csrf_token": token, "language": "en"})
    assert mails(app, person) == []


def test_a_mail_that_was_held_back_until_its_day_was_over_is_not_sent_beside_the_next(app: Any) -> None:
    world = checked(app, 1)
    person = world.reviewers[0]
    wish(app, person, days=3)
    with make.acting(app):
        assert waiting.tell(person.id, at=utcnow() - timedelta(days=1))
    assert len(mails(app, person)) == 1
    with make.looking(app):
        assert db.session.scalars(db.select(Job).where(Job.name == notices.LETTER)).all() == []
