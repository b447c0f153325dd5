"""Bulk acts: what is chosen, what is done, and that all of it can be stopped and taken back."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.accounts.models import Membership
from petition_app.accounts.services import remove_member
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.roster import services as rosters
from petition_app.roster.file_reader import Entry
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.tally import services as publishing
from petition_app.verification.bulk import runs as bulk_runs
from petition_app.verification.bulk import services as acts
from petition_app.verification.bulk.choice import Filter, chosen_ids, count_chosen
from petition_app.verification.bulk.services import BulkStateError, LookedTooLongAgoError, NothingChosenError
from petition_app.verification.desk import evidence
from petition_app.verification.desk.evidence import NewEvidence
from petition_app.verification.matching_cases import matches
from petition_app.verification.models import Bulk, BulkCase, Decision
from petition_app.worker import loop as worker
from tests import factories as make

pytestmark = pytest.mark.standard("A sealed petition decides no case in bulk.")

TODAY = utcnow().date()
PEOPLE = (
    ("Колчина", "Валентина", "Борисовна"), ("Пыжов", "Павел", "Владимирович"), ("Сухоруков", "Леонид", "Сергеевич"),
    ("Завьялова", "Инна", "Игоревна"), ("Тюленев", "Глеб", "Маркович"), ("Щедрина", "Ольга", "Николаевна"),
    ("Журавлёв", "Захар", "Егорович"), ("Барсукова", "Дарья", "Фёдоровна"), ("Лобанов", "Кирилл", "Андреевич"),
    ("Эйхман", "Роза", "Абрамовна"), ("Хворостов", "Юрий", "Иванович"), ("Мещерская", "Жанна", "Олеговна"),
)  # fmt: skip
EASY = Filter(strength=0)


def admit_roster(app: Any, world: make.World, *people: tuple[str, str, str]) -> None:
    """Bring in a roster of these people, and match who waits."""
    entries = [
        Entry(key=f"R{number}", surname=one[0], given=one[1], patronymic=one[2], body="МО Северное")
        for number, one in enumerate(people, 1)
    ]
    with make.acting(app):
        version = rosters.begin(
            make.petition(world.petition_id), name="Deputies", as_of=TODAY, columns=["name"], by=None, at=utcnow(),
            sha256=hashlib.sha256(str(people).encode()).digest(),
        )  # fmt: skip
        rosters.stage(version.id, entries)
        rosters.admit(version.id, by=None, at=utcnow())


def match_all(app: Any, world: make.World) -> None:
    with make.acting(app):
        while matches.match_waiting(make.petition(world.petition_id), at=utcnow()):
            pass


def rostered(app: Any, number: int = 4, **policy: Any) -> tuple[make.World, list[make.Signed]]:
    """Make a world in which this many signatures of people on the roster are being checked."""
    world = make.make_world(app, roster=True, **policy)
    admit_roster(app, world, *PEOPLE)
    signed = [
        make.make_signature(app, world.petition_id, " ".join(one), place="МО Северное") for one in PEOPLE[:number]
    ]
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    return world, signed


def prove(app: Any, world: make.World, case: UUID, strength: int = 2, *, by: Any = None, **words: Any) -> None:
    """Have a reviewer record evidence."""
    by = by or world.reviewers[0]
    make.take_case(app, world.petition_id, case, by)
    new = NewEvidence(**({"kind": "public_profile", "strength": strength, "on": TODAY, "seen": "A page."} | words))
    with make.acting(app):
        evidence.add(
            case, new, access=make.ACCESS, petition=make.petition(world.petition_id), by=make.account(by), at=utcnow()
        )
    make.put_back(app, world.petition_id, case, by)


def count(app: Any, world: make.World, chosen: Filter = EASY, by: Any = None) -> int:
    with make.looking(app):
        return count_chosen(
            chosen,
            petition=make.petition(world.petition_id),
            by=make.account(by or world.organizer),
            at=utcnow(),
        )


def prepare(app: Any, world: make.World, chosen: Filter = EASY, *, by: Any = None, at: Any = None) -> UUID:
    with make.acting(app):
        return acts.prepare(
            chosen,
            petition=make.petition(world.petition_id),
            by=make.account(by or world.organizer),
            at=at or utcnow(),
        ).id


def do(app: Any, act: Any, world: make.World, bulk_id: UUID, *, by: Any = None, at: Any = None) -> None:
    with make.acting(app):
        act(
            bulk_id,
            petition=make.petition(world.petition_id),
            by=make.account(by or world.organizer),
            at=at or utcnow(),
        )


def work(app: Any, jobs: int = 1000) -> None:
    """Let the worker do so many jobs."""
    with app.app_context():
        while jobs and worker.run_job():
            jobs -= 1


def verify_all(app: Any, world: make.World, chosen: Filter = EASY, *, by: Any = None) -> UUID:
    bulk_id = prepare(app, world, chosen, by=by)
    do(app, acts.start, world, bulk_id, by=by)
    work(app)
    return bulk_id


def results(app: Any, bulk_id: UUID) -> dict[str, int]:
    with make.looking(app):
        return acts.progress(db.session.get_one(Bulk, bulk_id)).results


def bulk_state(app: Any, bulk_id: UUID) -> str:
    with make.looking(app):
        return db.session.get_one(Bulk, bulk_id).state


def states(app: Any, signed: list[make.Signed]) -> Counter[str]:
    return Counter(make.state_of(app, one.id) for one in signed)


def decisions(app: Any, world: make.World) -> Counter[str]:
    with make.looking(app):
        found = db.session.scalars(db.select(Decision.outcome).where(Decision.petition_id == world.petition_id))
        return Counter(found)


def trail(app: Any, act: str) -> list[tuple[UUID | None, UUID | None, int]]:
    with make.looking(app):
        rows = db.session.scalars(db.select(AuditEvent).where(AuditEvent.act == act))
        return [(row.actor_id, row.object_id, row.number) for row in rows]


@pytest.fixture
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make slices so short that a few cases need several."""
    monkeypatch.setattr(bulk_runs, "SLICE", 2)


