"""Public pages that are rendered once for all who ask: what is kept, for whom, for how long, and what ends it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from petition_app.storage import short_cache
from petition_app.storage.short_cache import ShortCache
from petition_app.web import page_cache
from petition_app.web.page_cache import Pages
from tests import factories as make

FRESH = "public, max-age=1, stale-while-revalidate=2, stale-if-error=600"


class Source:
    """An application that counts how often it is asked, and may be told to wait."""

    def __init__(self, *, status: str = "200 OK", **headers: str) -> None:
        self.asked, self.status, self.go_on = 0, status, Event()
        self.headers = {"Cache-Control": FRESH, "ETag": '"one"', **headers}
        self.go_on.set()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked += 1
        said = f"answer {self.asked}".encode()
        start(self.status, list(self.headers.items()))
        self.go_on.wait(10)
        return [said]


def ask(kept: Pages, source: Source, path: str = "/p/a", query: str = "", **headers: str) -> tuple[int, bytes]:
    """Ask as a reader does; return status and body."""
    told: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": "example.org", **headers}
    body = b"".join(kept.answer(environ, lambda line, _: told.append(line), source))  # type: ignore[arg-type] # Enough of WSGI.
    return int(told[0][:3]), body


def test_a_page_is_rendered_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, source = Pages(ShortCache()), Source()
    now = time.monotonic()
    monkeypatch.setattr(short_cache, "monotonic", lambda: now)
    assert {ask(kept, source) for _ in range(9)} == {(200, b"answer 1")}
    now += 1.01
    assert {ask(kept, source) for _ in range(9)} == {(200, b"answer 2")}


def test_languages_queries_and_hosts_are_kept_apart() -> None:
    kept, source = Pages(ShortCache()), Source()
    for headers in ({}, {"HTTP_ACCEPT_LANGUAGE": "ru"}, {"query": "lang=ru"}, {"HTTP_HOST": "b.example.org"}):
        ask(kept, source, **headers)
    assert source.asked == 4
    assert ask(kept, source, HTTP_ACCEPT_LANGUAGE="de,ru;q=0.5") == (200, b"answer 2")


@pytest.mark.parametrize(
    "headers", [{"Cache-Control": "no-store"}, {"Set-Cookie": "a=b"}, {"Cache-Control": "private, max-age=1"}]
)
def test_what_is_not_public_is_never_kept(headers: dict[str, str]) -> None:
    kept, source = Pages(ShortCache()), Source(**headers)
    assert [ask(kept, source)[1] for _ in range(2)] == [b"answer 1", b"answer 2"]


def test_errors_posts_and_other_places_are_never_kept() -> None:
    kept, missing, source = Pages(ShortCache()), Source(status="404 NOT FOUND"), Source()
    assert [ask(kept, missing, "/p/b")[1] for _ in range(2)] == [b"answer 1", b"answer 2"]
    for _ in range(2):
        ask(kept, source, "/organizer")
        ask(kept, source, REQUEST_METHOD="POST")
    assert source.asked == 4


def test_a_reader_who_has_the_page_is_told_so() -> None:
    kept, source = Pages(ShortCache()), Source()
    for known in ('"one"', 'W/"one"', '"two", "one"'):
        assert ask(kept, source, HTTP_IF_NONE_MATCH=known) == (304, b"")
    assert ask(kept, source, HTTP_IF_NONE_MATCH='"two"') == (200, b"answer 1")
    assert ask(kept, source, REQUEST_METHOD="HEAD") == (200, b"")


def test_while_one_renders_others_get_the_last_page_and_never_an_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, source = Pages(ShortCache()), Source()
    ask(kept, source)
    now = time.monotonic() + 1.5
    monkeypatch.setattr(short_cache, "monotonic", lambda: now)
    source.go_on.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(ask, kept, source)
        while source.asked < 2:
            time.sleep(0.01)
        assert ask(kept, source) == (200, b"answer 1")
        now += 0.9
        late = [pool.submit(ask, kept, source) for _ in range(3)]
        time.sleep(0.1)
        assert not any(one.done() for one in late)
        source.go_on.set()
        assert {one.result()[1] for one in (first, *late)} == {b"answer 2"}
    assert source.asked == 2


def test_what_was_being_rendered_when_something_changed_is_not_kept() -> None:
    cache = ShortCache()
    kept, source = Pages(cache), Source()
    ask(kept, source)
    cache.forget()
    source.go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        before = pool.submit(ask, kept, source)
        while source.asked < 2:
            time.sleep(0.01)
        cache.forget()
        source.go_on.set()
        before.result()
    assert ask(kept, source) == (200, b"answer 3")


def test_many_addresses_fill_no_memory_and_push_out_no_page_that_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, source, now = Pages(ShortCache()), Source(), time.monotonic()
    monkeypatch.setattr(short_cache, "monotonic", lambda: now)
    for number in range(3 * page_cache.MOST_PAGES):
        assert ask(kept, source, query=f"x={number}")[0] == 200
        if not number:
            hot = ask(kept, source)
        assert ask(kept, source) == hot
    assert len(kept._kept._known) <= page_cache.MOST_PAGES
    assert kept._kept._bytes <= page_cache.MOST_PAGES * len(b"answer 9999")


def test_a_change_by_this_process_is_seen_at_once(app: Any, client: Any) -> None:
    world = make.make_world(app)
    numbers = f"/p/{world.slug}/status.json"
    assert client.get(numbers).json["verified"] == 0
    signed = make.make_verified(app, world, "Ada Sample")
    assert client.get(numbers).json["verified"] == 1
    assert "Ada Sample" in client.get(f"/p/{world.slug}").text
    make.withdraw(app, signed)
    assert "Ada Sample" not in client.get(f"/p/{world.slug}").text


def test_a_page_that_is_kept_is_counted_like_any_other(app: Any, client: Any) -> None:
    make.make_petition(app)
    for _ in range(3):
        client.get(f"/p/{make.SLUG}")
    rule = {"rule": "/p/<slug>", "method": "GET", "status": "2xx"}
    assert app.extensions["meter"].registry.get_sample_value("countersign_requests_total", rule) == 3


def test_an_arrival_alone_leaves_the_pages_standing(app: Any, client: Any) -> None:
    make.make_petition(app)
    client.get(f"/p/{make.SLUG}")
    make.sign_page(client)
    assert any(app.pages._kept._known.values())
