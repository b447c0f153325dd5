"""The desk as it is seen with a roster: matches, conflicts, evidence, bulk, samples, second looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from petition_app.clock import utcnow
from petition_app.signatures import services as signing
from petition_app.verification.dialogue import second_looks
from petition_app.verification.sampling.services import commit_to, draw_sample
from petition_app.worker import loop
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import assert_accessible
from tests.conftest import DATA, only_sqlite
from tests.matrix import sample

CASES = {
    "conflict": ("Климушина Любовь Николаевна", "МО Сосновое"),
    "again": ("Klimushina L. N.", "МО Сосновое"),
    "spelt": ("Iakoucheva Vera Borisovna", "МО Центральное"),
    "copy": ("вера якушева", "МО Центральное"),
    "typo": ("Юина Любовь Юрьевна", "МО Новосёлки"),
    "namesake": ("Исакова Ирина Михайловна", ""),
    "plain": ("Третьякова Екатерина Олеговна", "МО Юго-Западное"),
    "stranger": ("Nobody Atall", "Springfield council"),
}
LOOKS = ((1280, "light", "ru"), (375, "dark", "en"))
SAFE = ("R0308", "R0376")
TAKEN_TODAY = {"outcome": "verified", "eligible": "other_grounds", "grounds": "The council confirms it."}


@dataclass
class Desk:
    """A petition with work of every kind, and the cases by what they show."""

    site: Site
    world: make.World
    cases: dict[str, str]

    def address(self, path: str, language: str) -> str:
        """Return the address of a staff page of the petition."""
        return f"{self.site.url}/organizer/p/{self.world.slug}{path}?lang={language}"


@pytest.fixture
def desk(app: Flask, cli: Callable[..., SimpleNamespace], served: Site, tmp_path: Path) -> Desk:
    """A first batch decided and sampled, a second one full of questions."""
    world = make.make_world(app, reviewers=2, roster=True)
    cli("roster", "import", world.slug, roster(tmp_path), "--name", "Deputies of all councils", "--as-of", "2026-09-01")
    first = [make.make_signature(app, world.petition_id) for _ in range(3)]
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app):
        petition, auditor = make.petition(world.petition_id), make.account(world.auditor)
        commit_to(petition, number=1, population="verified", size=2, by=auditor, at=utcnow())
    for signed in first[1:]:
        assert make.decide_by_all(app, world, signed.id, **TAKEN_TODAY) == "verified"
    for words in ("I am on page 12.", "Look at page 12, please."):
        assert make.decide_by_all(app, world, first[0].id, outcome="rejected", reason="not_eligible") == "rejected"
        with make.acting(app):
            second_looks.ask(signing.find_by_code(first[0].secret_code)[0], words, at=utcnow())
    with make.acting(app):
        draw_sample(make.petition(world.petition_id), number=1, by=make.account(world.auditor), at=utcnow())
    cases = {
        key: make.make_signature(app, world.petition_id, name, place=place, role="муниципальный депутат")
        for key, (name, place) in CASES.items()
    }
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app):
        petition, auditor = make.petition(world.petition_id), make.account(world.auditor)
        commit_to(petition, number=2, population="verified", size=5, by=auditor, at=utcnow())
    with app.app_context():
        loop.run_once()  # Who is matched with whom is known before anybody looks.
    return Desk(served, world, {key: f"/cases/{signed.id}" for key, signed in cases.items()})


def roster(folder: Path) -> Path:
    """Write the roster of the founding day, in office still, with two contacts that may be written to."""
    header, *rows = (DATA / "roster.csv").read_text().replace("2024-09-08", "2029-09-08").splitlines()
    path = folder / "roster.csv"
    lines = [f"{row},{'deputy@example.org,yes' if row.startswith(SAFE) else ','}" for row in rows]
    path.write_text("\n".join([f"{header},contact,contact safe", *lines]))
    return path


@only_sqlite
def test_the_desk_is_accessible_with_all_that_can_stand_on_it(app: Flask, desk: Desk, open_page: Open) -> None:
    for number, (width, scheme, language) in enumerate(LOOKS):
        reviewer, organizer, auditor = (
            sign_in(open_page(f"{desk.site.url}/organizer", width=width, scheme=scheme, quiet=True), person)
            for person in (desk.world.reviewers[number % 2], desk.world.organizer, desk.world.auditor)
        )
        look_at_cases(app, desk, reviewer, number, language)
        if not sample(number == 0, True):  # On a telephone `test_every_page` looks at the other pages.
            continue
        look_at_bulk(desk, organizer, language)
        for page, paths in (
            (organizer, ("/desk", "/roster", "/second-looks", "/decided", "/samples", "/groups")),
            (auditor, ("/samples", "/decided")),
        ):
            for path in paths:
                page.goto(desk.address(path, language))
                assert_accessible(page)
        auditor.goto(desk.address("/samples", language))
        auditor.locator("form[action*='/samples/next'] button").click()
        expect(auditor).to_have_url(re.compile("/samples/recheck"))
        assert_accessible(auditor)
        auditor.locator("form[action*='/put-back']").evaluate("form => form.requestSubmit()")


def sign_in(page: Page, person: make.Person) -> Page:
    """Sign in as a member of staff."""
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/organizer**")
    return page


def look_at_cases(app: Flask, desk: Desk, page: Page, number: int, language: str) -> None:
    """Look at cases of every kind, at one act's errors, and at a piece of evidence with its danger.

    Each kind is looked at in one of the looks, in turn, or with `--all` in each.
    """
    person = desk.world.reviewers[number % 2]
    kinds = [kind for kind in desk.cases if kind != "again"]  # It is the other side of the conflict.
    for kind in sample(kinds[number :: len(LOOKS)], kinds):
        path = desk.cases[kind]
        make.take_case(app, desk.world.petition_id, UUID(path.rpartition("/")[2]), person)
        page.goto(desk.address(path, language))
        assert page.locator(".notice-warning").count() == (kind in ("conflict", "spelt", "copy"))
        if kind in ("spelt", "typo"):
            assert page.locator(".parts .differs-words").count()
        for summary in page.locator("main details > summary").all():
            summary.click()
        assert_accessible(page)
        if kind == "conflict":
            look_at_evidence(page)
        make.put_back(app, desk.world.petition_id, UUID(path.rpartition("/")[2]), person)


def look_at_evidence(page: Page) -> None:
    """Send evidence without its day, then with it."""
    form = page.locator("#evidence form")
    page.locator(".act-bar [href='#evidence']").click()
    page.locator("#on").fill("")
    form.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    expect(page.locator("#evidence [role=alert]")).to_be_visible()
    assert_accessible(page)
    page.locator("#on").fill(utcnow().date().isoformat())
    page.locator("#kind").select_option("public_profile")
    page.locator("#strength").select_option("2")
    page.locator("#seen").fill("The page of the council names this mailbox.")
    page.locator("#danger").fill("The mailbox belongs to the employer.")
    form.evaluate("form => form.requestSubmit()")
    expect(page.locator(".evidence .danger-words").first).to_be_visible()
    assert_accessible(page)


def look_at_bulk(desk: Desk, page: Page, language: str) -> None:
    """Choose cases by a filter and see the number and examples; nothing is run."""
    page.goto(desk.address("/bulk", language))
    assert_accessible(page)
    page.locator("[name=strength][value='0']").check()
    page.locator("main form .btn-primary").click()
    page.wait_for_url(re.compile("/bulk/"))
    assert_accessible(page)
