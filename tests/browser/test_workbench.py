"""The desk in a browser: the case stays in sight, what is asked for is said, a double press, a hold that warns."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from petition_app.storage.db import db
from petition_app.verification.models import Decision, Evidence
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.test_desk_pages import sign_in
from tests.browser.test_pages import assert_accessible
from tests.conftest import only_sqlite


def make_cases(app: Flask, number: int = 2, **policy: int) -> make.World:
    world = make.make_world(app, reviewers=2, **policy)
    for _ in range(number):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    return world


def take(page: Page, site: Site, world: make.World) -> None:
    sign_in(page, world.reviewers[0])
    page.goto(f"{site.url}/organizer/p/{world.slug}/desk")
    page.locator(".next-case").click()
    page.wait_for_url("**/cases/**")


def decisions(app: Flask) -> int:
    with make.looking(app):
        return db.session.scalar(select(func.count()).select_from(Decision)) or 0


@only_sqlite
@pytest.mark.parametrize(("width", "act"), [(1280, "verify"), (1280, "not-verified"), (375, "verify"), (375, "ask")])
def test_the_case_stays_in_sight_while_one_decides(
    app: Flask, served: Site, open_page: Open, width: int, act: str
) -> None:
    world = make_cases(app)
    page = open_page(f"{served.url}/organizer", width=width, quiet=True)
    take(page, served, world)
    page.locator(f".act-bar [href='#{act}']").click()
    expect(page.locator(f"#{act} :is(input, select, textarea):visible").first).to_be_in_viewport()
    case = page.locator("#submitted") if width > 1000 else page.locator(".case-summary")
    expect(case).to_be_in_viewport()
    if width > 1000:
        expect(page.locator(f"#{act} [data-record]")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert_accessible(page)


@only_sqlite
def test_verify_turns_green_when_nothing_is_missing_and_a_double_press_records_once(
    app: Flask, served: Site, open_page: Open
) -> None:
    world = make_cases(app, 3, evidence_rule=2)
    page = open_page(f"{served.url}/organizer", quiet=True)
    take(page, served, world)
    record, needs = page.locator("#verify [data-record]"), page.locator("#verify-needs")
    expect(record).not_to_have_class("btn-primary")
    expect(needs).to_be_visible()
    for key in ("w", "y"):
        page.keyboard.press(key)
    expect(needs).to_be_visible()
    page.keyboard.press("h")
    expect(needs).to_be_hidden()
    assert "btn-primary" in (record.get_attribute("class") or "")
    first = page.url
    record.dblclick()
    page.wait_for_url(lambda url: "/cases/" in url and url.partition("#")[0] != first.partition("#")[0])
    expect(page.locator(".notice-success")).to_contain_text("Your decision is recorded")
    assert decisions(app) == 1
    page.keyboard.press("z")
    page.wait_for_url(first.partition("#")[0] + "*")
    assert decisions(app) == 2, "the slip and what took it back"


@only_sqlite
def test_shift_with_a_way_chooses_it_and_leads_to_its_words_and_nothing_else(
    app: Flask, served: Site, open_page: Open
) -> None:
    world = make_cases(app, 2, evidence_rule=2)
    page = open_page(f"{served.url}/organizer", quiet=True)
    take(page, served, world)
    page.keyboard.press("Shift+Y")
    page.keyboard.press("Shift+N")
    expect(page.locator("[name=agrees]:checked, [name=how]:checked")).to_have_count(0)
    first = page.url
    page.keyboard.press("y")
    page.keyboard.press("Shift+H")
    expect(page.locator("#how-live_call")).to_be_checked()
    expect(page.locator("#verify-seen")).to_be_focused()
    page.keyboard.type("Heard Your Voice")
    expect(page.locator("#verify-seen")).to_have_value("Heard Your Voice")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/cases/" in url and url.partition("#")[0] != first.partition("#")[0])
    with make.looking(app):
        (found,) = db.session.scalars(select(Evidence)).all()
        assert found.kind == "live_call"


@only_sqlite
def test_the_hold_warns_before_its_end_and_typing_renews_it(app: Flask, served: Site, open_page: Open) -> None:
    world = make_cases(app)
    page = open_page(f"{served.url}/organizer", quiet=True)
    page.clock.install()
    take(page, served, world)
    held = page.locator("#held")
    expect(held).to_contain_text("yours until")
    page.clock.fast_forward(8 * 60_000 + 10_000)
    expect(held).to_contain_text("Yours for two more minutes")
    with page.expect_response("**/hold") as answer:
        page.locator("#verify summary", has_text="A note").click()
        page.locator("#verify-note").press_sequentially("They")
    assert answer.value.status == 200
    page.clock.fast_forward(5_000)
    expect(held).to_contain_text("yours until")
    page.clock.fast_forward(11 * 60_000)
    expect(held).to_contain_text("Your time for this case has run out")
    assert page.locator("#verify-note").input_value() == "They"
    assert_accessible(page)


@only_sqlite
def test_without_scripts_all_of_it_is_there(app: Flask, served: Site, open_page: Open) -> None:
    world = make_cases(app, evidence_rule=2)
    page = open_page(f"{served.url}/organizer", script=False)
    take(page, served, world)
    expect(page.locator("#verify-needs")).to_be_visible()
    page.locator("#how-live_call").check()
    page.locator("#verify .hold-longer").click()
    expect(page.locator("#how-live_call")).to_be_checked()
    page.locator("#agrees-1").check()
    page.locator("#verify [data-record]").click()
    expect(page.locator(".notice-success")).to_contain_text("Your decision is recorded")
    assert "/cases/" in page.url
