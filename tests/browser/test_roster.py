"""The roster's preview as it is seen."""

from __future__ import annotations

import pytest

from petition_app.demo.story import PASSWORD
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import assert_accessible
from tests.conftest import DATA
from tests.matrix import sample

LOOKS = [(1280, "light", "en"), (375, "dark", "en"), (320, "light", "ru")]
LIST = "№,ФИО,Почта,Можно писать,Что-то\n1,Колчина Валентина Борисовна,k@example.org,нет,x\n2,Анин,нет@,,\n"


@pytest.mark.parametrize(("width", "scheme", "language"), sample([(320, "light", "ru")], LOOKS))
def test_the_preview_of_a_roster_is_accessible(
    demo: Site, open_page: Open, width: int, scheme: str, language: str
) -> None:
    page = open_page(f"{demo.url}/organizer/login", width=width, scheme=scheme, quiet=True)
    page.locator("[name=email]").fill("organizer@example.org")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").first.click()
    for name, content in (("list.csv", LIST.encode()), ("roster.csv", (DATA / "roster.csv").read_bytes())):
        page.goto(f"{demo.url}/organizer/p/founding-day/roster?lang={language}")
        page.locator("[name=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        page.locator("[name=name]").fill("Deputies of all councils " * 3)
        page.locator("main button[type=submit]").last.click()
        assert page.locator("[aria-invalid=true]").count() == 1
        assert_accessible(page)
        page.locator("[name=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        page.locator("[name=as_of]").fill("2026-09-01")
        page.locator("main button[type=submit]").last.click()
        assert "/roster/preview" in page.url
        assert_accessible(page)
        page.goto(f"{demo.url}/organizer/p/founding-day/roster?lang={language}")
        assert_accessible(page)
        page.goto(f"{demo.url}/organizer/p/founding-day/roster/preview?lang={language}")
        page.locator("main form[action*='/discard'] button").click()
        assert page.url.split("?")[0].endswith("/roster")
