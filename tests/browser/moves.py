"""How a page is left and found again: only once it is there in whole, as who reads it leaves it.

Until then its scripts may write the entry of the history, which counts as a navigation, or lead on to another page.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Error, Page, expect

LEADS_ON = "script[data-again]"  # With what the history knows, `entry.js` asks for the page that follows.
REFUSED = "chrome-error://chromewebdata/"


def settle(page: Page) -> None:
    """Wait until a page is there in whole, and is not about to lead on."""
    page.wait_for_load_state("load")
    expect(page.locator(LEADS_ON)).to_have_count(0)
    page.wait_for_load_state("load")


def reload(page: Page) -> None:
    """Reload a page; what comes may lead on before all of it is there."""
    settle(page)
    page.reload(wait_until="commit")


def go_back(page: Page) -> None:
    """Go back; the page before may lead on."""
    settle(page)
    page.go_back(wait_until="commit")


def go_forward(page: Page) -> None:
    """Go forward; the page after may lead on."""
    settle(page)
    page.go_forward(wait_until="commit")


def go_back_in_vain(page: Page) -> None:
    """Go back to a page that the browser would have to send a form for, which it asks about first."""
    settle(page)
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()
    page.wait_for_url(REFUSED)


@contextmanager
def leaving(page: Page) -> Iterator[None]:
    """Do what leads to another page, and wait until that is there in whole; a new entry of the history is none."""
    page.wait_for_load_state("load")
    with page.expect_event("load"):
        yield
