"""From the code to the words, with the fingers of real people: two taps, Back, reload, two tabs, a lost answer."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.moves import go_back, reload
from tests.browser.test_pages import assert_accessible
from tests.browser.test_road import PASSWORD, PETITION, keep_words, mailed_code, sign_in
from tests.matrix import sample

# Their language, and whether their browser runs JavaScript.
VISITORS = sample([("ru", False)], list(itertools.product(("en", "ru"), (True, False))))
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
    return int(re.search(r"received_total\D+(\d+)", site.flask("tally", "show", "letter", "--json")).group(1))  # type: ignore[union-attr] # It is there.


@pytest.mark.parametrize(("lang", "script"), VISITORS)
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
    olga.locator("button[name=looked_at]").click()
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
    reload(fresh)  # What stands in the history holds no code.
    expect(fresh.locator("input[name=code]")).to_have_value("")
    fresh.locator("input[name=code]").fill(mailed_code(letter, "lost@example.org"))
    fresh.keyboard.press("Enter")
    assert shown(fresh) == words
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


def test_back_from_the_words_leads_to_a_page_that_works(letter: Site, open_page: Open) -> None:
    page = open_page(f"{letter.url}/p/letter/sign")
    sign(page, "again@example.org")
    page.locator("input[name=code]").fill(mailed_code(letter, "again@example.org"))
    page.keyboard.press("Enter")
    words = shown(page)
    go_back(page)
    expect(page.locator("input[name=code]")).to_be_visible()
    assert page.url.endswith("/p/letter/confirm"), "nothing of the signer stands in the address"
    go_back(page)
    expect(page.locator("#name")).to_be_visible()
    assert words
    assert count(letter) == 1


def test_the_words_are_copied_and_printed_without_what_they_belong_to(letter: Site, open_page: Open) -> None:
    page = open_page(f"{letter.url}/p/letter/sign")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign(page, "paper@example.org")
    page.locator("input[name=code]").fill(mailed_code(letter, "paper@example.org"))
    page.keyboard.press("Enter")
    words = shown(page)
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == words
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    printed = page.locator("body").inner_text()
    assert all(word in printed for word in words.split())
    assert "Keep them where nobody looks for them." in printed
    for secret in ("A letter to the Assembly", "Анна", "paper@example.org", "Countersign", "127.0.0.1", "received"):
        assert secret not in printed, secret


def test_a_browser_without_script_has_no_buttons_that_do_nothing(letter: Site, open_page: Open) -> None:
    page = open_page(f"{letter.url}/p/letter/sign", script=False)
    sign(page, "plain@example.org")
    page.locator("input[name=code]").fill(mailed_code(letter, "plain@example.org"))
    page.keyboard.press("Enter")
    shown(page)
    for name in ("Copy", "Print"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


@pytest.mark.parametrize(
    ("lang", "width", "scheme"),
    sample([("ru", 320, "dark")], [("en", 375, "light"), ("ru", 320, "dark"), ("en", 1280, "dark")]),
)
def test_every_step_from_the_form_to_the_end_is_accessible(
    letter: Site, open_page: Open, lang: str, width: int, scheme: str
) -> None:
    page = open_page(f"{letter.url}/p/letter/sign?lang={lang}", width=width, scheme=scheme, quiet=True)
    assert_accessible(page)
    sign(page, "steps@example.org")
    assert_accessible(page)
    page.locator("input[name=code]").fill("0000-0000")
    page.keyboard.press("Enter")
    expect(page.locator(".error")).to_be_visible()
    assert_accessible(page)
    page.locator("input[name=code]").fill(mailed_code(letter, "steps@example.org"))
    page.keyboard.press("Enter")
    words = shown(page)
    assert_accessible(page)
    page.locator("form:has(input[name=mark]) button[type=submit]").click()
    expect(page.locator("#first")).to_be_visible()
    assert_accessible(page)
    page.locator("#words-form button[type=submit]").click()
    expect(page.locator(".error").first).to_be_visible()
    assert_accessible(page)
    page.locator("#first").fill("zoo")
    page.locator("#second").fill("zoo")
    page.keyboard.press("Enter")
    keep_words(page, shown(page))
    page.wait_for_url("**/done**")
    assert_accessible(page)
    page.goto(f"{letter.url}/my?lang={lang}")
    page.locator("textarea").fill(" ".join(words.split()[:11]))
    page.locator("form.panel button[type=submit]").click()
    expect(page.locator(".error")).to_contain_text("11")
    expect(page.locator("textarea")).to_have_value(" ".join(words.split()[:11]))
    assert_accessible(page)
