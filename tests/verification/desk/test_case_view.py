"""The desk: who gets which case, what it shows, and what may be done with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from petition_app.clock import utcnow
from petition_app.crypto import signer_box
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import NotFoundError
from petition_app.signatures import sealing
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.signatures.states import StateError
from petition_app.storage.db import db
from petition_app.verification.decisions import reopening
from petition_app.verification.decisions import services as checking
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.decisions.services import DecidedAlreadyError, DecisionShapeError, NotYoursError
from petition_app.verification.desk import case_view, decided_list
from petition_app.verification.dialogue import questions
from petition_app.verification.dialogue.questions import AnswerError, CannotAskError, NoQuestionError
from petition_app.verification.models import Decision, Question
from petition_app.verification.rules import LEASE
from tests import factories as make


def sealed(app: Any, number: int = 1, **policy: Any) -> tuple[make.World, list[make.Signed]]:
    """Make a world in which some signatures are being checked."""
    world = make.make_world(app, **policy)
    signed = [make.make_signature(app, world.petition_id) for _ in range(number)]
    make.seal(app, world.petition_id, by=world.organizer)
    return world, signed


def open_case(app: Any, world: make.World, case: Any, by: make.Person, at: Any = None) -> case_view.Case:
    with make.looking(app):
        return case_view.open_case(
            case, access=make.ACCESS, petition=make.petition(world.petition_id), by=make.account(by), at=at or utcnow()
        )


def decide(app: Any, world: make.World, case: Any, by: make.Person, new: NewDecision, at: Any = None) -> str:
    with make.acting(app):
        return checking.decide(
            case,
            new,
            access=make.ACCESS,
            petition=make.petition(world.petition_id),
            by=make.account(by),
            at=at or utcnow(),
        )[1]


REACHED = NewDecision("verified", contact="in_person", contacted_on=utcnow().date())


# --- holding a case ---------------------------------------------------------------------------------------------


def test_two_reviewers_never_hold_the_same_case(app: Any) -> None:
    world, signed = sealed(app, 2, staff=3)
    one, two, three = (make.take(app, world.petition_id, reviewer) for reviewer in world.reviewers)
    assert {one, two} == {case.id for case in signed}
    assert three is None


def test_a_reviewer_who_asks_again_gets_the_case_they_hold(app: Any) -> None:
    world, _ = sealed(app, 3)
    by = world.reviewers[0]
    assert make.take(app, world.petition_id, by) == make.take(app, world.petition_id, by)


def test_a_case_is_shown_to_its_holder_and_to_nobody_else(app: Any) -> None:
    world, signed = sealed(app, 1, staff=2)
    holder, other = world.reviewers
    case = make.take(app, world.petition_id, holder)
    assert open_case(app, world, case, holder).identity.name == signed[0].name
    for stranger in (other, world.organizer):
        with pytest.raises(NotYoursError):
            open_case(app, world, case, stranger)
    with pytest.raises(NotFoundError):
        open_case(app, world, case, world.auditor)


def test_after_ten_minutes_another_reviewer_may_take_the_case(app: Any) -> None:
    world, _ = sealed(app, 1, staff=2)
    first, second = world.reviewers
    start = utcnow()
    case = make.take(app, world.petition_id, first, at=start)
    assert make.take(app, world.petition_id, second, at=start + timedelta(minutes=9)) is None
    later = start + timedelta(minutes=10, seconds=1)
    assert make.take(app, world.petition_id, second, at=later) == case
    with pytest.raises(NotYoursError):
        decide(app, world, case, first, REACHED, at=later)
    assert decide(app, world, case, second, REACHED, at=later) == "verified"


def test_nothing_is_decided_without_holding_the_case(app: Any) -> None:
    world, signed = sealed(app, 1, staff=2)
    with pytest.raises(NotYoursError):
        decide(app, world, signed[0].id, world.reviewers[0], REACHED)
    make.take(app, world.petition_id, world.reviewers[0])
    with pytest.raises(NotYoursError):
        decide(app, world, signed[0].id, world.reviewers[1], REACHED)
    assert make.state_of(app, signed[0].id) == "checking"


def test_a_case_put_back_comes_last(app: Any) -> None:
    world, signed = sealed(app, 4)
    by, after, order = world.reviewers[0], None, []
    for _ in range(5):
        after = make.take(app, world.petition_id, by, after=after)
        assert after is not None
        order.append(after)
        make.put_back(app, world.petition_id, after, by)
    assert set(order[:4]) == {case.id for case in signed}
    assert order[4] == order[0]


def test_older_batches_come_first(app: Any) -> None:
    world, first = sealed(app, 2)
    later = [make.make_signature(app, world.petition_id) for _ in range(2)]
    make.seal(app, world.petition_id)
    given = []
    for _ in range(4):
        case = make.take(app, world.petition_id, world.reviewers[0])
        given.append(case)
        decide(app, world, case, world.reviewers[0], REACHED)
    assert set(given[:2]) == {case.id for case in first}
    assert set(given[2:]) == {case.id for case in later}


def test_cases_put_back_never_hide_those_of_a_later_batch(app: Any) -> None:
    world, _ = sealed(app, 3)
    for _ in range(3):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    by, after, seen = world.reviewers[0], None, set()
    for _ in range(6):
        after = make.take(app, world.petition_id, by, after=after)
        assert after is not None
        seen.add(after)
        make.put_back(app, world.petition_id, after, by)
    assert len(seen) == 6


@pytest.mark.parametrize("who", ["auditor", "stranger", "other petition"])
def test_only_reviewers_and_organizers_of_the_petition_get_a_case(app: Any, who: str) -> None:
    world, _ = sealed(app)
    other = make.make_world(app, "other-letter")
    person = {"auditor": world.auditor, "stranger": other.auditor, "other petition": other.reviewers[0]}[who]
    with pytest.raises(NotFoundError):
        make.take(app, world.petition_id, person)


def test_a_case_of_another_petition_is_not_there(app: Any) -> None:
    world, signed = sealed(app)
    other = make.make_world(app, "other-letter")
    make.take(app, world.petition_id, world.reviewers[0])
    for function in (open_case, make_decide):
        with pytest.raises(NotFoundError):
            function(app, other, signed[0].id, other.reviewers[0])


def make_decide(app: Any, world: make.World, case: Any, by: make.Person) -> str:
    return decide(app, world, case, by, REACHED)


# --- blind --------------------------------------------------------------------------------------------------------


def test_the_second_reviewer_does_not_see_the_first_decision(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=2)
    first, second = world.reviewers
    assert make.decide(app, world.petition_id, signed[0].id, first, outcome="rejected", reason="not_reached") == (
        "checking"
    )
    make.take_case(app, world.petition_id, signed[0].id, second)
    case = open_case(app, world, signed[0].id, second)
    assert case.earlier == []


def test_the_second_reviewer_does_not_see_the_first_ones_note(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=2)
    first, second = world.reviewers
    make.decide(
        app, world.petition_id, signed[0].id, first, outcome="rejected", reason="not_reached", note="They deny it."
    )
    make.take_case(app, world.petition_id, signed[0].id, second)
    assert "They deny it." not in repr(open_case(app, world, signed[0].id, second).notes)


def test_where_one_reviewer_decides_earlier_decisions_are_seen(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=1)
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], outcome="rejected", reason="not_reached")
    make.act(app, "reopen", world.petition_id, signed[0].id, world.organizer)
    make.take_case(app, world.petition_id, signed[0].id, world.reviewers[0])
    with make.looking(app):
        case = case_view.open_case(
            signed[0].id,
            access=make.ACCESS,
            petition=make.petition(world.petition_id),
            by=make.account(world.reviewers[0]),
            at=utcnow(),
        )
        assert [decision.outcome for decision in case.earlier] == ["rejected", "reopened"]


def test_a_decision_is_final_only_when_both_reviewers_agree(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=2)
    case = signed[0].id
    assert make.decide(app, world.petition_id, case, world.reviewers[0]) == "checking"
    assert make.tally(app, world.petition_id)["verified"] == 0
    assert make.decide(app, world.petition_id, case, world.reviewers[1]) == "verified"


def test_nobody_decides_twice_in_one_round(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=2)
    by = world.reviewers[0]
    make.decide(app, world.petition_id, signed[0].id, by)
    assert make.take(app, world.petition_id, by) is None
    with make.acting(app):
        db.session.add(checking.Lease(signature_id=signed[0].id, account_id=by.id, until=utcnow() + LEASE))
    with pytest.raises(DecidedAlreadyError):
        decide(app, world, signed[0].id, by, REACHED)


def test_where_two_differ_an_organizer_decides_as_the_third(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=2)
    case = signed[0].id
    make.decide(app, world.petition_id, case, world.reviewers[0])
    rejected = {"outcome": "rejected", "reason": "not_eligible"}
    assert make.decide(app, world.petition_id, case, world.reviewers[1], **rejected) == "checking"
    assert make.decide(app, world.petition_id, case, world.organizer, **rejected) == "rejected"


# --- the shape of a decision --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "new",
    [
        NewDecision("retracted"),
        NewDecision("withdrawn"),
        NewDecision(""),
        NewDecision("rejected"),
        NewDecision("rejected", reason="no_such_reason"),
        NewDecision("rejected", reason="entered_in_error"),
        NewDecision("verified", contact="rumour", contacted_on=utcnow().date()),
        NewDecision("verified", contact="in_person"),
        NewDecision("verified", contact="in_person", contacted_on=(utcnow() + timedelta(days=2)).date()),
        NewDecision("verified", note="x" * 2001),
        NewDecision("duplicate"),
        NewDecision("duplicate", duplicate_of=uuid4()),
    ],
    ids=lambda new: f"{new.outcome}-{new.reason or new.contact or len(new.note)}",
)
def test_a_decision_without_what_it_needs_is_refused(app: Any, new: NewDecision) -> None:
    world, signed = sealed(app)
    make.take(app, world.petition_id, world.reviewers[0])
    with pytest.raises(DecisionShapeError):
        decide(app, world, signed[0].id, world.reviewers[0], new)
    assert make.state_of(app, signed[0].id) == "checking"


@pytest.mark.standard("Keys of two sealed petitions are never open at once.")
def test_a_signature_is_no_duplicate_of_itself_or_of_another_petitions(app: Any) -> None:
    world, signed = sealed(app)
    elsewhere = make.make_verified(app, make.make_world(app, "other-letter"))
    make.take(app, world.petition_id, world.reviewers[0])
    for original in (signed[0].id, elsewhere.id):
        with pytest.raises(DecisionShapeError):
            decide(app, world, signed[0].id, world.reviewers[0], NewDecision("duplicate", duplicate_of=original))


def test_verified_without_contact_counts_and_names_nobody(app: Any) -> None:
    world, signed = sealed(app)
    assert make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], outcome="verified") == "verified"
    with make.looking(app):
        decision = db.session.scalars(db.select(Decision)).one()
        assert (decision.contact, decision.contacted_on) == (None, None)


def test_a_withdrawn_signature_is_not_decided_any_more(app: Any) -> None:
    world, signed = sealed(app)
    make.take(app, world.petition_id, world.reviewers[0])
    make.withdraw(app, signed[0])
    with pytest.raises(StateError):
        decide(app, world, signed[0].id, world.reviewers[0], REACHED)


# --- possible duplicates --------------------------------------------------------------------------------------------


def candidates(app: Any, signature_id: Any) -> list[case_view.DuplicateCandidate]:
    with make.looking(app):
        return case_view.list_candidates(db.session.get_one(Signature, signature_id))


@pytest.mark.standard("Sealed mode stores no index, so the server finds nobody by one.")
def test_a_shared_mailbox_or_folded_name_makes_a_candidate(app: Any) -> None:
    world = make.make_world(app)
    names = {
        "mine": ("Щёголев Алексей", "a.b@example.org"),
        "same name": ("АЛЕКСЕЙ щеголев", "other@example.org"),
        "same mailbox": ("Ada Sample", "A.B+list@Example.org"),
        "both": ("Щёголев Алексей", "a.b@example.org"),
        "neither": ("Borys Sample", "b@example.org"),
    }
    made = {
        kind: make.make_signature(app, world.petition_id, name, email=mail).id for kind, (name, mail) in names.items()
    }
    assert candidates(app, made["mine"]) == []  # What is only received is not a candidate yet.
    make.seal(app, world.petition_id)
    found = {candidate.id: (candidate.same_name, candidate.same_mailbox) for candidate in candidates(app, made["mine"])}
    assert found == {
        made["same name"]: (True, False),
        made["same mailbox"]: (False, True),
        made["both"]: (True, True),
    }


def test_at_most_five_candidates_are_offered_verified_ones_first(app: Any) -> None:
    world = make.make_world(app)
    made = [make.make_signature(app, world.petition_id, "Ada Sample") for _ in range(8)]
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, made[7].id, world.reviewers[0])
    found = candidates(app, made[0].id)
    assert len(found) == 5
    assert found[0].id == made[7].id
    assert found[0].identity.name == "Ada Sample"


@pytest.mark.standard("Keys of two sealed petitions are never open at once.")
def test_candidates_come_from_the_same_petition_and_forget_the_withdrawn(app: Any) -> None:
    world = make.make_world(app)
    other = make.make_world(app, "other-letter")
    mine, gone = (make.make_signature(app, world.petition_id, "Ada Sample") for _ in range(2))
    make.make_verified(app, other, "Ada Sample")
    make.seal(app, world.petition_id)
    assert [candidate.id for candidate in candidates(app, mine.id)] == [gone.id]
    make.withdraw(app, gone)
    assert candidates(app, mine.id) == []


def test_a_duplicate_is_not_counted_and_names_its_original(app: Any) -> None:
    world = make.make_world(app)
    original = make.make_verified(app, world, "Ada Sample")
    copy = make.make_signature(app, world.petition_id, "Ada Sample")
    make.seal(app, world.petition_id)
    state = make.decide(
        app, world.petition_id, copy.id, world.reviewers[0], outcome="duplicate", duplicate_of=original.id
    )
    assert state == "duplicate"
    tally = make.tally(app, world.petition_id)
    assert (tally["verified"], tally["states"]["duplicate"]) == (1, 1)
    assert make.problems(app, world.petition_id) == []


# --- questions ------------------------------------------------------------------------------------------------------


def test_a_question_opens_with_the_signers_code_alone(app: Any) -> None:
    world, signed = sealed(app, 2)
    make.ask(app, world.petition_id, signed[0].id, world.reviewers[0], "Which term?")
    assert make.state_of(app, signed[0].id) == "needs_info"
    with make.looking(app):
        signature, entropy = signing.find_by_code(signed[0].secret_code)
        asked = questions.questions_for(signature, signer_box.signer_keys(entropy, world.petition_id))
        assert [(question.text, question.answered) for question in asked] == [("Which term?", False)]
        _, other = signing.find_by_code(signed[1].secret_code)
        by_other = questions.questions_for(signature, signer_box.signer_keys(other, world.petition_id))
        assert [question.text for question in by_other] == [None]
        box = db.session.scalars(db.select(Question)).one().box
        assert len(box) > 1024


def test_the_answer_brings_the_case_back_to_the_desk(app: Any) -> None:
    world, signed = sealed(app)
    by = world.reviewers[0]
    make.ask(app, world.petition_id, signed[0].id, by)
    assert make.take(app, world.petition_id, by) is None
    make.answer(app, signed[0], "The second one.")
    assert make.state_of(app, signed[0].id) == "checking"
    assert make.take(app, world.petition_id, by) == signed[0].id
    kinds = [(note.get("kind"), note.get("text")) for note in open_case(app, world, signed[0].id, by).notes]
    assert kinds == [("question", "Which term?"), ("answer", "The second one.")]
    with pytest.raises(NoQuestionError):
        make.answer(app, signed[0], "Once more.")
    assert make.problems(app, world.petition_id) == []


def test_a_case_that_waits_for_an_answer_may_be_decided_without_it(app: Any) -> None:
    world, signed = sealed(app)
    by = world.reviewers[0]
    make.ask(app, world.petition_id, signed[0].id, by)
    assert make.take(app, world.petition_id, by, asked=True) == signed[0].id
    assert decide(app, world, signed[0].id, by, NewDecision("rejected", reason="incomplete")) == "rejected"


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_question_and_an_answer_have_words_but_not_too_many(app: Any, text: str) -> None:
    world, signed = sealed(app)
    with pytest.raises(AnswerError):
        make.ask(app, world.petition_id, signed[0].id, world.reviewers[0], text)
    make.ask(app, world.petition_id, signed[0].id, world.reviewers[0])
    with pytest.raises(AnswerError):
        make.answer(app, signed[0], text)


def test_a_signer_without_a_code_cannot_be_asked(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    case = make.take(app, world.petition_id, world.reviewers[0])
    assert case is not None
    with pytest.raises(CannotAskError):
        make.ask(app, world.petition_id, case, world.reviewers[0])


# --- after the decision ---------------------------------------------------------------------------------------------


def test_reopening_a_verified_signature_is_a_correction(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    tally = make.tally(app, world.petition_id)
    assert (tally["verified"], tally["states"]["checking"], tally["corrections"]) == (0, 1, 1)
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0]) == "verified"
    assert make.problems(app, world.petition_id) == []


@pytest.mark.parametrize("outcome", ["rejected", "duplicate"])
def test_reopening_what_was_not_counted_is_no_correction(app: Any, outcome: str) -> None:
    world = make.make_world(app)
    original = make.make_verified(app, world)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.decide(
        app, world.petition_id, signed.id, world.reviewers[0],
        outcome=outcome, reason="not_reached", duplicate_of=original.id if outcome == "duplicate" else None,
    )  # fmt: skip
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    assert make.state_of(app, signed.id) == "checking"
    assert make.tally(app, world.petition_id)["corrections"] == 0


def test_undo_takes_a_fresh_verdict_back(app: Any) -> None:
    world = make.make_world(app, reviewers=2)
    signed = make.make_verified(app, world)
    make.act(app, "undo", world.petition_id, signed.id, world.organizer)
    assert make.state_of(app, signed.id) == "checking"
    assert make.tally(app, world.petition_id)["corrections"] == 1
    # The first reviewer's voice still stands; the second one speaks anew.
    assert make.take(app, world.petition_id, world.reviewers[0]) is None
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[1]) == "verified"
    assert make.problems(app, world.petition_id) == []


def test_undoing_the_first_of_two_voices_is_no_correction(app: Any) -> None:
    world, signed = sealed(app, 1, reviewers=2)
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[0])
    make.act(app, "undo", world.petition_id, signed[0].id, world.organizer)
    assert make.tally(app, world.petition_id)["corrections"] == 0
    assert make.take(app, world.petition_id, world.reviewers[0]) == signed[0].id


def test_after_an_hour_nothing_is_undone(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    with pytest.raises(reopening.NothingToUndoError):
        make.act(
            app, "undo", world.petition_id, signed.id, world.organizer, at=utcnow() + timedelta(hours=1, minutes=1)
        )
    make.act(app, "undo", world.petition_id, signed.id, world.organizer)
    with pytest.raises(reopening.NothingToUndoError):
        make.act(app, "undo", world.petition_id, signed.id, world.organizer)


def test_retracting_takes_the_count_down_and_tells_a_class_of_reason(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason="entered_in_error")
    tally = make.tally(app, world.petition_id)
    assert (tally["verified"], tally["states"]["retracted"], tally["corrections"]) == (0, 1, 1)
    with pytest.raises(StateError):
        make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason="entered_in_error")
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0]) == "verified"
    assert make.problems(app, world.petition_id) == []


@pytest.mark.parametrize("reason", ["", "because", "not_reached"])
def test_a_retraction_needs_a_class_of_reason(app: Any, reason: str) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    with pytest.raises(DecisionShapeError):
        make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason=reason)


@pytest.mark.parametrize("act", ["reopen", "undo", "retract"])
@pytest.mark.parametrize("who", ["reviewer", "auditor", "organizer elsewhere"])
def test_only_an_organizer_of_the_petition_takes_a_decision_back(app: Any, act: str, who: str) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    other = make.make_world(app, "other-letter")
    person = {"reviewer": world.reviewers[0], "auditor": world.auditor, "organizer elsewhere": other.organizer}[who]
    words = {"reason": "entered_in_error"} if act == "retract" else {}
    with pytest.raises(NotFoundError):
        make.act(app, act, world.petition_id, signed.id, person, **words)
    with pytest.raises(NotFoundError):
        make.act(app, act, other.petition_id, signed.id, other.organizer, **words)
    assert make.state_of(app, signed.id) == "verified"


@pytest.mark.parametrize("act", ["reopen", "retract"])
def test_what_is_not_decided_cannot_be_taken_back(app: Any, act: str) -> None:
    world, signed = sealed(app)
    words = {"reason": "entered_in_error"} if act == "retract" else {}
    with pytest.raises(StateError):
        make.act(app, act, world.petition_id, signed[0].id, world.organizer, **words)


def test_decisions_are_numbered_and_never_rewritten(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    with make.looking(app):
        first = db.session.scalars(db.select(Decision)).one()
        before = (first.id, first.outcome, first.at, first.contact)
    make.act(app, "undo", world.petition_id, signed.id, world.organizer)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0])
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    with make.looking(app):
        rows = case_view.list_decisions(signed.id)
        assert [(row.position, row.outcome) for row in rows] == [
            (1, "verified"), (2, "undone"), (3, "verified"), (4, "reopened"),
        ]  # fmt: skip
        assert (rows[0].id, rows[0].outcome, rows[0].at, rows[0].contact) == before


def test_the_list_of_latest_decisions_names_no_signer(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, "Ada Sample")
    with make.looking(app):
        for by in (world.organizer, world.auditor):
            latest = decided_list.list_decided(
                make.petition(world.petition_id), decided_list.Filter(), by=make.account(by)
            ).rows
            assert [(row.signature_id, row.outcome, row.state) for row in latest] == [
                (signed.id, "verified", "verified")
            ]
            assert "Ada" not in repr(latest)
        with pytest.raises(NotFoundError):
            decided_list.list_decided(
                make.petition(world.petition_id), decided_list.Filter(), by=make.account(world.reviewers[0])
            )


def test_a_withdrawn_signature_opens_empty_for_the_organizer(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    make.withdraw(app, signed)
    with make.looking(app):
        case = case_view.get_decided(
            signed.id, access=make.ACCESS, petition=make.petition(world.petition_id), by=make.account(world.organizer)
        )
        assert (case.identity.name, case.email, case.notes) == ("", "", [])
        with pytest.raises(UnreadableError):
            sealing.open_identity(case.signature)
