"""Eight reviewers in eight browsers work through the batch of the founding day at once, two of them blind on each."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
from flask import Flask
from playwright.async_api import BrowserContext, Page, ViewportSize, async_playwright, expect
from sqlalchemy import select

from petition_app.audit import AuditEvent
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.models import Decision, Lease
from tests.browser.conftest import Site
from tests.chromium import CHROMIUM, FLAGS
from tests.conftest import DATA, only_sqlite
from tests.factories import PASSWORD, looking
from tests.matrix import sample

SLUG = "founding-day"
PETITION = """
slug = "founding-day"
goal = 100
reviewers = 2
roster = true
addressee = "The State Assembly"
who_may_sign = "municipal deputies"
title.en = "Open letter of municipal deputies"
title.ru = "Открытое письмо муниципальных депутатов"
text.en = "We ask the Assembly to hear us."
text.ru = "Мы просим Собрание услышать нас."
"""
# Each kind of case in the file, seven over which reviewers are of two minds, and as many others as there is time for.
NUMBERS = sample(frozenset({*range(1, 18), 20, 24, 28, *range(69, 74), *range(81, 85)}), frozenset(range(1, 85)))
CASES = len(NUMBERS)
SEATS = range(8)
FEW_PROCESSES = ("--renderer-process-limit=2", "--disable-extensions", "--blink-settings=imagesEnabled=false")
REF = re.compile(r"\bb(\d{3})@example\.org")
LIMIT = 500  # Seconds until the test gives up on a machine that does other work too.

DUPLICATES = {69, 70, 71}
CONFLICTING = {1, 6, 11, *DUPLICATES, 83, 84}  # What claims an entry of the roster that another claims, too.
MOVED_ON = "the signature has moved on meanwhile"
REJECTED = {*range(72, 81), 82, 84}
SPLIT = set(range(4, 65, 4))  # Here the reviewers are of two minds.
# Fills in a form in one go: with eight browsers on a small machine, each round trip to them is dear.
FILL_IN = """(form, fields) => {
    for (const [name, value] of Object.entries(fields)) {
        const field = form.elements[name];
        if (value === "first") (field[0] ?? field).checked = true;
        else field.value = value;
    }
    form.requestSubmit();
}"""


@dataclass
class Work:
    """What is seen from outside while the eight are at it."""

    url: str
    holders: dict[str, int] = field(default_factory=dict)
    verdicts: dict[int, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    put_back: set[tuple[int, int]] = field(default_factory=set)
    cases: dict[int, UUID] = field(default_factory=dict)
    over: Event = field(default_factory=Event)


@only_sqlite
def test_eight_reviewers_share_the_cases_and_decide_none_twice(
    app: Flask, cli: Callable[..., SimpleNamespace], served_apart: Site, tmp_path: Path
) -> None:
    prepare(cli, tmp_path)
    work = Work(served_apart.url)
    with ThreadPoolExecutor(2) as threads:
        watching = threads.submit(watch, work)
        working = threads.submit(lambda: asyncio.run(asyncio.wait_for(everybody(work), LIMIT)))
        try:
            working.result()
        finally:
            work.over.set()
        polls = watching.result()

    # The numbers added up for everybody who looked, at every moment, and in the end.
    assert len(polls) > CASES
    assert all(one["verified"] <= later["verified"] for one, later in pairwise(polls))
    assert polls[-1]["states"]["checking"] == 0
    assert "no difference" in cli("tally", "audit").out

    # Nobody decided a case twice, nobody was left without work.
    assert len(work.verdicts) == CASES
    shares = Counter(seat for said in work.verdicts.values() for seat, _ in said)
    assert min(shares[seat] for seat in SEATS) >= shares.total() / len(SEATS) / 2, shares
    for number, said in work.verdicts.items():
        assert len({seat for seat, _ in said}) == len(said)
        # What two have verified waits for its double, and others may confirm it meanwhile.
        assert len(said) == (2 if said[0][1] == said[1][1] else 3) or number in CONFLICTING
    assert any(len(said) == 3 for said in work.verdicts.values())
    assert work.put_back
    with looking(app):
        check_trails(work)
    assert "The trail is whole" in cli("audit", "verify").out


def prepare(cli: Callable[..., SimpleNamespace], folder: Path) -> None:
    """Open the letter with its roster and staff, take in the 84, and seal them."""
    (folder / "petition.toml").write_text(PETITION)
    cli("petitions", "create", folder / "petition.toml")
    cli("petitions", "open", SLUG)
    cli("roster", "import", SLUG, DATA / "roster.csv", "--name", "Deputies", "--as-of", "2026-09-01")
    people = (("olga", "organizer"), *((f"reviewer{seat}", "reviewer") for seat in SEATS))
    for name, role in people:
        words = ("--name", name.title(), "--role", role, "--petition", SLUG, "--password-stdin")
        cli("accounts", "create", f"{name}@example.org", *words, stdin=f"{PASSWORD}\n")
    header, *rows = (DATA / "batch1.csv").read_text().splitlines()
    chosen = [row for row in rows if (found := REF.search(row)) and int(found[1]) in NUMBERS]
    (folder / "batch1.csv").write_text("\n".join([header, *chosen]))
    cli("signatures", "import", SLUG, folder / "batch1.csv", "--consent", "The organizer holds their written word")
    cli("batches", "seal", SLUG)


# --- at work ----------------------------------------------------------------------------------------------------


async def everybody(work: Work) -> None:
    """Let the eight work at once, then have the organizer read how a disputed case was decided."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *FEW_PROCESSES])
        small = ViewportSize(width=480, height=320)
        contexts = [await browser.new_context(locale="en", viewport=small) for _ in SEATS]
        signed_in = (sign_in(context, f"reviewer{seat}", work) for seat, context in enumerate(contexts))
        pages = await asyncio.gather(*signed_in)  # Who comes in late would have fewer cases.
        await asyncio.gather(*(review(page, seat, work) for seat, page in enumerate(pages)))
        organizer = await sign_in(await browser.new_context(locale="en"), "olga", work)
        number, said = next((number, said) for number, said in work.verdicts.items() if len(said) == 3)
        await organizer.goto(f"{work.url}/organizer/p/{SLUG}/decided/{work.cases[number]}")
        await organizer.get_by_role("button", name="Open it").click()
        for seat, outcome in said:
            line = organizer.locator(".decisions li", has_text=f"Reviewer{seat}")
            await expect(line.locator("strong").first).to_have_text(
                {"verified": "Verified", "rejected": "Not verified"}[outcome], ignore_case=True
            )
        await browser.close()


