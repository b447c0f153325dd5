"""Cards of a group entry, as they are printed, scanned and answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from petition_app.signatures.qr_cards import draw
from tests.browser.conftest import Open, Site, installation
from tests.browser.test_pages import assert_accessible
from tests.browser.test_road import set_up, sign_in

PEOPLE = [f"Ада Звонкая-{letter}ова; депутат; МО Речное" for letter in "БВГДЖЗКЛМН"] + [
    "Ben Sample; deputy",
    "Clara Doe",
]
READ = """cards => cards.map(card => [
    card.querySelector(".card-code").innerText, card.querySelector(".card-address").innerText,
    [...card.querySelectorAll(".qr path")].at(-1).getAttribute("d")])"""
CODE = re.compile(r"^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$")


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Site]:
    """An open letter with its staff, in which each test enters a list of its own."""
    with installation(tmp_path_factory.mktemp("groups"), migrated_sqlite) as site:
        set_up(site, site.instance)
        site.flask("petitions", "open", "letter")
        yield site


def enter(page: Page, site: Site, title: str) -> list[tuple[str, str]]:
    """Enter a list; return each card's code and the address its picture holds."""
    page.goto(f"{site.url}/organizer/p/letter/groups")
    page.get_by_label("Name of the list").fill(title)
    page.get_by_label("People").fill("\n".join(PEOPLE))
    page.get_by_role("button", name="Enter and show the cards").click()
    expect(page.locator(".invitation")).to_have_count(len(PEOPLE))
    return read_cards(page)


def read_cards(page: Page) -> list[tuple[str, str]]:
    """Return each card's code and address, having checked that the picture says the same."""
    found = []
    for code, start, picture in page.locator(".invitation").evaluate_all(READ):
        address = f"{start}#{code}"
        assert CODE.match(code)
        assert f'd="{picture}"' in draw(address)
        found.append((code, address))
    return found


@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "en"), (375, "dark", "ru")])
def test_the_pages_of_a_list_and_of_a_card_are_accessible(
    letter: Site, open_page: Open, width: int, scheme: str, language: str
) -> None:
    organizer = sign_in(open_page(f"{letter.url}/organizer", width=width, scheme=scheme, quiet=True), "olga")
    organizer.goto(f"{letter.url}/organizer/p/letter/groups")
    assert_accessible(organizer)
    organizer.get_by_label("People").fill("12345")
    organizer.get_by_role("button", name="Enter and show the cards").click()
    expect(organizer.locator("#bad-lines")).to_contain_text("Line 1")
    assert_accessible(organizer)
    (code, address), *_ = enter(organizer, letter, "Monday list")
    assert_accessible(organizer)
    organizer.goto(f"{letter.url}/organizer/p/letter/groups?lang={language}")
    for summary in organizer.locator("details > summary").all():
        summary.click()
    assert_accessible(organizer)

    person = open_page(address, width=width, scheme=scheme, language=language, quiet=True)
    assert_accessible(person)
    person.locator("button[type=submit]").click()
    expect(person.locator(".about-you")).to_contain_text("Ада Звонкая-Бова")
    assert_accessible(person)
    person.locator("form.sign-form").evaluate("form => form.requestSubmit()")
    expect(person.locator("#errors")).to_be_visible()
    assert_accessible(person)
    person.locator(".refusal button").click()
    expect(person.locator(".refusal")).to_have_count(0)
    assert_accessible(person)
    assert code not in person.url


def test_a_scanned_card_fills_in_its_code_and_leaves_the_address_bar(letter: Site, open_page: Open) -> None:
    organizer = sign_in(open_page(f"{letter.url}/organizer"), "olga")
    (code, address), (_, second), *_ = enter(organizer, letter, "Tuesday list")
    asked: list[str] = []
    person = open_page(f"{letter.url}/p/letter")
    person.on("request", lambda request: asked.append(request.url))
    person.goto(address)
    expect(person.get_by_label("Code from the message or the card")).to_have_value(code)
    assert person.url == f"{letter.url}/p/letter/confirm"
    person.keyboard.press("Enter")
    expect(person.locator(".about-you")).to_contain_text("Ада Звонкая-Бова")
    person.get_by_label("Publish my name with my role and place.").check()
    person.get_by_label("I have read the letter above").check()
    person.get_by_role("button", name="I sign").click()
    assert len(person.locator("#secret-code").inner_text().split()) == 12
    assert not [url for url in asked if code.split("-")[0] in url], "the code stood in no request's address"

    # Another card in the same window: only the fragment changes, and the skip link's does not count as a code.
    person.goto(f"{letter.url}/p/letter/confirm")
    person.goto(second)
    expect(person.get_by_label("Code from the message or the card")).to_have_value(second.partition("#")[2])
    person.goto(f"{letter.url}/p/letter/confirm#main")
    assert person.url.endswith("#main")

    organizer.goto(f"{letter.url}/organizer/p/letter/groups")
    entry = organizer.locator(".rows > li", has_text="Tuesday list")
    expect(entry.locator(".figure-line")).to_have_text(f"1 of {len(PEOPLE)} confirmed")
    entry.get_by_text("Print new codes").click()
    entry.get_by_role("button", name="Make and show new codes").click()
    assert len(read_cards(organizer)) == len(PEOPLE) - 1


def test_a_sheet_prints_and_breaks_no_card(letter: Site, open_page: Open) -> None:
    organizer = sign_in(open_page(f"{letter.url}/organizer"), "olga")
    enter(organizer, letter, "Wednesday list")
    expect(organizer.get_by_role("button", name="Print", exact=True)).to_be_visible()
    assert organizer.pdf(format="A4").startswith(b"%PDF")
    organizer.emulate_media(media="print", color_scheme="dark")
    for part in (".top", ".sections", ".bottom", ".sheet-heading"):
        expect(organizer.locator(part)).to_be_hidden()
    first = organizer.locator(".invitation").first
    assert first.evaluate("card => getComputedStyle(card).breakInside") == "avoid"
    assert first.evaluate("card => getComputedStyle(card).backgroundColor") == "rgb(255, 255, 255)"


def test_a_card_works_without_javascript(letter: Site, open_page: Open) -> None:
    organizer = sign_in(open_page(f"{letter.url}/organizer", script=False), "olga")
    (code, address), *_ = enter(organizer, letter, "Thursday list")
    person = open_page(address, script=False, language="ru")
    person.locator("input[name=code]").fill(code.lower().replace("-", " "))
    person.locator("button[type=submit]").click()
    expect(person.locator(".about-you")).to_contain_text("Ада Звонкая-Бова")
    person.locator("input[name=publish][value='0']").check()
    person.locator("input[name=consent]").check()
    person.locator("form.sign-form button").click()
    assert len(person.locator("#secret-code").inner_text().split()) == 12
