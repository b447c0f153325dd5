"""Every page as it is seen: accessible, on a narrow screen, in light and dark, from this origin alone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from petition_app.demo.story import PASSWORD
from tests.browser.conftest import Open, Site
from tests.matrix import sample

WIDE, NARROW = [(1280, "light")], [(375, "dark")]  # `test_every_page` looks at each page of staff as a telephone does.
LOOKS = [(1280, "light"), (1280, "dark"), (375, "light"), (375, "dark")]
PUBLIC = [
    "/", "/p/founding-day", "/p/founding-day/sign", "/p/founding-day/confirm", "/p/founding-day/signatories",
    "/p/founding-day/signatories?batch=1", "/p/founding-day/updates", "/p/founding-day/corrections",
    "/p/founding-day/versions", "/p/founding-day/versions/1", "/p/founding-day/print", "/p/founding-day/how-we-check",
    "/p/founding-day/embed", "/my", "/nothing-here",
]  # fmt: skip
STAFF = {
    "organizer": [
        "", "/help", "/petitions/new", "/p/founding-day", "/p/founding-day/edit", "/p/founding-day/preview",
        "/p/founding-day/seal", "/p/founding-day/desk", "/p/founding-day/decided", "/p/founding-day/people",
        "/p/founding-day/roster", "/p/founding-day/roster/preview",
        "/p/founding-day/trail", "/p/founding-day/samples", "/p/founding-day/estimate", "/password",
        "/p/founding-day/switches", "/p/founding-day/export", "/p/founding-day/approvals", "/p/founding-day/lost-words",
        "/p/founding-day/share", "/p/founding-day/poster", "/p/founding-day/before-opening",
    ],
    "reviewer1": ["", "/p/founding-day", "/p/founding-day/desk"],
    "auditor": [
        "", "/p/founding-day", "/p/founding-day/decided", "/p/founding-day/people", "/p/founding-day/samples",
        "/p/founding-day/samples/recheck",
    ],
}  # fmt: skip
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}


def assert_accessible(page: Page) -> None:
    """Fail on anything axe-core finds, on sideways scrolling, and on words that are cut off."""
    page.wait_for_load_state()
    is_there = page.evaluate("'axe' in window")
    found = (Axe("") if is_there else Axe()).run(page, options=RULES)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} scrolls sideways by {wide} px"


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    sample(
        [("en", 1280, "dark"), ("ru", 375, "light")],
        [(language, *look) for language in ("en", "ru") for look in LOOKS],
    ),
)
def test_public_pages_are_accessible(demo: Site, open_page: Open, width: int, scheme: str, language: str) -> None:
    page = open_page(f"{demo.url}/?lang={language}", width=width, scheme=scheme, quiet=True)
    for path in PUBLIC:
        page.goto(f"{demo.url}{path}{'&' if '?' in path else '?'}lang={language}")
        assert_accessible(page)


@pytest.mark.parametrize(("width", "scheme"), sample(NARROW, [*WIDE, *NARROW]))
def test_forms_with_errors_and_ones_own_page_are_accessible(
    demo: Site, open_page: Open, width: int, scheme: str
) -> None:
    page = open_page(f"{demo.url}/p/founding-day/sign", width=width, scheme=scheme, quiet=True)
    page.locator("form[method=post]").first.evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name=re.compile("^Sign")).click()
    assert page.locator("[aria-invalid=true]").count() >= 3
    assert_accessible(page)
    page.goto(f"{demo.url}/my")
    page.get_by_label("Your secret code").fill("not a code")
    page.get_by_role("button", name="Show my signature").click()
    assert_accessible(page)
    for line in ("asked a question", "verified"):
        code = re.search(rf"{line}: +(.+)", demo.words)
        assert code
        page.goto(f"{demo.url}/my")
        page.get_by_label("Your secret code").fill(code.group(1))
        page.get_by_role("button", name="Show my signature").click()
        assert_accessible(page)


@pytest.mark.parametrize("who", STAFF)
@pytest.mark.parametrize(("width", "scheme"), sample(WIDE, [*WIDE, *NARROW]))
def test_staff_pages_are_accessible(demo: Site, open_page: Open, who: str, width: int, scheme: str) -> None:
    page = open_page(f"{demo.url}/organizer/login", width=width, scheme=scheme, quiet=True)
    assert_accessible(page)
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Sign in").click()
    assert_accessible(page)
    page.get_by_label("E-mail").fill(f"{who}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    for path in STAFF[who]:
        page.goto(f"{demo.url}/organizer{path}")
        assert_accessible(page)
    if who == "reviewer1":
        page.goto(f"{demo.url}/organizer/p/founding-day/desk")
        page.get_by_role("button", name=re.compile("Next case")).click()
        assert "/cases/" in page.url
        assert_accessible(page)
        page.get_by_role("button", name=re.compile("Put back")).click()
    if who == "organizer":
        page.goto(f"{demo.url}/organizer/p/founding-day/decided")
        page.locator("main a[href*='/decided/']").first.click()
        assert_accessible(page)
        if page.get_by_role("button", name="Open it").count():  # Whoever opened it sees it for half an hour.
            page.get_by_role("button", name="Open it").click()
            assert_accessible(page)


def test_pages_fit_320_pixels(demo: Site, open_page: Open) -> None:
    page = open_page(demo.url, width=320, quiet=True)
    for path in PUBLIC:
        page.goto(f"{demo.url}{path}{'&' if '?' in path else '?'}lang=ru")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide} px"


def test_public_pages_load_from_here_alone_and_leave_no_cookie(demo: Site, open_page: Open) -> None:
    page = open_page(demo.url, quiet=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in PUBLIC:
        page.goto(f"{demo.url}{path}")
    assert len(asked) > len(PUBLIC)
    assert [url for url in asked if not url.startswith((f"{demo.url}/", "data:"))] == []
    assert page.context.cookies() == []


def test_pictures_of_the_numbers_show_without_script_or_style_of_their_own(demo: Site, open_page: Open) -> None:
    page = open_page(demo.url)
    for name in ("badge.svg", "chart.svg"):
        page.goto(f"{demo.url}/p/founding-day/{name}")
        assert page.locator("script, style, [style]").count() == 0
        assert page.locator("text").count() >= 2


def test_the_desk_is_driven_by_keys(demo: Site, open_page: Open) -> None:
    page = open_page(f"{demo.url}/organizer/login")
    page.get_by_label("E-mail").fill("reviewer2@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/organizer")
    page.goto(f"{demo.url}/organizer/p/founding-day/desk")
    page.keyboard.press("g")
    page.wait_for_url("**/cases/*")
    for key, section in (("v", "verify"), ("n", "not-verified"), ("d", "duplicate"), ("a", "ask")):
        page.keyboard.press(key)
        page.wait_for_url(f"**#{section}")
        assert page.locator(f"#{section}").is_visible()
        page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    page.wait_for_url("**/desk**")
