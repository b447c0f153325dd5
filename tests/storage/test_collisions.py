"""Two of the staff who do the same at one moment: one succeeds, and the other is told in words what happened."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition_app.accounts import approvals, inviting
from petition_app.accounts import services as accounts
from petition_app.accounts.models import Account, ApprovalRequest, Membership, StaffInvitation
from petition_app.clock import utcnow
from petition_app.petitions import freezing, milestones
from petition_app.petitions import services as petitions
from petition_app.petitions.models import Draft, Freeze, Petition
from petition_app.petitions.new_petition import NewPetition
from petition_app.storage.db import db
from petition_app.tally import breakdown, claims
from petition_app.tally import services as publishing
from petition_app.tally.models import Breakdown, Claim, Publication
from tests import factories as make
from tests.accounts.test_invitations import LONG, NEW, invite, mailed, take_up
from tests.collisions import beside


@pytest.fixture
def world(app: Flask) -> make.World:
    """A petition with its staff."""
    return make.make_world(app)


def count(app: Flask, model: Any, *conditions: Any) -> int:
    """Count rows."""
    with make.looking(app):
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def by(person: make.Person) -> Account:
    """Return somebody's account, within a transaction."""
    found = make.account(person)
    assert found
    return found


def acting(app: Flask, act: Callable[[], object]) -> Callable[[], str]:
    """Return an act with a transaction of its own, which says how it ended."""

    def run() -> str:
        try:
            with make.acting(app):
                act()
        except Exception as error:
            return type(error).__name__
        return "done"

    return run


# --- accounts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelled", [NEW, "Ines.New@Example.org"])
def test_one_address_that_two_invite_is_invited_once(app: Flask, world: make.World, spelled: str) -> None:
    def first() -> None:
        inviting.invite(
            petition_id=world.petition_id, email=NEW, name="Ines", role="auditor", language="ru", page="",
            by=by(world.organizer), at=utcnow(),
        )  # fmt: skip

    answer = beside(app, first, lambda: invite(app, world, email=spelled))
    assert answer.status_code == 422
    assert "This address is invited already. Send the invitation again, or take it back first." in unescape(answer.text)
    assert count(app, StaffInvitation) == 1


def test_who_takes_up_the_role_at_this_moment_is_not_invited_by_another_spelling(app: Flask, world: make.World) -> None:
    invite(app, world)
    code, _ = mailed(app)
    answer = beside(
        app,
        lambda: inviting.accept(code, name="Ines", password=LONG, at=utcnow()),
        lambda: invite(app, world, email="Ines.New@Example.org"),
    )
    assert answer.status_code == 422
    assert "This person has a role on this petition already." in answer.text
    assert count(app, StaffInvitation) == 0


def test_a_code_that_is_typed_twice_is_taken_up_once(app: Flask, world: make.World) -> None:
    invite(app, world)
    code, _ = mailed(app)
    answer = beside(
        app,
        lambda: inviting.accept(code, name="Ines", password=LONG, at=utcnow()),
        lambda: take_up(app.test_client(), code, "quite another long sentence"),
    )
    assert answer.status_code in (409, 422)
    assert "This code does not work" in answer.text
    assert count(app, Account, Account.email == NEW) == 1
    assert count(app, StaffInvitation) == 0


def test_an_address_with_two_invitations_taken_up_at_one_moment_gets_one_account(app: Flask, world: make.World) -> None:
    other = make.make_petition(app, "other")
    invite(app, world)
    code, _ = mailed(app)

    def first() -> None:
        accounts.create_account(email=NEW, name="Ines", role="auditor", petition_id=other, password=LONG, at=utcnow())

    answer = beside(app, first, lambda: take_up(app.test_client(), code, "quite another long sentence"))
    assert answer.status_code == 303
    assert count(app, Account, Account.email == NEW) == 1
    with make.looking(app):
        roles = select(Membership.role).join(Account).where(Account.email == NEW)
        assert sorted(db.session.scalars(roles)) == ["auditor", "reviewer"]
    assert "/organizer/login" not in make.sign_in(app.test_client(), NEW, LONG).location, (
        "the account keeps its first password"
    )


