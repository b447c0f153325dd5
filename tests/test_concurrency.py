"""Many at once: real threads, real connections, the same signatures."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services
from petition_app.verification.batches import services as batches
from petition_app.verification.decisions import services as checking
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.desk import case_view
from petition_app.verification.models import Batch
from petition_app.worker import loop as worker
from tests import factories as make

THREADS = 20


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run each act in a thread of its own, all from one start; return results, domain errors among them."""
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return act()
        except DomainError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def succeeded(results: list[Any]) -> int:
    return sum(not isinstance(result, DomainError) and result is not None for result in results)


def test_twenty_threads_confirm_withdraw_and_decide_the_same_signatures(app: Any) -> None:
    world = make.make_world(app, staff=4)
    petition_id = world.petition_id
    signed = [make.make_signature(app, petition_id) for _ in range(8)]
    make.seal(app, petition_id)
    waiting = [make.submit(app, petition_id) for _ in range(6)]
    codes: list[str] = []

    def confirm(seed: int) -> None:
        for one in random.Random(seed).sample(waiting, len(waiting)):
            try:
                with make.acting(app):
                    done = signing.confirm(
                        petition=make.petition(petition_id), pending=one.pending, code=one.code, at=utcnow()
                    )
                if done:
                    codes.append(done.secret_code)
            except DomainError:
                continue

    def withdraw(seed: int) -> None:
        for one in random.Random(seed).sample(signed, 4):
            try:
                make.withdraw(app, one)
            except DomainError:
                continue

    def decide(seed: int) -> None:
        by = world.reviewers[seed % 4]
        chosen = random.Random(seed)
        for _ in range(6):
            try:
                with make.acting(app):
                    case = case_view.next_case(
                        make.petition(petition_id), access=make.ACCESS, by=make.account(by), at=utcnow()
                    )
                if case is None:
                    continue
                outcome = chosen.choice([NewDecision("verified"), NewDecision("rejected", reason="not_reached")])
                with make.acting(app):
                    checking.decide(
                        case,
                        outcome,
                        access=make.ACCESS,
                        petition=make.petition(petition_id),
                        by=make.account(by),
                        at=utcnow(),
                    )
            except DomainError:
                continue

    def take_back(seed: int) -> None:
        for one in random.Random(seed).sample(signed, 4):
            for act, words in (("undo", {}), ("reopen", {}), ("retract", {"reason": "entered_in_error"})):
                try:
                    make.act(app, act, petition_id, one.id, world.organizer, **words)
                except DomainError:
                    continue

    kinds = (confirm, withdraw, decide, decide, take_back)
    results = at_once(*(lambda seed=seed: kinds[seed % 5](seed) for seed in range(THREADS)))
    assert [result for result in results if result is not None] == []
    with app.app_context():
        worker.run_once()
    with make.acting(app):
        services.publish_due(petition_id, at=utcnow() + services.PAUSE * 5)
    assert make.problems(app, petition_id) == []
    assert len(set(codes)) == 6
    with make.looking(app):
        states = Counter(db.session.scalars(db.select(Signature.state)))
        assert sum(states.values()) == 14
        assert states["received"] == 6
        publication = services.get_publication(make.petition(petition_id))
        assert publication is not None
        live = make.live_tally(make.petition(petition_id)).as_json(as_of=publication.as_of, public=True)
        assert live == publication.tally


def test_one_code_typed_by_many_at_once_makes_one_secret(app: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)
    results = at_once(*[lambda: make.confirm(app, petition_id, submitted)] * THREADS)
    assert len(set(results)) == 1, "all are shown the same words"
    assert make.tally(app, petition_id)["states"]["received"] == 1
    assert make.problems(app, petition_id) == []


def test_wrong_codes_typed_by_many_at_once_use_up_five_tries_in_all(app: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)

    def guess() -> str:
        with make.acting(app):
            signing.confirm(petition=make.petition(petition_id), pending=submitted.pending, code="0", at=utcnow())
        return "counted"

    assert succeeded(at_once(*[guess] * 12)) == 5


def test_one_form_sent_by_many_at_once_is_stored_once(app: Any) -> None:
    petition_id = make.make_petition(app)
    new = make.new_signature()

    def send() -> str:
        with make.acting(app):
            return signing.sign(new, petition=make.petition(petition_id), at=utcnow())

    assert len(set(at_once(*[send] * 12))) == 1
    assert make.tally(app, petition_id)["unconfirmed"] == 1
    assert make.problems(app, petition_id) == []


def test_one_signature_withdrawn_by_many_at_once_is_withdrawn_once(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    results = at_once(*[lambda: make.withdraw(app, signed) or True] * THREADS)
    assert succeeded(results) == 1
    assert make.tally(app, world.petition_id)["states"]["withdrawn"] == 1
    with app.app_context():
        worker.run_once()  # The name may have been held by another thread when its turn came.
    assert make.problems(app, world.petition_id) == []


def test_racing_seals_make_one_batch_and_lose_nobody(app: Any) -> None:
    world = make.make_world(app)
    for _ in range(5):
        make.make_signature(app, world.petition_id)
    late = [make.submit(app, world.petition_id) for _ in range(4)]

    def seal() -> int:
        with make.acting(app):
            return batches.seal(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow()).size

    results = at_once(
        *[seal] * 6, *(lambda one=one: make.confirm(app, world.petition_id, one) and None for one in late)
    )
    sizes = [size for size in results if isinstance(size, int)]
    assert sizes
    with make.looking(app):
        found = db.session.scalars(db.select(Batch).order_by(Batch.number)).all()
        assert [batch.number for batch in found] == list(range(1, len(sizes) + 1))
        assert sorted(batch.size for batch in found) == sorted(sizes)
    assert make.problems(app, world.petition_id) == []
    assert make.tally(app, world.petition_id)["received_total"] == 9


def test_many_reviewers_at_once_get_different_cases(app: Any) -> None:
    world = make.make_world(app, staff=6)
    for _ in range(4):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    results = at_once(*(lambda by=by: make.take(app, world.petition_id, by) for by in world.reviewers))
    given = [case for case in results if case is not None]
    assert len(given) == len(set(given))
    assert len(given) >= 3  # One may have looked at the moment when all that was left was being taken.
