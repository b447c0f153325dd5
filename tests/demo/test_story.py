"""The demo ends where it says, and its desk has something of each kind to show."""

from __future__ import annotations

from flask import Flask

from petition_app.clock import utcnow
from petition_app.demo import story
from petition_app.verification.desk import case_view
from petition_app.verification.rules import case_number
from tests.conftest import only_sqlite
from tests.factories import ACCESS, Person, account, looking, petition, problems, put_back, take_case, tally


@only_sqlite
def test_the_demo_ends_after_47_verified_with_something_of_each_kind_at_the_desk(app: Flask) -> None:
    with app.app_context():
        told = story.tell(utcnow())
        reviewer = Person(told.people["reviewer1"].id, "reviewer1@example.org", "reviewer")
    counts = tally(app, told.petition_id)
    assert (counts["verified"], counts["received_total"], counts["corrections"]) == (47, 105, 1)
    assert [counts["states"][state] for state in ("checking", "needs_info", "retracted")] == [33, 3, 1]
    assert problems(app, told.petition_id) == []

    cases = {ref: case(app, told, ref, reviewer) for ref in ("b035", "b065", "b081", "b084")}
    assert cases["b035"].enough
    assert len(cases["b035"].evidence) == 1
    repeated = cases["b065"].candidates[0]
    assert (repeated.id, repeated.state, repeated.same_entry) == (told.signatures["i001"], "verified", True)
    assert "entry" not in {row.part for row in repeated.rows}, "a keyed index tells a reviewer nothing"
    match = cases["b081"].match
    assert match
    assert len({candidate.name for candidate in match.candidates[:2]}) == 1, "the namesake is shown"
    assert cases["b084"].conflicts == [case_number(told.signatures["b083"])]
    assert cases["b084"].contacts
    assert cases["b084"].evidence[0].danger


def case(app: Flask, told: story.Story, ref: str, by: Person) -> case_view.Case:
    """Return what a reviewer sees who takes this case, and puts it back."""
    signature_id = told.signatures[ref]
    take_case(app, told.petition_id, signature_id, by)
    with looking(app):
        shown = case_view.open_case(
            signature_id, access=ACCESS, petition=petition(told.petition_id), by=account(by), at=utcnow()
        )
    put_back(app, told.petition_id, signature_id, by)
    return shown
