"""Back and Reload on the road of a signer: nothing is lost, nothing is done twice, and with a script nothing is asked.

Without a script a browser asks before it sends a form once more; here it always does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.moves import go_back, go_back_in_vain, go_forward, leaving, reload, settle
from tests.browser.test_road import PETITION, keep_words, mailed_code
from tests.browser.test_words import count, letter, shown, sign
from tests.matrix import sample

__all__ = ["letter"]
scripts = pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
ADDRESS = "anna@example.org"
LED_TO = ("/done", "/discarded", "/thanks")
WRITTEN_DOWN = "form:has(input[name=mark]) button[type=submit]"


def posts(page: Page) -> list[str]:
    """Note every form that is sent from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    return sent


def come_back(page: Page, site: Site, *, script: bool) -> None:
    """Read the letter, and go back; without a script the browser may want a form to be sent once more."""
    settle(page)
    is_led_to = page.url.partition("?")[0].endswith(LED_TO)
    page.goto(f"{site.url}/p/letter")
    if script or is_led_to:
        go_back(page)
        return
    go_back_in_vain(page)
    reload(page)


def ways(page: Page, site: Site, *, script: bool) -> tuple[Callable[[], object], ...]:
    """Return the ways to lose a page and to find it again."""
    again = partial(reload, page)
    return again, partial(come_back, page, site, script=script), again


def type_code(page: Page, code: str) -> None:
    """Type a code and send it by Enter."""
    expect(page.locator("script[data-entry]")).to_have_count(1)
    page.locator("input[name=code]").fill(code)
    with leaving(page):
        page.keyboard.press("Enter")


@scripts
def test_the_page_for_the_code_is_found_again(letter: Site, open_page: Open, script: bool) -> None:
    page = open_page(f"{letter.url}/p/letter/sign", script=script, quiet=True)
    sign(page, ADDRESS)
    type_code(page, "0000-0000")
    expect(page.locator(".error")).to_contain_text("4")
    token, sent = page_token(page), posts(page)
    for lose in ways(page, letter, script=script):
        lose()
        expect(page.get_by_role("heading", level=1)).to_have_text("Type the code from the message")
        expect(page.locator("input[name=pending]").first).to_have_value(token)
    if script:
        assert page.url.endswith("/p/letter/confirm")
        assert not any("0000" in body for body in sent), "no wrong code costs another try"
        for heading in ("Type the code from the message", "Sign the letter"):
            go_back(page)
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        go_forward(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Type the code from the message")
    type_code(page, mailed_code(letter, ADDRESS))
    shown(page)
    assert count(letter) == 1


def page_token(page: Page) -> str:
    """Return the token that a page has; there is one."""
    token = page.locator("input[name=pending]").first.input_value()
    assert len(token) == 32
    return token


@scripts
def test_the_words_are_found_again(letter: Site, open_page: Open, script: bool) -> None:
    page = open_page(f"{letter.url}/p/letter/sign", script=script, quiet=True)
    sign(page, ADDRESS)
    code = mailed_code(letter, ADDRESS)
    type_code(page, code)
    words = shown(page)
    for lose in ways(page, letter, script=script):
        lose()
        if script:  # Its history holds no code, so that whoever finds the browser opens nothing.
            type_code(page, code)
        assert shown(page) == words
    page.locator(WRITTEN_DOWN).click()
    for lose in ways(page, letter, script=script):
        expect(page.locator("#first")).to_be_visible()
        lose()
        if script:
            type_code(page, code)
            page.locator(WRITTEN_DOWN).click()
    keep_words(page, words)
    page.wait_for_url("**/done**")
    for lose in ways(page, letter, script=script):
        lose()
        expect(page.get_by_role("heading", level=1)).to_have_text("That is all")
    if script:
        go_back(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Where is my signature?")
    assert count(letter) == 1


@scripts
def test_a_signature_where_no_mail_is_asked_for_is_found_again(
    empty: Site, open_page: Open, tmp_path: Path, script: bool
) -> None:
    (tmp_path / "letter.toml").write_text(PETITION.replace("goal = 10", 'goal = 10\nmail = "none"'))
    empty.flask("petitions", "create", str(tmp_path / "letter.toml"))
    empty.flask("petitions", "open", "letter")
    page = open_page(f"{empty.url}/p/letter/sign", script=script, quiet=True)
    page.locator("#name").fill("Анна Заречная")
    page.locator("#publish-0").check()
    page.locator("#consent").check()
    page.locator("form.sign-form button[type=submit]").click()
    for lose in ways(page, empty, script=script):
        expect(page.get_by_role("button", name="Confirm my signature")).to_be_visible()
        lose()
    page.get_by_role("button", name="Confirm my signature").click()
    words = shown(page)
    for lose in ways(page, empty, script=script):
        lose()
        if script:
            page.get_by_role("button", name="Confirm my signature").click()
        assert shown(page) == words
    assert count(empty) == 1


@scripts
def test_a_signature_that_was_looked_up_and_withdrawn_leaves_nothing_behind(
    letter: Site, open_page: Open, script: bool
) -> None:
    page = open_page(f"{letter.url}/p/letter/sign", script=script, quiet=True)
    sign(page, ADDRESS)
    type_code(page, mailed_code(letter, ADDRESS))
    words = shown(page)
    page.locator(WRITTEN_DOWN).click()
    keep_words(page, words)
    page.wait_for_url("**/done**")

    def look_up() -> None:
        page.locator("textarea[name=code]").fill(words)
        page.locator("#code-form button[type=submit]").click()
        expect(page.locator(".road")).to_be_visible()

    page.goto(f"{letter.url}/my")
    look_up()
    for lose in ways(page, letter, script=script):
        lose()
        if script:
            expect(page.locator("textarea[name=code]")).to_have_value("")
            look_up()
        expect(page.locator(".road")).to_be_visible()
    with leaving(page):
        page.get_by_role("button", name="Look again").click()
    expect(page.locator(".road")).to_be_visible()
    page.get_by_role("button", name="Withdraw and erase …").click()
    page.get_by_role("button", name="Yes, withdraw and erase it").click(click_count=1 + script)
    for lose in ways(page, letter, script=script):
        expect(page.get_by_role("heading", level=1)).to_have_text("It is withdrawn and erased")
        assert "letter" not in page.url
        lose()
    if script:
        go_back(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Where is my signature?")


@scripts
@pytest.mark.parametrize("act", sample(["not me", "erase"], ["not me", "erase", "search"]))
def test_what_was_said_without_words_is_found_again(letter: Site, open_page: Open, script: bool, act: str) -> None:
    start = {"not me": "not-me", "erase": "sign", "search": "signatories"}[act]
    page = open_page(f"{letter.url}/p/letter/{start}", script=script, quiet=True)
    if act == "not me":
        page.locator("#name").fill("Никто Нигде")
        page.get_by_role("button", name="Have it looked at").click()
    elif act == "erase":
        sign(page, ADDRESS)
        page.locator("summary", has_text="I do not want to sign").click()
        page.get_by_role("button", name="Erase what I wrote").click(click_count=1 + script)
    else:
        page.locator("#q").fill("Никто")
        page.locator("form[role=search] button").click()
    said = {"not me": "Thank you", "erase": "It is erased", "search": "Signatories"}[act]
    expect(page.get_by_role("heading", level=1)).to_have_text(said)
    sent = posts(page)
    for lose in ways(page, letter, script=script):
        lose()
        expect(page.get_by_role("heading", level=1)).to_have_text(said)
    if script or act != "search":
        assert sent == []
