"""B45: nobody is verified under a policy that asks for less than the one under which they signed."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from petition_app.accounts import approvals
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import services as petitions
from petition_app.petitions.policy_rules import Policy
from petition_app.petitions.services import NewPetition
from petition_app.signatures import services as signing
from petition_app.signatures.models import SealedKey, Signature
from petition_app.storage.db import db
from petition_app.tally.models import Update
from petition_app.verification import rules
from petition_app.verification.cases.decision_log import verdicts_of
from petition_app.verification.decisions.policy import PolicyError
from petition_app.verification.models import Batch, Decision
from petition_app.web import fresh_sign_in
from tests import factories as make
from tests.bars.test_b08_no_downgrade import edited

CALL = {"outcome": "verified", "contact": "live_call", "contacted_on": utcnow().date()}
BARE = {"outcome": "verified"}
FULL: dict[str, Any] = {
    "reviewers": 2, "match_rule": "possible", "evidence_rule": 3, "evidence_kinds": ("live_call", "in_person")
}  # fmt: skip


def team(app: Any, **fields: Any) -> tuple[make.World, make.Person]:
    world = make.make_world(app, staff=3, **fields)
    return world, make.make_person(app, world.petition_id, "organizer")


def edit(app: Any, world: make.World, by: make.Person | None = None, *, at: Any = None, **changes: Any) -> bool:
    with make.acting(app):
        found = make.petition(world.petition_id)
        now = {name: getattr(found, name) for name in Policy.__dataclass_fields__}
        new = edited(found, **(now | changes))
        who = make.account(by or world.organizer)
        return petitions.edit(found, new, has_signed=signing.has_any, by=who, at=at or utcnow())


def agree(app: Any, world: make.World, by: make.Person, *, at: Any = None) -> None:
    with make.acting(app):
        request, who = approvals.list_open(world.petition_id, at=at or utcnow())[-1], make.account(by)
        assert who
        approvals.confirm(request.id, request.digest.hex(), petition_id=world.petition_id, by=who, at=at or utcnow())


def policy(app: Any, world: make.World) -> Policy:
    with make.looking(app):
        return Policy.of(make.petition(world.petition_id))


def told(app: Any, world: make.World) -> list[str]:
    make.publish_waiting(app)
    with make.looking(app):
        found = db.select(Update).where(Update.petition_id == world.petition_id, Update.kind.like("rules_%"))
        return [update.texts["en"] for update in db.session.scalars(found.order_by(Update.at))]


# --- raised by one, lowered by two ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "less",
    [
        {"reviewers": 1},
        {"match_rule": "any"},
        {"evidence_rule": 2},
        {"evidence_rule": 0},
        {"evidence_kinds": ()},
        {"evidence_kinds": ("live_call", "document")},
        {"evidence_kinds": ("vouched",)},
        {"roster": False},
        {"reviewers": 1, "match_rule": "strong"},
    ],
)
def test_what_asks_for_less_takes_two_and_is_told(app: Any, less: dict[str, Any]) -> None:
    world, other = team(app, **(FULL | {"roster": True}))
    make.make_signature(app, world.petition_id)
    before = policy(app, world)
    assert edit(app, world, **less) is False
    assert policy(app, world) == before
    assert told(app, world) == []
    agree(app, world, other)
    assert policy(app, world) == Policy.read(before.as_json() | less)
    (words,) = told(app, world)
    assert "two organizers agreed" in words
    with make.looking(app):
        acts = {row.act: row.actor_id for row in db.session.scalars(db.select(AuditEvent))}
    assert acts["approval.asked_policy"] == world.organizer.id
    assert acts["approval.confirmed_policy"] == acts["petition.rules_lowered"] == other.id


@pytest.mark.parametrize(
    "more", [{"reviewers": 3}, {"match_rule": "strong"}, {"evidence_kinds": ("live_call",)}, {"roster": True}]
)
def test_what_asks_for_more_takes_one_and_is_told(app: Any, more: dict[str, Any]) -> None:
    world, _other = team(app, **FULL)
    make.make_signature(app, world.petition_id)
    assert edit(app, world, **more) is True
    (words,) = told(app, world)
    assert "tightened" in words


def test_before_the_first_signature_one_organizer_chooses_alone(app: Any) -> None:
    world, _other = team(app, **FULL)
    assert edit(app, world, reviewers=1, evidence_rule=0) is True
    assert policy(app, world).reviewers == 1
    assert told(app, world) == []


def test_the_rest_of_the_form_is_saved_while_the_rules_wait(app: Any) -> None:
    world, other = team(app, **FULL)
    make.make_signature(app, world.petition_id)
    assert edit(app, world, reviewers=1, goal=777) is False
    with make.looking(app):
        assert make.petition(world.petition_id).goal == 777
    edit(app, world, reviewers=3, goal=778)  # Meanwhile it changes: what was asked for fits no more.
    with pytest.raises(approvals.ChangedMeanwhileError):
        agree(app, world, other)
    assert policy(app, world).reviewers == 3


def test_nobody_confirms_what_they_asked_for_themselves(app: Any) -> None:
    world, _other = team(app, **FULL)
    make.make_signature(app, world.petition_id)
    before = policy(app, world)
    edit(app, world, reviewers=1)
    with suppress(approvals.SecondPersonError):
        agree(app, world, world.organizer)
    assert policy(app, world) == before


def test_a_single_organizer_lowers_nothing(app: Any) -> None:
    world = make.make_world(app, **FULL)
    make.make_signature(app, world.petition_id)
    with pytest.raises(approvals.OnlyOrganizerError):
        edit(app, world, reviewers=1)
    assert policy(app, world).reviewers == 2


# --- for later batches only -------------------------------------------------------------------------------------


def lowered(app: Any, world: make.World, other: make.Person, *, at: Any = None, **less: Any) -> None:
    assert edit(app, world, at=at, **less) is False
    agree(app, world, other, at=at)


def test_a_sealed_batch_and_the_next_keep_the_policy_of_those_who_signed(app: Any) -> None:
    world, other = team(app, reviewers=2, evidence_rule=3)
    sealed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    waiting, unconfirmed = make.make_signature(app, world.petition_id), make.submit(app, world.petition_id)
    lowered(app, world, other, reviewers=1, evidence_rule=0)
    make.seal(app, world.petition_id)
    late = make.confirm(app, world.petition_id, unconfirmed)
    make.seal(app, world.petition_id)
    for one in (sealed, waiting, late):
        with pytest.raises(PolicyError):
            make.decide(app, world.petition_id, one.id, world.reviewers[0], **BARE)
        assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **CALL) == "checking"
        assert make.decide(app, world.petition_id, one.id, world.reviewers[1], **CALL) == "verified"


def test_who_signs_long_after_is_checked_by_the_new_policy(app: Any) -> None:
    now = utcnow()
    world, other = team(app, reviewers=2, evidence_rule=3)
    old = make.make_signature(app, world.petition_id)
    lowered(app, world, other, reviewers=1, evidence_rule=0)
    make.seal(app, world.petition_id, at=now + timedelta(days=32))
    new = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, at=now + timedelta(days=32))
    assert make.decide(app, world.petition_id, new.id, world.reviewers[0], **BARE) == "verified"
    assert make.decide(app, world.petition_id, old.id, world.reviewers[0], **CALL) == "checking"


def test_initial_signatories_keep_theirs_too(app: Any) -> None:
    world, other = team(app, reviewers=2)
    make.import_rows(app, world.petition_id, make.new_name(), initial=True)
    edit(app, world, reviewers=3)
    make.import_rows(app, world.petition_id, make.new_name(), initial=True)
    lowered(app, world, other, reviewers=1)
    with make.looking(app):
        signature = db.session.scalars(db.select(Signature.id)).first()
        kept = db.session.scalars(db.select(Batch.policies).where(Batch.number == 0)).one()
    assert signature
    assert {one["reviewers"] for one in kept} == {2, 3}
    for reviewer in world.reviewers[:2]:
        assert make.decide(app, world.petition_id, signature, reviewer, **CALL) == "checking"
    assert make.decide(app, world.petition_id, signature, world.reviewers[2], **CALL) == "verified"


def test_undoing_a_verdict_counts_by_the_policy_of_the_batch(app: Any) -> None:
    world, other = team(app, reviewers=2)
    one = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, one.id, world.reviewers[0])
    make.decide(app, world.petition_id, one.id, world.reviewers[1])
    assert make.state_of(app, one.id) == "verified"
    lowered(app, world, other, reviewers=1)
    make.act(app, "undo", world.petition_id, one.id, world.organizer)
    assert make.state_of(app, one.id) == "checking"


def test_blind_verdicts_stay_blind_after_lowering(app: Any) -> None:
    world, other = team(app, reviewers=2)
    one = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.decide(app, world.petition_id, one.id, world.reviewers[0], outcome="rejected", reason="not_found")
    lowered(app, world, other, reviewers=1)
    client = make.signed_in(app, world.organizer)
    for page in ("trail", "decided"):
        shown = client.get(f"/organizer/p/{world.slug}/{page}").text.lower().split("<h1", 1)[1]
        assert "not verified" not in re.sub("<select.*?</select>", "", shown, flags=re.DOTALL)


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_leads_through_it_and_asks_for_the_password(app: Any, monkeypatch: Any) -> None:
    world, other = team(app, reviewers=2)
    make.make_signature(app, world.petition_id)
    one, two = make.signed_in(app, world.organizer), make.signed_in(app, other)
    path = f"/organizer/p/{world.slug}/edit"
    form = make.form_with(one.get(path), "title_en", "goal")
    now = utcnow()
    with monkeypatch.context() as later:
        later.setattr(fresh_sign_in, "utcnow", lambda: now + fresh_sign_in.LASTS)
        answer = one.post(path, data=form | {"reviewers": "1"})
        assert answer.status_code == 200
        assert 'name="password_again"' in answer.text
        wrong = one.post(path, data=form | {"reviewers": "1", "password_again": "wrong"})
        assert "not your password" in wrong.text
        assert one.post(path, data=form | {"reviewers": "3"}).status_code == 303  # To tighten needs none.
        answer = one.post(path, data=form | {"reviewers": "1", "password_again": make.PASSWORD})
    assert answer.headers["Location"].endswith("/approvals")
    page = two.get(f"/organizer/p/{world.slug}/approvals")
    assert "reviewers who must agree: 1 (before: 3)" in page.text
    button = next(form for form in make.forms_of(page) if form["action"].endswith("/confirm"))
    two.post(button["action"], data=button["fields"])
    assert policy(app, world).reviewers == 1
    make.publish_waiting(app)
    public = app.test_client().get(f"/p/{world.slug}/how-we-check").text
    assert "relaxed after people had signed" in public
    assert "need 3 reviewers" in public


# --- while the first signature arrives --------------------------------------------------------------------------


def edit_while_somebody_signs(app: Any, world: make.World, **changes: Any) -> tuple[list[str], list[type]]:
    """Edit with a pause after the look whether anybody has signed, and sign in the pause; return what came when."""
    looked, order, problems = threading.Event(), [], []

    def has_signed(petition_id: Any) -> bool:
        found = signing.has_any(petition_id)
        looked.set()
        signer.join(1)  # Whoever signs is through by then, or waits.
        return found

    def sign() -> None:
        looked.wait(10)
        try:
            make.submit(app, world.petition_id)
            order.append("signed")
        except DomainError as error:
            problems.append(type(error))

    signer = threading.Thread(target=sign)
    signer.start()
    with make.acting(app):
        found = make.petition(world.petition_id)
        now = {name: getattr(found, name) for name in Policy.__dataclass_fields__}
        new: NewPetition = replace(edited(found, **now), **changes)
        petitions.edit(found, new, has_signed=has_signed, by=make.account(world.organizer), at=utcnow())
        order.append("edited")
    signer.join()
    return order, problems


def test_the_policy_is_not_lowered_alone_while_the_first_signature_arrives(app: Any) -> None:
    world, _other = team(app, **FULL)
    order, problems = edit_while_somebody_signs(app, world, reviewers=1)
    assert problems == []
    assert order == ["edited", "signed"]


@pytest.mark.standard("it begins in standard mode")
def test_the_mode_is_not_switched_while_the_first_signature_arrives(app: Any) -> None:
    world, _other = team(app, mode="standard")
    _order, problems = edit_while_somebody_signs(app, world, mode="sealed", mail="none")
    with make.looking(app):
        assert make.petition(world.petition_id).mode == "sealed"
        assert db.session.scalars(db.select(SealedKey)).all() == []
        assert db.session.scalars(db.select(Signature)).all() == []
    assert len(problems) == 1


# --- any order --------------------------------------------------------------------------------------------------


KINDS = st.sampled_from([(), ("live_call",)])


class PolicyWalk(RuleBasedStateMachine):
    """Organizers raise and lower, people sign, batches are sealed, reviewers decide, in any order."""

    app: Any

    def __init__(self) -> None:
        super().__init__()
        self.world, self.other = team_of(self.app)
        self.signed: dict[Any, Policy] = {}
        self.lowerings = 0

    def _try(self, act: Any) -> None:
        try:
            act()
        except (DomainError, AssertionError):
            return

    @rule()
    def sign(self) -> None:
        one = make.make_signature(self.app, self.world.petition_id)
        self.signed[one.id] = policy(self.app, self.world)

    @rule(
        reviewers=st.integers(1, 3), evidence_rule=st.sampled_from([0, 3]), kinds=st.sampled_from([(), ("live_call",)])
    )
    def change(self, reviewers: int, evidence_rule: int, kinds: tuple[str, ...]) -> None:
        before = policy(self.app, self.world)
        words = {"reviewers": reviewers, "evidence_rule": evidence_rule, "evidence_kinds": kinds}
        self._try(lambda: edit(self.app, self.world, **words))
        if self.signed and (after := policy(self.app, self.world)) != before:
            assert not after.asks_less_than(before), "one organizer lowered the policy"

    @rule()
    def agree(self) -> None:
        with make.looking(self.app):
            waits = approvals.list_open(self.world.petition_id, at=utcnow())
        if waits:
            self._try(lambda: agree(self.app, self.world, self.other))

    @rule()
    def seal(self) -> None:
        self._try(lambda: make.seal(self.app, self.world.petition_id))

    @rule(number=st.integers(0, 5), who=st.integers(0, 2), words=st.sampled_from([CALL, BARE, CALL]))
    def decide(self, number: int, who: int, words: dict[str, Any]) -> None:
        if self.signed:
            one = list(self.signed)[number % len(self.signed)]
            by = self.world.reviewers[who]
            self._try(lambda: make.decide(self.app, self.world.petition_id, one, by, **words))

    @rule(number=st.integers(0, 5))
    def undo(self, number: int) -> None:
        if self.signed:
            one = list(self.signed)[number % len(self.signed)]
            self._try(lambda: make.act(self.app, "undo", self.world.petition_id, one, self.world.organizer))

    @invariant()
    def nobody_is_verified_by_less_than_what_held_when_they_signed(self) -> None:
        with make.looking(self.app):
            for signature_id, asked in self.signed.items():
                if db.session.get_one(Signature, signature_id).state != "verified":
                    continue
                verdicts = [
                    one for one in rules.effective_verdicts(verdicts_of(signature_id)) if one.outcome == "verified"
                ]
                assert len({one.reviewer for one in verdicts}) >= asked.reviewers
                if asked.evidence_rule:
                    contacts = db.session.scalars(
                        db.select(Decision.contact).where(Decision.signature_id == signature_id)
                    )
                    assert "live_call" in set(contacts)


def team_of(app: Any) -> tuple[make.World, make.Person]:
    make.lock_keys()  # The keys are those of this walk's petition, not of the walk before.
    world = make.make_world(app, f"letter-{next(make._numbers)}", reviewers=2, staff=3)
    return world, make.make_person(app, world.petition_id, "organizer")


def test_no_order_of_acts_verifies_by_less_than_what_held_at_signing(app: Any) -> None:
    machine = type("ThisWalk", (PolicyWalk,), {"app": app})
    run_state_machine_as_test(
        machine, settings=hypothesis_settings(max_examples=5, stateful_step_count=40, deadline=None)
    )
