"""B11: whatever happens in whatever order, no name is public without consent, verification, contact and condition."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from petition_app.clock import utcnow
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services
from petition_app.tally.models import DueName, PublishedName
from petition_app.tally.published import list_names
from petition_app.verification.models import Decision, Evidence
from tests import factories as make
from tests.tally.test_identity import Walk

REACHED = ("official_contact", "live_call", "in_person")


def was_reached(signature: Signature) -> bool:
    """Return whether somebody reached the person, worked out anew from the rows."""
    decisions = db.session.scalars(
        db.select(Decision).where(Decision.signature_id == signature.id).order_by(Decision.position)
    ).all()
    undone = {row.supersedes_id for row in decisions}
    last = max((row.position for row in decisions if row.outcome == "reopened"), default=0)
    stand = [row for row in decisions if row.position > last and row.id not in undone and row.outcome == "verified"]
    kinds = db.session.scalars(
        db.select(Evidence.kind).where(Evidence.signature_id == signature.id, Evidence.removed_on.is_(None))
    ).all()
    return any(row.contact for row in stand) or bool(set(kinds) & set(REACHED))


def largest(conditions: list[int], *, unconditional: int) -> int:
    """Return the size of the largest set in which every condition holds, by trying all."""
    for size in range(len(conditions), 0, -1):
        for chosen in itertools.combinations(conditions, size):
            if all(needed <= unconditional + size - 1 for needed in chosen):
                return unconditional + size
    return unconditional


class NamesWalk(Walk):
    """The random walk of the count, in either mode, with keys in different hands, looking at the names."""

    mode = "standard"

    def make_world(self, slug: str) -> make.World:
        if self.mode == "standard":
            return super().make_world(slug)
        world = make.make_sealed_world(self.app, slug, reviewers=self.reviewers, staff=3)
        self.keys = make._open_keys[-1]
        return world

    @rule(who=st.sampled_from(["organizer", "reviewer", "organizer"]))
    def hand_over_the_keys(self, who: str) -> None:
        if self.mode == "sealed":
            holder = self.world.organizer if who == "organizer" else self.world.reviewers[0]
            make._open_keys[:] = [
                type(self.keys)(self.keys.petition_id, holder.id, self.keys.keys, self.keys.index_key)
            ]

    @rule()
    def publish_with_the_keys(self) -> None:
        """Publish as an organizer with the keys open; then the names are exactly the largest consistent set."""
        self.hand_over_the_keys("organizer")
        with make.acting(self.app):
            by = make.account(self.world.organizer)
            services.publish_now(make.petition(self.petition_id), by=by, at=utcnow() + timedelta(seconds=5))
        with make.looking(self.app):
            agreed = self._agreed()
            conditions = [one.min_named_others for one in agreed if one.min_named_others is not None]
            size = largest(conditions, unconditional=len(agreed) - len(conditions))
            wanted = {one.id for one in agreed if one.min_named_others is None or one.min_named_others < size}
            assert len(wanted) == size
            assert self._public() == wanted
            assert self._due() == set()

    def _agreed(self) -> list[Signature]:
        of_petition = db.select(Signature).where(Signature.petition_id == self.petition_id)
        return [
            one
            for one in db.session.scalars(of_petition).all()
            if one.state == "verified" and one.publication_tier == 3 and was_reached(one)
        ]

    def _public(self) -> set[Any]:
        rows = db.session.scalars(db.select(PublishedName).where(PublishedName.petition_id == self.petition_id)).all()
        shown = list_names(make.petition(self.petition_id), per_page=500).names
        assert {row.signature_id for row in shown} <= {row.signature_id for row in rows}
        return {row.signature_id for row in rows}

    def _due(self) -> set[Any]:
        return set(db.session.scalars(db.select(DueName.signature_id).where(DueName.petition_id == self.petition_id)))

    @invariant()
    def no_name_is_public_without_its_right(self) -> None:
        with make.looking(self.app):
            agreed = {one.id: one.min_named_others for one in self._agreed()}
            public, due = self._public(), self._due()
            assert public <= agreed.keys(), "a name is public that nobody may show"
            together = len(public | due & agreed.keys())
            for signature_id in public:
                assert (agreed[signature_id] or 0) <= together - 1 or agreed[signature_id] is None, "too few others"
            if self.mode == "standard":
                assert due == set()


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_no_walk_makes_a_name_public_without_its_right(app: Any, mode: str) -> None:
    machine = type("ThisWalk", (NamesWalk,), {"app": app, "reviewers": 1, "mode": mode})
    run_state_machine_as_test(
        machine, settings=hypothesis_settings(max_examples=4, stateful_step_count=35, deadline=None)
    )


@pytest.mark.parametrize("mode", ["sealed", "standard"])
@pytest.mark.parametrize("lacking", ["consent", "verification", "contact", "condition"])
def test_each_of_the_four_is_needed(app: Any, mode: str, lacking: str) -> None:
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app, reviewers=1)
    fields: dict[str, Any] = {"consent": 2 if lacking == "consent" else 3}
    if lacking == "condition":
        fields["others"] = 2
    one, other = (make.make_signature(app, world.petition_id, **words) for words in (fields, {}))
    make.seal(app, world.petition_id, by=world.organizer)
    words: dict[str, Any] = {"outcome": "verified"}
    if lacking != "contact":
        words |= {"contact": "live_call", "contacted_on": utcnow().date()}
    if lacking != "verification":
        assert make.decide(app, world.petition_id, one.id, world.reviewers[0], **words) == "verified"
    assert make.decide(app, world.petition_id, other.id, world.reviewers[0]) == "verified"
    with make.acting(app):
        services.publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    with make.looking(app):
        assert set(db.session.scalars(db.select(PublishedName.name))) == {other.name}
