"""From the code to the words, with the fingers of real people: two taps, Back, reload, two tabs, a lost answer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.test_road import PASSWORD, PETITION, mailed_code, sign_in

WORDS = re.compile(r"^(\S+ ){11}\S+$")


@pytest.fixture
def letter(empty: Site, tmp_path: Path) -> Site:
    """An open letter."""
    (tmp_path / "letter.toml").write_text(PETITION)
    empty.flask("petitions", "create", str(tmp_path / "letter.toml"))
    empty.flask("petitions", "open", "letter")
    return empty


def sign(page: Page, address: str) -> None:
    """Fill in the form and send it with two taps."""
    page.locator("input[name=name]").fill("Анна Заречная")
    page.locator("input[name=email]").fill(address)
    page.locator("input[name=publish][value='0']").check()
    page.locator("input[name=consent]").check()
    page.locator("form.sign-form button[type=submit]").dblclick()
    expect(page.locator("input[name=code]")).to_be_visible()


def shown(page: Page) -> str:
    """Return the words that a page shows."""
    expect(page.locator("#secret-code")).to_have_text(WORDS)
    return page.locator("#secret-code").inner_text()


def count(site: Site) -> int:
    """Return how many signatures have arrived."""
    return int(re.search(r"received_total\D+(\d+)", site.flask("tally", "show", "letter", "--json")).group(1))  # type: ignore[union-attr]


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_two_taps_reload_and_two_tabs_end_with_the_words(
    letter: Site, open_page: Open, script: bool, lang: str
) -> None:
    page = open_page(f"{letter.url}/p/letter/sign?lang={lang}", script=script, width=375)
    sign(page, "anna@example.org")
    code = mailed_code(letter, "anna@example.org")

    # The page for the code in the other language and back: nothing is lost, and nothing is tried.
    page.locator(".top nav button").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru" if lang == "en" else "en")
    page.locator(".top nav button").click()

    # Two taps; then the page is loaded again, which sends the same form once more.
    page.locator("input[name=code]").fill(code)
    page.locator("form.panel button[type=submit]").dblclick()
    words = shown(page)
    page.reload()
    assert shown(page) == words
    page.locator(".top nav button").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru" if lang == "en" else "en")
    assert shown(page) == words

    # A second tab, where only the code is left: it says where the words are.
    other = open_page(f"{letter.url}/p/letter/confirm?lang={lang}", script=script, width=375)
    other.locator("input[name=code]").fill(code)
    other.keyboard.press("Enter")
    expect(other.locator("#anew")).to_be_visible()
    assert count(letter) == 1

    # They are written down; afterwards no page shows them any more.
    page.locator("form.acts button[type=submit]").dblclick()
    page.wait_for_url("**/done**")
    other.locator("section.panel button[type=submit]").click()
    expect(other.locator("#secret-code")).to_have_count(0)
    mine = open_page(f"{letter.url}/my?lang={lang}", script=script, width=375)
    mine.locator("textarea").fill(words)
    mine.locator("form.panel button[type=submit]").click()
    expect(mine.locator(".road")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_letter_that_was_changed_while_it_was_read_is_read_again_before_it_is_signed(
    letter: Site, open_page: Open, script: bool, lang: str
) -> None:
    words = ("--name", "Olga", "--role", "organizer", "--petition", "letter", "--password-stdin")
    letter.flask("accounts", "create", "olga@example.org", *words, feed=f"{PASSWORD}\n")
    page = open_page(f"{letter.url}/p/letter/sign?lang={lang}", script=script, width=375, quiet=True)
    page.locator("#name").fill("Анна Заречная")
    page.locator("#email").fill("anna@example.org")
    page.locator("#publish-3").check()
    page.locator("#consent").check()

    olga = sign_in(open_page(f"{letter.url}/organizer?lang=en", script=script), "olga")
    olga.goto(f"{letter.url}/organizer/p/letter/edit")
    for one in ("en", "ru"):
        olga.locator(f"textarea[name=text_{one}]").fill("We ask for more. Мы просим о большем.")
    olga.locator("form[action$='/edit'] button[type=submit]").first.click()
    expect(olga.get_by_role("status").first).to_contain_text("saved")

    page.locator("form.sign-form button[type=submit]").dblclick()
    expect(page.locator("#errors")).to_contain_text({"en": "has been changed", "ru": "Письмо изменили"}[lang])
    expect(page.locator(".letter")).to_contain_text("We ask for more.")
    expect(page.locator("#name")).to_have_value("Анна Заречная")
    expect(page.locator("#email")).to_have_value("anna@example.org")
    expect(page.locator("#publish-3")).to_be_checked()
    expect(page.locator("#consent")).not_to_be_checked()
    page.locator("#consent").check()
    page.locator("form.sign-form button[type=submit]").dblclick()
    page.locator("input[name=code]").fill(mailed_code(letter, "anna@example.org"))
    page.keyboard.press("Enter")
    shown(page)
    assert count(letter) == 1


def test_a_lost_answer_is_asked_for_again(letter: Site, open_page: Open) -> None:
    page = open_page(f"{letter.url}/p/letter/sign")
    sign(page, "lost@example.org")
    page.locator("input[name=code]").fill(mailed_code(letter, "lost@example.org"))
    # The server takes the code, and its answer does not arrive.
    page.route("**/confirm**", lambda route: (route.fetch(), route.abort())[1])
    page.locator("form.panel button[type=submit]").click()
    page.wait_for_timeout(500)
    page.unroute("**/confirm**")
    assert count(letter) == 1
    fresh = open_page(f"{letter.url}/p/letter/confirm")
    fresh.locator("input[name=code]").fill(mailed_code(letter, "lost@example.org"))
    fresh.keyboard.press("Enter")
    fresh.get_by_role("button", name="Make new words").click()
    words = shown(fresh)
    fresh.reload()
    assert shown(fresh) == words
    assert count(letter) == 1


def test_back_from_the_words_brings_no_second_signature(letter: Site, open_page: Open) -> None:
    page = open_page(f"{letter.url}/p/letter/sign")
    sign(page, "back@example.org")
    page.locator("input[name=code]").fill(mailed_code(letter, "back@example.org"))
    page.keyboard.press("Enter")
    words = shown(page)
    page.evaluate("history.back()")
    page.wait_for_timeout(1000)
    page.evaluate("history.forward()")
    page.wait_for_timeout(1000)
    page.reload()
    assert shown(page) == words
    assert count(letter) == 1


def test_the_button_says_that_it_is_on_its_way(letter: Site, open_page: Open) -> None:
    page = open_page(f"{letter.url}/p/letter/confirm")
    page.locator("input[name=code]").fill("0000-0000")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.route("**/confirm", lambda route: None)
    # Pressed twice and Enter once, in one breath.
    words = page.evaluate(
        """() => {
          const button = document.querySelector("form.panel button[type=submit]");
          button.click();
          button.click();
          button.form.requestSubmit();
          return button.textContent;
        }"""
    )
    assert words == "Sending…"
    page.wait_for_timeout(500)
    assert sent.count("POST") == 1