# --- choosing ---------------------------------------------------------------------------------------------------


def test_the_number_shown_is_the_number_done(app: Any, slices_of_two: None) -> None:
    world, signed = rostered(app, 5)
    assert count(app, world) == 5
    bulk_id = verify_all(app, world)
    assert (bulk_state(app, bulk_id), results(app, bulk_id)) == ("done", {"done": 5})
    assert states(app, signed) == {"verified": 5}
    assert decisions(app, world) == {"verified": 5}
    assert make.problems(app, world.petition_id) == []
    with make.looking(app):
        publication = publishing.get_publication(make.petition(world.petition_id))
        assert publication is not None
        assert publication.tally["verified"] == 5


def test_a_bulk_verdict_is_like_any_other_and_says_from_which_act_it_came(app: Any) -> None:
    world, signed = rostered(app, 1)
    bulk_id = verify_all(app, world)
    with make.looking(app):
        (decision,) = db.session.scalars(db.select(Decision).where(Decision.signature_id == signed[0].id))
        assert (decision.account_id, decision.bulk_id) == (world.organizer.id, bulk_id)
        assert (decision.eligible, decision.roster_number, decision.enacted) == ("on_roster", 1, True)
        assert decision.entry_mark is not None
        assert decision.contact is None
    assert trail(app, "case.decided_verified") == [(world.organizer.id, signed[0].id, 1)]
    assert trail(app, "bulk.started") == [(world.organizer.id, bulk_id, 1)]


def test_the_filter_asks_for_a_batch(app: Any) -> None:
    world, _ = rostered(app, 2)
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[5]), place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    numbers = [count(app, world, Filter(batch, strength=0)) for batch in (None, 0, 1, 2)]
    assert numbers == [3, 0, 2, 1]


