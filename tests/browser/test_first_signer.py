"""A signer's first hour, from the letter to the words and to a withdrawal, with the mistakes that people make."""

from __future__ import annotations

import re

from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.first_hours import SIGNER, Deal, Visitor, go, walked
from tests.browser.moves import go_back, go_back_in_vain, go_forward, reload
from tests.browser.test_road import keep_words, mailed_code
from tests.conftest import only_sqlite

NAME, ADDRESS = "Анна Заречная", "anna@example.org"
WORDS = re.compile(r"^(\S+ ){11}\S+$")
WRITTEN_DOWN = "form:has(input[name=mark]) button[type=submit]"
SHOW_AGAIN = "form:not(#words-form) button[type=submit].btn-secondary"


@only_sqlite
@walked(SIGNER)
def test_a_signer_gets_from_the_letter_to_words_an_answer_and_away_again(
    app: Flask, served: Site, open_page: Open, deal: Deal
) -> None:
    world, signer = make.make_world(app), Visitor(served, open_page, deal)
    page = signer.page(f"/p/{world.slug}")
    signer.look(page)
    go(page.locator("a[href$='/sign']").first)
    fill_in(signer, page)
    code = type_code(signer, page)
    words = keep(signer, page, code)
    mine = look_after(app, signer, world, words)
    withdraw(signer, mine)
    with make.looking(app):
        assert db.session.scalars(select(Signature.state)).all() == ["withdrawn"]
    assert make.problems(app, world.petition_id) == []


def shown(page: Page) -> str:
    """Return the words that a page shows."""
    expect(page.locator("#secret-code")).to_have_text(WORDS)
    return page.locator("#secret-code").inner_text()


def in_the_other_language(signer: Visitor, page: Page) -> None:
    """Look at a page that answers a form in the other language, and come back."""
    for language in (signer.deal.other, signer.deal.language):
        page.locator(".top nav button:not([aria-hidden])").click()
        expect(page.locator("html")).to_have_attribute("lang", language)


def fill_in(signer: Visitor, page: Page) -> None:
    """Fill in the form with a slip in the address, in both languages, and send it with two taps."""
    page.locator("#name").fill(NAME)
    page.locator("#place").fill("МО Заречное")
    page.locator("#email").fill("not yet an addr")
    page.locator("#publish-2").check()
    page.locator("#consent").check()
    in_the_other_language(signer, page)
    reload(page)
    for field, value in (("name", NAME), ("place", "МО Заречное"), ("email", "not yet an addr")):
        expect(page.locator(f"#{field}")).to_have_value(value)
    for box in ("publish-2", "consent"):
        expect(page.locator(f"#{box}")).to_be_checked()
    assert "Анна" not in page.url
    page.locator("#email").fill("nobody@")
    page.locator("form.sign-form").evaluate("form => { form.noValidate = true }")
    go(page.locator("form.sign-form button[type=submit]"))
    expect(page.locator("#errors")).to_be_visible()
    signer.look(page)
    page.locator("#email").fill(ADDRESS)
    page.locator("form.sign-form button[type=submit]").dblclick()
    expect(page.locator("input[name=code]")).to_be_visible()


def type_code(signer: Visitor, page: Page) -> str:
    """Type a wrong code, close nothing, go back, and type the right one with two taps."""
    code = mailed_code(signer.site, ADDRESS)
    in_the_other_language(signer, page)
    page.locator("input[name=code]").fill("0000-0000")
    page.keyboard.press("Enter")
    expect(page.locator(".error")).to_contain_text("4")
    signer.look(page)
    page.locator("input[name=code]").fill(code)
    page.locator("form.panel button[type=submit]").dblclick()
    return code


