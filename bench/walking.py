"""A browser in which people walk through a build, and what is counted there: keys, clicks and page loads.

A page load is a document that the browser has received: a redirect is none. Characters of words that somebody has to
write are counted apart from keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Response, sync_playwright

from tests.chromium import CHROMIUM

PASSWORD = "a long password of benches"


@dataclass
class Walk:
    """A page whose loads, keys, clicks and written characters are counted.

    `clicks` are on links, buttons and what folds a part of the page away; `choices` on radios, ticks, menus and files.
    """

    page: Page
    keys: int = 0
    loads: int = 0
    typed: int = 0
    clicks: int = 0
    choices: int = 0

    def __post_init__(self) -> None:
        self.page.on("response", self._note)

    def _note(self, response: Response) -> None:
        request = response.request
        self.loads += (
            request.is_navigation_request() and request.frame == self.page.main_frame and response.status < 300
        )

    def begin_anew(self) -> None:
        """Count from nothing."""
        self.keys = self.loads = self.typed = self.clicks = self.choices = 0

    # --- keys -------------------------------------------------------------------------------------------------------

    def press(self, key: str, *, leads: bool = False) -> None:
        """Press a key once; some lead to another page."""
        self.keys += 1
        if leads:
            with self.page.expect_navigation(wait_until="load"):
                self.page.keyboard.press(key)
            return
        self.page.keyboard.press(key)
        for _ in range(3):
            self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus is on a field."""
        for _ in range(40):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.press("Tab")
        raise RuntimeError(f"{selector} cannot be reached with Tab")

    def write(self, words: str) -> None:
        """Write words where the focus is."""
        self.typed += len(words)
        self.page.keyboard.type(words)

    # --- clicks -----------------------------------------------------------------------------------------------------

    def shows(self, selector: str) -> bool:
        """Return whether a page has something to see there."""
        return any(one.is_visible() for one in self.page.locator(selector).all())

    def seen(self, selector: str) -> Locator:
        """Return the first of what the page shows there; links and buttons for the blind alone are passed over."""
        return self.page.locator(f"{selector}:not([aria-hidden=true]):visible").first

    def click(self, selector: str, *, leads: bool = True) -> None:
        """Click on a link or a button that leads to a page, or unfold something."""
        self.clicks += 1
        if not leads:
            self.seen(selector).click()
            return
        with self.page.expect_navigation(wait_until="load"):
            self.seen(selector).click()

    def choose(self, **fields: str) -> None:
        """Choose one of each of these fields, unless it is chosen already: by its value, in a menu too."""
        for name, value in fields.items():
            menu = self.page.locator(f"select[name={name}]")
            box = self.page.locator(f"input[name={name}][value='{value}']")
            if menu.count() and menu.input_value() != value:
                menu.select_option(value)
                self.choices += 1
            elif not menu.count() and not box.is_checked():
                box.check()
                self.choices += 1

    def bring(self, content: str) -> None:
        """Choose a file of this content."""
        self.choices += 1
        file = {"name": "people.csv", "mimeType": "text/csv", "buffer": content.encode()}
        self.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type] # The library's own shape.

    def fill(self, **fields: str) -> None:
        """Write into fields."""
        for name, words in fields.items():
            self.typed += len(words)
            self.page.locator(f"[name={name}]:not([type=hidden])").first.fill(words)


@contextmanager
def signed_in(address: str, email: str) -> Iterator[Page]:
    """Sign somebody in, at 1280 px and in English."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en")
        page.goto(f"{address}/organizer/login")
        page.fill("[name=email]", email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/organizer")
        yield page
        browser.close()
