"""The first hours of people, with the mistakes that they make: in which language, at which width, with which browser.

Four walks: an organizer before opening and after it, a reviewer, a signer. Each is walked in one of four deals, such
that together they meet every pair of language, width and script; with `--all` each of them meets all eight.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.moves import leaving
from tests.browser.test_pages import assert_accessible
from tests.factories import PASSWORD, Person
from tests.matrix import sample


@dataclass(frozen=True)
class Deal:
    """How somebody comes: their language, the width of their window in px, and whether it runs scripts."""

    language: str
    width: int
    script: bool

    @property
    def other(self) -> str:
        """The other language."""
        return "ru" if self.language == "en" else "en"

    def __str__(self) -> str:
        return f"{self.language}, {self.width} px, {'with' if self.script else 'without'} JavaScript"


# Every pair of values is in one of them.
DEALS = (Deal("en", 375, True), Deal("ru", 375, False), Deal("ru", 1280, True), Deal("en", 1280, False))
ALL = tuple(Deal(*values) for values in itertools.product(("en", "ru"), (375, 1280), (True, False)))
SIGNER, BEFORE_OPENING, REVIEWER, AFTER_OPENING = range(4)


def walked(walk: int) -> pytest.MarkDecorator:
    """Return the deals in which one of the four walks is walked."""
    return pytest.mark.parametrize("deal", sample((DEALS[walk],), ALL), ids=str)


@dataclass(frozen=True)
class Visitor:
    """Somebody at an installation."""

    site: Site
    open_page: Open
    deal: Deal

    def page(self, path: str) -> Page:
        """Open a page in a browser of its own."""
        deal = self.deal
        return self.open_page(
            f"{self.site.url}{path}", width=deal.width, script=deal.script, language=deal.language, quiet=True
        )

    def tab(self, page: Page, path: str) -> Page:
        """Open a second tab beside a page, in the same browser."""
        other = page.context.new_page()
        other.goto(f"{self.site.url}{path}")
        return other

    def sign_in(self, who: Person | str) -> Page:
        """Sign somebody of the staff in, after a slip in the password."""
        page, address = self.page("/organizer/login"), who if isinstance(who, str) else who.email
        for password in ("not this one", PASSWORD):
            type_password(page, address, password)
        page.wait_for_url("**/organizer")
        return page

    def look(self, page: Page) -> None:
        """Look at a page with axe where it may run scripts, else at its width alone; its language is the visitor's."""
        expect(page.locator("html")).to_have_attribute("lang", self.deal.language)
        if self.deal.script:
            assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def type_password(page: Page, address: str, password: str = PASSWORD) -> None:
    """Fill in the form of sign-in and send it."""
    page.locator("#email").fill(address)
    page.locator("#password").fill(password)
    with leaving(page):
        page.locator("main form button[type=submit]").click()


def end_session(page: Page, pressed: Locator, address: str) -> None:
    """Let the session end while something is written; press a button, sign in again, and send what was kept."""
    page.context.clear_cookies()
    go(pressed)
    expect(page.get_by_role("alert")).to_be_visible()
    type_password(page, address)
    with leaving(page):
        page.locator("main form button.btn-primary").click()


def bring(page: Page, content: bytes, name: str = "people.csv") -> None:
    """Choose a file and send it."""
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    with leaving(page):
        page.locator("main form[enctype] button[type=submit]").click()


def go(button: Locator, *, twice: bool = False) -> None:
    """Press a button that leads to a page, or tap it twice."""
    with leaving(button.page):
        button.dblclick() if twice else button.click()
