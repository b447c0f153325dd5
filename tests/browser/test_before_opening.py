"""An organizer's first hour, from an empty page to an open letter, with the mistakes that people make."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.first_hours import BEFORE_OPENING, Deal, Visitor, bring, end_session, go, type_password, walked
from tests.browser.moves import go_back, leaving, reload
from tests.browser.test_road import INITIAL, mailed_code
from tests.factories import PASSWORD

STEPS = ("letter", "people", "danger", "checking", "days")
NEXT = "button[name=act][value=next].btn"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
ROSTER = "ФИО;Совет\nКолчина Валентина Борисовна;МО Речное\nАнин Пётр Ильич;МО Лесное\n".encode("cp1251")


@walked(BEFORE_OPENING)
def test_an_organizer_gets_from_an_empty_page_to_an_open_letter(empty: Site, open_page: Open, deal: Deal) -> None:
    organizer = Visitor(empty, open_page, deal)
    words = ("--name", "Ada", "--role", "organizer", "--password-stdin")
    empty.flask("accounts", "create", "ada@example.org", *words, feed=f"{PASSWORD}\n")
    page = organizer.sign_in("ada@example.org")
    go(page.locator("main a[href*='/petitions/new']").first)
    draft(organizer, page)
    here = f"{empty.url}/organizer/p/river"
    invite(organizer, page, here)
    bring_roster(organizer, page, here)
    bring_initial_names(organizer, page, here)

    # What is still missing is said with why it matters; the preview is read, the letter opened with two taps.
    page.goto(here)
    organizer.look(page)
    go(page.locator(".checklist a[href*='/preview']"))
    organizer.look(page)
    go(page.locator("form[action*='/preview'] button"), twice=True)
    page.goto(here)
    other = organizer.tab(page, "/organizer/p/river")
    for tab in (page, other):
        fold = tab.locator("details:has(form[action$='/open'])")
        fold.locator("summary").click()
        go(fold.locator("button"), twice=True)
        expect(tab.locator(".label-open")).to_be_visible()
    reload(page)
    expect(page.locator("#address")).to_have_text(f"{empty.url}/p/river")
    organizer.look(page)
    go_back(page)
    expect(page.locator("h1")).to_be_visible()
    public = organizer.page("/p/river")
    expect(public.locator("h1")).to_have_text({"en": "Light in the streets", "ru": "Свет на улицах"}[deal.language])


def draft(organizer: Visitor, page: Page) -> None:
    """Draft a letter step by step: left and come back to, in two tabs, with a session that ends."""
    organizer.look(page)
    begin = page.locator("form[action*='begin'] button[type=submit]")
    page.locator("#slug").fill("Wrong Address")
    go(begin, twice=True)
    expect(page.locator("#errors")).to_be_visible()
    page.locator("input[name=template][value=deputies]").check()
    page.locator("#slug").fill("river")
    go(begin)
    for step in STEPS:
        expect(page.locator(f".draft-steps a[aria-current=step][href*='/{step}']")).to_have_count(1)
        organizer.look(page)
        STEP_BY_STEP[step](organizer, page)
    expect(page.locator(".draft-steps li.open")).to_have_count(0)
    go_back(page)
    reload(page)
    expect(page.locator("h1")).to_be_visible()


def write_letter(organizer: Visitor, page: Page) -> None:
    """Leave with half a letter, follow the checklist back, and write the rest."""
    page.locator("#title_ru").fill("Свет на улицах")
    page.locator("#title_en").fill("Light in the streets")
    go(page.locator("button[value=leave].btn"))
    organizer.look(page)
    go(page.locator(".checklist a[href*='/draft/letter']").first)
    expect(page.locator("#title_ru")).to_have_value("Свет на улицах")
    for field, words in (("text_en", "We ask."), ("text_ru", "Мы просим."), ("addressee_en", "The Assembly")):
        page.locator(f"#{field}").fill(words)
    page.locator("#addressee_ru").fill("Собранию")
    go(page.locator(NEXT))


def say_who(_: Visitor, page: Page) -> None:
    """Say who stands behind it, with a session that ends before the button is pressed."""
    for field, words in (("organizers_en", "A working group"), ("organizers_ru", "Рабочая группа")):
        page.locator(f"#{field}").fill(words)
    page.locator("#contact").fill("letter@example.org")
    end_session(page, page.locator(NEXT), "ada@example.org")


def answer_danger(_: Visitor, page: Page) -> None:
    """Answer about danger, go back and on again, and change one's mind."""
    assert page.locator("input[type=radio]:checked, input[type=checkbox]:checked").count() == 0
    page.locator("input[name=mode][value=sealed]").check()
    go(page.locator("button[value=back].btn"))
    expect(page.locator("#contact")).to_have_value("letter@example.org")
    go(page.locator(NEXT))
    expect(page.locator("input[name=mode][value=sealed]")).to_be_checked()
    for name, value in (("mode", "standard"), ("harm", "nobody"), ("holders", "apart"), ("server", "abroad")):
        page.locator(f"input[name={name}][value={value}]").check()
    go(page.locator(NEXT))


