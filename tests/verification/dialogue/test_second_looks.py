"""The second look: why a signature is not counted, in its signer's words, and how it is looked at again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.roster.models import RosterVersion
from petition_app.signatures import sealing
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.signatures.services import UnknownCodeError
from petition_app.signatures.states import StateError
from petition_app.storage.db import db
from petition_app.verification.decisions import reopening
from petition_app.verification.desk import case_view, evidence
from petition_app.verification.dialogue import reminders, second_looks
from petition_app.verification.dialogue.questions import AnswerError
from petition_app.verification.dialogue.second_looks import AskedAlreadyError, AskedOftenError, ErasedError
from petition_app.verification.models import ContactRequest, Decision
from petition_app.verification.rules import REASONS, RETRACTIONS
from tests import dumps
from tests import factories as make

WORDS = "The page lists me as A. Sample."


def rejected(app: Any, reason: str = "incomplete", **fields: Any) -> tuple[make.World, make.Signed]:
    world = make.make_world(app, **fields)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    assert make.decide_by_all(app, world, signed.id, outcome="rejected", reason=reason) == "rejected"
    return world, signed


def look_again(app: Any, signed: make.Signed, words: str = WORDS) -> bool:
    with make.acting(app):
        signature, _ = signing.find_by_code(signed.secret_code)
        return second_looks.ask(signature, words, at=utcnow())


def why(app: Any, signed: make.Signed) -> second_looks.NotCounted | None:
    with make.looking(app):
        return second_looks.why_not_counted(signing.find_by_code(signed.secret_code)[0])


def waiting(app: Any, world: make.World, by: make.Person | None = None) -> list[second_looks.Waiting]:
    with make.looking(app):
        account = make.account(by or world.organizer)
        return second_looks.list_waiting(make.petition(world.petition_id), by=account)


def leave(app: Any, world: make.World, wish: second_looks.Waiting, *, by: make.Person) -> None:
    with make.acting(app):
        petition, account = make.petition(world.petition_id), make.account(by)
        second_looks.leave(wish.id, petition=petition, by=account, at=utcnow())


def my(client: Any, signed: make.Signed, action: str = "", value: str = "") -> Any:
    answer = client.post("/my", data={"code": signed.secret_code, "action": action, "value": value})
    assert answer.status_code == 200
    return answer


# --- asking -----------------------------------------------------------------------------------------------------


def test_the_first_wish_begins_the_check_anew_with_the_words_in_the_case(app: Any) -> None:
    world, signed = rejected(app, reviewers=2)
    assert look_again(app, signed, f"  {WORDS}  ")
    assert make.state_of(app, signed.id) == "checking"
    assert why(app, signed) is None
    assert waiting(app, world) == []
    with make.looking(app):
        rows = case_view.list_decisions(signed.id)
        assert [(row.outcome, row.account_id is None) for row in rows] == [
            ("rejected", False), ("rejected", False), ("reopened", True),
        ]  # fmt: skip
        notes = sealing.open_case(db.session.get_one(Signature, signed.id))
        assert [note["text"] for note in notes if note.get("kind") == "second_look"] == [WORDS]
    assert make.problems(app, world.petition_id) == []
    # A fresh round: the same reviewers may decide, and it takes both again.
    assert make.decide_by_all(app, world, signed.id) == "verified"
    tally = make.tally(app, world.petition_id)
    assert (tally["verified"], tally["corrections"]) == (1, 0)
    assert make.problems(app, world.petition_id) == []


def test_a_wish_is_kept_with_its_day_and_no_time_of_day(app: Any) -> None:
    _, signed = rejected(app)
    look_again(app, signed)
    with make.looking(app):
        reopened = db.session.scalars(db.select(Decision).where(Decision.outcome == "reopened")).one()
        assert (reopened.at.date(), reopened.at.time().isoformat()) == (utcnow().date(), "00:00:00")


def test_a_duplicate_is_looked_at_again_too(app: Any) -> None:
    world = make.make_world(app)
    original = make.make_verified(app, world, "Ada Sample")
    copy = make.make_signature(app, world.petition_id, "Ada Sample")
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, copy.id, world.reviewers[0], outcome="duplicate", duplicate_of=original.id)
    reason = why(app, copy)
    assert reason is not None
    assert (reason.state, reason.at_once) == ("duplicate", True)
    assert look_again(app, copy, "We are two people of this name.")
    assert make.state_of(app, copy.id) == "checking"
    assert make.problems(app, world.petition_id) == []


def test_what_was_not_answered_in_time_is_looked_at_again(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.ask(app, world.petition_id, signed.id, world.reviewers[0])
    with make.acting(app):
        assert reminders.close_unanswered(world.petition_id, at=utcnow() + timedelta(days=15)) == 1
    reason = why(app, signed)
    assert reason is not None
    assert (reason.reason, reason.at_once) == ("not_reached", True)
    assert look_again(app, signed, "I was travelling. Since 2019.")
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0]) == "verified"
    assert make.problems(app, world.petition_id) == []


def test_the_second_wish_waits_for_the_organizers(app: Any) -> None:
    world, signed = rejected(app)
    look_again(app, signed)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="not_eligible")
    reason = why(app, signed)
    assert reason is not None
    assert (reason.reason, reason.at_once, reason.waiting) == ("not_eligible", False, False)
    assert not look_again(app, signed, "Look at page 12.")
    assert make.state_of(app, signed.id) == "rejected"
    with pytest.raises(AskedAlreadyError):
        look_again(app, signed, "And at page 13.")
    assert [(wish.signature_id, wish.state, wish.asked_on) for wish in waiting(app, world)] == [
        (signed.id, "rejected", utcnow().date())
    ]
    make_reopened(app, world, signed)
    assert waiting(app, world) == []
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0]) == "verified"
    assert waiting(app, world) == []


def make_reopened(app: Any, world: make.World, signed: make.Signed) -> None:
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        reopening.reopen(signed.id, petition=petition, by=by, at=utcnow())


def test_a_wish_about_a_signature_taken_back_waits_for_the_organizers(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        reopening.retract(signed.id, reason="entered_in_error", petition=petition, by=by, at=utcnow())
    reason = why(app, signed)
    assert reason is not None
    assert (reason.state, reason.reason, reason.at_once) == ("retracted", "entered_in_error", False)
    assert not look_again(app, signed)
    assert make.state_of(app, signed.id) == "retracted"
    assert [wish.state for wish in waiting(app, world)] == ["retracted"]


def test_what_is_left_as_it_was_may_be_asked_about_again_but_not_for_ever(app: Any) -> None:
    world, signed = rejected(app)
    look_again(app, signed)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="incomplete")
    for _ in range(second_looks.MOST_WISHES - 1):
        assert not look_again(app, signed)
        wish = waiting(app, world)[0]
        leave(app, world, wish, by=world.organizer)
        assert waiting(app, world) == []
    with pytest.raises(AskedOftenError):
        look_again(app, signed)


@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_a_wish_has_words_but_not_too_many(app: Any, words: str) -> None:
    _, signed = rejected(app)
    with pytest.raises(AnswerError):
        look_again(app, signed, words)
    assert make.state_of(app, signed.id) == "rejected"


def test_only_what_is_not_counted_is_looked_at_again(app: Any) -> None:
    world = make.make_world(app)
    verified = make.make_verified(app, world)
    received, withdrawn = (make.make_signature(app, world.petition_id) for _ in range(2))
    make.withdraw(app, withdrawn)
    for signed in (verified, received):
        assert why(app, signed) is None
        with pytest.raises(StateError):
            look_again(app, signed)
    with pytest.raises(UnknownCodeError):
        look_again(app, withdrawn)


def test_what_is_erased_cannot_be_looked_at_and_the_page_says_what_to_do(app: Any, client: Any) -> None:
    world, signed = rejected(app)
    with make.acting(app):
        sealing.erase(db.session.get_one(Signature, signed.id))
    with pytest.raises(ErasedError):
        look_again(app, signed)
    page = my(client, signed, "second_look", WORDS)
    assert "has been erased" in page.text
    assert f"/p/{world.slug}/sign" in page.text
    make.set_state(app, world.petition_id, "closed")
    assert f"/p/{world.slug}/sign" not in my(client, signed).text


# --- at /my -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told_kindly_and_with_a_way_on(app: Any, client: Any, reason: str) -> None:
    world, signed = rejected(app)
    with make.acting(app):
        db.session.scalars(db.select(Decision)).one().reason = reason
    page = my(client, signed).text
    assert "Why it is not counted" in page
    assert "Please look again" in page
    assert "three questions with yes" not in page
    told = page.replace(signed.secret_code, "").lower()
    for unkind in ("fake", "fraud", "forge", "false", "liar", "impost"):
        assert unkind not in told
    assert world.slug in page


@pytest.mark.parametrize("reason", RETRACTIONS)
def test_every_reason_for_taking_back_is_told(app: Any, client: Any, reason: str) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    with make.acting(app):
        petition, by = make.petition(world.petition_id), make.account(world.organizer)
        reopening.retract(signed.id, reason=reason, petition=petition, by=by, at=utcnow())
    page = my(client, signed).text
    assert "A public correction tells the class of reason" in page
    assert "three questions with yes" not in page


def test_the_list_somebody_was_not_found_on_is_told_with_its_day(app: Any, client: Any) -> None:
    world, signed = rejected(app)
    with make.acting(app):
        values = {"name": "A list", "sha256": b"x" * 32, "columns": [], "state": "current", "at": utcnow()}
        db.session.add(RosterVersion(petition_id=world.petition_id, number=7, as_of=date(2022, 9, 1), **values))
        decision = db.session.scalars(db.select(Decision)).one()
        decision.reason, decision.roster_number = "not_found", 7
    page = my(client, signed).text
    assert "as it stood on" in page
    assert "1 September 2022" in page


def test_a_signer_asks_at_my_and_keeps_the_words_where_something_is_wrong(app: Any, client: Any) -> None:
    world, signed = rejected(app)
    wrong = my(client, signed, "second_look", "x" * 2001)
    assert "between 1 and 2,000 characters" in wrong.text
    assert "x" * 2001 in wrong.text
    done = my(client, signed, "second_look", WORDS)
    assert "It is looked at again, from the start." in done.text
    assert make.state_of(app, signed.id) == "checking"
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="incomplete")
    again = my(client, signed, "second_look", WORDS)
    assert "Your words are with the organizers" in again.text
    assert 'value="second_look"' not in again.text


def test_how_long_it_takes_is_told_from_what_is_public(app: Any, client: Any) -> None:
    world = make.make_world(app)
    one = make.make_signature(app, world.petition_id)
    received = my(client, one).text
    assert "sealed into a batch together" in received
    others = [make.make_signature(app, world.petition_id) for _ in range(7)]
    make.seal(app, world.petition_id, by=world.organizer)
    late = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    checking = my(client, late).text
    assert "Before your batch, 8 signatures of earlier batches wait" in checking
    assert "In your batch one signature waits" in checking
    assert "should be decided within about" not in checking
    for other in others:
        make.decide(app, world.petition_id, other.id, world.reviewers[0])
    make.publish_waiting(app)
    checking = my(client, late).text
    assert "Before your batch, 1 signature of earlier batches waits" in checking
    assert "should be decided within about" in checking
    assert "half of the signatures were decided within" in checking


def test_a_code_from_the_official_contact_is_typed_at_my(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    assert "official_code" not in my(client, signed).text
    with make.acting(app):
        db.session.add(
            ContactRequest(
                signature_id=signed.id,
                account_id=world.reviewers[0].id,
                code_hash=evidence._hash(signed.id, "ABCD-2345"),
                asked_on=utcnow().date(),
            )
        )
    assert make.form_with(my(client, signed), "action", "value")["action"] == "official_code"
    wrong = my(client, signed, "official_code", "ABCD-9999")
    assert "This code is not right" in wrong.text
    right = my(client, signed, "official_code", "abcd 2345")
    assert "The code is right" in right.text
    assert 'value="official_code"' not in right.text
    before = dumps.tables(app)
    assert "The code is right" in my(client, signed, "official_code", "ABCD-2345").text, "loaded again"
    assert "This code is not right" in my(client, signed, "official_code", "ABCD-9999").text
    assert dumps.tables(app) == before
    with make.looking(app):
        assert [(one.kind, one.strength) for one in evidence.list_evidence(signed.id)] == [("official_contact", 3)]
        assert db.session.scalars(db.select(ContactRequest)).one().tries_left == 4


# --- the organizers' page ---------------------------------------------------------------------------------------


def test_organizers_read_the_wish_in_the_case_and_may_leave_it(app: Any) -> None:
    world, signed = rejected(app)
    look_again(app, signed)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="incomplete")
    look_again(app, signed, "Look at page 12.")
    client = make.signed_in(app, world.organizer)
    here = f"/organizer/p/{world.slug}/second-looks"
    assert here in client.get(f"/organizer/p/{world.slug}").text
    page = client.get(here)
    assert signed.id.hex[:8] in page.text
    assert signed.name not in page.text
    assert "Look at page 12." in make.open_decided(client, signed.id, world.slug).text
    form = next(form for form in make.forms_of(page) if form["action"].endswith("/leave"))
    assert client.post(form["action"], data=form["fields"]).status_code == 303
    assert "Nobody waits for a second look." in client.get(here).text
    assert make.state_of(app, signed.id) == "rejected"


def test_nobody_else_sees_or_leaves_a_wish(app: Any) -> None:
    world, signed = rejected(app)
    look_again(app, signed)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], outcome="rejected", reason="incomplete")
    look_again(app, signed)
    other = make.make_world(app, "other-letter")
    wish = waiting(app, world)[0]
    assert waiting(app, other) == []
    for person in (world.reviewers[0], world.auditor, other.organizer):
        with pytest.raises(NotFoundError):
            waiting(app, world, by=person)
        with pytest.raises(NotFoundError):
            leave(app, world, wish, by=person)
    with pytest.raises(NotFoundError):
        leave(app, other, wish, by=other.organizer)
    assert len(waiting(app, world)) == 1
