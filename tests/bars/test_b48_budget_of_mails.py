"""B48: no stranger gets more than the budget of mails, and no answer tells whether one was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from petition_app import app_state, config
from petition_app.accounts import inviting
from petition_app.accounts.models import Account
from petition_app.app_state import AppState
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.crypto import worker_keys
from petition_app.rate_limits import budgets, counters
from petition_app.rate_limits.counters import Limits, Try
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.worker.loop import run_once
from tests import factories as make
from tests.bars.test_b23_uniform_answers import masked
from tests.conftest import settings_for
from tests.factories import new_form_token
from tests.post import Server, serving
from tests.stores import Store, storing

VICTIM = "v.ictim@example.org"
SPELLINGS = ("v.ictim@example.org", "VICTIM@example.org", "v.i.c.t.i.m@example.org", "victim+{turn}@EXAMPLE.org")


@pytest.fixture
def post() -> Iterator[Server]:
    """A mail server that takes everything."""
    with serving(Server()) as server:
        yield server


@pytest.fixture
def settings(database: str, tmp_path: Path, post: Server) -> Settings:
    """Settings with that mail server, behind one proxy."""
    made = settings_for(tmp_path / "instance", database, mail_url=f"smtp://127.0.0.1:{post.port}")
    return replace(made, proxies=1)


def sent_to(app: Any, post: Server) -> Counter[str]:
    """Let the worker send all there is; return how many messages each mailbox got, however it was written."""
    with app.app_context():
        run_once()
    found = Counter[str]()
    for address, number in post.taken.items():
        local, _, domain = address.casefold().partition("@")
        found[local.partition("+")[0].replace(".", "") + "@" + domain] += number
    return found


def flood(app: Any, turns: int, write: Any) -> set[Any]:
    """Sign by four strangers at once, each turn from another address; return the different answers."""

    def one(turn: int) -> Any:
        data = make.fill_sign_form(new_form_token(), name=make.new_name(), email=write(turn))
        client = {"X-Forwarded-For": f"203.0.113.{turn % 250}"}
        return masked(app.test_client().post(f"/p/{make.SLUG}/sign", data=data, headers=client))

    with ThreadPoolExecutor(4) as pool:
        return {(code, body) for code, _, body in pool.map(one, range(turns))}


@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_one_address_gets_five_messages_an_hour_however_many_forms_name_it(app: Any, post: Server, mode: str) -> None:
    make.make_petition(app) if mode == "standard" else make.make_sealed_world(app, reviewers=1, mail="required")
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    answers = flood(app, 60, lambda turn: SPELLINGS[turn % 4].format(turn=turn))
    assert {code for code, _ in answers} == {200}
    assert len(answers) == 1, "nobody learns from the answer whether a message was sent"
    assert sent_to(app, post) == {"victim@example.org": 5}


def test_a_domain_has_a_budget_and_a_large_provider_has_none(app: Any, post: Server) -> None:
    make.make_petition(app)
    config.activate(replace(config.current(), mails_per_domain=12))
    flood(app, 40, lambda turn: f"person{turn}@example.org")
    assert sent_to(app, post).total() == 12
    assert budgets.may_mail([f"person{turn}@gmail.com" for turn in range(40)]) == [True] * 40
    assert budgets.may_mail([f"person{turn}@sub.example.org" for turn in range(13)]) == [True] * 12 + [False]


def test_the_code_that_was_mailed_stays_good_when_no_more_are(app: Any, post: Server, client: Any) -> None:
    make.make_sealed_world(app, reviewers=1, mail="required")
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    page = make.sign_page(client, email=VICTIM)
    pending = make.form_with(page, "pending")["pending"]
    answers, found = set(), sent_to(app, post)
    for turn in range(12):
        words = {"pending": pending, "email": VICTIM}
        headers = {"X-Forwarded-For": f"203.0.113.{turn}"}
        answers.add(masked(client.post(f"/p/{make.SLUG}/confirm/again", data=words, headers=headers))[::2])
        found = sent_to(app, post)  # At once, since a code in whose place another has come is not sent any more.
    assert len(answers) == 1
    assert found == {"victim@example.org": 5}
    with make.looking(app):
        assert db.session.scalar(select(func.count()).select_from(Signature)) == 1


def test_an_organizer_cannot_have_more_sent_either(app: Any) -> None:
    world = make.make_world(app)
    budgets.may_mail([VICTIM] * 5)
    with make.acting(app), pytest.raises(inviting.TooManyMailsError):
        inviting.invite(
            petition_id=world.petition_id, email=VICTIM, name="V", role="reviewer", language="en",
            page="https://example.org/", by=db.session.get_one(Account, world.organizer.id), at=utcnow(),
        )  # fmt: skip


def test_a_client_stores_no_more_rows_than_its_quota_and_another_signs(app: Any, client: Any) -> None:
    make.make_petition(app, mail="optional")
    config.activate(replace(config.current(), signatures_per_client=20))

    def sign(address: str) -> int:
        data = make.fill_sign_form(new_form_token(), name=make.new_name(), email="")
        return int(client.post(f"/p/{make.SLUG}/sign", data=data, headers={"X-Forwarded-For": address}).status_code)

    answers = Counter(sign(f"2001:db8:0:7::{turn:x}") for turn in range(40))
    assert answers == {200: 20, 429: 20}
    assert sign("2001:db8:0:8::1") == 200
    with make.looking(app):
        assert db.session.scalar(select(func.count()).select_from(Signature)) == 21


@pytest.mark.usefixtures("without_store")
def test_whoever_asks_from_the_machine_itself_stands_for_many() -> None:
    assert budgets.may_sign(["127.0.0.1", "::1", "::ffff:127.0.0.9", ""] * 200) == [True] * 800


# --- the store --------------------------------------------------------------------------------------------------


@pytest.fixture
def without_store(tmp_path: Path) -> Iterator[None]:
    """Settings that name no store: what is counted stays in the process."""
    with app_state.using(AppState(settings_for(tmp_path, "sqlite://"))):
        yield


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that the settings name."""
    with storing() as store:
        with app_state.using(AppState(settings_for(tmp_path, "sqlite://", limits_url=store.url))):
            yield store
        counters.shared.cache_clear()


def test_processes_that_share_a_store_have_one_budget_and_keep_no_address_in_it(store: Store) -> None:
    processes = [Limits(), Limits()]
    wanted = [[Try("mailbox", VICTIM, 5)]]
    with ThreadPoolExecutor(8, initializer=app_state.activate, initargs=(app_state.active(),)) as pool:
        counted = list(pool.map(lambda turn: processes[turn % 2].count_all(wanted)[0], range(40)))
    assert sum(counted) == 5
    assert processes[0].allow_all(wanted) == [False]
    held = store.all_it_holds()
    assert b"ictim" not in held
    assert b"example" not in held
    with store.client() as asked:
        assert all(0 < asked.ttl(name) <= 3660 for name in asked.keys("*"))  # type: ignore[union-attr,operator] # Not a promise.


@pytest.mark.usefixtures("without_store")
def test_counters_take_no_more_than_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_COUNTED", 1000)
    limits = Limits()
    for _ in range(6):
        limits.count_all([[Try("mailbox", VICTIM, 5)]])
    for turn in range(50):
        limits.count_all([[Try("mailbox", f"{turn}.{each}@example.org", 5)] for each in range(100)])
    assert len(limits._here._counts) <= 1200
    assert limits.allow_all([[Try("mailbox", VICTIM, 5)]]) == [False], "whoever is over the budget is not forgotten"