async def sign_in(context: BrowserContext, name: str, work: Work) -> Page:
    """Sign in as a member of staff, and again where so many sign in at once that one is asked to."""
    context.set_default_timeout(60_000)
    page = await context.new_page()
    await page.goto(f"{work.url}/organizer/login")
    for _ in range(20):
        await page.get_by_label("E-mail").fill(f"{name}@example.org")
        await page.get_by_label("Password").fill(PASSWORD)
        async with page.expect_navigation():
            await page.get_by_role("button", name="Sign in").click()
        if "Please try again in a moment" not in await page.inner_text("main"):
            break
    return page


async def review(page: Page, seat: int, work: Work) -> None:
    """Take case after case, until nothing is left to check."""
    await page.goto(f"{work.url}/organizer/p/{SLUG}/desk")
    while "Everything sealed so far is decided" not in await page.inner_text("main"):
        if await page.locator(".next-case").count():
            await send(page, "form:has(.next-case)", {})
        if "/cases/" not in page.url:
            await asyncio.sleep(0.5)  # What is left is with the others, or waits for a third.
            await page.goto(f"{work.url}/organizer/p/{SLUG}/desk")
            continue
        case = page.url
        assert case not in work.holders, f"reviewers {seat} and {work.holders[case]} hold the same case"
        work.holders[case] = seat
        found = REF.search(await page.inner_text(".facts"))
        assert found
        number = int(found[1])
        work.cases[number] = UUID(case.rpartition("/")[2].split("?")[0])
        if number % len(SEATS) == seat and (number, seat) not in work.put_back:
            work.put_back.add((number, seat))
            form, fields, says = "#put-back", {}, "The case is back in the queue"
        else:
            outcome, fields = verdict(number, seat)
            work.verdicts[number].append((seat, outcome))
            form, says = f"form:has([name=outcome][value={outcome}])", "Your decision is recorded"
        del work.holders[case]
        await send(page, form, fields)
        told = await page.inner_text("main")
        if MOVED_ON in told and number in CONFLICTING:
            work.verdicts[number].pop()  # Two had agreed, and it waited for its double, which was decided just now.
            await page.goto(f"{work.url}/organizer/p/{SLUG}/desk")
            continue
        assert says in told, f"case {number}: {told}"


