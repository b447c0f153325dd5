"""An organizer's first hour: a letter drafted in steps, people invited, a text changed, a case looked up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, installation
from tests.browser.test_pages import assert_accessible
from tests.browser.test_road import PASSWORD, PETITION, sign_in

STEPS = ("letter", "people", "danger", "checking", "days")


def look(page: Page, *, script: bool) -> None:
    """Look at a page with axe, where it may run a script."""
    if script:
        assert_accessible(page)


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Site]:
    """An open letter; each test brings an organizer of its own."""
    with installation(tmp_path_factory.mktemp("drafting"), migrated_sqlite) as site:
        (site.instance / "letter.toml").write_text(PETITION)
        site.flask("petitions", "create", str(site.instance / "letter.toml"))
        site.flask("petitions", "open", "letter")
        yield site


def organizer(letter: Site, page: Page, name: str) -> Page:
    words = ("--name", name.title(), "--role", "organizer", "--petition", "letter", "--password-stdin")
    letter.flask("accounts", "create", f"{name}@example.org", *words, feed=f"{PASSWORD}\n")
    return sign_in(page, name)


@pytest.mark.parametrize(
    ("lang", "script", "width", "scheme"),
    [("en", True, 375, "light"), ("ru", False, 1280, "light"), ("ru", True, 375, "dark"), ("en", False, 1280, "dark")],
)
def test_a_letter_is_drafted_in_steps_with_the_mistakes_people_make(
    letter: Site, open_page: Open, script: bool, lang: str, width: int, scheme: str
) -> None:
    start = f"{letter.url}/organizer?lang=en"
    page = organizer(letter, open_page(start, script=script, width=width, scheme=scheme, quiet=True), f"o{lang}{width}")
    page.goto(f"{letter.url}/organizer/petitions/new?lang={lang}")
    look(page, script=script)
    slug = f"new-{lang}-{width}"
    page.locator("#slug").fill("Wrong Address")
    page.locator("form[action*='begin'] button[type=submit]").dblclick()
    expect(page.locator("#errors")).to_be_visible()
    page.locator("input[name=template][value=deputies]").check()
    page.locator("#slug").fill(slug)
    page.locator("form[action*='begin'] button[type=submit]").click()
    here = f"{letter.url}/organizer/p/{slug}/draft"
    for step in STEPS:
        expect(page.locator(f".draft-steps a[aria-current=step][href*='/{step}']")).to_have_count(1)
        look(page, script=script)
        if step == "letter":
            page.locator("#title_ru").fill("Свет на улицах")
            page.locator("#title_en").fill("Light in the streets")
            page.locator("button[value=leave].btn").click()
            page.goto(f"{here}/letter?lang={lang}")
            expect(page.locator("#title_ru")).to_have_value("Свет на улицах")
        if step == "danger":
            assert page.locator("input[type=radio]:checked, input[type=checkbox]:checked").count() == 0
            page.locator("input[name=mode][value=sealed]").check()
            page.locator("button[value=back].btn").click()
            page.locator("button[value=next].btn").click()
            expect(page.locator("input[name=mode][value=sealed]")).to_be_checked()
        if step == "days":
            page.locator("#goal").fill("84")
            page.keyboard.press("Enter")
        else:
            page.locator("button[value=next].btn").dblclick() if step == "checking" else page.locator(
                "button[value=next].btn"
            ).click()
    expect(page.locator(".draft-steps li")).to_have_count(5)
    look(page, script=script)
    expect(page.locator(".draft-steps")).to_contain_text("[…]")


@pytest.mark.parametrize(("lang", "script", "width"), [("en", True, 1280), ("ru", False, 375)])
def test_people_are_invited_and_a_change_is_looked_at_first(
    letter: Site, open_page: Open, script: bool, lang: str, width: int
) -> None:
    page = open_page(f"{letter.url}/organizer?lang=en", script=script, width=width, quiet=True)
    organizer(letter, page, f"p{lang}")
    page.goto(f"{letter.url}/organizer/p/letter/people?lang={lang}")
    look(page, script=script)
    page.locator("#people").fill(f"Anna Zarechnaya <anna-{lang}@example.org>\nboris-{lang}@example.org\nno mailbox")
    page.locator("form[action*='invite-several'] button.btn-primary").click()
    look(page, script=script)
    expect(page.locator("#rest")).to_have_value("no mailbox\n")
    page.locator("button[name=act][value=send]").dblclick()
    expect(page.locator("#rest")).to_be_visible()

    page.goto(f"{letter.url}/organizer/p/letter/edit?lang={lang}")
    look(page, script=script)
    for one in ("en", "ru"):
        page.locator(f"textarea[name=text_{one}]").fill(
            f"We ask for more ({lang}), and for an answer.\n\nМы просим о большем."
        )
    page.locator("form[action*='/edit'] button[type=submit]").first.click()
    expect(page.locator("ins").first).to_be_visible()
    look(page, script=script)
    page.locator("button[name=act][value=again]").click()
    expect(page.locator("textarea[name=text_en]")).to_contain_text("for an answer")
    page.locator("form[action*='/edit'] button[type=submit]").first.click()
    page.locator("button[name=looked_at]").dblclick()
    expect(page.get_by_role("status").first).to_be_visible()

    page.goto(f"{letter.url}/organizer/p/letter/decided?lang={lang}&outcome=verified")
    look(page, script=script)
    page.locator("details summary").first.click()
    page.locator("form[action*='look-up'] #name").fill("Никто")
    page.locator("form[action*='look-up'] button").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, script=script)
