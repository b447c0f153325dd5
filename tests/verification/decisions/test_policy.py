"""Roster, evidence, conflicts: what a "verified" needs, and when it has to wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.clock import utcnow
from petition_app.roster.file_reader import Entry
from petition_app.signatures.models import NearKey, Signature
from petition_app.signatures.sealing import Identity
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.verification.decisions.policy import ConflictError, EntryTakenError, PolicyError
from petition_app.verification.decisions.services import OwnWordError
from petition_app.verification.desk import case_view, evidence
from petition_app.verification.desk.case_view import Case
from petition_app.verification.desk.evidence import (
    ContactAskedError,
    EvidenceShapeError,
    NewEvidence,
    NoSafeContactError,
    OfficialCodeError,
)
from petition_app.verification.matching_cases import matches, rematching
from petition_app.verification.models import Decision, Evidence
from petition_app.worker.loop import run_once
from tests import factories as make
from tests.roster.test_services import bring

VERA = Entry("r1", "Луговая", "Вера", "Ильинична", body="МО Речное", contact="vera@example.org", contact_safe=True)
GLEB = Entry("r2", "Дольный", "Глеб", "Юрьевич", body="МО Лесное", contact="gleb@example.org", contact_safe=False)
OTHERS = tuple(
    Entry(f"x{n}", surname, "Алла", "Петровна", body="МО Дальнее")
    for n, surname in enumerate(("Круглова", "Шатрова", "Белова", "Мохова", "Озерова"))
)


def listed(app: Any, *entries: Entry, **policy: Any) -> make.World:
    """Make a petition that is checked against a roster of these people and a few others."""
    world = make.make_world(app, roster=True, **policy)
    bring(app, world.petition_id, *entries, *OTHERS)
    return world


def signs(app: Any, world: make.World, name: str, place: str = "", **fields: Any) -> make.Signed:
    return make.make_signature(app, world.petition_id, identity=Identity(name, "", place), **fields)


def held(app: Any, world: make.World, signed: make.Signed, by: make.Person) -> Case:
    """Take a case and show it."""
    make.take_case(app, world.petition_id, signed.id, by)
    with make.looking(app):
        return case_view.open_case(
            signed.id, access=make.ACCESS, petition=make.petition(world.petition_id), by=make.account(by), at=utcnow()
        )


def on_roster(key: str = "r1", **words: Any) -> dict[str, Any]:
    contact = {"contact": "live_call", "contacted_on": utcnow().date()}
    return {"outcome": "verified", "eligible": "on_roster", "entry": key} | contact | words


def entry_index(app: Any, signature_id: UUID) -> bytes | None:
    with make.looking(app):
        return db.session.get_one(Signature, signature_id).entry_index


# --- the roster -------------------------------------------------------------------------------------------------


def test_a_case_shows_the_best_entry_and_why(app: Any) -> None:
    world = listed(app, VERA, GLEB)
    signed = signs(app, world, "Vera Lugovaya", "МО Речное")
    make.seal(app, world.petition_id)
    match = held(app, world, signed, world.reviewers[0]).match
    assert match is not None
    assert match.verdict == "strong"
    assert match.candidates[0].key == "r1"
    assert sum(row.bits for row in match.candidates[0].rows) == pytest.approx(match.candidates[0].score)


@pytest.mark.standard("Sealed mode stores no index, so the server finds nobody by one.")
def test_what_the_roster_gave_stands_nowhere_in_plain(app: Any) -> None:
    world = listed(app, VERA, GLEB)
    signed = signs(app, world, "Vera Lugovaya", "МО Речное")
    make.seal(app, world.petition_id)
    held(app, world, signed, world.reviewers[0])
    with make.looking(app):
        row = db.session.get_one(Signature, signed.id)
        assert (row.match_class, row.matched_roster, row.entry_index) == ("strong", 1, None)
        assert row.match_index not in (None, b"r1")
        assert db.session.query(NearKey).filter_by(signature_id=signed.id).count() > 0
    make.withdraw(app, signed)
    with make.looking(app):
        row = db.session.get_one(Signature, signed.id)
        assert (row.match_class, row.match_index, row.entry_index) == (None, None, None)
        assert db.session.query(NearKey).count() == 0


def test_verified_needs_an_answer_to_whether_there_is_such_a_person(app: Any) -> None:
    world = listed(app, VERA)
    signed = signs(app, world, "Луговая Вера Ильинична", "МО Речное")
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    for lacking in (
        {"outcome": "verified"},
        {"outcome": "verified", "eligible": "on_roster"},
        {"outcome": "verified", "eligible": "on_roster", "entry": "nobody"},
        {"outcome": "verified", "eligible": "other_grounds"},
    ):
        with pytest.raises(PolicyError):
            make.decide(app, world.petition_id, signed.id, by, **lacking)
    assert make.state_of(app, signed.id) == "checking"
    assert make.decide(app, world.petition_id, signed.id, by, **on_roster()) == "verified"
    assert entry_index(app, signed.id) is not None


def test_who_is_not_on_the_roster_may_be_entitled_on_other_grounds(app: Any) -> None:
    world = listed(app, VERA)
    signed = signs(app, world, "Захар Тонких", "МО Новое")
    make.seal(app, world.petition_id)
    words = {"outcome": "verified", "eligible": "other_grounds", "grounds": "Elected last Sunday."}
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0], **words) == "verified"
    assert entry_index(app, signed.id) is None


def test_a_match_below_the_rule_needs_a_sentence(app: Any) -> None:
    namesake = Entry("r9", "Луговая", "Вера", "Сергеевна", body="МО Полянка")
    world = listed(app, VERA, namesake, match_rule="strong")
    signed = signs(app, world, "Вера Луговая")
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    match = held(app, world, signed, by).match
    assert match is not None
    assert match.verdict != "strong"
    assert {"r1", "r9"} <= {candidate.key for candidate in match.candidates}
    with pytest.raises(PolicyError):
        make.decide(app, world.petition_id, signed.id, by, **on_roster())
    words = on_roster(grounds="She told her council on the phone.")
    assert make.decide(app, world.petition_id, signed.id, by, **words) == "verified"


def test_reviewers_who_mean_different_entries_have_not_agreed(app: Any) -> None:
    namesake = Entry("r9", "Луговая", "Вера", "Сергеевна", body="МО Полянка")
    world = listed(app, VERA, namesake, reviewers=2, staff=3)
    signed = signs(app, world, "Вера Луговая")
    make.seal(app, world.petition_id)
    states = [
        make.decide(app, world.petition_id, signed.id, reviewer, **on_roster(key, grounds="By telephone."))
        for reviewer, key in zip(world.reviewers, ("r1", "r9", "r9"), strict=True)
    ]
    assert states == ["checking", "checking", "verified"]


def test_a_verified_entry_leaves_others_only_the_way_of_a_duplicate(app: Any) -> None:
    world = listed(app, VERA)
    first = signs(app, world, "Луговая Вера", "МО Речное")
    make.seal(app, world.petition_id)
    assert make.decide(app, world.petition_id, first.id, world.reviewers[0], **on_roster()) == "verified"
    second = signs(app, world, "Vera Lugovaya", "МО Речное")
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    case = held(app, world, second, by)
    assert [(one.id, one.same_entry) for one in case.candidates] == [(first.id, True)]
    with pytest.raises(EntryTakenError):
        make.decide(app, world.petition_id, second.id, by, **on_roster())
    words = {"outcome": "duplicate", "duplicate_of": first.id}
    assert make.decide(app, world.petition_id, second.id, by, **words) == "duplicate"


def test_reopening_frees_the_entry(app: Any) -> None:
    world = listed(app, VERA)
    signed = signs(app, world, "Луговая Вера", "МО Речное")
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, signed.id, world.reviewers[0], **on_roster())
    make.act(app, "reopen", world.petition_id, signed.id, world.organizer)
    assert entry_index(app, signed.id) is None
    assert make.decide(app, world.petition_id, signed.id, world.reviewers[0], **on_roster()) == "verified"


# --- conflicts --------------------------------------------------------------------------------------------------


def conflict(app: Any, **policy: Any) -> tuple[make.World, make.Signed, make.Signed]:
    world = listed(app, VERA, **policy)
    one, two = (signs(app, world, "Луговая Вера Ильинична", "МО Речное") for _ in range(2))
    make.seal(app, world.petition_id)
    if make.default_mode == "standard":  # In sealed mode it is matched when somebody takes a case.
        with make.acting(app):
            matches.match_waiting(make.petition(world.petition_id), at=utcnow())
    return world, one, two


def test_of_two_that_match_one_entry_neither_is_verified_before_the_other_is_decided(app: Any) -> None:
    world, one, two = conflict(app, staff=2)
    case = held(app, world, one, world.reviewers[0])
    assert case.conflicts == [case_view.case_number(two.id)]
    assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **on_roster()) == "checking"
    with pytest.raises(ConflictError):
        make.decide(app, world.petition_id, two.id, world.reviewers[0], **on_roster())
    make.put_back(app, world.petition_id, two.id, world.reviewers[0])
    words = {"outcome": "rejected", "reason": "not_that_person"}
    assert make.decide(app, world.petition_id, two.id, world.reviewers[1], **words) == "rejected"
    assert make.state_of(app, one.id) == "verified"
    assert make.problems(app, world.petition_id) == []


def test_a_verdict_that_had_to_wait_is_carried_out_after_a_withdrawal(app: Any) -> None:
    world, one, two = conflict(app)
    assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **on_roster()) == "checking"
    make.withdraw(app, two)
    assert make.state_of(app, one.id) == "checking"
    with app.app_context():
        run_once()
    make.take(app, world.petition_id, world.reviewers[0])  # In sealed mode it waits for somebody with the keys.
    assert make.state_of(app, one.id) == "verified"


def test_a_conflict_is_not_shown_to_the_public(app: Any, client: Any) -> None:
    conflict(app)
    for path in ("", "/how-we-check", "/updates", "/status.json", "/signatories"):
        assert "onflict" not in client.get(f"/p/{make.SLUG}{path}?lang=en").text


# --- not found --------------------------------------------------------------------------------------------------


def test_a_newer_roster_brings_back_exactly_what_was_not_found(app: Any) -> None:
    world = listed(app, GLEB)
    names = ("Вера Луговая", "Инна Мягких", "Егор Громких", "Глеб Дольный")
    made = dict(zip(names, (signs(app, world, name, "МО Речное") for name in names), strict=True))
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    for name, reason in zip(names, ("not_found", "not_found", "not_reached", "not_eligible"), strict=True):
        make.decide(app, world.petition_id, made[name].id, by, outcome="rejected", reason=reason)
    with make.looking(app):
        numbers = set(db.session.query(Decision.roster_number).all())
    assert numbers == {(1,)}
    bring(app, world.petition_id, VERA, GLEB, *OTHERS)
    with app.app_context():
        run_once()
    states = {name: make.state_of(app, signed.id) for name, signed in made.items()}
    assert states == {
        "Вера Луговая": "checking",
        "Инна Мягких": "checking",
        "Егор Громких": "rejected",
        "Глеб Дольный": "rejected",
    }
    case = held(app, world, made["Вера Луговая"], by)
    assert case.match is not None
    assert (case.match.number, case.match.candidates[0].key) == (2, "r1")
    make.decide(app, world.petition_id, made["Вера Луговая"].id, by, **on_roster())
    make.decide(app, world.petition_id, made["Инна Мягких"].id, by, outcome="rejected", reason="not_found")
    with make.acting(app):
        assert rematching.bring_back_not_found(world.petition_id, at=utcnow()) == 0
    assert make.problems(app, world.petition_id) == []


# --- evidence ---------------------------------------------------------------------------------------------------


def add(app: Any, world: make.World, signed: make.Signed, by: make.Person, **words: Any) -> UUID:
    values = {"kind": "public_profile", "strength": 2, "on": utcnow().date()} | words
    with make.acting(app):
        new = NewEvidence(**values)
        petition = make.petition(world.petition_id)
        return evidence.add(signed.id, new, access=make.ACCESS, petition=petition, by=make.account(by), at=utcnow()).id


def one_case(app: Any, **policy: Any) -> tuple[make.World, make.Signed, make.Person]:
    world = make.make_world(app, **policy)
    signed = make.make_signature(app, world.petition_id, "Вера Луговая")
    make.seal(app, world.petition_id)
    return world, signed, world.reviewers[0]


def test_without_the_evidence_the_petition_asks_for_nothing_is_verified(app: Any) -> None:
    world, signed, by = one_case(app, evidence_rule=2, evidence_kinds=("public_profile", "live_call"))
    held(app, world, signed, by)
    add(app, world, signed, by, strength=1)
    add(app, world, signed, by, kind="document", strength=3)
    with pytest.raises(PolicyError):
        make.decide(app, world.petition_id, signed.id, by, outcome="verified")
    add(app, world, signed, by, strength=2)
    assert make.decide(app, world.petition_id, signed.id, by, outcome="verified") == "verified"


def test_evidence_taken_back_no_longer_counts(app: Any) -> None:
    world, signed, by = one_case(app, evidence_rule=2)
    held(app, world, signed, by)
    found = add(app, world, signed, by)
    with make.acting(app):
        petition = make.petition(world.petition_id)
        evidence.remove(found, signed.id, petition=petition, by=make.account(by), at=utcnow())
    with pytest.raises(PolicyError):
        make.decide(app, world.petition_id, signed.id, by, outcome="verified")


def test_words_about_evidence_are_sealed_and_shown_with_it(app: Any) -> None:
    world, signed, by = one_case(app, reviewers=2, staff=2)
    held(app, world, signed, by)
    add(app, world, signed, by, seen="A page of the council", danger="The council employs her")
    make.decide(app, world.petition_id, signed.id, by)
    case = held(app, world, signed, world.reviewers[1])
    assert [(shown.seen, shown.danger) for shown in case.evidence] == [
        ("A page of the council", "The council employs her")
    ]
    assert case.earlier == []


def test_evidence_that_is_not_complete_is_refused(app: Any) -> None:
    world, signed, by = one_case(app)
    held(app, world, signed, by)
    for wrong in (
        {"kind": "hearsay"},
        {"strength": 0},
        {"strength": 4},
        {"on": utcnow().date() + timedelta(days=2)},
        {"kind": "vouched"},
        {"seen": "x" * 2001},
    ):
        with pytest.raises(EvidenceShapeError):
            add(app, world, signed, by, **wrong)
    with make.looking(app):
        assert db.session.query(Evidence).count() == 0


def test_nobody_reviews_whom_they_vouched_for(app: Any) -> None:
    world, signed, by = one_case(app, staff=2)
    held(app, world, signed, by)
    add(app, world, signed, by, kind="vouched", own_word=True)
    with pytest.raises(OwnWordError):
        make.decide(app, world.petition_id, signed.id, by)
    make.put_back(app, world.petition_id, signed.id, by)
    assert make.take(app, world.petition_id, by) is None
    assert make.take(app, world.petition_id, world.reviewers[1]) == signed.id


def test_a_name_is_published_when_evidence_says_that_the_person_was_reached(app: Any, client: Any) -> None:
    world = make.make_world(app)
    quiet, reached = (
        make.make_signature(app, world.petition_id, name, consent=3) for name in ("Вера Луговая", "Глеб Дольный")
    )
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    held(app, world, reached, by)
    add(app, world, reached, by, kind="live_call", strength=3)
    for signed in (reached, quiet):
        make.decide(app, world.petition_id, signed.id, by, outcome="verified")
    make.publish_waiting(app)
    page = client.get(f"/p/{make.SLUG}").text
    assert "Глеб Дольный" in page
    assert "Вера Луговая" not in page


# --- the contact on the official record -------------------------------------------------------------------------


def ask(app: Any, world: make.World, signed: make.Signed, key: str, by: make.Person) -> None:
    with make.acting(app):
        petition = make.petition(world.petition_id)
        evidence.ask_contact(signed.id, key, access=make.ACCESS, petition=petition, by=make.account(by), at=utcnow())


def test_the_code_sent_to_the_official_contact_arrives_as_evidence(app: Any) -> None:
    world = listed(app, VERA, evidence_rule=3)
    signed = signs(app, world, "Луговая Вера", "МО Речное")
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    case = held(app, world, signed, by)
    assert case.contacts == {"r1"}
    ask(app, world, signed, "r1", by)
    with pytest.raises(ContactAskedError):
        ask(app, world, signed, "r1", by)
    code = make.mailed_code(app, "vera@example.org")
    with make.acting(app):
        signature = db.session.get_one(Signature, signed.id)
        assert evidence.contact_waits(signature, at=utcnow())
        evidence.answer_contact(signature, code.lower(), at=utcnow())
        assert not evidence.contact_waits(signature, at=utcnow())
    with make.looking(app):
        found = evidence.list_evidence(signed.id)
        assert [(one.kind, one.strength, one.account_id) for one in found] == [("official_contact", 3, None)]
    words = {"outcome": "verified", "eligible": "on_roster", "entry": "r1"}
    assert make.decide(app, world.petition_id, signed.id, by, **words) == "verified"


def test_a_contact_that_is_not_marked_safe_is_not_written_to(app: Any) -> None:
    world = listed(app, GLEB)
    signed = signs(app, world, "Дольный Глеб", "МО Лесное")
    make.seal(app, world.petition_id)
    by = world.reviewers[0]
    assert held(app, world, signed, by).contacts == frozenset()
    with pytest.raises(NoSafeContactError):
        ask(app, world, signed, "r2", by)
    with make.looking(app):
        assert db.session.query(jobs.Job).filter_by(name="signatures.mail_code").count() == 0


def test_five_wrong_codes_or_fourteen_days_end_a_request(app: Any) -> None:
    world = listed(app, VERA)
    signed = signs(app, world, "Луговая Вера", "МО Речное")
    make.seal(app, world.petition_id)
    held(app, world, signed, world.reviewers[0])
    ask(app, world, signed, "r1", world.reviewers[0])
    code = make.mailed_code(app, "vera@example.org")
    with make.looking(app):
        signature = db.session.get_one(Signature, signed.id)
        assert not evidence.contact_waits(signature, at=utcnow() + timedelta(days=15))
    with make.acting(app):
        signature = db.session.get_one(Signature, signed.id)
        for _ in range(5):
            with pytest.raises(OfficialCodeError):
                evidence.answer_contact(signature, "0000-0000", at=utcnow())
        with pytest.raises(OfficialCodeError):
            evidence.answer_contact(signature, code, at=utcnow())