def test_the_filter_asks_for_a_match(app: Any) -> None:
    world, _ = rostered(app, 2)
    make.make_signature(app, world.petition_id, "Щедрина", place="")
    make.make_signature(app, world.petition_id, "Никто Нигде", place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    assert count(app, world, EASY) == 2
    assert count(app, world, Filter(match="possible", strength=0)) == 3


def test_the_filter_asks_for_evidence_that_stands(app: Any) -> None:
    world, signed = rostered(app, 4)
    for strength, one in enumerate(signed):
        if strength:
            prove(app, world, one.id, strength)
    assert [count(app, world, Filter(strength=least)) for least in range(4)] == [4, 3, 2, 1]
    make.take_case(app, world.petition_id, signed[3].id, world.reviewers[0])
    with make.acting(app):
        (found,) = evidence.list_evidence(signed[3].id)
        people = {"petition": make.petition(world.petition_id), "by": make.account(world.reviewers[0])}
        evidence.remove(found.id, signed[3].id, **people, at=utcnow())
    make.put_back(app, world.petition_id, signed[3].id, world.reviewers[0])
    assert [count(app, world, Filter(strength=least)) for least in range(4)] == [4, 2, 1, 0]


def test_what_the_policy_refuses_is_not_chosen(app: Any) -> None:
    world, signed = rostered(app, 3, evidence_rule=2, evidence_kinds=["live_call"])
    prove(app, world, signed[0].id, 3)
    prove(app, world, signed[1].id, 1, kind="live_call")
    prove(app, world, signed[2].id, 2, kind="live_call")
    assert count(app, world) == 1
    verify_all(app, world)
    assert [make.state_of(app, one.id) for one in signed] == ["checking", "checking", "verified"]


def test_who_may_be_somebody_else_too_is_never_chosen(app: Any) -> None:
    world, _ = rostered(app, 3)
    # Signed again by name, with another mailbox; and by another person from the mailbox of a third.
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[0]), place="МО Северное")
    assert count(app, world) == 2
    make.make_signature(app, world.petition_id, "Никто Нигде", email="shared@example.org")
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[7]), place="МО Северное", email="shared@example.org")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    assert count(app, world) == 2


def test_matches_with_an_older_roster_are_not_chosen(app: Any) -> None:
    world, _ = rostered(app, 2)
    admit_roster(app, world, *PEOPLE[1:])
    assert count(app, world) == 0
    match_all(app, world)
    assert count(app, world) == 1


def test_nobody_sees_by_the_filter_what_others_decided(app: Any) -> None:
    world, signed = rostered(app, 3, reviewers=2)
    make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], outcome="rejected", reason="not_eligible")
    assert count(app, world) == 3


def test_what_this_person_decided_or_vouched_for_is_not_chosen(app: Any) -> None:
    world, signed = rostered(app, 3, reviewers=2)
    make.decide(app, world.petition_id, signed[0].id, world.organizer, outcome="rejected", reason="not_eligible")
    prove(app, world, signed[1].id, 2, by=world.organizer, kind="vouched", own_word=True)
    assert count(app, world) == 1


def test_a_filter_that_fits_nothing_is_refused(app: Any) -> None:
    world, _ = rostered(app, 1)
    with pytest.raises(NothingChosenError):
        prepare(app, world, Filter(strength=3))


def test_ten_examples_are_opened_to_the_one_who_chose_and_that_is_recorded(app: Any) -> None:
    world, signed = rostered(app, 12)
    before = len(trail(app, "case.opened"))
    bulk_id, at = prepare(app, world), utcnow()
    with make.acting(app):
        by, bulk = make.account(world.organizer), db.session.get_one(Bulk, bulk_id)
        examples = acts.draw_examples(bulk, by=by, at=at)
        assert acts.draw_examples(bulk, by=by, at=at + timedelta(minutes=11)) == []
        assert acts.draw_examples(bulk, by=make.account(world.reviewers[0]), at=at) == []
    assert len(examples) == 10
    names = {one.name for one in signed}
    for one in examples:
        assert one.name in names
        assert one.entry is not None
        assert one.entry.name == one.name
        assert (one.match, one.evidence) == ("strong", [])
    opened = trail(app, "case.opened")[before:]
    assert {object_id.hex[:8] for _, object_id, _ in opened if object_id} >= {one.number for one in examples}
    assert len(opened) == 10


def test_choosing_again_forgets_what_was_never_started(app: Any) -> None:
    world, _ = rostered(app, 2)
    old, new = prepare(app, world), prepare(app, world)
    with make.looking(app):
        assert db.session.get(Bulk, old) is None
        assert set(db.session.scalars(db.select(BulkCase.bulk_id))) == {new}


