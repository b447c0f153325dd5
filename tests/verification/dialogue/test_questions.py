"""Questions: common ones, answers that come back to who asked, reminders, and what follows without an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.accounts.services import find_member, remove_member
from petition_app.clock import utcnow
from petition_app.crypto import signer_box
from petition_app.i18n import LANGUAGES
from petition_app.signatures import messages, sealing
from petition_app.signatures import services as signing
from petition_app.signatures.models import SealedKey, Signature
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.verification.dialogue import questions, reminders
from petition_app.verification.dialogue.questions import AnswerError
from petition_app.verification.models import Decision, Lease, Question
from petition_app.worker import loop as worker
from tests import factories as make

DAY = timedelta(days=1)
NOW = utcnow()


def asked(app: Any, number: int = 1, **fields: Any) -> tuple[make.World, list[make.Signed]]:
    """Make a world in which signers have been asked a question just now."""
    world = make.make_world(app, **{"staff": 2} | fields)
    signed = [make.make_signature(app, world.petition_id) for _ in range(number)]
    make.seal(app, world.petition_id, by=world.organizer)
    for one in signed:
        make.ask(app, world.petition_id, one.id, world.reviewers[0])
    return world, signed


def ask(app: Any, world: make.World, signed: make.Signed, text: str, *, template: str | None = None) -> None:
    by = world.reviewers[0]
    make.take_case(app, world.petition_id, signed.id, by)
    with make.acting(app):
        petition, account = make.petition(world.petition_id), make.account(by)
        questions.ask(
            signed.id, text, template=template, access=make.ACCESS, petition=petition, by=account, at=utcnow()
        )


def read(app: Any, world: make.World, signed: make.Signed) -> list[str]:
    with make.looking(app):
        signature, entropy = signing.find_by_code(signed.secret_code)
        keys = signer_box.signer_keys(entropy, world.petition_id)
        return [question.text for question in questions.questions_for(signature, keys)]


def remind(app: Any, at: datetime) -> list[tuple[str, str]]:
    """Run the reminders; return (language, address) of each job that was written."""
    with make.acting(app):
        before = set(db.session.scalars(db.select(Job.id)))
        number = sum(reminders.remind(petition_id, at=at) for petition_id in reminders.list_to_remind(at=at))
        jobs = [job for job in db.session.scalars(db.select(Job)) if job.id not in before]
        assert {job.name for job in jobs} <= {"verification.mail_reminder"}
        found = [messages.open_message(job.payload) for job in jobs]
        assert number == len(found)
        return [(message.language, message.address) for message in found]


def close(app: Any, at: datetime) -> int:
    with make.acting(app):
        waiting = reminders.list_to_close(at=at)
        return sum(reminders.close_unanswered(petition_id, at=at) for petition_id in waiting)


def taken(app: Any, world: make.World, reviewer: int, at: datetime | None = None) -> UUID | None:
    return make.take(app, world.petition_id, world.reviewers[reviewer], at=at)


# --- common questions -------------------------------------------------------------------------------------------


def test_every_common_question_is_there_in_both_languages() -> None:
    texts = {language: questions.templates(language) for language in LANGUAGES}
    assert list(texts["en"]) == list(texts["ru"]) == list(questions.TEMPLATES)
    assert texts["en"] == questions.TEMPLATES
    assert all(0 < len(text) <= 300 for language in texts.values() for text in language.values())


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_common_question_is_sent_in_the_language_of_the_signer(app: Any, language: str) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id, language=language)
    make.seal(app, world.petition_id)
    ask(app, world, signed, "  ", template="official_page")
    assert read(app, world, signed) == [questions.templates(language)["official_page"]]


def test_the_reviewers_own_words_go_before_the_common_question(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    ask(app, world, signed, "Which term?", template="official_page")
    assert read(app, world, signed) == ["Which term?"]


def test_a_question_that_is_not_known_is_no_question(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    for template in (None, "", "no-such-question"):
        with pytest.raises(AnswerError):
            ask(app, world, signed, "", template=template)


def test_a_common_question_is_filled_into_the_words_and_sent_from_the_case_page(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id, language="ru")
    make.seal(app, world.petition_id)
    make.take_case(app, world.petition_id, signed.id, world.reviewers[0])
    client = make.signed_in(app, world.reviewers[0])
    here = f"/organizer/p/{world.slug}/cases/{signed.id}"
    form = make.form_with(client.get(here), "csrf_token", "question", "template")
    assert form["template"] == ""
    empty = client.post(f"{here}/question", data=form)
    assert empty.status_code == 422
    assert "Please write your question." in empty.text
    filled = client.post(f"{here}/question", data=form | {"template": "term", "fill": "1"})
    assert filled.status_code == 422
    words = make.form_with(filled, "question", "template")
    assert (words["question"], words["template"]) == (questions.templates("ru")["term"], "term")
    assert make.state_of(app, signed.id) == "checking"
    sent = client.post(f"{here}/question", data=form | {"template": "same_name"})
    assert sent.status_code == 303
    assert read(app, world, signed) == [questions.templates("ru")["same_name"]]


# --- back to who asked ------------------------------------------------------------------------------------------


def test_an_answered_case_is_kept_for_who_asked_until_the_end_of_the_next_day(app: Any) -> None:
    world, signed = asked(app)
    make.answer(app, signed[0], "The second one.")
    assert taken(app, world, 1) is None
    tomorrow = (NOW + DAY).replace(hour=23, minute=59)
    assert taken(app, world, 1, at=tomorrow) is None
    assert taken(app, world, 1, at=tomorrow + timedelta(minutes=2)) == signed[0].id


def test_the_reviewer_who_asked_gets_the_answered_case_before_all_others(app: Any) -> None:
    world, signed = asked(app)
    late = [make.make_signature(app, world.petition_id) for _ in range(3)]
    make.seal(app, world.petition_id)
    held = make.take(app, world.petition_id, world.reviewers[0])
    assert held in {one.id for one in late}
    make.answer(app, signed[0], "The second one.")
    make.put_back(app, world.petition_id, held, world.reviewers[0])
    assert make.take(app, world.petition_id, world.reviewers[0], after=held) == signed[0].id


def test_an_answered_case_that_is_put_back_comes_last_and_to_everybody(app: Any) -> None:
    world, signed = asked(app)
    make.answer(app, signed[0], "The second one.")
    assert taken(app, world, 0) == signed[0].id
    make.put_back(app, world.petition_id, signed[0].id, world.reviewers[0])
    assert taken(app, world, 1) == signed[0].id


def test_an_answered_case_is_not_kept_for_who_has_left(app: Any) -> None:
    world, signed = asked(app)
    make.answer(app, signed[0], "The second one.")
    with make.acting(app):
        member = find_member(world.reviewers[0].email, petition_id=world.petition_id)
        remove_member(member.id, petition_id=world.petition_id, by=None, at=NOW)
    assert taken(app, world, 1) == signed[0].id


def test_an_answered_case_is_not_kept_for_who_works_for_another_letter_now(app: Any) -> None:
    world, signed = asked(app)
    make.answer(app, signed[0], "The second one.")
    elsewhere = make.make_petition(app, "elsewhere")
    make.make_signature(app, elsewhere)
    with make.acting(app):
        member = find_member(world.reviewers[0].email, petition_id=world.petition_id)
        member.petition_id = elsewhere
    assert taken(app, world, 1) == signed[0].id


def test_two_reviewers_who_both_asked_may_both_take_the_answered_case(app: Any) -> None:
    world, signed = asked(app)
    make.take_case(app, world.petition_id, signed[0].id, world.reviewers[1], asked=True)
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.reviewers[1])
        questions.ask(signed[0].id, "Since when?", access=make.ACCESS, petition=petition, by=by, at=utcnow())
    make.answer(app, signed[0], "The second one, since 2019.")
    assert taken(app, world, 1) == signed[0].id


def test_who_asked_and_decided_keeps_the_case_from_nobody(app: Any) -> None:
    world, signed = asked(app, reviewers=2)
    make.take_case(app, world.petition_id, signed[0].id, world.reviewers[0], asked=True)
    client = make.signed_in(app, world.reviewers[0])
    here = f"/organizer/p/{world.slug}/cases/{signed[0].id}"
    token = make.csrf_token(client, here)
    done = client.post(f"{here}/decisions", data={"csrf_token": token, "outcome": "rejected", "reason": "incomplete"})
    assert done.status_code == 303, done.text
    make.answer(app, signed[0], "The second one.")
    assert taken(app, world, 1) == signed[0].id


# --- reminders --------------------------------------------------------------------------------------------------


@pytest.mark.standard("The worker cannot open an address of a sealed petition.")
def test_a_reminder_is_mailed_after_three_days_and_after_seven_and_never_again(app: Any) -> None:
    _, signed = asked(app)
    days = (0, 2, 3, 3, 4, 6, 7, 7, 8, 12, 40)
    mailed = [remind(app, NOW + day * DAY) for day in days]
    assert [day for day, found in zip(days, mailed, strict=True) if found] == [3, 7]
    assert {one for found in mailed for one in found} == {("en", signed[0].email)}
    with make.looking(app):
        question = db.session.scalars(db.select(Question)).one()
        assert (question.reminders, question.reminded_on) == (2, (NOW + 7 * DAY).date())


@pytest.mark.standard("The worker cannot open an address of a sealed petition.")
def test_after_a_long_pause_the_two_reminders_do_not_follow_at_once(app: Any) -> None:
    asked(app)
    assert [len(remind(app, NOW + days * DAY)) for days in (9, 10, 12, 13, 14)] == [1, 0, 0, 1, 0]


@pytest.mark.standard("The worker cannot open an address of a sealed petition.")
def test_a_signature_is_mailed_to_five_times_at_most(app: Any) -> None:
    world, signed = asked(app)
    mailed, day = 1, 0  # The code was the first.
    for _ in range(6):
        mailed += len(remind(app, NOW + (day + 3) * DAY)) + len(remind(app, NOW + (day + 7) * DAY))
        make.answer(app, signed[0], "The second one.")
        day += 8
        with make.acting(app):
            for question in db.session.scalars(db.select(Question)):
                question.answered_on = question.asked_on  # So that the desk gives the case again.
        make.ask(app, world.petition_id, signed[0].id, world.reviewers[0])
        with make.acting(app):
            newest = db.session.scalars(db.select(Question).where(Question.answered_on.is_(None))).one()
            newest.asked_on = (NOW + day * DAY).date()
    assert mailed == 5


@pytest.mark.standard("The worker cannot open an address of a sealed petition.")
def test_only_who_waits_for_an_answer_and_gave_an_address_is_reminded(app: Any) -> None:
    world, signed = asked(app, 4, mail="optional")
    silent = make.make_signature(app, world.petition_id, email="")
    make.seal(app, world.petition_id)
    make.ask(app, world.petition_id, silent.id, world.reviewers[0])
    make.answer(app, signed[0], "The second one.")
    make.withdraw(app, signed[1])
    with make.acting(app):  # The contact of the third is forgotten, so that it cannot be opened.
        part = db.session.scalars(
            db.select(sealing.SealedPart).where(
                sealing.SealedPart.signature_id == signed[2].id, sealing.SealedPart.part == "contact"
            )
        ).one()
        db.session.execute(db.delete(SealedKey).where(SealedKey.part_id == part.id))
    assert remind(app, NOW + 5 * DAY) == [("en", signed[3].email)]


def test_a_sealed_petition_reminds_nobody(app: Any) -> None:
    world, _ = asked(app)
    with make.acting(app):
        make.petition(world.petition_id).mode = "sealed"
    assert remind(app, NOW + 5 * DAY) == []


@pytest.mark.standard("The worker cannot open an address of a sealed petition.")
@pytest.mark.parametrize(("language", "words"), [("en", "twelve words"), ("ru", "двенадцать слов")])
def test_the_reminder_is_neutral_and_in_the_language_of_the_signer(app: Any, language: str, words: str) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id, language=language)
    make.seal(app, world.petition_id)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    with make.acting(app):
        reminders.remind(world.petition_id, at=NOW + 3 * DAY)
        payloads = [str(job.payload) for job in db.session.scalars(db.select(Job))]
        for job in db.session.scalars(db.select(Job)):
            job.due_at = NOW - DAY
    assert not any(signed.email in payload or str(signed.id) in payload for payload in payloads)
    with app.app_context():
        worker.run_once()
    mails = [make.read_mail(path) for path in make.outbox()]
    to, subject, text = mails[-1]
    assert to == signed.email
    assert words in text
    everything = f"{subject} {text}".lower()
    for telling in ("http", "/my", "letter", "письм", "open letter", "springfield", signed.name.lower(), "countersign"):
        assert telling not in everything


# --- without an answer ------------------------------------------------------------------------------------------


def test_after_fourteen_days_without_an_answer_it_is_decided_not_reached(app: Any) -> None:
    world, signed = asked(app, 2)
    make.answer(app, signed[1], "The second one.")
    assert close(app, NOW + 14 * DAY) == 0
    assert close(app, NOW + 15 * DAY) == 1
    assert close(app, NOW + 15 * DAY) == 0
    assert [make.state_of(app, one.id) for one in signed] == ["rejected", "checking"]
    with make.looking(app):
        decision = db.session.scalars(db.select(Decision)).one()
        assert (decision.outcome, decision.reason) == ("rejected", "not_reached")
        assert (decision.account_id, decision.enacted, decision.position) == (None, True, 1)
        assert db.session.scalars(db.select(Lease)).all() == []
    assert make.tally(app, world.petition_id)["states"]["rejected"] == 1
    assert make.problems(app, world.petition_id) == []


def test_it_is_decided_whatever_one_of_two_reviewers_had_said(app: Any) -> None:
    world, signed = asked(app, reviewers=2)
    make.answer(app, signed[0], "The second one.")
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[0])
    make.ask(app, world.petition_id, signed[0].id, world.reviewers[1])
    assert close(app, NOW + 15 * DAY) == 1
    assert make.state_of(app, signed[0].id) == "rejected"
    assert make.problems(app, world.petition_id) == []


def test_a_newer_question_gives_the_signer_its_own_fourteen_days(app: Any) -> None:
    world, signed = asked(app)
    with make.acting(app):
        db.session.scalars(db.select(Question)).one().asked_on = (NOW - 20 * DAY).date()
    make.take_case(app, world.petition_id, signed[0].id, world.reviewers[0], asked=True)
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.reviewers[0])
        questions.ask(signed[0].id, "Since when?", access=make.ACCESS, petition=petition, by=by, at=utcnow())
    assert close(app, NOW + DAY) == 0
    assert close(app, NOW + 15 * DAY) == 1


def test_a_case_that_a_reviewer_holds_is_left_to_them(app: Any) -> None:
    world, signed = asked(app)
    late = NOW + 15 * DAY
    assert make.take(app, world.petition_id, world.reviewers[0], asked=True, at=late) == signed[0].id
    assert close(app, late) == 0
    assert close(app, late + timedelta(minutes=11)) == 1
    with make.looking(app):
        assert db.session.scalars(db.select(Lease)).all() == []
        assert db.session.get_one(Signature, signed[0].id).state == "rejected"