def test_who_gets_a_role_from_two_at_one_moment_has_the_first(app: Flask, world: make.World) -> None:
    other = make.make_petition(app, "other")
    person = world.reviewers[0]

    def give(role: str) -> None:
        accounts.give_role(by(person), petition_id=other, role=role, by=None, at=utcnow())

    assert beside(app, lambda: give("auditor"), acting(app, lambda: give("organizer"))) == "AlreadyMemberError"
    with make.looking(app):
        assert accounts.role_of_id(person.id, other) == "auditor"


def test_what_is_asked_for_twice_at_one_moment_waits_once(app: Flask, world: make.World) -> None:
    second = make.make_person(app, world.petition_id, "organizer")

    def ask(person: make.Person) -> None:
        approvals.ask("export_names", {"purpose": "check"}, petition_id=world.petition_id, by=by(person), at=utcnow())

    found = beside(app, lambda: ask(world.organizer), acting(app, lambda: ask(second)))
    assert found == "AskedAlreadyError"
    assert count(app, ApprovalRequest) == 1


@pytest.mark.parametrize("act", ["confirm", "refuse"])
def test_a_request_is_decided_once(app: Flask, world: make.World, act: str) -> None:
    second, third = (make.make_person(app, world.petition_id, "organizer") for _ in range(2))
    with make.acting(app):
        words: dict[str, Any] = {"petition_id": world.petition_id, "at": utcnow()}
        request = approvals.ask("export_names", {"purpose": "check"}, by=by(world.organizer), **words)
        id_, digest = request.id, request.digest.hex()
    client, path = make.signed_in(app, third), f"/organizer/p/{world.slug}/approvals"
    sent = {"digest": digest, "csrf_token": make.csrf_token(client, "/organizer/password")}
    answer = beside(
        app,
        lambda: approvals.confirm(id_, digest, by=by(second), **words),
        lambda: client.post(f"{path}/{id_}/{act}", data=sent),
    )
    assert answer.status_code == 303
    assert "This request is not open any more." in client.get(path).text
    with make.looking(app):
        assert db.session.get_one(ApprovalRequest, id_).decided_by_id == second.id


# --- petitions --------------------------------------------------------------------------------------------------

DRAFT = {
    "title_en": "A", "title_ru": "А", "text_en": "We ask.", "text_ru": "Мы просим.", "mode": "standard",
    "mail": "required", "reviewers": "1", "match_rule": "possible", "evidence_rule": "0",
}  # fmt: skip


def new_petition(slug: str, **values: Any) -> NewPetition:
    """Return a draft."""
    return NewPetition(
        slug=slug, titles={"en": "A"}, texts={"en": "We ask."}, addressee={}, who_may_sign={}, mode="standard", **values
    )


def test_an_address_that_two_choose_at_one_moment_is_taken(app: Flask, world: make.World) -> None:
    client = make.signed_in(app, world.organizer)
    sent = DRAFT | {"slug": "twice", "csrf_token": make.csrf_token(client, "/organizer/password")}
    answer = beside(
        app,
        lambda: petitions.create(new_petition("twice"), by=None, at=utcnow()),
        lambda: client.post("/organizer/petitions/new", data=sent),
    )
    assert answer.status_code == 422
    assert "Another petition has this address already. Please choose another one." in answer.text
    assert count(app, Petition, Petition.slug == "twice") == 1


def test_what_the_database_refuses_for_another_reason_is_not_called_a_taken_address(app: Flask) -> None:
    found = acting(app, lambda: petitions.create(new_petition("sound", goal=-1), by=None, at=utcnow()))
    assert found() == "IntegrityError"


