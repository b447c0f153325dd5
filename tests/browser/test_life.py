"""The overview, invitations and words for the public, as an organizer drives them in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import assert_accessible
from tests.browser.test_road import PASSWORD as STAFF_PASSWORD
from tests.browser.test_road import set_up
from tests.conftest import only_sqlite
from tests.factories import read_mail

SAID = {
    "en": {
        "look": "Look at it first", "pause": "Pause signing…", "paused": "Signing is paused.",
        "resume": "Resume signing",
        "hand_over": "Record the hand-over…", "publish": "Publish the hand-over", "invite": "Send the invitation",
        "sent": "The invitation is on its way.", "take_up": "Take up the role", "go_on": "Go on",
    },
    "ru": {
        "look": "Сначала посмотреть", "pause": "Приостановить сбор…", "paused": "Сбор подписей приостановлен.",
        "resume": "Возобновить сбор подписей", "hand_over": "Записать передачу письма…",
        "publish": "Опубликовать передачу",
        "invite": "Отправить приглашение", "sent": "Приглашение отправлено.", "take_up": "Принять роль",
        "go_on": "Продолжить",
    },
}  # fmt: skip
CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){5}\b")
PASSWORD = "a sentence of four words"


@pytest.fixture
def letter(empty: Site, tmp_path: Path) -> Site:
    """An open letter with its staff."""
    set_up(empty, tmp_path)
    empty.flask("petitions", "open", "letter")
    return empty


@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "en"), (375, "dark", "ru")])
def test_an_organizer_invites_pauses_resumes_and_hands_over(
    letter: Site, open_page: Open, width: int, scheme: str, language: str
) -> None:
    said, here = SAID[language], f"{letter.url}/organizer/p/letter"
    looks = {"width": width, "scheme": scheme, "language": language, "quiet": True}
    page = open_page(f"{letter.url}/organizer", **looks)
    sign_in(page, "olga@example.org", STAFF_PASSWORD)
    page.goto(here)
    assert_accessible(page)

    invite(page, here, said)
    join(open_page(f"{letter.url}/organizer/join", **looks), letter, said)
    page.goto(f"{here}/people")
    expect(page.locator(".member", has_text="Ines New").locator(".member-acts")).to_be_visible()

    page.goto(here)
    page.get_by_role("link", name=said["pause"]).click()
    page.fill("#words_en", "The server moves tonight.")
    page.fill("#words_ru", "Сегодня переезжает сервер.")
    page.get_by_role("button", name=said["look"]).click()
    expect(page.locator(".previewed")).to_contain_text("Сбор подписей приостановлен. Сегодня переезжает сервер.")
    assert_accessible(page)
    page.locator("button[value=publish]").click()
    reader = open_page(f"{letter.url}/p/letter", **looks)
    expect(reader.locator(".sign")).to_contain_text(re.compile("moves tonight|переезжает сервер"))
    expect(reader.locator(".timeline")).to_contain_text(said["paused"])
    assert_accessible(reader)

    page.locator("summary", has_text=said["resume"]).click()
    page.get_by_role("button", name=said["resume"]).click()
    page.get_by_role("link", name=said["hand_over"]).click()
    page.locator("#day").evaluate("field => { field.value = new Date().toISOString().slice(0, 10) }")
    page.fill("#recipient_en", "State Assembly")
    page.fill("#recipient_ru", "Государственное собрание")
    page.locator("button[value=keep]").click()
    expect(page.locator("#recipient_ru")).to_have_value("Государственное собрание")
    page.get_by_role("button", name=said["look"]).click()
    page.get_by_role("button", name=said["publish"]).click()
    announce_and_export(page, here)
    go_on_and_answer(page, here)
    reader.reload()
    expect(reader.locator(".timeline .extended")).to_be_visible()
    expect(reader.locator(".timeline .answered")).to_contain_text(re.compile("They listened|Нас услышали"))
    expect(reader.locator(".timeline .handed_over")).to_contain_text(
        re.compile("State Assembly|Государственное собрание")
    )


def announce_and_export(page: Page, here: str) -> None:
    """Look at what stands on the pages of sealing and export."""
    for path in ("seal?template=thanks", "export"):
        page.goto(f"{here}/{path}")
        assert_accessible(page)


def go_on_and_answer(page: Page, here: str) -> None:
    """Give more time, and tell what came of the letter."""
    page.goto(f"{here}/words/extended")
    page.locator("#day").evaluate("field => { field.value = '2999-12-31' }")
    page.locator("button[value=preview]:not([aria-hidden])").click()
    page.locator("button[value=publish]").click()
    page.goto(f"{here}/words/answered")
    for field, words in (("recipient", ("State Assembly", "Собрание")), ("words", ("They listened.", "Нас услышали."))):
        page.fill(f"#{field}_en", words[0])
        page.fill(f"#{field}_ru", words[1])
    page.locator("button[value=preview]:not([aria-hidden])").click()
    assert_accessible(page)
    page.locator("button[value=publish]").click()
    page.wait_for_url(here)
    assert_accessible(page)


def invite(page: Page, here: str, said: dict[str, str]) -> None:
    """Ask somebody by mail, after a slip."""
    page.goto(f"{here}/people")
    page.fill("#name", "Ines New")
    page.fill("#email", "nowhere")
    page.get_by_role("button", name=said["invite"]).click()
    expect(page.locator("#email-error")).to_be_visible()
    assert_accessible(page)
    page.fill("#email", "ines@example.org")
    page.get_by_role("button", name=said["invite"]).click()
    expect(page.get_by_role("status").first).to_contain_text(said["sent"])
    assert_accessible(page)


def join(page: Page, letter: Site, said: dict[str, str]) -> None:
    """Type the code from the mail and take up the role."""
    assert_accessible(page)
    letter.flask("worker", "--drain")
    mails = (read_mail(path)[2] for path in (letter.instance / "outbox").glob("*.eml"))
    (code,) = {found.group() for mail in mails if (found := CODE.search(mail))}
    page.fill("#code", code.lower())
    page.get_by_role("button", name=said["go_on"]).click()
    assert_accessible(page)
    page.fill("#new_password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.get_by_role("button", name=said["take_up"]).click()
    sign_in(page, "ines@example.org", PASSWORD)


def sign_in(page: Page, email: str, password: str) -> None:
    """Sign in, in whichever language the page speaks."""
    page.fill("#email", email)
    page.fill("#password", password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/organizer$"))


@only_sqlite
@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "en"), (375, "dark", "ru")])
def test_undelivered_mail_is_seen_let_go_and_sent_again(
    app: Flask, served: Site, open_page: Open, width: int, scheme: str, language: str
) -> None:
    world, today = make.make_world(app), utcnow()
    with make.acting(app):
        for failure in ("RefusedError 550", "UnsureError", "OSError"):
            dead = {"failure": failure, "dead_on": today.date(), "petition_id": world.petition_id}
            db.session.add(Job(name="verification.mail_reminder", payload={}, due_at=today, **dead))
    page = open_page(f"{served.url}/organizer", width=width, scheme=scheme, language=language, quiet=True)
    sign_in(page, world.organizer.email, make.PASSWORD)
    page.goto(f"{served.url}/organizer/p/{world.slug}/mail")
    expect(page.locator(".rows > li")).to_have_count(3)
    assert_accessible(page)
    page.locator(".rows > li details > summary").first.click()
    page.locator(".rows > li form.confirm-body button").first.click()
    expect(page.locator(".rows > li")).to_have_count(2)
    page.locator(".rows > li .acts > form button").first.click()
    expect(page.get_by_role("status").first).to_be_visible()
