"""An import in the browser: ten thousand rows with progress, exactly the bad ones in the file, and all of it undone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import assert_accessible
from tests.conftest import only_sqlite
from tests.matrix import sample

LOOKS = [(1280, "light", "en"), (375, "dark", "en"), (320, "light", "ru")]
ROWS, BAD = 10_000, range(7, 10_000, 20)


def spreadsheet(size: int, bad: range) -> bytes:
    """Return an XLSX of people, some of whose rows cannot be taken."""
    book, out = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    sheet.append(["ФИО", "Должность", "Совет", "Почта"])
    for number in range(size):
        letters = "".join("абвгдежзик"[int(digit)] for digit in str(number))
        name = "=HYPERLINK(1)" if number in bad else f"{make.FIRST[number % 10]} {letters.title()}ов"
        sheet.append([name, "депутат", "МО Лесное", f"row{number}@example.org"])
    book.save(out)
    return out.getvalue()


def sign_in(page: Page, site: Site, email: str) -> None:
    page.goto(f"{site.url}/organizer/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(make.PASSWORD)
    page.locator("button[type=submit]").first.click()


def upload(page: Page, content: bytes) -> None:
    file: Any = {"name": "rows.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    page.locator("[name=file]").set_input_files(file)
    page.locator("main form[enctype] button").click()


@only_sqlite
def test_ten_thousand_rows_come_in_and_go_again(served: Site, app: Any, open_page: Open, tmp_path: Path) -> None:
    world = make.make_world(app)
    before = make.make_signature(app, world.petition_id)
    page = open_page(served.url, script=False)
    sign_in(page, served, world.organizer.email)
    page.goto(f"{served.url}/organizer/p/{world.slug}")
    page.get_by_role("link", name="Imports").click()
    upload(page, spreadsheet(ROWS, BAD))
    expect(page.get_by_text("9,500 signatures would be added")).to_be_visible()
    expect(page.get_by_text("500 rows cannot be taken")).to_be_visible()
    page.get_by_role("button", name="Import 9500 names as received; 500 rows are left out").click()
    expect(page.get_by_text("of 9500 rows sealed")).to_be_visible()
    seen = set()
    for _ in range(600):
        status = page.locator("[role=status]").inner_text()
        if "rows sealed" not in status:
            break
        seen.add(status)
        page.wait_for_timeout(500)
    assert len(seen) > 1, "the page did not follow the progress"
    expect(page.get_by_text("9,500 signatures added")).to_be_visible()
    with page.expect_download() as told:
        page.get_by_role("link", name="Lines and reasons").click()
    lines = told.value.path().read_text().splitlines()
    assert [int(line.split(",")[0]) for line in lines[1:]] == [number + 2 for number in BAD]
    assert make.problems(app, world.petition_id) == []

    page.get_by_role("link", name="Take all of it back").click()
    expect(page.get_by_text("9,500 signatures would be removed")).to_be_visible()
    page.get_by_role("button", name="Take all of it back").click()
    expect(page.get_by_text("9,500 signatures were taken back")).to_be_visible(timeout=120_000)
    with make.looking(app):
        assert list(db.session.scalars(db.select(Signature.id))) == [before.id]
        for table, number in ((SealedPart, 3), (SealedKey, 4)):
            assert db.session.scalar(db.select(db.func.count()).select_from(table)) == number
    assert make.problems(app, world.petition_id) == []


@only_sqlite
@pytest.mark.parametrize(("width", "scheme", "language"), sample([(320, "light", "ru")], LOOKS))
def test_the_pages_of_an_import_are_accessible(
    served: Site, app: Any, open_page: Open, width: int, scheme: str, language: str
) -> None:
    world = make.make_world(app)
    page = open_page(served.url, width=width, scheme=scheme, quiet=True, language=language)
    sign_in(page, served, world.organizer.email)
    here = f"{served.url}/organizer/p/{world.slug}/imports?lang={language}"
    page.goto(here)
    assert_accessible(page)
    upload(page, b"")
    assert_accessible(page)
    upload(page, spreadsheet(80, range(5, 80, 2)))
    assert_accessible(page)
    page.locator("main form[action*='/columns'] select[name=column0]").select_option("role")
    page.locator("main form[action*='/columns'] button").first.click()
    assert_accessible(page)
    page.locator("main form[action*='/columns'] select[name=column0]").select_option("name")
    page.locator("main form[action*='/columns'] select[name=column1]").select_option("role")
    page.locator("main form[action*='/columns'] button").first.click()
    page.locator("button[formaction*='/start']").click()
    expect(page.locator("a[href*='/undo']")).to_be_visible()  # Until then the page loads itself anew.
    assert_accessible(page)
    page.goto(here)
    assert_accessible(page)
    page.locator("table a[href*='/undo']").click()
    assert_accessible(page)
    page.locator("main form button").click()
    expect(page.locator("form")).to_have_count(1, timeout=60_000)
    assert_accessible(page)