def test_of_two_drafts_kept_at_one_moment_the_later_stands(app: Flask, world: make.World) -> None:
    client = make.signed_in(app, world.organizer)
    sent = {"act": "keep", "words_en": "Beware.", "words_ru": "Осторожно."}
    sent["csrf_token"] = make.csrf_token(client, "/organizer/password")

    def first() -> None:
        petition = make.petition(world.petition_id)
        milestones.keep_draft(petition, "notice", {"words_en": "Earlier"}, by=by(world.organizer), at=utcnow())

    answer = beside(app, first, lambda: client.post(f"/organizer/p/{world.slug}/words/notice", data=sent))
    assert answer.status_code == 303
    with make.looking(app):
        assert db.session.scalars(select(Draft)).one().fields["words_en"] == "Beware."


def test_two_who_freeze_at_one_moment_freeze_once(app: Flask, world: make.World) -> None:
    def freeze() -> None:
        freezing.freeze(make.petition(world.petition_id), by=by(world.organizer), at=utcnow())

    assert beside(app, freeze, acting(app, freeze)) == "done"
    assert count(app, Freeze) == 1


def test_a_petition_is_paused_once(app: Flask, world: make.World) -> None:
    def pause() -> None:
        petitions.change_state(make.petition(world.petition_id), "paused", by=by(world.organizer), at=utcnow())

    assert beside(app, pause, acting(app, pause)) == "StepError"


@pytest.mark.parametrize("signed", [True, False])
def test_of_two_who_edit_at_one_moment_the_later_stands(app: Flask, world: make.World, signed: bool) -> None:
    def edit(words: str) -> None:
        petition = make.petition(world.petition_id)
        new = new_petition(petition.slug)
        new = NewPetition(**(vars(new) | {"texts": {"en": words}, "mode": petition.mode}))
        petitions.edit(petition, new, has_signed=lambda _id: signed, by=by(world.organizer), at=utcnow())

    assert beside(app, lambda: edit("First."), acting(app, lambda: edit("Second."))) == "done"
    with make.looking(app):
        versions = make.petition(world.petition_id).versions
        assert [version.number for version in versions] == ([1, 2, 3] if signed else [1])
        assert versions[-1].texts == {"en": "Second."}


# --- tally ------------------------------------------------------------------------------------------------------


def test_two_who_publish_at_one_moment_publish_one_after_the_other(app: Flask, world: make.World) -> None:
    make.make_verified(app, world)

    def publish() -> None:
        publishing.publish_now(make.petition(world.petition_id), by=by(world.organizer), at=utcnow())

    assert beside(app, publish, acting(app, publish)) == "done"
    with make.looking(app):
        numbers = db.session.scalars(select(Publication.number).order_by(Publication.number)).all()
    assert list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))
    assert make.problems(app, world.petition_id) == []


def test_roles_and_places_that_are_counted_twice_at_one_moment_are_counted(app: Flask) -> None:
    world = make.make_world(app, mode="standard")
    for _ in range(breakdown.FEW):
        make.make_verified(app, world, consent=1)
    with make.acting(app):
        breakdown.forget(world.petition_id)

    def refresh() -> None:
        breakdown.refresh_one(world.petition_id, at=utcnow())

    assert beside(app, refresh, acting(app, refresh)) == "done"
    with make.looking(app):
        assert db.session.scalars(select(Breakdown.total)).all() == [breakdown.FEW]


def test_two_who_deny_one_signature_at_one_moment_hide_it_once_and_it_is_left_once(app: Flask) -> None:
    world = make.make_world(app, mode="standard")
    signed = make.make_verified(app, world)
    with make.acting(app):
        publishing.publish_now(make.petition(world.petition_id), by=None, at=utcnow())

    def claim() -> None:
        claims.claim(make.petition(world.petition_id), name=signed.name, place="", words="Not me.", at=utcnow())

    assert beside(app, claim, acting(app, claim)) == "done"
    with make.looking(app):
        (claim_id,) = db.session.scalars(select(Claim.id)).all()

    def leave() -> None:
        claims.leave(claim_id, petition=make.petition(world.petition_id), by=by(world.organizer), at=utcnow())

    assert beside(app, leave, acting(app, leave)) == "NotFoundError"
