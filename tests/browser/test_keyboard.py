"""A reviewer decides ten cases with the keyboard alone: no mouse is touched, and every act shows its key."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.moves import leaving
from tests.browser.test_eight_reviewers import PETITION, SLUG
from tests.browser.test_pages import assert_accessible
from tests.conftest import DATA, only_sqlite
from tests.factories import PASSWORD

REF = re.compile(r"\b(b\d{3})@example\.org")
VERIFIED = ("b001", "b002", "b003", "b004", "b009", "b022")
REJECTED = ("b072", "b073", "b074")
DUPLICATE, ASKED, LEFT, SEEN = "b069", "b010", "b022", "b002"
STAYS = ("b003", "b073")  # After these the reviewer goes back to the desk.
A_FRAME = "() => new Promise(requestAnimationFrame)"
SECTIONS = {"n": "not-verified", "d": "duplicate", "e": "evidence", "a": "ask", "v": "verify"}


@only_sqlite
def test_ten_cases_are_decided_with_the_keyboard_alone(
    cli: Callable[..., SimpleNamespace], served: Site, tmp_path: Path, open_page: Open
) -> None:
    prepare(cli, tmp_path)
    page = open_page(f"{served.url}/organizer/login", quiet=True)
    page.add_init_script("addEventListener('pointerdown', () => { throw new Error('a mouse was used') })")
    assert_accessible(page)
    sign_in(page)
    assert_accessible(page)
    assert_keys_shown(page)

    done: Counter[str] = Counter()
    met: set[str] = set()
    while done.total() < 10:
        ref = take_next(page)
        if not met:
            look_at_every_act(page)
        if ref == ASKED:
            ask(page)
        elif ref == LEFT and ref not in met:
            press(page, "p", "/desk")
        else:
            done[decide(page, ref)] += 1
        met.add(ref)
    assert done == {"verified": 6, "rejected": 3, "duplicate": 1}
    assert met == {*VERIFIED, *REJECTED, DUPLICATE, ASKED}
    press(page, "u", "/cases/")
    expect(page.locator(".said-question")).to_contain_text("When were you elected?")
    assert_accessible(page)
    press(page, "p", "/desk")
    assert_accessible(page)
    assert_keys_shown(page)


def prepare(cli: Callable[..., SimpleNamespace], folder: Path) -> None:
    """Open the letter with its roster and a reviewer, take in eleven signatures, and seal them."""
    wanted = {*VERIFIED, *REJECTED, DUPLICATE, ASKED}
    with (DATA / "batch1.csv").open(newline="") as source, (folder / "some.csv").open("w", newline="") as some:
        rows = csv.DictReader(source)
        writer = csv.DictWriter(some, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(row for row in rows if row["ref"] in wanted)
    (folder / "petition.toml").write_text(PETITION)
    cli("petitions", "create", folder / "petition.toml")
    cli("petitions", "open", SLUG)
    cli("roster", "import", SLUG, DATA / "roster.csv", "--name", "Deputies", "--as-of", "2026-09-01")
    words = ("--name", "Rita", "--role", "reviewer", "--petition", SLUG, "--password-stdin")
    cli("accounts", "create", "rita@example.org", *words, stdin=f"{PASSWORD}\n")
    held = ("--consent", "The organizer holds their written word", "--codes", folder / "codes.csv")
    cli("signatures", "import", SLUG, folder / "some.csv", *held)
    cli("batches", "seal", SLUG)


# --- keys -------------------------------------------------------------------------------------------------------


def sign_in(page: Page) -> None:
    """Sign in and walk to the desk."""
    tab_to(page, "[name=email]")
    page.keyboard.type("rita@example.org")
    tab_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/organizer")
    for link, to in ((f"main a[href$='/p/{SLUG}']", f"/p/{SLUG}"), (".sections a[href$='/desk']", "/desk")):
        tab_to(page, link)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{to}")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is where it is wanted."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def press(page: Page, key: str, to: str) -> None:
    """Press a key that leads to another page."""
    with leaving(page):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(to))


def take_next(page: Page) -> str:
    """Take the next case in one keystroke, unless the one before led to it; return whose it is."""
    if "/cases/" not in page.url:
        press(page, "g", "/cases/")
    found = REF.search(page.locator(".facts").inner_text())
    assert found
    return found[1]


def open_act(page: Page, key: str) -> None:
    """Open an act by its key, and wait three frames as a hand does; the focus must be in its form."""
    page.keyboard.press(key)
    for _ in range(3):
        page.evaluate(A_FRAME)
    section = page.locator(f"#{SECTIONS[key]}")
    expect(section).to_be_in_viewport()
    expect(page.locator(".case-acts .act:visible")).to_have_count(1)
    if section.locator("form").count():
        expect(section.locator(":focus")).to_have_count(1)


def look_at_every_act(page: Page) -> None:
    """Open each act on a case; each button in it shows its key."""
    for key in SECTIONS:
        open_act(page, key)
        assert_accessible(page)
        assert_keys_shown(page)
        page.keyboard.press("Escape")


def assert_keys_shown(page: Page) -> None:
    """Fail on an act that does not show the key which stands in its description."""
    acts = page.locator("main :is(button, a.btn):visible:not([data-keys], [aria-hidden=true])").all()
    assert acts
    for act in acts:
        shown, told = act.locator("kbd:visible").all_inner_texts(), act.get_attribute("aria-keyshortcuts") or ""
        for name, sign in (("Control+", "Ctrl "), ("Shift+", "⇧ "), ("Enter", "⏎")):
            told = told.replace(name, sign)
        assert shown == [told], act.inner_text()


# --- acts -------------------------------------------------------------------------------------------------------


def decide(page: Page, ref: str) -> str:
    """Decide a case as planned; return the outcome."""
    if ref == SEEN:
        add_evidence(page)
    if ref in REJECTED:
        outcome = "rejected"
        open_act(page, "n")
        page.keyboard.press("Space")
    elif ref == DUPLICATE:
        outcome = "duplicate"
        open_act(page, "d")
        page.keyboard.press("Space")
    else:
        outcome = "verified"
        for key in ("1", "o", "y"):
            page.keyboard.press(key)
    press(page, "Control+Shift+Enter" if ref in STAYS else "Control+Enter", r"/desk|/cases/[^#]*(#main)?$")
    assert not page.locator("[role=alert]").count(), page.locator("[role=alert]").first.inner_text()
    expect(page.locator(".notice-success")).to_contain_text("Your decision is recorded")
    return outcome


def add_evidence(page: Page) -> None:
    """Record a piece of evidence, take it back, and record another."""
    for words in ("entered in error", "the council's page names this mailbox"):
        open_act(page, "e")
        page.keyboard.press("ArrowDown")
        tab_to(page, "#evidence [name=strength]")
        page.keyboard.press("ArrowDown")
        tab_to(page, "#evidence [name=seen]")
        page.keyboard.type(words)
        press(page, "Control+Enter", "/cases/")
        expect(page.locator(".evidence")).to_contain_text(words)
        assert_keys_shown(page)
        if words == "entered in error":
            press(page, "t", "/cases/")
            expect(page.locator(".evidence")).to_have_count(0)


def ask(page: Page) -> None:
    """Ask with a common question, put into the reviewer's own words."""
    open_act(page, "a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    press(page, "f", "/question")
    tab_to(page, "textarea[name=question]")
    expect(page.locator("textarea[name=question]")).not_to_be_empty()
    page.keyboard.press("Control+End")
    page.keyboard.type(" When were you elected?")
    press(page, "Control+Shift+Enter", "/desk")
    expect(page.locator(".notice-success")).to_contain_text("Your question waits")
