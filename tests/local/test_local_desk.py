"""The local desk: two machines and a server that opens nothing, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests import factories as make
from tests.local.desks import LocalDesk

Start = Callable[..., LocalDesk]


def id_of(case: str) -> UUID:
    """Return the id in a case's path."""
    return UUID(case.split("/")[-1].split("?")[0])


def test_two_reviewers_verify_a_signature_that_the_server_cannot_read(app: Any, desk: Start) -> None:
    world = make.make_sealed_world(app, reviewers=2)
    signed = make.make_signature(app, world.petition_id, "Аксинья Долгая")
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    for number, reviewer in enumerate(world.reviewers, 1):
        mine = desk(world, reviewer)
        case = mine.next()
        assert case
        assert id_of(case) == signed.id
        assert "Аксинья Долгая" in mine.page(case)
        answer = mine.decide(case, outcome="verified", note="Reached by phone.", contact="official_contact",
                             contacted_on=make.utcnow().date().isoformat())  # fmt: skip
        assert answer.status_code == 303, answer.text
        assert make.state_of(app, signed.id) == ("checking" if number == 1 else "verified")
        assert mine.next() is None
    assert make.problems(app, world.petition_id) == []
