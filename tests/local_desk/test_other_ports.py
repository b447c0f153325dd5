"""What other programs of a reviewer's machine are told of the desk: cookies know no ports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Page

from petition_app.local_desk.prefix import hide
from tests import factories as make
from tests.conftest import only_sqlite
from tests.local_desk.desks import LocalDesk, serving
from tests.local_desk.test_local_desk import sealed_batch

pytestmark = only_sqlite

Start = Callable[..., LocalDesk]
OUTSIDE = (
    "/",
    "/organizer",
    "/organizer/p/{slug}/desk",
    "/organizer/start/guess",
    "/static/staff.css",
    "/desk/{slug}/mirror",
)


@pytest.fixture
def other() -> Iterator[tuple[str, list[str]]]:
    """Another program that listens on 127.0.0.1, and the cookies that browsers send it; it sets one of its own."""
    program, sent = Flask("other", static_folder=None), list[str]()

    @program.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @program.route("/<path:path>", methods=["GET", "POST"])
    def take(path: str) -> Any:
        sent.append(request.headers.get("Cookie", ""))
        return "", 200, {"Set-Cookie": "countersign=of-another-program; Path=/"}

    with serving(program) as address:
        yield address, sent


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of Chromium, in a context of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def enter(page: Page, desk: LocalDesk) -> None:
    """Open a desk that nobody has opened yet with the address that the terminal shows, and unlock the keys."""
    page.goto(desk.root + desk.prefix + desk.start)
    page.get_by_role("button", name="Open the desk").click()
    page.get_by_role("button", name=re.compile("Next case")).click()
    page.wait_for_url("**/unlock**")
    page.locator("input[name=passphrase]").fill(make.PASSPHRASE)
    page.locator("main form button[type=submit]").first.click()
    page.get_by_role("button", name=re.compile("Next case")).click()
    page.wait_for_url("**/cases/**")


def test_no_other_program_of_the_machine_is_sent_the_cookie(
    app: Any, desk: Start, other: tuple[str, list[str]], page: Page
) -> None:
    world, (signed,) = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.reviewers[0], entered=False)
    enter(page, mine)
    assert signed.name in unescape(page.content())
    (kept,) = page.context.cookies()
    assert kept["httpOnly"]
    assert kept["sameSite"] == "Strict"
    assert kept["expires"] == -1, "it ends with the browser"
    here, (address, sent) = page.url, other
    for path in OUTSIDE:
        page.goto(address + path.format(slug=mine.slug))
    page.evaluate(f"fetch('{address}/organizer/', {{method: 'POST', credentials: 'include'}})")
    assert len(sent) > len(OUTSIDE)
    assert not [line for line in sent if kept["value"] in line]
    page.goto(here)
    assert signed.name in unescape(page.content()), "what another program sets is not taken for ours"


def test_nothing_of_an_earlier_run_brings_another_program_the_cookie(
    app: Any, desk: Start, other: tuple[str, list[str]]
) -> None:
    """The browser is a client that keeps cookies by host and path, as browsers do, and knows no ports either."""
    world = make.make_sealed_world(app, reviewers=1)
    earlier, mine = hide(Flask("of an earlier run")), desk(world, world.reviewers[0], unlocked=False)
    address, sent = other
    (kept,) = mine.browser.cookies.jar
    for path in (*OUTSIDE, *(earlier + path for path in OUTSIDE)):
        mine.browser.get(address + path.format(slug=mine.slug))
    assert len(sent) > len(OUTSIDE)
    assert kept.value
    assert not [line for line in sent if kept.value in line]
    assert mine.get("desk").status_code == 200, "what another program sets is not taken for ours"


def test_two_desks_in_one_browser_do_not_close_each_other(app: Any, desk: Start, page: Page) -> None:
    first, second = (
        (sealed_batch(app, name, slug=slug), name)
        for slug, name in (("one", "Аксинья Долгая"), ("two", "Борис Крутых"))
    )
    places = []
    for (world, _), name in (first, second):
        enter(page, desk(world, world.reviewers[0], entered=False))
        places.append((page.url, name))
    for url, name in places:
        page.goto(url)
        assert name in unescape(page.content())


def test_outside_its_secret_path_the_desk_says_nothing(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.reviewers[0])
    assert len(mine.prefix) > 40
    assert mine.get("desk").status_code == 200
    guesses = ["/" + "A" * (len(mine.prefix) - 1), mine.prefix[:-1], mine.prefix + "x", mine.prefix.swapcase(), "/é"]
    paths = [path.format(slug=mine.slug) for path in OUTSIDE]
    for path in (*paths, *guesses, *(guess + paths[2] for guess in guesses)):
        for method in ("GET", "POST"):
            answer = httpx.request(method, mine.root + path, cookies=mine.browser.cookies)
            assert (answer.status_code, "set-cookie" in answer.headers) == (404, False), path
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert len({answer.text, httpx.get(mine.root).text}) == 1, "every guess is answered alike"


def test_the_secret_path_does_not_travel(app: Any, server: str, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.organizer)
    for path in ("desk", "names", "nothing-here"):
        assert mine.get(path).headers["referrer-policy"] == "no-referrer"
    assert mine.get("people").headers["location"] == f"{server}/organizer/p/{world.slug}/people"


def test_where_the_keys_are_asked_for_leads_back_below_the_path(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.organizer, unlocked=False)
    asked = mine.get("names")
    assert asked.status_code == 303
    form = mine.browser.get(asked.headers["location"].removeprefix(mine.prefix))
    (wanted,) = re.findall(r'name="next" value="([^"]+)"', form.text)
    assert mine.post("unlock", passphrase=make.PASSPHRASE, next=wanted).headers["location"] == (
        f"{mine.prefix}/organizer/p/{world.slug}/names"
    )
    out = mine.browser.post("/organizer/logout", data={"csrf_token": mine.csrf})
    assert out.headers["location"].startswith(f"{mine.prefix}/organizer/")
    assert "This desk is closed" in mine.browser.get(out.headers["location"].removeprefix(mine.prefix)).text
