"""A reader's road without JavaScript, an organizer's rehearsal, and the letter on paper, in English and Russian."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.test_desk_pages import sign_in
from tests.browser.test_pages import assert_accessible
from tests.browser.test_road import PETITION
from tests.conftest import only_sqlite

LETTER = "/p/founding-day"


@pytest.mark.parametrize(
    ("language", "search", "found", "none", "corrections"),
    [
        ("en", "Search", "1 name fits.", "No published name fits", "1 correction"),
        ("ru", "Найти", "Подходит 1 имя.", "Ни одно опубликованное имя не подходит", "1 исправление"),
    ],
)
def test_a_reader_searches_and_reads_on_without_script(
    demo: Site, open_page: Open, language: str, search: str, found: str, none: str, corrections: str
) -> None:
    page = open_page(f"{demo.url}{LETTER}/signatories?lang={language}", script=False, language=language)
    page.locator("#q").fill("bogacheva inna")
    page.get_by_role("button", name=search).click()
    assert found in page.inner_text("main")
    assert page.locator(".names bdi").first.inner_text() == "Богачёва Инна Николаевна"
    assert "bogacheva" not in page.url.lower()
    page.locator("#q").fill("Самозванцев")
    page.get_by_role("button", name=search).click()
    assert none in page.inner_text("main")
    page.goto(f"{demo.url}{LETTER}/corrections?lang={language}")
    assert corrections in page.inner_text("main")
    page.goto(f"{demo.url}{LETTER}?lang={language}#share")
    text = page.locator(f"#share-{language}").input_value()
    assert re.search(r"\b47\b", text)
    assert f"{LETTER}?lang={language}" in text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_letter_on_paper_has_its_names_and_a_code_and_no_controls(
    demo: Site, open_page: Open, language: str
) -> None:
    page = open_page(f"{demo.url}{LETTER}/print?lang={language}", language=language)
    page.emulate_media(media="print")
    assert page.locator("svg.qr").is_visible()
    assert page.locator(".names li").count() > 20
    for control in (".top nav", ".crumb", ".btn", ".bottom"):
        assert not any(one.is_visible() for one in page.locator(control).all()), control
    page.goto(f"{demo.url}{LETTER}?lang={language}")
    assert page.locator("svg.qr").is_visible()
    assert not page.locator("#share").is_visible()


@only_sqlite
@pytest.mark.standard("A rehearsal is always in standard mode.")
def test_an_organizer_rehearses_and_throws_it_away(app: Any, served: Site, open_page: Open) -> None:
    world = make.make_world(app)
    page = open_page(f"{served.url}/organizer/login", quiet=True)
    sign_in(page, world.organizer)
    page.get_by_role("link", name="Help").click()
    assert "The first batch" in page.inner_text("main")
    assert_accessible(page)
    page.goto(f"{served.url}/organizer")
    assert_accessible(page)
    page.get_by_role("button", name="Practise with invented people").click()
    there = page.url
    assert "Rehearsal with invented people." in page.inner_text("main")
    assert_accessible(page)
    page.get_by_role("link", name="Seal batch 1").click()
    page.get_by_role("button", name="Seal and announce").click()
    outside = open_page(there.replace("/organizer", ""), quiet=True)
    assert "There is nothing here" in outside.inner_text("main")
    page.goto(there)
    page.get_by_text("Throw the rehearsal away").click()
    page.get_by_role("button", name="Throw it away for good").click()
    assert "The rehearsal is thrown away" in page.inner_text("main")


@pytest.mark.parametrize(("language", "words"), [("en", "Nothing stands here yet"), ("ru", "Здесь пока ничего нет")])
def test_an_empty_server_says_how_to_begin(empty: Site, open_page: Open, language: str, words: str) -> None:
    page = open_page(f"{empty.url}/?lang={language}", width=375, language=language)
    assert words in page.inner_text("main")
    assert_accessible(page)
    create = ("accounts", "create", "ada@example.org", "--name", "Ada", "--role", "organizer", "--password-stdin")
    empty.flask(*create, feed=make.PASSWORD)
    page.goto(f"{empty.url}/organizer/login?lang={language}")
    page.locator("#email").fill("ada@example.org")
    page.locator("#password").fill(make.PASSWORD)
    page.locator("main button[type=submit]").click()
    page.goto(f"{empty.url}/organizer?lang={language}")
    assert page.locator("a[href*='/petitions/new']").count() >= 1
    assert_accessible(page)


@only_sqlite
def test_five_thousand_names_take_at_most_45_sheets_with_numbers(app: Any, served: Site, open_page: Open) -> None:
    world = make.make_world(app)
    make.publish_copies(app, make.make_verified(app, world, consent=3).id, 5000)
    page = open_page(f"{served.url}/p/{world.slug}/print")
    paper = page.pdf(format="A4", prefer_css_page_size=True)
    assert 20 < len(re.findall(rb"/Type\s*/Page\b", paper)) <= 45


@pytest.mark.parametrize(("width", "wide"), [(375, 360), (1280, 800)])
def test_the_chart_is_drawn_for_the_width_it_has(demo: Site, open_page: Open, width: int, wide: int) -> None:
    page = open_page(f"{demo.url}{LETTER}", width=width)
    chart = page.locator("img.chart")
    chart.scroll_into_view_if_needed()
    assert chart.evaluate("image => image.naturalWidth") == wide
    assert chart.evaluate("image => image.clientWidth / image.naturalWidth") > 0.85, "its words can be read"


def test_every_figure_of_every_batch_is_reached_on_a_telephone(demo: Site, open_page: Open) -> None:
    page = open_page(f"{demo.url}{LETTER}/how-we-check?lang=en", width=375)
    cells = page.locator(".figures tbody td")
    assert cells.count() >= 5
    for cell in cells.all():
        box = cell.bounding_box()
        assert box
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 375


@pytest.mark.parametrize("script", [True, False])
def test_a_long_letter_unfolds_without_a_script_and_is_whole_on_paper(
    empty: Site, open_page: Open, tmp_path: Path, script: bool
) -> None:
    text = "\\n\\n".join(f"Demand number {number}, in words that somebody wrote with care." for number in range(1, 60))
    (tmp_path / "letter.toml").write_text(PETITION.replace("We ask to be heard.", text))
    empty.flask("petitions", "create", str(tmp_path / "letter.toml"))
    empty.flask("petitions", "open", "letter")
    page = open_page(f"{empty.url}/p/letter", script=script, width=375)

    def height() -> float:
        box = page.locator(".letter").bounding_box()
        assert box
        return box["height"]

    folded = height()
    assert folded < 500
    page.emulate_media(media="print")
    assert height() > 2 * folded
    expect(page.get_by_role("link", name="Read the whole letter")).to_have_count(0)
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Read the whole letter").click()
    assert height() > 2 * folded
    page.get_by_role("link", name="Fold it again").click()
    assert height() == folded
    page.goto(f"{empty.url}/p/letter/sign")
    assert height() < 500
    page.get_by_role("link", name=re.compile("To the form")).click()
    expect(page.locator("#form-title")).to_be_in_viewport()