def test_an_old_choice_is_not_started(app: Any) -> None:
    world, signed = rostered(app, 1)
    bulk_id = prepare(app, world)
    with pytest.raises(LookedTooLongAgoError):
        do(app, acts.start, world, bulk_id, at=utcnow() + timedelta(minutes=11))
    work(app)
    assert states(app, signed) == {"checking": 1}


# --- running ----------------------------------------------------------------------------------------------------


def test_what_comes_in_after_the_number_was_shown_is_not_decided(app: Any) -> None:
    world, _ = rostered(app, 2)
    bulk_id = prepare(app, world)
    late = make.make_signature(app, world.petition_id, " ".join(PEOPLE[8]), place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    do(app, acts.start, world, bulk_id)
    work(app)
    assert make.state_of(app, late.id) == "checking"
    assert results(app, bulk_id) == {"done": 2}


def test_what_has_moved_meanwhile_is_skipped_and_says_why(app: Any) -> None:
    world, signed = rostered(app, 6, reviewers=1, staff=2)
    for one in signed:
        prove(app, world, one.id)
    bulk_id = prepare(app, world, Filter(strength=2))
    one, other = world.reviewers
    make.withdraw(app, signed[0])
    make.decide(app, world.petition_id, signed[1].id, one, outcome="rejected", reason="not_eligible")
    make.ask(app, world.petition_id, signed[2].id, one)
    make.take_case(app, world.petition_id, signed[4].id, one)
    with make.acting(app):
        (found,) = evidence.list_evidence(signed[4].id)
        people = {"petition": make.petition(world.petition_id), "by": make.account(one)}
        evidence.remove(found.id, signed[4].id, **people, at=utcnow())
    make.put_back(app, world.petition_id, signed[4].id, one)
    make.take_case(app, world.petition_id, signed[3].id, other)
    do(app, acts.start, world, bulk_id)
    work(app)
    assert results(app, bulk_id) == {"moved": 3, "held": 1, "changed": 1, "done": 1}
    assert make.state_of(app, signed[5].id) == "verified"
    assert make.problems(app, world.petition_id) == []


def test_a_name_much_like_another_is_left_to_people(app: Any) -> None:
    world, signed = rostered(app, 2)
    bulk_id = prepare(app, world)
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[0][:2]), place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    do(app, acts.start, world, bulk_id)
    work(app)
    assert results(app, bulk_id) == {"alike": 1, "done": 1}
    assert [make.state_of(app, one.id) for one in signed] == ["checking", "verified"]


def test_a_kill_between_slices_loses_and_repeats_nothing(app: Any, slices_of_two: None) -> None:
    world, signed = rostered(app, 7)
    bulk_id = prepare(app, world)
    do(app, acts.start, world, bulk_id)
    work(app, jobs=2)
    assert Counter(results(app, bulk_id)) in (Counter(done=2, waiting=5), Counter(done=4, waiting=3))
    with make.acting(app):
        for job in db.session.scalars(db.select(Job)):
            db.session.delete(job)
    work(app)
    assert bulk_state(app, bulk_id) == "running"
    for _ in range(2):  # Waking twice makes two rounds, which do not get in each other's way.
        do(app, acts.start, world, bulk_id)
    work(app)
    assert (bulk_state(app, bulk_id), results(app, bulk_id)) == ("done", {"done": 7})
    assert decisions(app, world) == {"verified": 7}
    assert states(app, signed) == {"verified": 7}