def verdict(number: int, seat: int) -> tuple[str, dict[str, str]]:
    """Return what this reviewer has come to, and the fields of the form; "first" is the first that is offered."""
    if number in REJECTED or (number in SPLIT and seat % 2):
        return "rejected", {"reason": "not_eligible"}
    if number in DUPLICATES:
        return "duplicate", {"duplicate_of": "first"}
    return "verified", {"entry": "first", "grounds": "The council confirms it.", "how": "live_call", "agrees": "1"}


async def send(page: Page, form: str, fields: dict[str, str]) -> None:
    """Fill in a form and send it as its button does."""
    async with page.expect_navigation(wait_until="domcontentloaded"):
        await page.locator(form).evaluate(FILL_IN, fields)


# --- looked at from outside -------------------------------------------------------------------------------------


def watch(work: Work) -> list[dict[str, Any]]:
    """Read the public numbers until the work is over; each time every kind must add up to what was received."""
    polls = []
    with httpx.Client(timeout=60) as client:
        over = False
        while not over:
            over = work.over.wait(0.25)
            shown = client.get(f"{work.url}/p/{SLUG}/status.json").json()
            states, (batch,) = shown["states"], [batch for batch in shown["batches"] if batch["number"]]
            kinds = [shown["not_counted"], *(states[name] for name in ("checking", "needs_info", "verified"))]
            assert sum(kinds) + states["received"] + states["retracted"] == shown["received_total"] == CASES
            assert sum(batch[name] for name in ("verified", "not_counted", "retracted", "checking")) == CASES
            assert batch["received"] == CASES
            polls.append(shown)
    return polls


def check_trails(work: Work) -> None:
    """Compare what stands in the database with what was done in the browsers: who, what, in which order."""
    signatures = {signature.id: signature.state for signature in db.session.scalars(select(Signature))}
    # A case that moved on in a reviewer's hands stays leased until the ten minutes are over; nobody waits for it.
    leases = db.session.scalars(select(Lease)).all()
    assert not [lease for lease in leases if signatures[lease.signature_id] in ("checking", "needs_info")]
    assert len(signatures) == CASES
    events: dict[UUID | None, list[AuditEvent]] = defaultdict(list)
    for event in db.session.scalars(select(AuditEvent).order_by(AuditEvent.at)):
        events[event.object_id].append(event)
    for number, said in work.verdicts.items():
        case = work.cases[number]
        rows = db.session.scalars(select(Decision).where(Decision.signature_id == case).order_by(Decision.position))
        decisions = list(rows)
        assert [row.outcome for row in decisions] == [outcome for _, outcome in said]
        assert len({row.account_id for row in decisions}) == len(said)
        agreed, voices = Counter(row.outcome for row in decisions).most_common(1)[0]
        assert signatures[case] == agreed
        assert voices == 2 or (voices > 2 and number in CONFLICTING)
        if number not in CONFLICTING:
            assert [row.enacted for row in decisions] == [False] * (len(said) - 1) + [True]
        # The organizer has read how one of them was decided, which is an act of its own.
        trail = [event for event in events[case] if event.act.startswith("case.") and event.act != "case.read"]
        decided = [(event.actor_id, event.act) for event in trail if "decided" in event.act]
        assert sorted(decided, key=str) == sorted(
            ((row.account_id, f"case.decided_{row.outcome}") for row in decisions), key=str
        )
        opened = Counter(event.actor_id for event in trail if event.act == "case.opened")
        ended = Counter(event.actor_id for event in trail if event.act != "case.opened")
        assert opened == ended or number in CONFLICTING
