"""B23: nobody learns from an answer, or from how long it takes, whether somebody signed or whose code was typed."""

from __future__ import annotations

import gc
import itertools
import re
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.crypto.codes import new_mail_code, new_secret_code
from petition_app.rate_limits import budgets
from petition_app.signatures import knocks
from petition_app.signatures.models import DuressCode
from petition_app.storage.db import db
from tests import factories as make
from tests.factories import new_form_token
from tests.verification.bulk.test_services import PEOPLE, admit_roster, rostered

Ask = Callable[[], TestResponse]
ROUNDS, TRIES = 15, 4
SMALLEST = 0.005
TOKEN = re.compile(rb"[0-9a-f]{32}")


def masked(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return an answer without what is random by nature."""
    headers = sorted((name, value) for name, value in answer.headers if name != "Date")
    return answer.status_code, headers, TOKEN.sub(b"-", answer.data)


def medians(one: Ask, other: Ask, rounds: int) -> tuple[float, float, float]:
    """Time the same thing twice and another thing once, interleaved, in an order that changes; return the medians."""
    asks = (("one", one), ("again", one), ("other", other))
    orders = itertools.cycle(itertools.permutations(asks))
    times: dict[str, list[float]] = {"one": [], "again": [], "other": []}
    gc.collect()
    gc.disable()
    try:
        for order in itertools.islice(orders, rounds):
            for name, ask in order:
                start = time.perf_counter()
                ask()
                times[name].append(time.perf_counter() - start)
    finally:
        gc.enable()
    return tuple(statistics.median(times[name]) for name in ("one", "again", "other"))  # type: ignore[return-value] # Three.


def assert_alike(one: Ask, other: Ask) -> None:
    """Answers are equal, and their times differ by less than those of two equal questions, or by less than 5 ms.

    A loaded machine may spoil a measurement; a product that differs spoils all of them.
    """
    assert masked(one()) == masked(other())
    seen = []
    for _ in range(TRIES):
        first, again, second = medians(one, other, ROUNDS)
        gap, noise = abs(second - (first + again) / 2), abs(first - again)
        if gap < max(SMALLEST, 3 * noise):
            return
        seen.append(f"{gap * 1000:.1f} ms beside {noise * 1000:.1f} ms of noise")
    raise AssertionError("; ".join(seen))


def signer(client: FlaskClient, slug: str, who: Iterator[dict[str, Any]]) -> Ask:
    def ask() -> TestResponse:
        return client.post(f"/p/{slug}/sign", data=make.fill_sign_form(new_form_token(), **next(who)))

    return ask


def strangers() -> Iterator[dict[str, Any]]:
    while True:
        yield {"name": make.new_name(), "role": "deputy", "place": "Lake council"}


@pytest.mark.parametrize("mode", ["standard", "sealed"])
@pytest.mark.parametrize("kind", ["repeated", "repeated in every word", "ineligible"])
def test_a_first_a_repeated_and_an_ineligible_submission_are_answered_alike(app: Any, kind: str, mode: str) -> None:
    world, signed = rostered(app, 2) if mode == "standard" else sealed_and_rostered(app)
    client = app.test_client()
    again = {"name": signed[0].name, "email": signed[0].email}
    other = {
        "repeated": {"name": signed[0].name},
        "repeated in every word": again,
        "ineligible": {"name": "Nobody Onroster", "role": "plumber", "place": "Nowhere"},
    }[kind]
    assert_alike(signer(client, world.slug, strangers()), signer(client, world.slug, itertools.repeat(other)))


def sealed_and_rostered(app: Any) -> tuple[make.World, list[make.Signed]]:
    """Make a sealed petition with a roster and two of its deputies, whose mails a running worker takes."""
    world = make.make_sealed_world(app, reviewers=1, roster=True)
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    signed = [make.make_signature(app, world.petition_id, " ".join(one), place="МО Северное") for one in PEOPLE[:2]]
    admit_roster(app, world, *PEOPLE)
    make.lock_keys()
    return world, signed


def test_the_same_form_sent_twice_is_answered_alike(app: Any, client: Any) -> None:
    make.make_petition(app)
    data = make.fill_sign_form(new_form_token())
    answers = {masked(client.post(f"/p/{make.SLUG}/sign", data=data))[::2] for _ in range(3)}
    assert len(answers) == 1


def test_a_wrong_code_and_a_page_that_does_not_exist_are_answered_alike(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app)
    pages = itertools.cycle(make.submit(app, petition_id).pending for _ in range(2 * ROUNDS * TRIES // 5 + 2))

    def wrong() -> TestResponse:
        return client.post(f"/p/{make.SLUG}/confirm", data={"pending": next(pages), "code": "0000-0000"})

    def unknown() -> TestResponse:
        return client.post(f"/p/{make.SLUG}/confirm", data={"pending": new_form_token()[:32], "code": "0000-0000"})

    assert_alike(wrong, unknown)


def test_a_wrong_and_an_unknown_code_without_a_page_are_answered_alike(app: Any, client: Any) -> None:
    make.make_petition(app)
    first, second = (
        client.post(f"/p/{make.SLUG}/confirm", data={"pending": "", "code": code}) for code in ("", new_mail_code())
    )
    assert (first.status_code, len(first.data)) == (second.status_code, len(second.data) - len('value="XXXX-XXXX"') + 8)


@pytest.mark.parametrize("kind", ["no words", "withdrawn", "second", "second, in a flood"])
def test_every_code_that_opens_nothing_is_answered_alike(app: Any, client: Any, kind: str) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    if kind.startswith("second"):
        page = client.post("/my", data={"code": signed.secret_code, "action": "second_code"})
        typed = make.shown_code(page)
        assert typed != signed.secret_code
    elif kind == "withdrawn":
        make.withdraw(app, signed)
        typed = signed.secret_code
    else:
        typed = "these are no twelve words"

    def unknown() -> TestResponse:
        return client.post("/my", data={"code": new_secret_code("en")[0]})

    def given() -> TestResponse:
        return client.post("/my", data={"code": typed})

    assert "There is no signature here" in given().text
    if kind == "second, in a flood":
        for _ in range(budgets.MISSES * budgets.MANY):
            budgets.may_miss("127.0.0.1")
        assert given().status_code == 429
    assert_alike(unknown, given)


def test_a_product_that_tells_would_be_found(app: Any, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    typed = make.shown_code(client.post("/my", data={"code": signed.secret_code, "action": "second_code"}))
    store = knocks._store

    def slow(group: Any) -> None:
        if any(db.session.get(DuressCode, one.code_hash) for one in group):
            time.sleep(0.1)
        store(group)

    monkeypatch.setattr(knocks, "_store", slow)
    with pytest.raises(AssertionError, match="ms of noise"):
        assert_alike(
            lambda: client.post("/my", data={"code": new_secret_code("en")[0]}),
            lambda: client.post("/my", data={"code": typed}),
        )
