"""What is remembered for a second or two: forgotten together, bounded apart, made anew by one at a time."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.petitions.models import Petition
from petition_app.storage import short_cache
from petition_app.storage.db import db, transaction
from petition_app.storage.short_cache import MISSING, ShortCache, recall
from tests import factories as make
from tests.conftest import only_sqlite


def put(region: short_cache.Region, key: str, value: Any, **words: int) -> None:
    look = region.look(key)
    region.keep(key, value, look, **words)
    region.end(key, look)


def test_one_forgetting_reaches_every_region_and_what_is_being_made() -> None:
    cache = ShortCache()
    pages, answers = cache.region(most=5, most_bytes=100), cache.region(most=5)
    put(pages, "a", "page", size=4)
    put(answers, "a", "answer")
    made_before = answers.look("b")
    cache.forget()
    answers.keep("b", "old", made_before)
    assert (pages.find("a"), answers.find("a"), answers.find("b")) == (MISSING, MISSING, MISSING)


def test_after_a_second_one_makes_it_anew_and_others_use_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(short_cache, "monotonic", lambda: now)
    region = ShortCache().region(most=5)
    put(region, "a", 1)
    now += 1.1
    first, second = region.look("a"), region.look("a")
    assert not first.is_found
    assert first.mine
    assert second.value == 1
    region.end("a", first)  # It made nothing: the next one tries.
    assert region.look("a").mine
    now += 1
    assert region.look("a").wait is not None, "and after two seconds they wait"


def test_regions_are_bounded_apart_and_what_is_used_stays() -> None:
    cache = ShortCache()
    small, large = cache.region(most=2), cache.region(most=9, most_bytes=10)
    for name in "abc":
        put(small, name, name)
        put(large, name, name, size=4)
        assert small.find("a") == "a" or name == "c"
    assert [small.find(name) for name in "abc"] == ["a", MISSING, "c"]
    assert [large.find(name) for name in "abc"] == [MISSING, "b", "c"]


@only_sqlite
def test_rows_are_looked_at_anew_after_a_change_and_after_a_failure(app: Any) -> None:
    petition_id = make.make_petition(app)
    with app.app_context():
        assert recall("a", lambda _: 1) == 1
        assert recall("a", lambda _: 2) == 1
        with pytest.raises(KeyError):
            recall("b", lambda _: {}["nothing"])
        assert recall("b", lambda _: 1) == 1
        with transaction():
            assert recall("a", lambda _: 3) == 3, "inside a transaction it reads there"
            db.session.get_one(Petition, petition_id).goal = 7
        assert recall("a", lambda _: 4) == 4