def keep(signer: Visitor, page: Page, code: str) -> str:
    """Keep the words through reloads, Back, a second tab and slips of the pen; then they are shown no more."""
    words = shown(page)
    if signer.deal.script:  # Without, a browser asks whether it may send the form once more.
        go_back(page)
        expect(page.locator("input[name=code]")).to_be_visible()
        assert page.url.partition("?")[0].endswith("/confirm"), "nothing of the signer stands in the address"
        go_forward(page)
    reload(page)
    type_again(signer, page, code)
    assert shown(page) == words
    in_the_other_language(signer, page)
    assert shown(page) == words
    signer.look(page)

    other = signer.page(f"{page.url.removeprefix(signer.site.url).partition('/confirm')[0]}/confirm")
    other.locator("input[name=code]").fill(code)
    other.keyboard.press("Enter")
    expect(other.locator("#anew")).to_be_visible()
    signer.look(other)

    go(page.locator(WRITTEN_DOWN), twice=True)
    signer.look(page)
    for field in ("first", "second"):
        page.locator(f"#{field}").fill("zoo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert shown(page) == words
    go(page.locator(WRITTEN_DOWN))
    go(page.locator(SHOW_AGAIN))
    assert shown(page) == words
    go(page.locator(WRITTEN_DOWN))
    page.locator("#first").fill("half")
    reload(page)
    type_again(signer, page, code)
    if not signer.deal.script:
        page.locator(SHOW_AGAIN).click()
    keep_words(page, shown(page))
    page.wait_for_url("**/done**")
    signer.look(page)
    (go_back if signer.deal.script else go_back_in_vain)(page)
    expect(page.locator("#secret-code")).to_have_count(0)
    other.locator("section.panel button[type=submit]").click()
    expect(other.locator("#secret-code")).to_have_count(0)
    return words


def type_again(signer: Visitor, page: Page, code: str) -> None:
    """Type the code again where the history of the browser holds none; without a script the form is sent once more."""
    if signer.deal.script:
        expect(page.locator("script[data-entry]")).to_have_count(1)
        page.locator("input[name=code]").fill(code)
        page.keyboard.press("Enter")


def look_up(page: Page, words: str) -> None:
    """Type the twelve words as they stand on paper."""
    page.locator("#code-form textarea").fill(f"1. {words}.")
    go(page.locator("#code-form button[type=submit]"))


def look_after(app: Flask, signer: Visitor, world: make.World, words: str) -> Page:
    """Come back with eleven words, then with twelve; answer a question, and change what may be published."""
    make.seal(app, world.petition_id, by=world.organizer)
    case = make.take(app, world.petition_id, world.reviewers[0])
    assert case
    make.put_back(app, world.petition_id, case, world.reviewers[0])
    make.ask(app, world.petition_id, case, world.reviewers[0], "Which council are you on?")
    mine = signer.page("/my")
    mine.locator("textarea").fill(" ".join(words.split()[:11]))
    go(mine.locator("form.panel button[type=submit]"))
    expect(mine.locator(".error")).to_contain_text("11")
    look_up(mine, words)
    expect(mine.locator(".question")).to_have_text("Which council are you on?")
    signer.look(mine)
    mine.locator("#answer").fill("Zarechnoye, since 2019.")
    mine.locator("#own-words button[type=submit]").dblclick()
    expect(mine.locator(".notice-success")).to_be_visible()
    reload(mine)
    if signer.deal.script:
        look_up(mine, words)
    expect(mine.locator("#answer")).to_have_count(0)
    mine.locator("#publish-0").check()
    go(mine.locator("form:has(#publish-0) button[type=submit]"), twice=True)
    expect(mine.locator("#publish-0")).to_be_checked()
    in_the_other_language(signer, mine)
    return mine


def withdraw(signer: Visitor, mine: Page) -> None:
    """Ask to withdraw, think again, then withdraw with two taps; Back brings nothing back."""
    for answer in ("show", "withdraw"):
        go(mine.locator("form:has([value=ask_withdraw]) button").first)
        signer.look(mine)
        mine.locator(f".notice form:has([name=action][value={answer}]) button").click(
            click_count=1 + signer.deal.script
        )
        expect(mine.locator(".notice-warning")).to_have_count(0)
    expect(mine.locator("form:has([value=ask_withdraw])")).to_have_count(0)
    signer.look(mine)
    for _ in range(2):
        expect(mine.get_by_role("heading", level=1)).to_have_text(re.compile("It is withdrawn|Подпись отозвана"))
        reload(mine)
