"""A sealed petition as people drive it: keys made and opened, two reviewers, names, duress, the printed sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from petition_app import audit
from petition_app.clock import utcnow
from petition_app.verification.remote import lending
from tests import factories as make
from tests.browser.conftest import Open, Site
from tests.browser.test_pages import assert_accessible
from tests.browser.test_road import INITIAL, PASSWORD, PETITION, STAFF, press_behind, sign_in, verify_all
from tests.conftest import only_sqlite
from tests.matrix import sample

WORDS = {name: f"{name} keeps four unusual words" for name, _ in STAFF}
DURESS = "take this one and leave me"


@pytest.fixture
def sealed(empty: Site, tmp_path: Path) -> Site:
    """An installation with a drafted sealed petition and its staff."""
    (tmp_path / "letter.toml").write_text(f'mode = "sealed"\nmail = "none"\n{PETITION}')
    (tmp_path / "initial.csv").write_text(INITIAL)
    empty.flask("petitions", "create", str(tmp_path / "letter.toml"))
    for name, role in STAFF:
        words = ("--name", name.title(), "--role", role, "--petition", "letter", "--password-stdin")
        empty.flask("accounts", "create", f"{name}@example.org", *words, feed=f"{PASSWORD}\n")
    return empty


def test_keys_are_made_opened_locked_given_up_and_recovered(sealed: Site, open_page: Open, tmp_path: Path) -> None:
    olga, roman, rita = (sign_in(open_page(f"{sealed.url}/organizer"), name) for name, _ in STAFF)

    # Everybody makes a key of their own; the organizer makes the petition's and reads the sheet.
    for page, (name, _) in zip((olga, roman, rita), STAFF, strict=True):
        make_own_key(page, sealed, WORDS[name], DURESS if name == "rita" else "")
    olga.goto(f"{sealed.url}/organizer/p/letter/keys")
    olga.get_by_role("button", name="Make the keys").click()
    sheet = olga.locator(".words li").all_inner_texts()
    assert len(sheet) == 24
    assert_accessible(olga)
    olga.get_by_role("link", name="I have the words on paper").click()
    expect(olga.get_by_text("holds the keys", exact=True)).to_have_count(3)
    assert_accessible(olga)

    # The letter opens, and two reviewers verify what was imported, each with a passphrase.
    olga.goto(f"{sealed.url}/organizer/p/letter")
    press_behind(olga, "Open for signing", "Open")
    consent = ("--initial", "--consent", "on paper")
    sealed.flask("signatures", "import", "letter", str(tmp_path / "initial.csv"), *consent)
    assert "nothing was added" in sealed.flask(
        "signatures", "import", "letter", str(tmp_path / "initial.csv"), *consent
    )
    for page, name in ((roman, "roman"), (rita, "rita")):
        page.goto(f"{sealed.url}/organizer/p/letter/desk")
        page.get_by_role("button", name=re.compile("Next case")).click()
        page.wait_for_url("**/unlock**")
        assert_accessible(page)
        open_keys(page, WORDS[name])
        assert verify_all(page, sealed) == 2

    # The names wait for the organizer's passphrase, and then stand in public.
    public = open_page(f"{sealed.url}/p/letter")
    expect(public.get_by_text("Вера Луговая")).to_have_count(0)
    olga.goto(f"{sealed.url}/organizer/p/letter/unlock")
    open_keys(olga, WORDS["olga"])
    olga.goto(f"{sealed.url}/organizer/p/letter")
    press_behind(olga, "Publish the numbers now", "Publish")
    public.goto(f"{sealed.url}/p/letter?lang=en")
    expect(public.get_by_text("Вера Луговая")).to_be_visible()

    # Locked is locked.
    roman.goto(f"{sealed.url}/organizer/p/letter/keys")
    roman.get_by_role("button", name="Lock the keys now").click()
    roman.goto(f"{sealed.url}/organizer/p/letter/matching")
    assert "/unlock" in roman.url

    # Rita is made to type a passphrase, and gives the other one.
    rita.goto(f"{sealed.url}/organizer/p/letter/keys")
    rita.get_by_role("button", name="Lock the keys now").click()
    rita.goto(f"{sealed.url}/organizer/p/letter/unlock")
    open_keys(rita, DURESS)
    expect(rita.locator(".figure")).to_have_text("0")
    expect(rita.get_by_role("button", name=re.compile("Next case"))).to_have_count(0)
    olga.goto(f"{sealed.url}/organizer/p/letter/keys")
    expect(olga.get_by_role("alert")).to_contain_text("Rita")
    expect(olga.get_by_text("The keys are locked for you.")).to_be_visible()
    assert_accessible(olga)

    # Olga has forgotten her passphrase, makes a new key and has the printed sheet.
    olga.goto(f"{sealed.url}/organizer/keys")
    press_behind(olga, "I have forgotten the passphrase", "Remove my key")
    make_own_key(olga, sealed, "olga has learnt something new")
    olga.goto(f"{sealed.url}/organizer/p/letter/keys")
    olga.get_by_text("Recover the keys with the printed sheet").click()
    olga.get_by_label("The 24 words of the sheet").fill(" ".join(sheet))
    olga.get_by_role("button", name="Recover the keys").click()
    olga.goto(f"{sealed.url}/organizer/p/letter/unlock")
    open_keys(olga, "olga has learnt something new")
    olga.goto(f"{sealed.url}/organizer/p/letter/keys")
    expect(olga.get_by_text("The keys are open for you.")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    sample(
        [(375, "dark", "ru"), (1280, "light", "en")],
        [(width, scheme, word) for width, scheme in ((375, "dark"), (1280, "light")) for word in ("en", "ru")],
    ),
)
@only_sqlite
def test_what_machines_took_and_who_holds_the_keys_fit_the_page(
    app: Flask, served: Site, open_page: Open, width: int, scheme: str, language: str
) -> None:
    world = make.make_sealed_world(app)
    (reviewer,) = world.reviewers
    with make.acting(app):
        for act, number in ((lending.MATCHED, 12_400), (lending.STOPPED, 1)):
            audit.record(act, by=reviewer.id, petition_id=world.petition_id, number=number, at=utcnow())
    make.lock_keys()
    page = open_page(f"{served.url}/organizer/login", width=width, scheme=scheme)
    page.get_by_label("E-mail").fill(world.organizer.email)
    page.get_by_label("Password").fill(world.organizer.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{served.url}/organizer/p/{world.slug}?lang={language}")
    expect(page.locator(".alarm .number")).to_have_text(re.compile(r"^12\D400$"))
    assert_accessible(page)
    page.goto(f"{served.url}/organizer/p/{world.slug}/keys?lang={language}")
    folds = page.locator("main .member summary")
    assert folds.count() == 2
    for fold in folds.all():
        box = fold.bounding_box()
        assert box
        assert 24 <= box["height"] < 50, "its sign stands on a line of its own"
    assert_accessible(page)


def make_own_key(page: Page, site: Site, words: str, duress: str = "") -> None:
    """Make one's own key under a passphrase."""
    page.goto(f"{site.url}/organizer/keys")
    page.get_by_label("New passphrase").fill(words)
    page.get_by_label("The same once more").fill(words)
    page.get_by_label("Passphrase for duress").fill(duress)
    assert_accessible(page)
    page.get_by_role("button", name="Make my key").click()
    expect(page.get_by_role("status").first).to_contain_text("Your key is made")


def open_keys(page: Page, words: str) -> None:
    """Type the passphrase."""
    page.get_by_label("Passphrase").fill(words)
    page.get_by_role("button", name="Open the keys").click()
    page.wait_for_url(re.compile("/desk"))
