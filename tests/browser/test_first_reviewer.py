"""A reviewer's first hour at the desk, with the mistakes that people make."""

from __future__ import annotations

from uuid import UUID

from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from petition_app.storage.db import db
from petition_app.verification.models import Decision
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.first_hours import REVIEWER, Deal, Visitor, end_session, go, walked
from tests.browser.moves import go_back, reload
from tests.conftest import only_sqlite

NAMES = ("Вера Луговая", "Глеб Дольный", "Анна Речная", "Пётр Озёрный")


@only_sqlite
@walked(REVIEWER)
def test_a_reviewer_gets_from_signing_in_to_an_empty_desk(
    app: Flask, served: Site, open_page: Open, deal: Deal
) -> None:
    world = make.make_world(app, reviewers=2, evidence_rule=2)
    for name in NAMES:
        make.make_signature(app, world.petition_id, name)
    make.seal(app, world.petition_id, by=world.organizer)
    reviewer = Visitor(served, open_page, deal)
    page, desk = reviewer.sign_in(world.reviewers[0]), f"/organizer/p/{world.slug}/desk"
    page.goto(served.url + desk)
    reviewer.look(page)
    go(page.locator(".next-case"))
    decide_with_slips(app, reviewer, page, world)
    take_back(app, page)
    ask_and_put_back(reviewer, page, desk)
    differ(app, reviewer, page, world, desk)
    assert make.problems(app, world.petition_id) == []


def decisions(app: Flask) -> int:
    with make.looking(app):
        return db.session.scalar(select(func.count()).select_from(Decision)) or 0


def decide_with_slips(app: Flask, reviewer: Visitor, page: Page, world: make.World) -> None:
    """Verify with too little, in a session that ends, with two taps, and once more in a second tab."""
    reviewer.look(page)
    case = page.url.partition("#")[0].partition("?")[0]
    record = page.locator("#verify [data-record]")
    expect(page.locator("#verify :is(input[type=radio], input[type=checkbox]):checked")).to_have_count(0)
    page.locator("#agrees-1").check()
    go(record)
    expect(page.locator("#verify [role=alert]")).to_be_visible()
    expect(page.locator("#agrees-1")).to_be_checked()
    reviewer.look(page)
    if not reviewer.deal.script:
        go(page.locator("#verify .hold-longer"))
        expect(page.locator("#agrees-1")).to_be_checked()

    page.locator("#how-live_call").check()
    page.locator("#verify details", has=page.locator("#verify-note")).locator("summary").click()
    page.locator("#verify-note").fill("They answered at once.")
    end_session(page, record, world.reviewers[0].email)
    expect(page.locator("#verify-note")).to_have_value("They answered at once.")
    expect(page.locator("#how-live_call")).to_be_checked()
    expect(page.locator("#agrees-1")).to_be_checked()
    assert decisions(app) == 0

    other = reviewer.tab(page, case.removeprefix(reviewer.site.url))
    go(record, twice=True)
    expect(page.locator(".notice-success")).to_be_visible()
    assert decisions(app) == 1
    other.locator(".act-bar [href='#not-verified']").click()
    other.locator("#not-verified [name=reason]").first.check()
    go(other.locator("#not-verified [data-record]"))
    expect(other.get_by_role("alert").first).to_be_visible()
    assert decisions(app) == 1, "whoever decided once decides nothing again in another tab"
    other.close()


def take_back(app: Flask, page: Page) -> None:
    """Decide the next case, find that it was a slip, and decide it otherwise."""
    page.goto(page.url.partition("/cases/")[0].partition("/desk")[0] + "/desk")
    go(page.locator(".next-case"))
    before = decisions(app)
    page.locator("#how-in_person").check()
    page.locator("#agrees-1").check()
    go(page.locator("#verify [data-record-stay]"))
    go(page.locator(".undo button"), twice=True)
    reload(page)
    page.locator(".act-bar [href='#not-verified']").click()
    page.locator("#not-verified [name=reason]").first.check()
    go(page.locator("#not-verified [data-record-stay]"), twice=True)
    assert decisions(app) == before + 3, "the slip, what took it back, and what stands"
    go_back(page)
    expect(page.locator("h1")).to_be_visible()
    reload(page)
    page.goto(page.url.partition("/cases/")[0].partition("/desk")[0] + "/desk")


def ask_and_put_back(reviewer: Visitor, page: Page, desk: str) -> None:
    """Put a case back, take it again, and ask its signer with two taps."""
    go(page.locator(".next-case"))
    go(page.locator(".act-bar button[form=put-back]"))
    go(page.locator(".next-case"))
    page.locator(".act-bar [href='#ask']").click()
    page.locator("#ask textarea").fill("Which council are you on?")
    reviewer.look(page)
    go(page.locator("#ask [data-record]"), twice=True)
    page.goto(reviewer.site.url + desk)
    expect(page.locator(".unanswered")).to_have_count(1)


def differ(app: Flask, reviewer: Visitor, page: Page, world: make.World, desk: str) -> None:
    """Another reviewer has come to something else: the desk says that only a further person can decide."""
    second = world.reviewers[1]
    go(page.locator(".next-case"))
    page.locator("#how-live_call").check()
    page.locator("#agrees-1").check()
    go(page.locator("#verify [data-record]"))
    seen: set[UUID] = set()
    while (case := make.take(app, world.petition_id, second)) and case not in seen:
        seen.add(case)
        make.put_back(app, world.petition_id, case, second)
        make.decide(app, world.petition_id, case, second, outcome="rejected", reason="not_eligible")
    page.goto(reviewer.site.url + desk)
    expect(page.locator(".next-case")).to_have_count(0)
    expect(page.locator("main ul.small li")).not_to_have_count(0)
    reviewer.look(page)
    page.goto((reviewer.site.url + desk).removesuffix("/desk"))
    reviewer.look(page)