def test_a_slice_that_fails_half_way_leaves_nothing_behind(
    app: Any, slices_of_two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = rostered(app, 4)
    bulk_id = prepare(app, world)
    do(app, acts.start, world, bulk_id)
    with make.looking(app):
        third = chosen_ids(
            EASY, petition=make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow()
        )
        broken = list(db.session.scalars(third))[3]
    whole = bulk_runs.record_verdict

    def breaks(signature: Any, *words: Any, **more: Any) -> Any:
        decision = whole(signature, *words, **more)
        if signature.id == broken:
            raise RuntimeError
        return decision

    monkeypatch.setattr(bulk_runs, "record_verdict", breaks)
    work(app)
    assert results(app, bulk_id) == {"done": 2, "waiting": 2}
    assert decisions(app, world) == {"verified": 2}
    monkeypatch.undo()
    do(app, acts.start, world, bulk_id)
    work(app)
    assert results(app, bulk_id) == {"done": 4}
    assert make.problems(app, world.petition_id) == []


def test_it_is_stopped_half_way(app: Any, slices_of_two: None) -> None:
    world, signed = rostered(app, 5)
    bulk_id = prepare(app, world)
    do(app, acts.start, world, bulk_id)
    while results(app, bulk_id).get("done", 0) == 0:
        work(app, jobs=1)
    do(app, acts.cancel, world, bulk_id)
    work(app)
    assert (bulk_state(app, bulk_id), results(app, bulk_id)) == ("cancelled", {"done": 2, "waiting": 3})
    assert states(app, signed) == {"verified": 2, "checking": 3}
    for act in (acts.start, acts.cancel):
        with pytest.raises(BulkStateError):
            do(app, act, world, bulk_id)
    do(app, acts.undo, world, bulk_id)
    work(app)
    assert states(app, signed) == {"checking": 5}
    assert results(app, bulk_id) == {"undone": 2, "waiting": 3}


def test_it_stops_when_its_organizer_is_none_any_more(app: Any, slices_of_two: None) -> None:
    world, signed = rostered(app, 3)
    other = make.make_person(app, world.petition_id, "organizer")
    bulk_id = prepare(app, world, by=other)
    do(app, acts.start, world, bulk_id, by=other)
    with make.acting(app):
        (membership,) = db.session.scalars(db.select(Membership.id).where(Membership.account_id == other.id))
        remove_member(membership, petition_id=world.petition_id, by=None, at=utcnow())
    work(app)
    assert bulk_state(app, bulk_id) == "cancelled"
    assert states(app, signed) == {"checking": 3}


def test_where_two_must_agree_a_second_verdict_is_needed_in_bulk_or_one_by_one(app: Any) -> None:
    world, signed = rostered(app, 3, reviewers=2)
    second = make.make_person(app, world.petition_id, "organizer")
    verify_all(app, world)
    assert states(app, signed) == {"checking": 3}
    assert count(app, world) == 0
    assert count(app, world, by=second) == 3
    entry = {"outcome": "verified", "eligible": "on_roster", "entry": "R1"}
    assert make.decide(app, world.petition_id, signed[0].id, world.reviewers[0], **entry) == "verified"
    verify_all(app, world, by=second)
    assert states(app, signed) == {"verified": 3}
    assert make.problems(app, world.petition_id) == []


# --- taking back ------------------------------------------------------------------------------------------------


def test_taken_back_as_one_act_everything_is_as_before_and_each_correction_is_told(
    app: Any, slices_of_two: None
) -> None:
    world, signed = rostered(app, 5)
    before = make.tally(app, world.petition_id)
    bulk_id = verify_all(app, world)
    with make.looking(app):
        assert acts.count_standing(db.session.get_one(Bulk, bulk_id)) == (5, 5)
    do(app, acts.undo, world, bulk_id)
    assert bulk_state(app, bulk_id) == "undoing"
    work(app)
    assert (bulk_state(app, bulk_id), results(app, bulk_id)) == ("undone", {"undone": 5})
    assert states(app, signed) == {"checking": 5}
    after = make.tally(app, world.petition_id)
    assert after["corrections"] == 5
    assert {**after, "corrections": 0, "as_of": ""} == {**before, "as_of": ""}
    assert make.problems(app, world.petition_id) == []
    assert trail(app, "bulk.undone") == [(world.organizer.id, bulk_id, 5)]
    assert count(app, world) == 5
    with pytest.raises(BulkStateError):
        do(app, acts.undo, world, bulk_id)


def test_taking_back_leaves_alone_what_has_moved_on(app: Any) -> None:
    world, signed = rostered(app, 4)
    bulk_id = verify_all(app, world)
    make.withdraw(app, signed[0])
    make.act(app, "retract", world.petition_id, signed[1].id, world.organizer, reason="denies_signing")
    make.act(app, "reopen", world.petition_id, signed[2].id, world.organizer)
    with make.looking(app):
        assert acts.count_standing(db.session.get_one(Bulk, bulk_id)) == (1, 1)
    do(app, acts.undo, world, bulk_id)
    work(app)
    assert results(app, bulk_id) == {"kept": 3, "undone": 1}
    assert [make.state_of(app, one.id) for one in signed] == ["withdrawn", "retracted", "checking", "checking"]
    assert make.problems(app, world.petition_id) == []


def test_taking_back_one_of_two_verdicts_leaves_the_other(app: Any) -> None:
    world, signed = rostered(app, 2, reviewers=2)
    second = make.make_person(app, world.petition_id, "organizer")
    first_act = verify_all(app, world)
    with make.looking(app):
        assert acts.count_standing(db.session.get_one(Bulk, first_act)) == (2, 0)
    verify_all(app, world, by=second)
    assert states(app, signed) == {"verified": 2}
    do(app, acts.undo, world, first_act)
    work(app)
    assert states(app, signed) == {"checking": 2}
    assert (count(app, world), count(app, world, by=second)) == (2, 0)
    verify_all(app, world)
    assert states(app, signed) == {"verified": 2}
    assert make.problems(app, world.petition_id) == []


# --- pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_only_organizers_act_in_bulk(app: Any, role: str) -> None:
    world, _ = rostered(app, 1)
    bulk_id = prepare(app, world)
    person = world.reviewers[0] if role == "reviewer" else world.auditor
    client, here = make.signed_in(app, person), f"/organizer/p/{world.slug}/bulk"
    token = make.csrf_token(client, "/organizer/password")
    for path in ("", f"/{bulk_id}", f"/{bulk_id}/undo"):
        assert client.get(here + path).status_code == 404
    for path in ("", f"/{bulk_id}/run", f"/{bulk_id}/cancel", f"/{bulk_id}/undo"):
        assert client.post(here + path, data={"csrf_token": token}).status_code == 404
    with pytest.raises(NotFoundError):
        do(app, acts.start, world, bulk_id, by=person)
    assert bulk_state(app, bulk_id) == "waiting"


def test_what_one_organizer_has_chosen_and_not_started_another_does_not_see(app: Any) -> None:
    world, _ = rostered(app, 1)
    other = make.make_world(app, "other-letter").organizer
    colleague = make.make_person(app, world.petition_id, "organizer")
    bulk_id = prepare(app, world)
    for person, slug in ((colleague, world.slug), (other, "other-letter")):
        assert make.signed_in(app, person).get(f"/organizer/p/{slug}/bulk/{bulk_id}").status_code == 404


def test_the_road_from_the_filter_to_taking_back_over_the_pages(app: Any) -> None:
    world, signed = rostered(app, 3)
    client, here = make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/bulk"
    assert here in client.get(f"/organizer/p/{world.slug}").text
    form = make.form_with(client.get(here), "batch", "match", "strength")
    assert (form["match"], form["strength"]) == ("strong", "2")
    refused = client.post(here, data=form)
    assert refused.status_code == 422
    assert "No case fits this filter" in refused.text
    assert client.post(here, data=form | {"match": "any"}).status_code == 422
    chosen = client.post(here, data=form | {"strength": "0", "batch": "1"})
    assert chosen.status_code == 303
    page = client.get(chosen.location)
    assert "Refresh" not in page.headers
    assert "3 examples, drawn at random" in page.text
    assert all(page.text.count(one.name) == 2 for one in signed)
    token = {"csrf_token": form["csrf_token"]}
    run = client.post(f"{chosen.location}/run", data=token)
    running = client.get(run.location)
    assert running.headers["Refresh"] == "2"
    assert not any(one.name in running.text for one in signed)
    work(app)
    done = client.get(run.location)
    assert "Refresh" not in done.headers
    asked = client.get(f"{chosen.location}/undo")
    assert "3 signatures count now and would no longer." in asked.text
    assert client.post(f"{chosen.location}/cancel", data=token).status_code == 303
    assert "This can no longer be done" in client.get(run.location).text
    client.post(f"{chosen.location}/undo", data=token)
    work(app)
    assert states(app, signed) == {"checking": 3}
    assert client.get(f"{chosen.location}/undo").status_code == 303
    assert "taken back" in client.get(here).text


def test_without_a_roster_there_is_nothing_to_choose_by(app: Any) -> None:
    world = make.make_world(app)
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/bulk").text
    assert "This petition has no roster" in page
    assert count(app, world) == 0
