"""What a bulk act leaves out, with a number behind each reason; nothing starts while cases are being matched."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.bulk import left_out
from petition_app.verification.bulk import services as acts
from petition_app.verification.bulk.choice import Filter, count_chosen
from petition_app.verification.bulk.left_out import WIDEST, count_left_out
from petition_app.verification.bulk.services import StillMatchingError
from petition_app.verification.models import LEFT_OUT
from petition_app.web.forms.bulk import LEFT_OUT_WORDS
from tests import factories as make
from tests.verification.bulk.test_services import PEOPLE, do, match_all, prepare, prove, rostered, states, work

pytestmark = pytest.mark.standard("A sealed petition decides no case in bulk.")


def counted(app: Any, world: make.World, chosen: Filter = WIDEST) -> dict[str, int]:
    """Return how many cases are left out by each reason, and with them how many are chosen."""
    with make.looking(app):
        petition, by, at = make.petition(world.petition_id), make.account(world.organizer), utcnow()
        assert by is not None
        found = count_left_out(chosen, petition=petition, by=by, at=at)
        return found | {"chosen": count_chosen(chosen, petition=petition, by=by, at=at)}


def chosen_over_http(app: Any, world: make.World, **fields: str) -> Any:
    """Choose cases over the page; return the page after it."""
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, f"/organizer/p/{world.slug}/bulk")
    form = {"csrf_token": token, "batch": "all", "match": "strong", "strength": "0"} | fields
    return client.post(f"/organizer/p/{world.slug}/bulk", data=form, follow_redirects=True)


def left_on(page: str) -> dict[str, int]:
    """Return the numbers that a page shows beside its reasons."""
    listed = page.partition('<ul class="left-out">')[2].partition("</ul>")[0]
    rows = re.findall(r'<b class="amount">(\d+)</b> <span>([^<]+)</span>', listed)
    names = {str(words): name for name, words in LEFT_OUT_WORDS.items()}
    return {names[words]: int(number) for number, words in rows if int(number)}


def test_each_case_stands_under_one_reason_and_all_of_them_are_there(app: Any) -> None:
    world, signed = rostered(app, 9, reviewers=2, evidence_rule=2)
    for one in signed[1:6]:
        prove(app, world, one.id, 2)
    make.make_signature(app, world.petition_id, "Никто Нигде", place="МО Северное")
    make.make_signature(app, world.petition_id, "Эйхман", place="МО Северное")
    late = make.make_signature(app, world.petition_id, " ".join(PEOPLE[10]), place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    make.decide(app, world.petition_id, signed[1].id, world.organizer, outcome="rejected", reason="not_eligible")
    make.ask(app, world.petition_id, signed[2].id, world.reviewers[0])
    make.take_case(app, world.petition_id, signed[3].id, world.reviewers[1])
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[4]), place="МО Северное")  # Received: no case yet.
    with make.acting(app):
        db.session.get_one(Signature, late.id).matched_roster = None
    with make.looking(app):
        at_desk = db.session.scalars(db.select(Signature.id).where(Signature.state.in_(left_out.AT_DESK))).all()
    found = counted(app, world)
    assert sum(found.values()) == len(at_desk)
    assert {name: found[name] for name in ("unmatched", "asked", "held", "own", "alike")} == {
        "unmatched": 1, "asked": 1, "held": 1, "own": 1, "alike": 1,
    }  # fmt: skip
    assert found["chosen"] == 1
    assert found["policy"] >= 3
    assert counted(app, world, Filter(strength=3))["filter"] == 1


def test_whatever_the_filter_those_left_out_and_those_chosen_are_all_there_are(app: Any) -> None:
    world, signed = rostered(app, 8)
    draw = random.Random(5)
    for one in signed:
        if (strength := draw.randrange(4)) > 0:
            prove(app, world, one.id, strength)
    for match in ("strong", "possible"):
        for strength in range(4):
            assert sum(counted(app, world, Filter(match=match, strength=strength)).values()) == len(signed)
    assert sum(counted(app, world, Filter(batch=0)).values()) == 0


def test_the_page_of_the_choice_has_a_number_behind_each_reason(app: Any) -> None:
    world, signed = rostered(app, 4)
    prove(app, world, signed[0].id, 2)
    make.make_signature(app, world.petition_id, "Никто Нигде", place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    client = make.signed_in(app, world.organizer)
    assert left_on(client.get(f"/organizer/p/{world.slug}/bulk").text) == {"not_on_roster": 1}
    page = chosen_over_http(app, world, strength="2").text
    assert left_on(page) == {"not_on_roster": 1, "filter": 3}
    assert "4 cases left out, and why" in page
    nothing = chosen_over_http(app, world, strength="3")
    assert nothing.status_code == 422
    assert left_on(nothing.text) == {"not_on_roster": 1, "filter": 4}
    russian = client.get(f"/organizer/p/{world.slug}/bulk?lang=ru").text
    assert "не подходят достаточно хорошо ни к одной записи реестра" in russian


def test_where_counting_would_take_long_the_first_page_says_where_the_numbers_are(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = rostered(app, 3)
    monkeypatch.setattr(left_out, "AT_ONCE", 2)
    page = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/bulk").text
    assert "stands on the next page" in page
    assert left_on(page) == {}
    assert left_on(chosen_over_http(app, world).text) == {}


def test_while_cases_are_matched_the_page_says_so_and_nothing_starts(app: Any) -> None:
    world, signed = rostered(app, 2)
    bulk_id = prepare(app, world)
    # Signed again with another spelling: nobody can know that before it is matched.
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[0]), place="МО Северное")
    make.make_signature(app, world.petition_id, " ".join(PEOPLE[7]), place="МО Северное")
    make.seal(app, world.petition_id, by=world.organizer)
    client = make.signed_in(app, world.organizer)
    page = client.get(f"/organizer/p/{world.slug}/bulk/{bulk_id}")
    assert "2 cases are still to be matched with the roster." in page.text
    assert not [form for form in make.forms_of(page) if form["action"].endswith("/run")]
    assert "still to be matched" in client.get(f"/organizer/p/{world.slug}/bulk").text
    token = make.csrf_token(client, f"/organizer/p/{world.slug}/bulk")
    address = f"/organizer/p/{world.slug}/bulk/{bulk_id}/run"
    sent = client.post(address, data={"csrf_token": token}, follow_redirects=True).text
    assert "Nothing was started: cases are still being matched with the roster (2 left)" in sent
    with pytest.raises(StillMatchingError):
        do(app, acts.start, world, bulk_id)
    work(app, jobs=3)
    assert states(app, signed) == {"checking": 2}
    match_all(app, world)
    do(app, acts.start, world, bulk_id)
    work(app)
    assert states(app, signed) == {"checking": 1, "verified": 1}


def test_every_reason_has_words(app: Any) -> None:
    with app.app_context():
        assert tuple(LEFT_OUT_WORDS) == LEFT_OUT
