"""An organizer's first hour after opening, from a list to the hand-over, with the mistakes that people make."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from petition_app.storage.db import db
from petition_app.verification.models import Batch
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.first_hours import AFTER_OPENING, Deal, Visitor, bring, end_session, go, walked
from tests.browser.moves import go_back, reload
from tests.browser.test_road import INITIAL
from tests.conftest import only_sqlite

BEHIND = {"organizers": {"en": "A working group", "ru": "Рабочая группа"}, "contact": "letter@example.org"}


@only_sqlite
@walked(AFTER_OPENING)
def test_an_organizer_gets_from_a_list_to_the_hand_over(app: Flask, served: Site, open_page: Open, deal: Deal) -> None:
    world = make.make_world(app, reviewers=2, evidence_rule=0, **BEHIND)
    organizer = Visitor(served, open_page, deal)
    page, here = organizer.sign_in(world.organizer), f"{served.url}/organizer/p/{world.slug}"
    page.goto(here)
    organizer.look(page)
    import_names(organizer, page, here)
    seal(app, organizer, page, world)
    settle(app, organizer, page, world)
    correct(organizer, page, here)
    change_text(organizer, page, here)
    tell_the_public(organizer, page, here, world)
    assert make.problems(app, world.petition_id) == []


def import_names(organizer: Visitor, page: Page, here: str) -> None:
    """Import a list: an empty file, the wrong column, and a button that is tapped twice."""
    page.goto(f"{here}/imports")
    bring(page, b"")
    expect(page.get_by_role("alert").first).to_be_visible()
    bring(page, INITIAL.encode())
    page.locator("select[name=column0]").select_option("role")
    go(page.locator("form[action*='/columns'] button:not([formaction])").first)
    expect(page.get_by_role("alert").first).to_be_visible()
    organizer.look(page)
    page.locator("select[name=column0]").select_option("name")
    page.locator("textarea[name=consent]").fill("On paper")
    go(page.locator("form[action*='/columns'] button:not([formaction])").first)
    go(page.locator("button[formaction*='/start']"), twice=True)
    expect(page.locator("a[href*='/undo']")).to_be_visible()
    go_back(page)
    page.goto(here)
    expect(page.locator("a[href$='/seal'].btn")).to_be_visible()


def seal(app: Flask, organizer: Visitor, page: Page, world: make.World) -> None:
    """Seal in two tabs, twice tapped: one batch, and the second tab says that nothing waits."""
    page.goto(f"{organizer.site.url}/organizer/p/{world.slug}/seal")
    other = organizer.tab(page, f"/organizer/p/{world.slug}/seal")
    go(page.locator("button[value=preview]:not([aria-hidden])"))
    organizer.look(page)
    for tab in (page, other):
        go(tab.locator("button[value=seal]"), twice=True)
    with make.looking(app):
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 1


def settle(app: Flask, organizer: Visitor, page: Page, world: make.World) -> None:
    """Two reviewers differ on one case and agree on the other; the overview asks for a third person, who decides."""
    first, second = world.reviewers
    one = make.take(app, world.petition_id, first)
    assert isinstance(one, UUID)
    make.put_back(app, world.petition_id, one, first)
    make.decide(app, world.petition_id, one, first)
    make.decide(app, world.petition_id, one, second, outcome="rejected", reason="not_eligible")
    two = make.take(app, world.petition_id, first)
    assert isinstance(two, UUID)
    make.put_back(app, world.petition_id, two, first)
    for reviewer in world.reviewers:
        make.decide(app, world.petition_id, two, reviewer)
    page.goto(f"{organizer.site.url}/organizer/p/{world.slug}")
    expect(page.locator(".dash-next .notice-warning")).to_have_count(1)
    organizer.look(page)
    go(page.locator(".dash-next a[href$='/desk']").first)
    go(page.locator(".next-case"))
    page.locator("#how-live_call").check()
    page.locator("#agrees-1").check()
    go(page.locator("#verify [data-record]"), twice=True)
    page.goto(f"{organizer.site.url}/organizer/p/{world.slug}")
    expect(page.locator(".dash-next .notice-warning")).to_have_count(0)
    public = organizer.page(f"/p/{world.slug}")
    expect(public.locator(".headline .number")).to_have_text("2")


def correct(organizer: Visitor, page: Page, here: str) -> None:
    """Take a published name back, after a look-up of nobody; a correction tells it, once."""
    page.goto(f"{here}/decided")
    page.locator("details summary").first.click()
    page.locator("form[action*='look-up'] #name").fill("Никто")
    go(page.locator("form[action*='look-up'] button"))
    expect(page.get_by_role("alert")).to_be_visible()
    organizer.look(page)
    page.goto(f"{here}/decided")
    go(page.locator("main a[href*='/decided/']").first)
    go(page.locator("form[action*='/open'] button"))
    retract = page.locator("details:has(form[action*='/retract'])")
    retract.locator("summary").click()
    retract.locator("button[type=submit]").click()  # No reason is chosen yet.
    expect(retract).to_be_visible()
    page.locator("[name=retraction][value=entered_in_error]").check()
    go(retract.locator("button[type=submit]"), twice=True)
    go_back(page)
    public = organizer.page(here[here.index("/organizer/p") :].replace("/organizer", ""))
    expect(public.locator(".timeline .correction")).to_have_count(1)
    expect(public.locator(".headline .number")).to_have_text("1")


def change_text(organizer: Visitor, page: Page, here: str) -> None:
    """Change the open letter: looked at first, written again, then published, in a session that ends."""
    page.goto(f"{here}/edit")
    for language in ("en", "ru"):
        page.locator(f"textarea[name=text_{language}]").fill("We ask for more. Мы просим о большем.")
    go(page.locator("form[action*='/edit'] button[type=submit]").first)
    expect(page.locator("ins").first).to_be_visible()
    organizer.look(page)
    go(page.locator("button[name=act][value=again]"))
    expect(page.locator("textarea[name=text_en]")).to_contain_text("for more")
    go(page.locator("form[action*='/edit'] button[type=submit]").first)
    go(page.locator("button[name=looked_at]"), twice=True)
    public = organizer.page(here[here.index("/organizer/p") :].replace("/organizer", ""))
    expect(public.locator(".letter")).to_contain_text("Мы просим о большем.")


def tell_the_public(organizer: Visitor, page: Page, here: str, world: make.World) -> None:
    """Pause in a session that ends, resume, hand over; nothing is told twice."""
    page.goto(here)
    go(page.locator("a[href*='/words/pause']"))
    page.fill("#words_en", "The server moves tonight.")
    page.fill("#words_ru", "Сегодня переезжает сервер.")
    end_session(page, page.locator("button[value=preview]:not([aria-hidden])"), world.organizer.email)
    expect(page.locator(".previewed")).to_contain_text("Сегодня переезжает сервер.")
    organizer.look(page)
    go(page.locator("button[value=publish]"), twice=True)
    reader = organizer.page(f"/p/{world.slug}")
    expect(reader.locator(".sign")).to_contain_text(re.compile("moves tonight|переезжает сервер"))
    page.goto(here)
    resume = page.locator("details:has(form[action$='/open'])")
    resume.locator("summary").click()
    go(resume.locator("button"), twice=True)
    page.goto(here)
    go(page.locator("a[href*='/words/handed_over']").first)
    for field, words in (("recipient_en", "The Assembly"), ("recipient_ru", "Собранию")):
        page.fill(f"#{field}", words)
    go(page.locator("button[value=preview]:not([aria-hidden])"))
    go(page.locator("button[value=publish]"), twice=True)
    reload(page)
    reload(reader)
    expect(reader.locator(".timeline .handed_over")).to_have_count(1)
    organizer.look(page)
