"""Help for whoever has lost the twelve words: one case by exact name and mailbox, written down, and never a list."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.errors import NotAllowedError
from petition_app.signatures.models import CodeAttempt, SealedKey, Signature
from petition_app.storage.db import db
from petition_app.verification.dialogue import lost_codes
from petition_app.verification.dialogue.lost_codes import NobodyError, Person, SeveralError
from tests import factories as make

NAME, MAILBOX = "Вера Луговая", "vera@example.org"


def look_up(app: Any, world: make.World, name: str, mailbox: str = "", *, by: make.Person | None = None) -> Any:
    with make.acting(app):
        petition, who = make.petition(world.petition_id), make.account(by or world.organizer)
        assert who is not None
        return lost_codes.look_up(Person(name, mailbox), petition=petition, by=who, at=utcnow())


def acts(app: Any, act: str) -> list[AuditEvent]:
    with make.looking(app):
        rows = db.session.scalars(db.select(AuditEvent).where(AuditEvent.act == act).order_by(AuditEvent.at)).all()
        db.session.expunge_all()
        return list(rows)


@pytest.fixture
def signed(app: Any, world: make.World) -> make.Signed:
    make.make_signature(app, world.petition_id)
    make.make_signature(app, world.petition_id, NAME, email="other@example.org")
    return make.make_signature(app, world.petition_id, NAME, email=MAILBOX)


def test_exactly_this_name_and_mailbox_find_one_case(app: Any, world: make.World, signed: make.Signed) -> None:
    found = look_up(app, world, "вера  ЛУГОВАЯ", "Vera+letters@example.org")
    assert (found.id, found.state, found.more) == (signed.id, "received", False)


@pytest.mark.parametrize(
    ("name", "mailbox"),
    [(NAME, ""), ("", MAILBOX), ("Луговая", MAILBOX), (NAME, "vera@example.com"), ("Вера", MAILBOX), ("%", "%")],
)
def test_what_only_nearly_fits_finds_nobody(
    app: Any, world: make.World, signed: make.Signed, name: str, mailbox: str
) -> None:
    with pytest.raises(NobodyError):
        look_up(app, world, name, mailbox)


def test_of_several_by_one_person_the_one_that_counts_comes_first(
    app: Any, world: make.World, signed: make.Signed
) -> None:
    make.seal(app, world.petition_id)
    assert make.decide_by_all(app, world, signed.id) == "verified"
    again = make.make_signature(app, world.petition_id, NAME, email=MAILBOX)
    found = look_up(app, world, NAME, MAILBOX)
    assert (found.id, found.more) == (signed.id, True)
    make.withdraw(app, signed)
    assert look_up(app, world, NAME, MAILBOX).id == again.id


def test_without_a_mailbox_a_name_finds_one_case_and_of_namesakes_none(app: Any) -> None:
    world = make.make_world(app, mail="none")
    signed = make.make_signature(app, world.petition_id, NAME, email="")
    assert look_up(app, world, NAME).id == signed.id
    make.make_signature(app, world.petition_id, NAME, email="")
    with pytest.raises(SeveralError):
        look_up(app, world, NAME)


def test_what_was_withdrawn_is_found_no_more(app: Any, world: make.World, signed: make.Signed) -> None:
    make.withdraw(app, signed)
    with pytest.raises(NobodyError):
        look_up(app, world, NAME, MAILBOX)


def test_only_organizers_look_up(app: Any, world: make.World, signed: make.Signed) -> None:
    for person in (*world.reviewers, world.auditor):
        with pytest.raises(NotAllowedError):
            look_up(app, world, NAME, MAILBOX, by=person)


def page(app: Any, world: make.World) -> tuple[Any, str, dict[str, str]]:
    organizer = make.signed_in(app, world.organizer)
    url = f"/organizer/p/{world.slug}/lost-words"
    return organizer, url, make.form_with(organizer.get(url), "csrf_token", "name", "mailbox")


def test_each_look_up_is_written_down_with_what_it_found(app: Any, world: make.World, signed: make.Signed) -> None:
    organizer, url, form = page(app, world)
    nobody = organizer.post(url, data=form | {"name": NAME, "mailbox": "nobody@example.org"})
    assert nobody.status_code == 200
    assert "No signature has exactly this name" in nobody.text
    found = organizer.post(url, data=form | {"name": NAME, "mailbox": MAILBOX})
    assert found.status_code == 200
    assert signed.id.hex[:8] in found.text
    assert "other@example.org" not in found.text
    none, one = acts(app, "case.looked_up")
    assert (none.object_id, none.number, none.actor_id) == (None, 0, world.organizer.id)
    assert (one.object_id, one.number, one.actor_id) == (signed.id, 1, world.organizer.id)


def test_an_organizer_withdraws_for_a_signer(app: Any, world: make.World, signed: make.Signed, client: Any) -> None:
    organizer, url, form = page(app, world)
    found = organizer.post(url, data=form | {"name": NAME, "mailbox": MAILBOX})
    assert make.state_of(app, signed.id) == "received", "nothing is done before it is confirmed"
    press = next(one["fields"] for one in make.forms_of(found) if one["fields"].get("act") == "withdraw")
    done = organizer.post(url, data=press)
    assert done.status_code == 303
    assert make.state_of(app, signed.id) == "withdrawn"
    with make.looking(app):
        assert db.session.scalars(db.select(SealedKey).where(SealedKey.signature_id == signed.id)).all() == []
    assert "There is no signature here" in client.post("/my", data={"code": signed.secret_code}).text
    (act,) = acts(app, "case.withdrawn_for_signer")
    assert (act.actor_id, act.object_id) == (world.organizer.id, signed.id)
    make.publish_waiting(app)
    assert make.problems(app, world.petition_id) == []


def test_new_words_end_the_old_ones_and_the_second_code(
    app: Any, world: make.World, signed: make.Signed, client: Any
) -> None:
    second = make.shown_code(client.post("/my", data={"code": signed.secret_code, "action": "second_code"}))
    organizer, url, form = page(app, world)
    found = organizer.post(url, data=form | {"name": NAME, "mailbox": MAILBOX})
    press = next(one["fields"] for one in make.forms_of(found) if one["fields"].get("act") == "renew")
    answer = organizer.post(url, data=press)
    words = make.shown_code(answer)
    assert '<nav aria-label="Language">' not in answer.text, "it is shown once"
    assert "Received" in client.post("/my", data={"code": words}).text
    for old in (signed.secret_code, second):
        assert "There is no signature here" in client.post("/my", data={"code": old}).text
    (act,) = acts(app, "case.words_issued")
    assert (act.actor_id, act.object_id) == (world.organizer.id, signed.id)


def test_a_question_asked_before_new_words_is_told_and_can_be_answered(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id, NAME, email=MAILBOX)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    with make.acting(app):
        who = make.account(world.organizer)
        assert who is not None
        words, _ = lost_codes.renew(
            Person(NAME, MAILBOX), petition=make.petition(world.petition_id), by=who, at=utcnow()
        )
    mine = client.post("/my", data={"code": words})
    assert "only the old ones could open it" in mine.text
    client.post("/my", data={"code": words, "action": "answer", "value": "I could not read it."})
    assert make.state_of(app, signed.id) == "checking"


def test_who_came_in_a_list_gets_words_for_the_first_time(app: Any, client: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, NAME)
    with make.acting(app):
        who = make.account(world.organizer)
        assert who is not None
        words, _ = lost_codes.renew(Person(NAME), petition=make.petition(world.petition_id), by=who, at=utcnow())
    assert client.post("/my", data={"code": words}).status_code == 200
    with make.looking(app):
        assert db.session.scalars(db.select(Signature)).one().signer_key is not None


def test_an_organizer_looks_twenty_times_an_hour(app: Any, world: make.World) -> None:
    organizer, url, form = page(app, world)
    sent = [organizer.post(url, data=form | {"name": "Nobody"}).status_code for _ in range(21)]
    assert sent == [200] * 20 + [429]
    assert len(acts(app, "case.looked_up")) == 20


def test_what_an_organizer_searches_for_is_no_attempt_at_a_code(app: Any, world: make.World, client: Any) -> None:
    organizer = make.signed_in(app, world.organizer)
    url = f"/organizer/p/{world.slug}/decided"
    token = make.csrf_token(organizer, url)
    for wanted in ("Somebody", "no such words"):
        assert organizer.post(url, data={"csrf_token": token, "wanted": wanted}).status_code == 200
    with make.looking(app):
        assert db.session.scalars(db.select(CodeAttempt)).all() == []
    client.post("/my", data={"code": "no such words"})
    with make.looking(app):
        assert len(db.session.scalars(db.select(CodeAttempt)).all()) == 1