def choose_rules(_: Visitor, page: Page) -> None:
    """Leave the rules of the template as they are, with two taps."""
    go(page.locator(NEXT), twice=True)


def set_days(organizer: Visitor, page: Page) -> None:
    """Set a goal in two tabs: what was sent last stands."""
    other = organizer.tab(page, "/organizer/p/river/draft/days")
    for tab, goal in ((other, "84"), (page, "100")):
        tab.locator("#goal").fill(goal)
        with leaving(tab):
            tab.keyboard.press("Enter")
    other.goto(f"{organizer.site.url}/organizer/p/river/draft/days")
    expect(other.locator("#goal")).to_have_value("100")


STEP_BY_STEP = {
    "letter": write_letter, "people": say_who, "danger": answer_danger, "checking": choose_rules, "days": set_days,
}  # fmt: skip


def invite(organizer: Visitor, page: Page, here: str) -> None:
    """Invite three at once; one line is no mailbox, and the button is tapped twice."""
    page.goto(here)
    go(page.locator(".checklist a[href*='/people']").first)
    page.locator("#people").fill("Anna Zarechnaya <anna@example.org>\nboris@example.org\nno mailbox")
    go(page.locator("form[action*='invite-several'] button.btn-primary"))
    organizer.look(page)
    expect(page.locator("#rest")).to_have_value("no mailbox\n")
    go(page.locator("button[name=act][value=send]"), twice=True)
    page.goto(f"{here}/people")
    expect(page.locator("#unanswered + .rows > li")).to_have_count(2)
    organizer.look(page)
    join(organizer)


def join(organizer: Visitor) -> None:
    """Take up one of the invitations: a code that is none, two passwords that differ, then rightly."""
    page = organizer.page("/organizer/join")
    button = page.locator("main form button[type=submit]")
    for code in ("0000-0000", mailed_code(organizer.site, "anna@example.org", 6).lower()):
        page.locator("#code").fill(code)
        go(button)
    for again in ("another sentence of words", PASSWORD):
        page.locator("#new_password").fill(PASSWORD)
        page.locator("#again").fill(again)
        go(button)
    type_password(page, "anna@example.org")
    page.wait_for_url("**/organizer")
    organizer.look(page)


def bring_roster(organizer: Visitor, page: Page, here: str) -> None:
    """Bring in a roster: first a picture, then with the columns taken for each other, then as it is."""
    page.goto(f"{here}/roster")
    page.locator("[name=name]").fill("Deputies")
    page.locator("[name=as_of]").fill("2026-09-01")
    bring(page, PICTURE, "photo.csv")
    expect(page.get_by_role("alert").first).to_be_visible()
    organizer.look(page)
    page.goto(f"{here}/roster")
    if page.locator("main a[href*='/roster/preview']").count():  # A file waits that is not what was meant.
        page.goto(f"{here}/roster/preview")
        go(page.locator("form[action*='/discard'] button"))
    page.locator("[name=name]").fill("Deputies")
    page.locator("[name=as_of]").fill("2026-09-01")
    bring(page, ROSTER)
    for column, meaning in (("column0", "body"), ("column1", "place")):
        page.locator(f"select[name={column}]").select_option(meaning)
    go(page.locator("form[action*='/columns'] button:not([formaction])").first)
    expect(page.get_by_role("alert").first).to_be_visible()
    organizer.look(page)
    for column, meaning in (("column0", "name"), ("column1", "body")):
        page.locator(f"select[name={column}]").select_option(meaning)
    go(page.locator("form[action*='/columns'] button:not([formaction])").first)
    expect(page.locator("main")).to_contain_text("Колчина")
    go(page.locator("button[formaction*='/use']"), twice=True)
    page.goto(f"{here}/roster")
    expect(page.locator("#versions + .rows > li")).to_have_count(1)


def bring_initial_names(organizer: Visitor, page: Page, here: str) -> None:
    """Bring in the first names; what may be published of them is asked beside its column."""
    page.goto(f"{here}/imports")
    bring(page, INITIAL.encode("utf-16"))
    page.locator("[name=initial]").check()
    page.locator("textarea[name=consent]").fill("On paper")
    go(page.locator("form[action*='/columns'] button:not([formaction])").first)
    organizer.look(page)
    go(page.locator("button[formaction*='/start']"), twice=True)
    expect(page.locator("a[href*='/undo']")).to_be_visible()
    reload(page)
    expect(page.locator("a[href*='/undo']")).to_be_visible()
