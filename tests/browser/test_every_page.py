"""Every page of the URL map is accessible on a telephone: the walks that look for untranslated words visit all of them.

Each walk fails where it leaves out a page of its part of the map. What it has seen is shown to the browser as it was,
with words in brackets, which makes them longer than in any language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Route
from werkzeug.test import TestResponse

from tests.browser.conftest import Open
from tests.browser.test_pages import assert_accessible
from tests.conftest import only_sqlite
from tests.matrix import sample
from tests.web import test_pseudo_locale as walks

ORIGIN = "http://localhost"
WALKS = {
    "public": walks.test_every_word_that_the_public_reads_is_translated,
    "signer": walks.test_every_word_on_the_road_of_a_signer_is_translated,
    "staff": walks.test_every_word_that_staff_read_is_translated,
}


class Collector(walks.Reader):
    """Keeps a page of each address that is seen, one that went well where there is one; with `--all` of each status."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.pages: dict[str, tuple[str, str]] = {}

    def look(self, answer: TestResponse, status: int = 200) -> TestResponse:
        """Look at one page, and keep it."""
        super().look(answer, status)
        if answer.mimetype == "text/html" and status not in (404, 405):
            endpoint = str(self.adapter.match(answer.request.path, answer.request.method)[0])
            key = sample(endpoint, f"{endpoint} {status}")
            if status == 200 or key not in self.pages:
                self.pages.setdefault(key, (answer.request.path, answer.text))
        return answer


@pytest.fixture
def collector(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A reader of the bracketing language that keeps what it sees."""
    with monkeypatch.context() as bracketing:
        walks.speak_it(bracketing)
        yield Collector(app)


@only_sqlite
@pytest.mark.parametrize("part", WALKS)
def test_every_page_is_accessible_on_a_telephone(app: Flask, collector: Collector, open_page: Open, part: str) -> None:
    walk: Callable[[Any, Any], None] = WALKS[part]
    walk(app, collector)
    page, client = open_page("about:blank", width=375, scheme="dark", quiet=True), app.test_client()

    @cache
    def ask(path: str) -> dict[str, Any]:
        with client.get(path) as answer:
            return {"body": answer.data, "content_type": answer.content_type, "status": answer.status_code}

    def serve(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(body="", content_type="text/html; charset=utf-8")
            return
        route.fulfill(**ask(urlsplit(route.request.url).path))

    page.route("**/*", serve)
    page.goto(ORIGIN)
    problems = []
    for path, text in collector.pages.values():
        # What was written into one window shares its scripts, so that axe-core is compiled once for all pages.
        page.evaluate("path => history.replaceState(null, '', path)", path)
        page.set_content(text)
        try:
            assert_accessible(page)
        except AssertionError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)
    assert len(collector.pages) >= 8
