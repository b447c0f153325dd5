"""What could harm everybody takes two organizers: one asks for exactly one act, another confirms it within a day."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from petition_app.accounts import approvals
from petition_app.accounts import services as accounts
from petition_app.accounts.models import ApprovalRequest, Membership
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.keys.models import KeyWrap
from petition_app.petitions import freezing
from petition_app.storage.db import db
from petition_app.web import fresh_sign_in
from tests import dumps
from tests import factories as make

PAYLOAD = {"purpose": "check", "addresses": False}


def ask(
    app: Any, world: make.World, by: make.Person, *, kind: str = "export_names", at: Any = None, **words: Any
) -> UUID:
    with make.acting(app):
        asker = make.account(by)
        assert asker
        payload = words or PAYLOAD
        return approvals.ask(kind, payload, petition_id=world.petition_id, by=asker, at=at or utcnow()).id


def confirm(
    app: Any, world: make.World, request_id: UUID, by: make.Person, *, at: Any = None, digest: str = ""
) -> None:
    with make.acting(app):
        request, confirmer = db.session.get_one(ApprovalRequest, request_id), make.account(by)
        assert confirmer
        approvals.confirm(
            request_id, digest or request.digest.hex(), petition_id=world.petition_id, by=confirmer, at=at or utcnow()
        )


def leave(app: Any, world: make.World, by: make.Person, *, at: Any = None, **words: Any) -> None:
    with make.acting(app):
        who = make.account(by)
        assert who
        payload = words or PAYLOAD
        approvals.require_leave("export_names", payload, petition_id=world.petition_id, by=who, at=at or utcnow())


def state(app: Any, request_id: UUID) -> str:
    with make.looking(app):
        return db.session.get_one(ApprovalRequest, request_id).state


@pytest.fixture
def two(app: Any) -> tuple[make.World, make.Person]:
    world = make.make_world(app)
    return world, make.make_person(app, world.petition_id, "organizer")


def test_another_organizer_confirms_and_both_stand_in_the_trail(app: Any, two: Any) -> None:
    world, other = two
    request_id = ask(app, world, world.organizer)
    with pytest.raises(approvals.LeaveNeededError):
        leave(app, world, world.organizer)
    confirm(app, world, request_id, other)
    leave(app, world, world.organizer)
    with make.looking(app):
        found = db.session.execute(
            db.select(AuditEvent.act, AuditEvent.actor_id)
            .where(AuditEvent.object_id == request_id)
            .order_by(AuditEvent.at)
        )
        assert set(map(tuple, found)) == {
            ("approval.asked_export_names", world.organizer.id),
            ("approval.confirmed_export_names", other.id),
            ("approval.used_export_names", world.organizer.id),
        }
    with pytest.raises(approvals.LeaveNeededError):  # Once.
        leave(app, world, world.organizer)


def test_the_leave_is_for_exactly_this_by_exactly_this_person(app: Any, two: Any) -> None:
    world, other = two
    confirm(app, world, ask(app, world, world.organizer), other)
    for by, words in ((other, {}), (world.organizer, {"purpose": "check", "addresses": True})):
        with pytest.raises(approvals.LeaveNeededError):
            leave(app, world, by, **words)
    leave(app, world, world.organizer)


def test_nobody_confirms_their_own_request(app: Any, two: Any) -> None:
    world, _other = two
    request_id = ask(app, world, world.organizer)
    with pytest.raises(approvals.SecondPersonError):
        confirm(app, world, request_id, world.organizer)
    assert state(app, request_id) == "open"


def test_only_organizers_of_this_petition_confirm(app: Any, two: Any) -> None:
    world, _other = two
    elsewhere = make.make_world(app, "elsewhere", mode="standard")
    request_id = ask(app, world, world.organizer)
    for person in (world.reviewers[0], world.auditor, elsewhere.organizer):
        with pytest.raises(NotFoundError):
            confirm(app, world, request_id, person)
    with pytest.raises(NotFoundError):  # The same request by way of another petition.
        confirm(app, elsewhere, request_id, elsewhere.organizer)
    assert state(app, request_id) == "open"


def test_what_is_a_day_old_does_nothing(app: Any, two: Any) -> None:
    world, other = two
    now = utcnow()
    request_id = ask(app, world, world.organizer, at=now)
    with pytest.raises(approvals.NotOpenError):
        confirm(app, world, request_id, other, at=now + timedelta(hours=24))
    later = ask(app, world, world.organizer, at=now + timedelta(hours=24))
    confirm(app, world, later, other, at=now + timedelta(hours=47))
    with pytest.raises(approvals.LeaveNeededError):
        leave(app, world, world.organizer, at=now + timedelta(hours=71))


def test_what_was_refused_or_taken_back_does_nothing(app: Any, two: Any) -> None:
    world, other = two
    for person, ends in ((other, "refused"), (world.organizer, "taken_back")):
        request_id = ask(app, world, world.organizer)
        with make.acting(app):
            approvals.refuse(request_id, petition_id=world.petition_id, by=make.account(person), at=utcnow())
        assert state(app, request_id) == ends
        with pytest.raises(approvals.NotOpenError):
            confirm(app, world, request_id, other)


def test_a_leave_can_be_taken_back_before_it_is_used(app: Any, two: Any) -> None:
    world, other = two
    request_id = ask(app, world, world.organizer)
    confirm(app, world, request_id, other)
    with make.acting(app):
        approvals.refuse(request_id, petition_id=world.petition_id, by=make.account(world.organizer), at=utcnow())
    with pytest.raises(approvals.LeaveNeededError):
        leave(app, world, world.organizer)


def test_a_request_ends_with_the_role_of_who_asked(app: Any, two: Any) -> None:
    world, other = two
    third = make.make_person(app, world.petition_id, "organizer")
    waiting, given = ask(app, world, third), ask(app, world, third, purpose="records")
    confirm(app, world, given, other)
    with make.acting(app):
        member = accounts.find_member(third.email, petition_id=world.petition_id)
        accounts.change_role(
            member.id, petition_id=world.petition_id, role="auditor", by=make.account(other), at=utcnow()
        )
    with pytest.raises(approvals.NotOpenError):
        confirm(app, world, waiting, other)
    with pytest.raises(NotFoundError):
        leave(app, world, third, purpose="records")


def test_what_is_confirmed_is_what_was_shown(app: Any, two: Any) -> None:
    world, other = two
    request_id = ask(app, world, world.organizer)
    another = ask(app, world, world.organizer, purpose="records")
    with make.looking(app):
        digest = db.session.get_one(ApprovalRequest, another).digest.hex()
    with pytest.raises(approvals.ChangedMeanwhileError):
        confirm(app, world, request_id, other, digest=digest)
    with make.acting(app):  # Somebody writes into the database.
        db.session.get_one(ApprovalRequest, request_id).payload = {"purpose": "check", "addresses": True}
    with pytest.raises(approvals.ChangedMeanwhileError):
        confirm(app, world, request_id, other)
    confirm(app, world, another, other)
    with make.acting(app):
        db.session.get_one(ApprovalRequest, another).payload = PAYLOAD
    with pytest.raises(approvals.LeaveNeededError):
        leave(app, world, world.organizer)


def test_a_single_organizer_is_told_what_to_do(app: Any) -> None:
    world = make.make_world(app)
    with pytest.raises(approvals.OnlyOrganizerError, match="Make somebody you trust an organizer"):
        ask(app, world, world.organizer)


def test_who_was_made_an_organizer_by_a_colleague_waits_a_day(app: Any, two: Any) -> None:
    world, other = two
    puppet = make.make_person(app, world.petition_id, "reviewer")
    with make.acting(app):
        member = accounts.find_member(puppet.email, petition_id=world.petition_id)
        by = make.account(world.organizer)
        accounts.change_role(member.id, petition_id=world.petition_id, role="organizer", by=by, at=utcnow())
    request_id = ask(app, world, world.organizer)
    with pytest.raises(approvals.NewOrganizerError):
        confirm(app, world, request_id, puppet)
    later = utcnow() + timedelta(hours=24, seconds=1)
    confirm(app, world, ask(app, world, world.organizer, at=later), puppet, at=later)
    confirm(app, world, request_id, other)


def test_the_same_is_not_asked_for_twice(app: Any, two: Any) -> None:
    world, other = two
    ask(app, world, world.organizer)
    for by in (world.organizer, other):
        with pytest.raises(approvals.AskedAlreadyError):
            ask(app, world, by)


def test_what_cannot_be_carried_out_leaves_the_request_open(app: Any, two: Any) -> None:
    world, other = two
    request_id = ask(app, world, world.organizer, kind="unfreeze", frozen_at="never")
    client = make.signed_in(app, other)
    answer = press(client, world, request_id, "confirm", digest=digest_shown(client, world))
    assert "has changed meanwhile" in client.get(answer.location).text
    assert state(app, request_id) == "open"


def test_two_who_confirm_at_once_carry_it_out_once(app: Any, two: Any) -> None:
    world, other = two
    third = make.make_person(app, world.petition_id, "organizer")
    with make.acting(app):
        freezing.freeze(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
        freezing.unfreeze(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    with make.looking(app):
        request_id = db.session.scalars(db.select(ApprovalRequest.id)).one()
    start, problems = threading.Barrier(2), []

    def press_it(person: make.Person) -> None:
        start.wait()
        try:
            confirm(app, world, request_id, person)
        except Exception as error:
            problems.append(type(error))

    threads = [threading.Thread(target=press_it, args=(person,)) for person in (other, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [approvals.NotOpenError]
    with make.looking(app):
        acts = list(db.session.scalars(db.select(AuditEvent.act)))
        assert acts.count("petition.unfrozen") == acts.count("approval.confirmed_unfreeze") == 1
        assert make.petition(world.petition_id).frozen_at is None


# --- keys -------------------------------------------------------------------------------------------------------


def held(app: Any, world: make.World, person: make.Person) -> int:
    with make.looking(app):
        return len(db.session.scalars(db.select(KeyWrap).where(KeyWrap.account_id == person.id)).all())


def post(client: Any, world: make.World, path: str, **data: Any) -> Any:
    token = make.csrf_token(client, "/organizer/password")
    return client.post(f"/organizer/p/{world.slug}{path}", data={"csrf_token": token, **data})


def digest_shown(client: Any, world: make.World) -> str:
    page = client.get(f"/organizer/p/{world.slug}/approvals")
    return str(make.form_with(page, "csrf_token", "digest")["digest"])


def press(client: Any, world: make.World, request_id: UUID, what: str, **data: Any) -> Any:
    return post(client, world, f"/approvals/{request_id}/{what}", **data)


def only_request(app: Any) -> UUID:
    with make.looking(app):
        return db.session.scalars(db.select(ApprovalRequest.id).where(ApprovalRequest.state == "open")).one()


@pytest.mark.parametrize("road", ["keys", "role"])
def test_a_colleagues_keys_are_taken_by_two(app: Any, road: str) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    other = make.make_person(app, world.petition_id, "organizer")
    colleague = world.reviewers[0]
    with make.looking(app):
        member = db.session.scalars(db.select(Membership.id).where(Membership.account_id == colleague.id)).one()
    path = f"/keys/take/{colleague.id}" if road == "keys" else f"/people/{member}/remove"
    asker, confirmer = make.signed_in(app, world.organizer), make.signed_in(app, other)
    assert post(asker, world, path).status_code == 303
    assert held(app, world, colleague) == 1
    request_id = only_request(app)
    assert press(asker, world, request_id, "confirm", digest="00").status_code == 303
    assert held(app, world, colleague) == 1
    page = confirmer.get(f"/organizer/p/{world.slug}/approvals").text
    assert "Reviewer Invented" in page
    press(confirmer, world, request_id, "confirm", digest=digest_shown(confirmer, world))
    assert held(app, world, colleague) == 0
    with make.looking(app):
        still = db.session.scalars(db.select(Membership.id).where(Membership.account_id == colleague.id)).first()
    assert (still is None) == (road == "role")


def test_a_single_organizer_takes_no_keys_and_can_still_freeze(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    client = make.signed_in(app, world.organizer)
    answer = post(client, world, f"/keys/take/{world.reviewers[0].id}")
    assert "you are the only one" in client.get(answer.location).text
    assert held(app, world, world.reviewers[0]) == 1
    post(client, world, "/freeze", to="on")
    with make.looking(app):
        assert make.petition(world.petition_id).frozen_at


def test_everybody_gives_up_their_own_keys_alone(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    post(make.signed_in(app, world.organizer), world, f"/keys/take/{world.organizer.id}")
    assert held(app, world, world.organizer) == 0


def test_the_operator_acts_alone_and_the_trail_says_so(app: Any, cli: Any) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    cli("keys", "take", world.slug, world.reviewers[0].email)
    assert held(app, world, world.reviewers[0]) == 0
    trail = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/trail").text
    row = next(part for part in trail.split("<tr") if "took keys away" in part)
    assert "the operator" in row


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_overview_tells_of_what_waits_and_the_page_reads_in_russian(app: Any, two: Any) -> None:
    world, other = two
    client = make.signed_in(app, other)
    assert "waits for a second organizer" not in client.get(f"/organizer/p/{world.slug}").text
    ask(app, world, world.organizer, kind="unfreeze", frozen_at="x")
    assert "1 act waits for a second organizer" in client.get(f"/organizer/p/{world.slug}").text
    page = client.get(f"/organizer/p/{world.slug}/approvals?lang=ru").text
    assert "Два организатора" in page
    assert "End the freeze" not in page


def test_an_auditor_reads_what_waits_and_a_reviewer_does_not(app: Any, two: Any) -> None:
    world, _other = two
    request_id = ask(app, world, world.organizer)
    auditor, reviewer = make.signed_in(app, world.auditor), make.signed_in(app, world.reviewers[0])
    page = auditor.get(f"/organizer/p/{world.slug}/approvals")
    assert "Export with names" in page.text
    assert "Confirm: do it" not in page.text
    assert reviewer.get(f"/organizer/p/{world.slug}/approvals").status_code == 404
    before = dumps.tables(app)
    for client in (auditor, reviewer):
        for what in ("confirm", "refuse"):
            assert press(client, world, request_id, what, digest="00").status_code == 404
    assert dumps.tables(app) == before


def test_an_old_sign_in_gives_the_password_again(app: Any, two: Any, monkeypatch: Any) -> None:
    world, other = two
    request_id = ask(app, world, world.organizer)
    client = make.signed_in(app, other)
    digest = digest_shown(client, world)
    now = utcnow()
    monkeypatch.setattr(fresh_sign_in, "utcnow", lambda: now + fresh_sign_in.LASTS)
    assert 'name="password_again"' in client.get(f"/organizer/p/{world.slug}/approvals").text
    for password in ("", "not my password at all"):
        press(client, world, request_id, "confirm", digest=digest, password_again=password)
        assert state(app, request_id) == "open"
    with make.looking(app):
        assert "account.sign_in_failed" in set(db.session.scalars(db.select(AuditEvent.act)))
    press(client, world, request_id, "confirm", digest=digest, password_again=make.PASSWORD)
    assert state(app, request_id) == "confirmed"
    assert 'name="password_again"' not in client.get(f"/organizer/p/{world.slug}/approvals").text
