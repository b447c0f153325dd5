"""Mail that was not delivered, as an organizer sees it."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import expect

from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.first_hours import type_password
from tests.browser.test_pages import assert_accessible
from tests.conftest import only_sqlite
from tests.matrix import sample

LOOKS = [(375, "dark", "ru"), (1280, "light", "en")]


@only_sqlite
@pytest.mark.parametrize(("width", "scheme", "language"), sample(LOOKS[:1], LOOKS))
def test_undelivered_mail_is_seen_let_go_and_sent_again(
    app: Flask, served: Site, open_page: Open, width: int, scheme: str, language: str
) -> None:
    world, today = make.make_world(app), utcnow()
    with make.acting(app):
        for failure in ("RefusedError 550", "UnsureError", "OSError"):
            dead = {"failure": failure, "dead_on": today.date(), "petition_id": world.petition_id}
            db.session.add(Job(name="verification.mail_reminder", payload={}, due_at=today, **dead))
    page = open_page(f"{served.url}/organizer", width=width, scheme=scheme, language=language, quiet=True)
    type_password(page, world.organizer.email)
    page.goto(f"{served.url}/organizer/p/{world.slug}/mail")
    expect(page.locator(".rows > li")).to_have_count(3)
    assert_accessible(page)
    page.locator(".rows > li details > summary").first.click()
    page.locator(".rows > li form.confirm-body button").first.click()
    expect(page.locator(".rows > li")).to_have_count(2)
    page.locator(".rows > li .acts > form button").first.click()
    expect(page.get_by_role("status").first).to_be_visible()
