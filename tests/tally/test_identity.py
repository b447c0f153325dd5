"""A random walk over all acts: the identity holds after every step, and no name is public without its right."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services
from petition_app.tally.models import PublishedName
from petition_app.tally.published import list_names
from petition_app.verification import rules
from petition_app.verification.cases.decision_log import verdicts_of
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app

CONTACTS = st.sampled_from([None, "in_person", "live_call"])


class Walk(RuleBasedStateMachine):
    """Signers, reviewers and organizers act in any order; what is refused changes nothing."""

    app: Any
    reviewers = 1

    submitted = Bundle("submitted")
    signed = Bundle("signed")

    def __init__(self) -> None:
        super().__init__()
        self.world = self.make_world(f"letter-{next(make._numbers)}")
        self.petition_id = self.world.petition_id
        self.arrived = 0

    def make_world(self, slug: str) -> make.World:
        return make.make_world(self.app, slug, reviewers=self.reviewers, staff=3)

    def _try(self, function: Any, *words: Any, **named: Any) -> Any:
        try:
            return function(self.app, *words, **named)
        except (DomainError, AssertionError):
            return None

    @rule(target=submitted, consent=st.integers(0, 3), others=st.sampled_from([None, None, 1, 2, 3]))
    def submit(self, consent: int, others: int | None) -> Any:
        return make.submit(self.app, self.petition_id, consent=consent, others=others)

    @rule(target=signed, one=consumes(submitted))
    def confirm(self, one: Any) -> Any:
        self.arrived += 1
        return make.confirm(self.app, self.petition_id, one)

    @rule(target=signed, consent=st.sampled_from([0, 3, 3]), others=st.sampled_from([None, None, 1, 2]))
    def sign_and_confirm(self, consent: int, others: int | None) -> Any:
        self.arrived += 1
        return make.make_signature(self.app, self.petition_id, consent=consent, others=others)

    @rule(number=st.integers(1, 2), consent=st.sampled_from([0, 3]))
    def import_initial(self, number: int, consent: int) -> None:
        names = [make.new_name() for _ in range(number)]
        try:
            make.import_rows(self.app, self.petition_id, *names, initial=True, consent=consent)
        except DomainError:
            return
        self.arrived += number

    @rule()
    def seal(self) -> None:
        self._try(make.seal, self.petition_id, by=self.world.organizer)

    @rule(who=st.integers(0, 2), outcome=st.sampled_from(["verified", "verified", "rejected"]), contact=CONTACTS)
    def decide_next(self, who: int, outcome: str, contact: str | None) -> None:
        by = self.world.reviewers[who]
        case = make.take(self.app, self.petition_id, by)
        if case:
            make.decide(
                self.app, self.petition_id, case, by,
                outcome=outcome, reason="not_reached", contact=contact,
                contacted_on=utcnow().date() if contact else None,
            )  # fmt: skip

    @rule(who=st.integers(0, 2), one=signed, original=signed)
    def decide_duplicate(self, who: int, one: Any, original: Any) -> None:
        by = self.world.reviewers[who]
        self._try(make.decide, self.petition_id, one.id, by, outcome="duplicate", duplicate_of=original.id)

    @rule(who=st.integers(0, 2), one=signed)
    def ask(self, who: int, one: Any) -> None:
        self._try(make.ask, self.petition_id, one.id, self.world.reviewers[who])

    @rule(one=signed)
    def answer(self, one: Any) -> None:
        self._try(make.answer, one, "The second one.")

    @rule(one=signed, act=st.sampled_from(["reopen", "undo", "retract"]))
    def take_back(self, one: Any, act: str) -> None:
        words = {"reason": "entered_in_error"} if act == "retract" else {}
        self._try(make.act, act, self.petition_id, one.id, self.world.organizer, **words)

    @rule(one=signed)
    def withdraw(self, one: Any) -> None:
        self._try(make.withdraw, one)

    @rule(one=signed, consent=st.sampled_from([0, 1, 2, 3, 3, 3]))
    def change_consent(self, one: Any, consent: int) -> None:
        self._try(make.change_consent, one, consent)

    @rule()
    def publish_what_is_left(self) -> None:
        with make.acting(self.app):
            services.publish_due(self.petition_id, at=utcnow() + timedelta(seconds=5))

    @rule()
    def fold(self) -> None:
        with make.acting(self.app):
            services.fold_one(self.petition_id)

    @invariant()
    def everything_adds_up(self) -> None:
        tally = make.tally(self.app, self.petition_id)
        assert tally["received_total"] == self.arrived == sum(tally["states"].values())
        for batch in tally["batches"]:
            parts = batch["checking"] + batch["verified"] + batch["not_counted"] + batch["retracted"]
            assert batch["received"] == parts
        assert make.problems(self.app, self.petition_id) == []

    @invariant()
    def no_name_is_public_without_its_right(self) -> None:
        with make.looking(self.app):
            petition = make.petition(self.petition_id)
            rows = db.session.scalars(db.select(PublishedName).where(PublishedName.petition_id == petition.id)).all()
            shown = list_names(petition, per_page=500).names
            for row in rows:
                signature = db.session.get_one(Signature, row.signature_id)
                assert signature.state == "verified"
                assert signature.publication_tier == 3
                assert rules.was_contacted(verdicts_of(signature.id))
                assert signature.min_named_others is None or signature.min_named_others <= len(rows) - 1
            entitled = [
                signature
                for signature in db.session.scalars(
                    db.select(Signature).where(
                        Signature.petition_id == petition.id,
                        Signature.state == "verified",
                        Signature.publication_tier == 3,
                        Signature.min_named_others.is_(None),
                    )
                )
                if rules.was_contacted(verdicts_of(signature.id))
            ]
            assert {row.signature_id for row in shown} >= {signature.id for signature in entitled}
            publication = services.get_publication(petition)
            assert publication is not None
            assert sum(publication.named.values()) == len(rows)


@pytest.mark.parametrize(("reviewers", "walks"), [(1, 5), (2, 5)])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_random_walk_never_breaks_the_count(app: Any, reviewers: int, walks: int) -> None:
    _walk(app, reviewers, walks=walks, steps=35)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_shorter_walk_never_breaks_the_count_on_postgresql(app: Any) -> None:
    _walk(app, 2, walks=3, steps=25)


def _walk(app: Any, reviewers: int, *, walks: int, steps: int) -> None:
    machine = type("ThisWalk", (Walk,), {"app": app, "reviewers": reviewers})
    run_state_machine_as_test(
        machine, settings=hypothesis_settings(max_examples=walks, stateful_step_count=steps, deadline=None)
    )


def test_the_walk_can_fail(migrated_sqlite: Path) -> None:
    folder = Path(tempfile.mkdtemp())
    shutil.copy(migrated_sqlite, folder / "countersign.db")
    app = start_app(settings_for(folder, f"sqlite:///{folder / 'countersign.db'}"))
    machine = type("ThisWalk", (Walk,), {"app": app})()
    machine.sign_and_confirm(consent=3, others=None)
    machine.seal()
    machine.everything_adds_up()
    with make.acting(app):
        db.session.scalars(db.select(Signature)).one().state = "verified"
    with pytest.raises(AssertionError):
        machine.everything_adds_up()
    stop_app(app)
    shutil.rmtree(folder)
