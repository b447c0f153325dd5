"""The road from signing to verified, driven as people drive it: with JavaScript and without."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site
from tests.browser.moves import reload
from tests.matrix import sample

PASSWORD = "a long password of tests"
STAFF = (("olga", "organizer"), ("roman", "reviewer"), ("rita", "reviewer"))
PETITION = """
slug = "letter"
goal = 10
reviewers = 2
addressee.en = "The Assembly"
addressee.ru = "Собранию"
organizers.en = "A working group"
organizers.ru = "Рабочая группа"
contact = "letter@example.org"
who_may_sign.en = "deputies"
who_may_sign.ru = "депутаты"
title.en = "A letter to the Assembly"
title.ru = "Письмо Собранию"
text.en = "We ask to be heard."
text.ru = "Мы просим нас услышать."
"""
INITIAL = "name,council,publish\nВера Луговая,МО Речное,name\nГлеб Дольный,МО Лесное,name\n"


@pytest.mark.parametrize("script", sample([False], [True, False]), ids=lambda script: "with" if script else "without")
def test_a_letter_goes_from_its_draft_to_verified_names(
    empty_apart: Site, open_page: Open, tmp_path: Path, script: bool
) -> None:
    set_up(empty_apart, tmp_path)
    olga, roman, rita = (sign_in(open_page(f"{empty_apart.url}/organizer", script=script), name) for name, _ in STAFF)

    # The organizer opens the letter; two reviewers verify the initial signatories.
    olga.get_by_role("link", name="A letter to the Assembly").click()
    press_behind(olga, "Open for signing", "Open")
    for reviewer in (roman, rita):
        assert verify_all(reviewer, empty_apart) == 2
    public = open_page(f"{empty_apart.url}/p/letter", script=script)
    expect(public.locator(".headline .number")).to_have_text("2")
    expect(public.get_by_text("Вера Луговая")).to_be_visible()

    # Somebody signs, types the mailed code and keeps the secret code.
    code = sign(public, empty_apart, "Анна Заречная", "anna@example.org")
    expect(public.get_by_text("for half an hour at most")).to_be_visible()
    keep_words(public, code)
    expect(public.get_by_role("heading", name="That is all")).to_be_visible()
    mine = open_page(f"{empty_apart.url}/my", script=script)
    show_mine(mine, code)
    expect(mine.get_by_text("received", exact=False).first).to_be_visible()

    # The organizer seals and announces; the reviewers ask and verify.
    olga.goto(f"{empty_apart.url}/organizer/p/letter/seal")
    expect(olga.get_by_label("Announcement in English")).to_have_value(re.compile("^Another 1 signature has been"))
    olga.get_by_role("button", name=re.compile("Seal")).click()
    ask(roman, empty_apart, "Which council are you on?")
    show_mine(mine, code)
    expect(mine.get_by_text("Which council are you on?")).to_be_visible()
    mine.get_by_label(re.compile("answer", re.IGNORECASE)).fill("Zarechnoye, since 2019.")
    mine.get_by_role("button", name="Send the answer").click()
    for reviewer in (roman, rita):
        assert verify_all(reviewer, empty_apart) == 1
    public.goto(f"{empty_apart.url}/p/letter")
    reload(public)
    expect(public.locator(".headline .number")).to_have_text("3")
    expect(public.get_by_text("Анна Заречная")).to_be_visible()

    # A name is taken back, with a public correction; a signer withdraws and is gone at once.
    retract_latest(olga, empty_apart)
    public.goto(f"{empty_apart.url}/p/letter?lang=en")
    reload(public)
    expect(public.locator(".headline .number")).to_have_text("2")
    expect(public.locator(".timeline .correction")).to_have_count(1)
    assert "no difference" in empty_apart.flask("tally", "audit")


def set_up(site: Site, folder: Path) -> None:
    """Draft the letter, make the staff, import two initial signatories."""
    (folder / "letter.toml").write_text(PETITION)
    (folder / "initial.csv").write_text(INITIAL)
    site.flask("petitions", "create", str(folder / "letter.toml"))
    for name, role in STAFF:
        words = ("--name", name.title(), "--role", role, "--petition", "letter", "--password-stdin")
        site.flask("accounts", "create", f"{name}@example.org", *words, feed=f"{PASSWORD}\n")
    site.flask("signatures", "import", "letter", str(folder / "initial.csv"), "--initial", "--consent", "on paper")


def sign_in(page: Page, name: str) -> Page:
    """Sign in as a member of staff."""
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/organizer**")
    return page


def press_behind(page: Page, summary: str, button: str) -> None:
    """Open what is folded away and press the button in it."""
    details = page.locator("details", has=page.get_by_text(summary)).first
    details.locator("summary").click()
    details.get_by_role("button", name=re.compile(button)).click()


def verify_all(page: Page, site: Site) -> int:
    """Verify case after case until the desk has none for this reviewer; return how many."""
    for done in range(50):
        page.goto(f"{site.url}/organizer/p/letter/desk")
        next_case = page.get_by_role("button", name=re.compile("Next case"))
        if next_case.count() == 0:
            return done
        next_case.click()
        if "/cases/" not in page.url:
            return done
        page.get_by_label("By telephone or video").check()
        page.locator("#agrees-1").check()
        page.get_by_role("button", name="Verify", exact=True).click()
        expect(page.get_by_role("status").first).to_contain_text("Your decision is recorded")
    raise AssertionError("the desk never ended")


def ask(page: Page, site: Site, question: str) -> None:
    """Take the next case and ask its signer."""
    page.goto(f"{site.url}/organizer/p/letter/desk")
    page.get_by_role("button", name=re.compile("Next case")).click()
    page.get_by_role("link", name="Ask the signer").click()
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Send the question").click()
    expect(page.get_by_role("status").first).to_contain_text("waits for the signer")


def sign(page: Page, site: Site, name: str, address: str) -> str:
    """Sign, read the mail, type its code; return the secret code."""
    page.get_by_role("link", name="Sign the letter").first.click()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Place or body").fill("МО Заречное")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Publish my name with my role and place.").check()
    page.get_by_label("I have read the letter above").check()
    page.get_by_role("button", name=re.compile("^Sign")).click()
    page.get_by_label("Code from the message").fill(mailed_code(site, address).lower())
    page.get_by_role("button", name=re.compile("Confirm")).click()
    return page.locator("#secret-code").inner_text()


def keep_words(page: Page, code: str) -> None:
    """Say that the words are written down, and type the two that are asked for."""
    page.locator("form:has(input[name=mark]) button[type=submit]").click()
    expect(page.locator("#first")).to_be_visible()
    for field in ("first", "second"):
        label = page.locator(f"label[for={field}]").inner_text()
        page.locator(f"#{field}").fill(code.split()[int(re.findall(r"\d+", label)[0]) - 1])
    page.locator("#words-form button[type=submit]").dblclick()


def mailed_code(site: Site, address: str, parts: int = 2) -> str:
    """Wait for the worker to mail the code, of so many parts; return it."""
    for _ in range(100):
        for path in (site.instance / "outbox").glob("*.eml"):
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            if message["To"] == address:
                found = re.search(rf"\b[0-9A-Z]{{4}}(-[0-9A-Z]{{4}}){{{parts - 1}}}\b", message.get_content())
                assert found
                return found.group()
        time.sleep(0.1)
    raise AssertionError(f"no mail came for {address}")


def show_mine(page: Page, code: str) -> None:
    """Open one's own signature with the secret code."""
    page.goto(page.url.partition("/my")[0] + "/my")
    page.get_by_label("Your secret code").fill(code)
    page.get_by_role("button", name="Show my signature").click()


def retract_latest(page: Page, site: Site) -> None:
    """Find the latest decided case and take it back."""
    page.goto(f"{site.url}/organizer/p/letter/decided")
    page.locator("main a[href*='/decided/']").first.click()
    page.get_by_role("button", name="Open it").click()
    details = page.locator("details", has=page.get_by_label("It had been entered in error")).first
    details.locator("summary").first.click()
    details.get_by_label("It had been entered in error").check()
    details.get_by_role("button").last.click()
    expect(page.get_by_role("status").first).to_contain_text("correction is published")
