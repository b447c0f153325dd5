"""Re-checks: committed to in advance, drawn when all is decided, blind, and changing nothing by itself."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app import audit
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services as publishing
from petition_app.verification.decisions import reopening
from petition_app.verification.sampling import rechecks
from petition_app.verification.sampling import services as sampling
from petition_app.verification.sampling.models import Recheck, Sample
from petition_app.verification.sampling.results import Result, list_published
from petition_app.verification.sampling.rules import draw, finding, seed_hash
from tests import factories as make
from tests.conftest import only_sqlite

HERE = f"/organizer/p/{make.SLUG}"


# --- rules --------------------------------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32), st.sets(st.binary(min_size=32, max_size=32), max_size=30), st.data())
def test_the_sample_follows_from_the_seed_alone(seed: bytes, members: set[bytes], data: Any) -> None:
    size = data.draw(st.integers(1, 40))
    drawn = draw(seed, members, size)
    assert drawn == draw(seed, data.draw(st.permutations(sorted(members))), size)
    assert len(set(drawn)) == len(drawn) == min(size, len(members))
    assert set(drawn) <= members
    assert draw(seed, members, size + 1)[:size] == drawn


def test_every_case_is_drawn_about_equally_often() -> None:
    members = [bytes([number]) * 32 for number in range(10)]
    seeds = [hashlib.sha256(str(number).encode()).digest() for number in range(2000)]
    drawn = [member for seed in seeds for member in draw(seed, members, 3)]
    assert all(520 <= drawn.count(member) <= 680 for member in members)


@pytest.mark.parametrize(
    ("population", "counts", "found"),
    [
        ("verified", True, "right"), ("verified", False, "wrong"),
        ("not_counted", True, "wrong"), ("not_counted", False, "right"),
    ],
)  # fmt: skip
def test_a_finding_is_right_where_the_second_look_agrees(population: str, counts: bool, found: str) -> None:
    assert finding(population, counts=counts) == found


# --- services -----------------------------------------------------------------------------------------------------


def world_in_checking(app: Any, number: int = 4, **fields: Any) -> tuple[make.World, list[make.Signed]]:
    """Make a batch that is being checked."""
    world = make.make_world(app, **fields)
    signed = [make.make_signature(app, world.petition_id) for _ in range(number)]
    make.seal(app, world.petition_id, by=world.organizer)
    return world, signed


def commit(
    app: Any,
    world: make.World,
    *,
    population: str = "verified",
    size: int = 3,
    number: int = 1,
    by: make.Person | None = None,
) -> UUID:
    with make.acting(app):
        return sampling.commit_to(
            make.petition(world.petition_id),
            number=number,
            population=population,
            size=size,
            by=make.account(by or world.auditor),
            at=utcnow(),
        ).id


def draw_now(app: Any, world: make.World, *, number: int = 1, by: make.Person | None = None) -> None:
    with make.acting(app):
        petition = make.petition(world.petition_id)
        sampling.draw_sample(petition, number=number, by=make.account(by or world.auditor), at=utcnow())


def take(app: Any, world: make.World, by: make.Person, *, at: Any = None) -> tuple[UUID, UUID] | None:
    with make.acting(app):
        petition, account = make.petition(world.petition_id), make.account(by)
        assert account is not None
        taken = rechecks.take_next(petition, number=1, by=account, at=at or utcnow())
        return (taken.id, taken.signature_id) if taken else None


def find(app: Any, world: make.World, recheck_id: UUID, by: make.Person, *, counts: bool, note: str = "") -> None:
    with make.acting(app):
        petition, account = make.petition(world.petition_id), make.account(by)
        assert account is not None
        rechecks.record_finding(
            recheck_id, counts=counts, note=note, access=make.ACCESS, petition=petition, by=account, at=utcnow()
        )


def rows(app: Any, model: Any) -> list[Any]:
    with make.looking(app):
        found = list(db.session.scalars(db.select(model)))
        db.session.expunge_all()
        return found


def test_the_seed_is_sealed_until_the_batch_is_decided(app: Any) -> None:
    world, signed = world_in_checking(app)
    commit(app, world)
    (sealed,) = rows(app, Sample)
    assert sealed.seed is None
    for one in signed:
        with pytest.raises(sampling.BatchOpenError):
            draw_now(app, world)
        make.decide_by_all(app, world, one.id)
    draw_now(app, world)
    (told,) = rows(app, Sample)
    assert seed_hash(told.seed) == sealed.seed_hash == told.seed_hash
    assert told.seed not in sealed.seed_box
    assert told.members == 4
    with make.looking(app):
        commitments = {row.commitment: row.id for row in db.session.scalars(db.select(Signature))}
    expected = [commitments[c] for c in draw(told.seed, commitments, 3)]
    drawn = sorted(rows(app, Recheck), key=lambda row: row.position)
    assert [row.signature_id for row in drawn] == expected


def test_drawing_twice_changes_nothing(app: Any) -> None:
    world, signed = world_in_checking(app, 2)
    commit(app, world)
    for one in signed:
        make.decide_by_all(app, world, one.id)
    draw_now(app, world)
    before = [(row.id, row.position) for row in rows(app, Recheck)]
    draw_now(app, world)
    assert [(row.id, row.position) for row in rows(app, Recheck)] == before


def test_nothing_is_committed_to_once_the_batch_is_decided(app: Any) -> None:
    world, signed = world_in_checking(app, 1)
    make.decide_by_all(app, world, signed[0].id)
    with pytest.raises(sampling.BatchDecidedError):
        commit(app, world)


def test_a_batch_has_one_sample_and_it_cannot_be_chosen_again(app: Any) -> None:
    world, _ = world_in_checking(app)
    commit(app, world)
    with pytest.raises(sampling.SampleShapeError):
        commit(app, world)
    with pytest.raises(sampling.NoSampleError):
        draw_now(app, world, number=7)


@pytest.mark.parametrize(("population", "size"), [("verified", 0), ("verified", 10_001), ("all", 5)])
def test_a_sample_has_a_kind_and_a_size(app: Any, population: str, size: int) -> None:
    world, _ = world_in_checking(app, 1)
    with pytest.raises(sampling.SampleShapeError):
        commit(app, world, population=population, size=size)


@pytest.mark.parametrize("who", ["organizer", "reviewer"])
def test_only_an_auditor_commits_and_draws(app: Any, who: str) -> None:
    world, signed = world_in_checking(app, 1)
    person = world.organizer if who == "organizer" else world.reviewers[0]
    with pytest.raises(NotFoundError):
        commit(app, world, by=person)
    commit(app, world)
    make.decide_by_all(app, world, signed[0].id)
    with pytest.raises(NotFoundError):
        draw_now(app, world, by=person)


def test_initial_signatories_are_looked_at_again_too(app: Any) -> None:
    world = make.make_world(app)
    make.import_rows(app, world.petition_id, "Ada Sample", initial=True)
    commit(app, world, number=0)
    assert rows(app, Sample)[0].size == 3


def test_what_was_not_counted_can_be_looked_at_again(app: Any) -> None:
    world, signed = world_in_checking(app, 3)
    commit(app, world, population="not_counted")
    make.decide_by_all(app, world, signed[0].id)
    make.decide_by_all(app, world, signed[1].id, outcome="rejected", reason="not_eligible")
    make.decide_by_all(app, world, signed[2].id, outcome="duplicate", duplicate_of=signed[0].id)
    draw_now(app, world)
    assert {row.signature_id for row in rows(app, Recheck)} == {signed[1].id, signed[2].id}
    taken = take(app, world, world.auditor)
    assert taken is not None
    find(app, world, taken[0], world.auditor, counts=True)
    assert [row.finding for row in rows(app, Recheck) if row.finding] == ["wrong"]


def left(app: Any, by: make.Person) -> int:
    """Count what one person can still look at again in the only sample."""
    with make.looking(app):
        return rechecks.count_left(db.session.scalars(db.select(Sample)).one(), by=make.account(by))


@pytest.mark.everywhere
def test_who_decided_on_a_case_never_re_checks_it(app: Any) -> None:
    world, signed = world_in_checking(app, 3)
    commit(app, world)
    decider = world.reviewers[0]
    for one in signed[:2]:
        make.decide(app, world.petition_id, one.id, decider)
    make.decide(app, world.petition_id, signed[2].id, world.organizer)
    draw_now(app, world)
    with make.acting(app):
        db.session.execute(db.text("UPDATE memberships SET role = 'auditor' WHERE role = 'reviewer'"))
    assert (left(app, decider), left(app, world.auditor)) == (1, 3)
    taken = take(app, world, decider)
    assert taken is not None
    assert taken[1] == signed[2].id
    find(app, world, taken[0], decider, counts=True)
    assert take(app, world, decider) is None
    assert take(app, world, world.auditor) is not None


def test_a_case_is_held_by_one_auditor_for_a_day(app: Any) -> None:
    world, signed = world_in_checking(app, 1)
    commit(app, world)
    make.decide_by_all(app, world, signed[0].id)
    draw_now(app, world)
    second = make.make_person(app, world.petition_id, "auditor")
    first = take(app, world, world.auditor)
    assert first is not None
    assert take(app, world, world.auditor) == first
    assert take(app, world, second) is None
    with pytest.raises(rechecks.NotHeldError):
        find(app, world, first[0], second, counts=True)
    assert take(app, world, second, at=utcnow() + timedelta(hours=25)) == first
    with pytest.raises(rechecks.NotHeldError):
        find(app, world, first[0], world.auditor, counts=True)
    find(app, world, first[0], second, counts=True)
    with pytest.raises(rechecks.NotHeldError):
        find(app, world, first[0], second, counts=False)


def test_a_withdrawn_case_is_left_alone_and_the_rest_makes_the_result(app: Any) -> None:
    world, signed = world_in_checking(app, 3)
    commit(app, world)
    for one in signed:
        make.decide_by_all(app, world, one.id)
    draw_now(app, world)
    make.withdraw(app, signed[0])
    while taken := take(app, world, world.auditor):
        assert taken[1] != signed[0].id
        find(app, world, taken[0], world.auditor, counts=True)
    (result,) = shown(app, world)
    assert (result.done, result.gone) == (2, 1)
    assert result.bound is not None
    assert (result.bound.raw, result.bound.sample) == (3, 2)


def shown(app: Any, world: make.World) -> list[Result]:
    """Publish, and return the samples as the public sees them."""
    with make.acting(app):
        publishing.publish_now(make.petition(world.petition_id), by=None, at=utcnow())
    with make.looking(app):
        newest = publishing.get_publication(make.petition(world.petition_id))
        assert newest is not None
        return list_published(make.petition(world.petition_id), as_of=newest.as_of, kept=newest.samples)


@pytest.mark.parametrize("database", ["sealed"], indirect=True)
def test_who_takes_a_signature_back_is_not_seen_beside_a_sample_before_the_next_publication(
    app: Any, client: Any
) -> None:
    world, signed = world_in_checking(app, 3)
    commit(app, world)
    for one in signed:
        make.decide_by_all(app, world, one.id)
    draw_now(app, world)
    taken = take(app, world, world.auditor)
    assert taken is not None
    find(app, world, taken[0], world.auditor, counts=True)
    (before,) = shown(app, world)
    page = client.get(f"/p/{world.slug}/how-we-check").text
    assert "looked at again, chosen at random" in page
    make.withdraw(app, next(one for one in signed if one.id != taken[1]))
    make.lock_keys()
    assert client.get(f"/p/{world.slug}/how-we-check").text == page
    with make.acting(app):
        by = make.account(world.organizer)
        assert by is not None
        reopening.reopen(taken[1], petition=make.petition(world.petition_id), by=by, at=utcnow())
    assert client.get(f"/p/{world.slug}/how-we-check").text == page, "nor that a case is open again"
    (after,) = shown(app, world)
    assert (before.gone, after.gone) == (0, 1)
    assert (before.closed, after.closed) == (True, False)


def test_the_second_look_changes_no_state_and_no_number(app: Any) -> None:
    world, signed = world_in_checking(app, 2)
    commit(app, world)
    for one in signed:
        make.decide_by_all(app, world, one.id)
    draw_now(app, world)
    before = make.tally(app, world.petition_id)
    while taken := take(app, world, world.auditor):
        find(app, world, taken[0], world.auditor, counts=False, note="The person does not exist.")
    after = make.tally(app, world.petition_id)
    assert {**before, "as_of": ""} == {**after, "as_of": ""}
    assert make.problems(app, world.petition_id) == []


def test_the_public_sees_nothing_newer_than_the_publication(app: Any) -> None:
    world, signed = world_in_checking(app, 2)
    start = utcnow()
    commit(app, world)
    committed = utcnow()
    for one in signed:
        make.decide_by_all(app, world, one.id)
    draw_now(app, world)
    drawn = utcnow()
    while taken := take(app, world, world.auditor):
        find(app, world, taken[0], world.auditor, counts=True)
    with make.looking(app):
        petition = make.petition(world.petition_id)
        seen = [list_published(petition, as_of=moment, kept=None) for moment in (start, committed, drawn, utcnow())]
    assert seen[0] == []
    assert [(one.seed is None, one.bound is None, one.done) for (one,) in seen[1:]] == [
        (True, True, 0), (False, True, 0), (False, False, 2),
    ]  # fmt: skip


# --- pages --------------------------------------------------------------------------------------------------------


def press(client: Any, path: str, **data: Any) -> Any:
    return client.post(HERE + path, data={"csrf_token": make.csrf_token(client, "/organizer/password"), **data})


def public(app: Any) -> str:
    make.publish_waiting(app)
    return str(app.test_client().get(f"/p/{make.SLUG}/how-we-check?lang=en").text)


def test_the_whole_road_from_the_promise_to_the_printed_bound(app: Any) -> None:
    world, signed = world_in_checking(app, 5)
    auditor, organizer = make.signed_in(app, world.auditor), make.signed_in(app, world.organizer)
    assert "Re-checked at random" not in public(app)
    assert press(auditor, "/samples", number=1, population="verified", size=4).status_code == 303
    page = public(app)
    promised = re.findall(r"\b[0-9a-f]{64}\b", page)
    assert len(promised) == 1
    assert "4 verified cases are looked at again, chosen at random." in page
    assert "sealed until every case of the batch is decided" in page
    assert "can be drawn once every case" in auditor.get(HERE + "/samples").text
    assert press(auditor, "/samples/draw", number=1).status_code == 409

    for one in signed:
        make.decide_by_all(app, world, one.id, outcome="verified", note="I know her well.")
    assert press(auditor, "/samples/next", number=1).status_code == 409
    assert press(auditor, "/samples/draw", number=1).status_code == 303
    hashed, seed = re.findall(r"\b[0-9a-f]{64}\b", public(app))
    assert hashed == promised[0] == hashlib.sha256(bytes.fromhex(seed)).hexdigest()

    for turn in range(4):
        assert press(auditor, "/samples/next", number=1).headers["Location"].split("?")[0].endswith("/samples/recheck")
        page = auditor.get(HERE + "/samples/recheck").text
        form = make.form_with(auditor.get(HERE + "/samples/recheck"), "recheck", "note")
        (case,) = [row for row in rows(app, Recheck) if str(row.id) == form["recheck"]]
        (who,) = [one for one in signed if one.id == case.signature_id]
        assert who.name in page
        for told in ("I know her well.", case.signature_id.hex[:8], "Reviewer Invented", "not verified", "rejected"):
            assert told not in page, told
        assert press(auditor, "/samples/recheck", recheck=form["recheck"]).status_code == 422
        answer = {"counts": "no" if turn == 3 else "yes", "note": "Nobody answers." if turn == 3 else ""}
        assert press(auditor, "/samples/recheck", recheck=form["recheck"], **answer).status_code == 303
        assert ("re-checked" in public(app)) == (turn == 3)

    words = "5 verified, 4 re-checked, 1 wrong: at least 3 are right."
    assert words in public(app)
    assert words in auditor.get(HERE + "/samples").text
    flagged = organizer.get(HERE + "/samples").text
    assert words in flagged
    link = re.search(rf'href="{HERE}/decided/([0-9a-f-]+)', flagged)
    assert link
    assert "Nobody answers." in make.open_decided(organizer, UUID(link.group(1))).text
    assert f"{HERE}/decided/" not in auditor.get(HERE + "/samples").text
    assert "You hold no case" in auditor.get(HERE + "/samples/recheck").text


def test_a_case_put_back_comes_again(app: Any) -> None:
    world, signed = world_in_checking(app, 1)
    commit(app, world)
    make.decide_by_all(app, world, signed[0].id)
    draw_now(app, world)
    auditor = make.signed_in(app, world.auditor)
    press(auditor, "/samples/next", number=1)
    held = make.form_with(auditor.get(HERE + "/samples/recheck"), "recheck", "note")["recheck"]
    assert press(auditor, "/samples/recheck/put-back", recheck=held).status_code == 303
    assert "You hold no case" in auditor.get(HERE + "/samples/recheck").text
    assert press(auditor, "/samples/recheck", recheck=held, counts="yes").status_code == 409
    press(auditor, "/samples/next", number=1)
    assert signed[0].name in auditor.get(HERE + "/samples/recheck").text
    # The page that was open before finishes the case all the same: it is theirs again.
    assert press(auditor, "/samples/recheck", recheck=held, counts="yes").status_code == 303
    assert press(auditor, "/samples/next", number=1).headers["Location"].split("?")[0].endswith("/samples")


def test_every_act_stands_in_the_trail_without_leading_to_the_case(app: Any) -> None:
    world, signed = world_in_checking(app, 1)
    commit(app, world)
    make.decide_by_all(app, world, signed[0].id)
    draw_now(app, world)
    taken = take(app, world, world.auditor)
    assert taken is not None
    find(app, world, taken[0], world.auditor, counts=True)
    with make.looking(app):
        events = audit.list_events(petition_id=world.petition_id)
        mine = {event.act: event.object_id for event in events if event.actor_id == world.auditor.id}
    assert set(mine) == {"sample.committed", "sample.drawn", "recheck.opened", "recheck.done"}
    assert signed[0].id not in mine.values()


@only_sqlite
@pytest.mark.parametrize("path", ["/samples", "/samples/recheck", "/estimate"])
def test_reviewers_do_not_find_the_samples(app: Any, path: str) -> None:
    world, _ = world_in_checking(app, 1)
    reviewer, organizer = make.signed_in(app, world.reviewers[0]), make.signed_in(app, world.organizer)
    assert reviewer.get(HERE + path).status_code == 404
    assert press(reviewer, path).status_code == 404
    assert organizer.get(HERE + path).status_code == (404 if path == "/samples/recheck" else 200)


@only_sqlite
def test_a_form_without_sense_is_shown_again(app: Any) -> None:
    world, _ = world_in_checking(app, 1)
    auditor = make.signed_in(app, world.auditor)
    for path in ("/samples", "/samples/draw", "/samples/next", "/samples/recheck"):
        assert press(auditor, path).status_code == 422, path
    for wrong in ({"number": 9, "size": 5}, {"number": 1, "size": 0}, {"number": 1, "size": "many"}):
        assert press(auditor, "/samples", population="verified", **wrong).status_code == 422, wrong
    assert press(auditor, "/samples/draw", number=10**30).status_code == 422
    assert rows(app, Sample) == []


@only_sqlite
def test_an_estimate_is_explained_in_a_sentence(app: Any) -> None:
    world, _ = world_in_checking(app, 1)
    organizer = make.signed_in(app, world.organizer)
    page = press(organizer, "/estimate", rule="california", raw=24034, sample=722, valid=516, duplicates=2)
    assert "A sample of 722 of 24034 signatures was checked; an estimated 15028 of all are valid." in page.text
    assert "71.47%" in page.text
    page = press(organizer, "/estimate", rule="recheck", raw=84, sample=20, wrong=0)
    assert "84 verified, 20 re-checked, none wrong: at least 74 are right." in page.text
    page = press(organizer, "/estimate", rule="colorado", raw=100_000, sample=100, valid=90, required=80_000)
    assert "The law asks for a sample of at least 5,000." in page.text
    assert "sufficient" in page.text
    page = press(organizer, "/estimate", rule="recheck", raw=10, sample=20, wrong=0)
    assert page.status_code == 422
    assert "A sample of 20 cannot come from 10." in page.text
    assert press(organizer, "/estimate", rule="recheck", raw="x").status_code == 422
    assert press(organizer, "/estimate", rule="utah").status_code == 422
