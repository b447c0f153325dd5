"""Limits in a store that processes share, and what happens while it is away."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from petition_app import app_state, config
from petition_app.app_state import AppState
from petition_app.rate_limits import counters
from petition_app.rate_limits.counters import Limits
from tests import factories as make
from tests.conftest import only_sqlite, settings_for, start_app, stop_app
from tests.stores import Store, storing

ADDRESS, RULE = "203.0.113.7", "5 per hour"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that the settings name."""
    with storing() as store:
        with app_state.using(AppState(settings_for(tmp_path, "sqlite://", limits_url=store.url))):
            yield store
        counters.shared.cache_clear()


def test_processes_that_share_a_store_count_as_one(store: Store) -> None:
    processes = [Limits(), Limits()]
    names = {each.client(ADDRESS) for each in processes}
    assert len(names) == 1
    counted = [processes[turn % 2].count(RULE, *names) for turn in range(7)]
    assert counted == [True] * 5 + [False] * 2
    for _ in range(3):
        processes[0].take_back(RULE, *names)
    assert processes[1].allows(RULE, *names)


def test_many_tries_at_once_count_exactly(store: Store) -> None:
    processes = [Limits(), Limits()]
    with ThreadPoolExecutor(20, initializer=app_state.activate, initargs=(app_state.active(),)) as pool:
        counted = list(pool.map(lambda turn: processes[turn % 2].count("100 per hour", "letter"), range(300)))
    assert sum(counted) == 100


def test_the_store_holds_no_address_and_forgets_within_the_hour(store: Store) -> None:
    limits = Limits()
    limits.count(RULE, limits.client(ADDRESS))
    held = store.all_it_holds()
    assert ADDRESS.encode() not in held
    assert limits.client(ADDRESS).encode() in held
    with store.client() as client:
        lives = [client.ttl(name) for name in client.keys("*")]  # type: ignore[union-attr] # Not a promise.
    assert len(lives) == 2
    assert all(0 < life <= 3660 for life in lives)  # type: ignore[operator] # The same.


def test_a_client_has_another_name_in_the_next_hour_and_after_the_store_has_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits, now = Limits(), time.time()
    name = limits.client(ADDRESS)
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    assert limits.client(ADDRESS) != name
    monkeypatch.undo()
    assert limits.client(ADDRESS) == name
    store.end()
    store.start()
    assert limits.client(ADDRESS) != name, "the key lay in the memory of the store alone"


def test_while_the_store_is_away_each_process_counts_on_its_own_and_says_so_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limits, other = Limits(), Limits()
    store.end()
    with caplog.at_level(logging.WARNING):
        assert [limits.count(RULE, "who") for _ in range(6)] == [True] * 5 + [False]
        assert other.count(RULE, "who")
        assert limits.client(ADDRESS) == limits.client(ADDRESS) != other.client(ADDRESS)
        monkeypatch.setattr(counters, "STORE_REST", 0.0)
        limits._away_until = 0.0
        assert not limits.allows(RULE, "who")
        said = [record for record in caplog.records if record.name == "petition_app.rate_limits.counters"]
        assert [(record.levelname, record.exc_info) for record in said] == [("WARNING", None)] * 2, "one a process"
        store.start()
        limits._away_until = 0.0
        assert limits.allows(RULE, "who")
        assert caplog.records[-1].getMessage() == "LIMITS_URL answers again."


def test_a_store_that_stands_still_holds_nobody_up(store: Store) -> None:
    limits = Limits()
    limits.count(RULE, "who")
    store.hold_still()
    started = time.monotonic()
    for _ in range(50):
        limits.allows(RULE, limits.client(ADDRESS))
    assert time.monotonic() - started < 2
    store.go_on()


@only_sqlite
def test_a_guesser_is_stopped_and_a_page_never_fails_while_the_store_is_away(app: Any, client: Any) -> None:
    make.make_petition(app)
    config.activate(replace(config.current(), limits_url="redis://127.0.0.1:1"))
    answers = [client.post(f"/p/{make.SLUG}/confirm", data={"code": "0000-0000"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


@only_sqlite
def test_the_doctor_looks_at_the_store_and_whether_it_writes(app: Any, cli: Any) -> None:
    with storing() as store:
        config.activate(replace(config.current(), limits_url=store.url))
        assert "ok    limits    the store answers" in cli("doctor", code=1).out
        with store.client() as client:
            client.config_set("save", "60 1")
        assert "mend  limits    the store writes what it holds to its disk (save)" in cli("doctor", code=1).out
        store.end()
        assert "mend  limits    the store does not answer" in cli("doctor", code=1).out
    counters.shared.cache_clear()


@only_sqlite
def test_codes_that_turn_out_right_use_up_no_tries(app: Any, client: Any) -> None:
    petition_id = make.make_petition(app)
    for _ in range(7):
        code = make.submit(app, petition_id).code
        assert make.shown_code(client.post(f"/p/{make.SLUG}/confirm", data={"code": code}))
    answers = [client.post(f"/p/{make.SLUG}/confirm", data={"code": "0000-0000"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


@only_sqlite
@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_a_client_is_who_asked_the_first_of_our_proxies_whatever_it_claims(settings: Any, proxies: int) -> None:
    app = start_app(replace(settings, proxies=proxies))
    make.make_petition(app)
    client = app.test_client()

    def guess(claimed: str, address: str, between: str) -> int:
        words = {"X-Forwarded-For": ", ".join((claimed, address, between)[: proxies + 1])}
        return client.post(f"/p/{make.SLUG}/confirm", data={"code": "0000-0000"}, headers=words).status_code

    given = [guess(f"192.0.2.{turn}", "203.0.113.7", "198.51.100.1") for turn in range(6)]
    assert given == [200] * 5 + [429]
    assert guess("192.0.2.1", "203.0.113.8", "198.51.100.1") == (200 if proxies else 429)
    stop_app(app)
