"""The founding day, step by step, through pages and commands, with what the public must be able to read after each."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from petition_app import config
from petition_app.clock import utcnow
from petition_app.worker import loop as worker
from tests import factories as make
from tests.conftest import DATA
from tests.factories import PASSPHRASE, PASSWORD, Person, form_with, sign_in, sign_over_http

DAY = DATA
SLUG = "founding-day"
STEPS = json.loads((DAY / "story.json").read_text())["steps"]
TRUTH = {row["ref"]: row for row in json.loads((DAY / "truth.json").read_text())}
CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
REF = re.compile(r"\b([ib]\d{3})@example\.org")

PETITION = """
slug = "founding-day"
{mode}
goal = 100
reviewers = 2
roster = true
match = "possible"
evidence = 2
addressee = "The State Assembly"
who_may_sign = "municipal deputies"
title.en = "Open letter of municipal deputies"
title.ru = "Открытое письмо муниципальных депутатов"
text.en = "We ask the Assembly to hear us."
text.ru = "Мы просим Собрание услышать нас."
"""
MODES = {
    "standard": "",
    "sealed": 'mode = "sealed"',
}
ENOUGH = "The evidence is as strong as the petition asks."

Act = dict[str, Any] | None


class Day:
    """The day as it is played: its browsers, its commands, and what was learnt on the way."""

    def __init__(self, app: Flask, cli: Callable[..., SimpleNamespace], folder: Path, *, mode: str) -> None:
        self.app, self.cli, self.folder = app, cli, folder
        self.sealed = mode == "sealed"
        self.public = app.test_client()
        self.staff: dict[str, FlaskClient] = {}
        self.cases: dict[str, str] = {}
        self.codes: dict[str, str] = {}

    def check(self, step: int) -> None:
        """Compare the live tally and `status.json` with what the story expects, and check the identity."""
        expected = STEPS[step]["expect"]
        if self.sealed:
            self.publish()
        live = json.loads(self.cli("tally", "show", SLUG, "--json").out)
        for name, number in expected.items():
            if isinstance(number, int) and not isinstance(number, bool):
                assert read(live, name) == number, f"step {step + 1}: {name}"
        for kinds in (live["states"], *map(flat, live["batches"])):
            total = kinds.pop("_received", live["received_total"])
            assert sum(kinds.values()) == total
        shown = self.public.get(f"/p/{SLUG}/status.json").get_json()
        for name in ("verified", "not_counted", "initial", "received_total", "corrections", "goal", "unconfirmed"):
            assert shown[name] == live[name]
        assert [flat(batch) for batch in shown["batches"]] == [flat(batch) for batch in live["batches"]]
        assert shown["states"]["verified"] == live["states"]["verified"]
        assert shown["states"]["checking"] == live["states"]["checking"]
        assert "no difference" in self.cli("tally", "audit").out

    def publish(self) -> None:
        """Have the organizer publish what waits: in sealed mode single changes are held back."""
        client, url = self.staff["olga"], f"/organizer/p/{SLUG}"
        token = form_with(client.get(url), "csrf_token")["csrf_token"]
        assert client.post(f"{url}/publish", data={"csrf_token": token}).status_code == 303

    def unlock(self, who: str) -> None:
        """Make a member's own key, or open the keys with its passphrase once the petition has some."""
        client, url = self.staff[who], f"/organizer/p/{SLUG}/unlock"
        token = form_with(client.get(url), "csrf_token")["csrf_token"]
        answer = client.post(url, data={"csrf_token": token, "passphrase": PASSPHRASE})
        assert answer.status_code == 303, answer.text

    def write(self, name: str, text: str) -> Path:
        """Write a file for a command."""
        path = self.folder / name
        path.write_text(text)
        return path

    def work(self, who: str, plan: Callable[[str, str], Act]) -> int:
        """Have a reviewer take each case that the desk gives, once, and do what the plan says on reading its page."""
        client, seen, done = self.staff[who], set[str](), 0
        token = form_with(client.get(f"/organizer/p/{SLUG}/desk"), "csrf_token")["csrf_token"]
        while True:
            answer = client.post(f"/organizer/p/{SLUG}/next", data={"csrf_token": token})
            assert answer.status_code == 303
            if "/cases/" not in answer.location:
                return done
            url = answer.location.split("?")[0]
            page = client.get(url).text
            found = REF.search(page)
            ref = found.group(1) if found else "late"
            self.cases[ref] = url.rpartition("/")[2]
            act = plan(ref, page)
            if url in seen or act is None:
                client.post(f"{url}/put-back", data={"csrf_token": token})
                if url in seen:
                    return done
                seen.add(url)
                continue
            done += 1
            act, door = dict(act), "question" if "question" in act else "decisions"
            if found_out := act.pop("evidence", None):
                answer = client.post(f"{url}/evidence", data={"csrf_token": token} | found_out)
                assert answer.status_code == 303, answer.text
                assert ENOUGH in client.get(url).text
            answer = client.post(f"{url}/{door}", data={"csrf_token": token} | act)
            assert answer.status_code == 303, answer.text
            seen.add(url)

    def verify(self, ref: str, page: str) -> Act:
        """Return the verdict that the person was reached and signed, as the petition wants it answered.

        Of every second case the call is recorded as evidence by the first reviewer, and seen by the second.
        """
        today = utcnow().date().isoformat()
        reached = {"contact": "official_contact", "contacted_on": today}
        offered = re.findall(r'name="entry" value="([^"]+)"', page)
        entry = TRUTH[ref]["roster_id"] or "other"
        assert entry in offered, f"{ref}: the page offers {offered}"
        act: dict[str, Any] = {"outcome": "verified", "entry": entry, "agrees": "1"}
        if entry == "other" or entry != offered[0] or "weak match" in page:
            act["grounds"] = "The council's secretary has named this deputy."
        if int(ref[1:]) % 2:
            return act | reached
        call = {"kind": "live_call", "strength": "3", "on": today, "seen": "Called through the council's exchange."}
        return act | ({} if ENOUGH in page else {"evidence": call})

    def decide(self, ref: str, page: str) -> Act:
        """Return the verdict that the truth of the file asks for, on what the page offers."""
        truth = TRUTH[ref]
        if truth["kind"].startswith("eligible") or ref in ("b081", "b083"):
            return self.verify(ref, page)
        if truth["duplicate_of"]:
            return self.repeat(ref, page)
        return {"outcome": "rejected", "reason": "not_that_person" if ref == "b084" else "incomplete"}

    def repeat(self, ref: str, page: str) -> Act:
        """Return the verdict that it repeats another signature, once the desk has shown that one."""
        original = self.cases.get(TRUTH[ref]["duplicate_of"])
        if original:
            assert original in re.findall(r'name="duplicate_of" value="([^"]+)"', page), ref
        return {"outcome": "duplicate", "duplicate_of": original} if original else None


def flat(batch: dict[str, Any]) -> dict[str, int]:
    """Return the numbers of a batch; `_received` is what the others add up to."""
    return {name: batch[name] for name in ("verified", "not_counted", "retracted", "checking")} | {
        "_received": batch["received"]
    }


def read(live: dict[str, Any], name: str) -> int:
    """Return a number of the story from the tally."""
    batch1 = next((batch for batch in live["batches"] if batch["number"] == 1), {})
    if name == "batch1_received":
        return int(batch1["received"])
    if name == "not_counted_in_batch1":
        return int(batch1["not_counted"])
    return int(live[name] if name in live else live["states"][name])


@pytest.fixture(params=MODES)
def day(app: Flask, cli: Callable[..., SimpleNamespace], tmp_path: Path, request: pytest.FixtureRequest) -> Day:
    """The day before its first act: a petition of either mode with a roster, an organizer and two reviewers."""
    day = Day(app, cli, tmp_path, mode=request.param)
    cli("petitions", "create", day.write("petition.toml", PETITION.replace("{mode}", MODES[request.param])))
    for name, role in (("olga", "organizer"), ("roman", "reviewer"), ("rita", "reviewer")):
        address = f"{name}@example.org"
        cli(
            "accounts", "create", address, "--name", name.title(), "--role", role, "--petition", SLUG,
            "--password-stdin", stdin=f"{PASSWORD}\n",
        )  # fmt: skip
        day.staff[name] = app.test_client()
        assert sign_in(day.staff[name], Person(None, address, role)).status_code in (302, 303)  # type: ignore[arg-type] # Nobody's id is asked.
    if day.sealed:
        hand_out_keys(day)
    return day


def hand_out_keys(day: Day) -> None:
    """Make everybody's own keys and the petition's, and open them; mail goes to a server while it opens."""
    for name in day.staff:
        day.cli("keys", "own", f"{name}@example.org", "--passphrase-stdin", stdin=f"{PASSPHRASE}\n")
    assert len(day.cli("keys", "make", SLUG).out.split()) == 24
    for name in day.staff:
        day.unlock(name)


def test_the_founding_day_from_the_first_nineteen_to_the_closing_report(day: Day) -> None:
    header, *rows = (DAY / "initial.csv").read_text().splitlines()
    held = ("--initial", "--consent", "The organizer holds their written word")

    day.cli("roster", "import", SLUG, DAY / "roster.csv", "--name", "City register", "--as-of", "2022-09-01")

    # 1: the petition opens; 19 initial signatories are checked and verified.
    with mail_server(day):
        day.cli("petitions", "open", SLUG)
    day.cli("signatures", "import", SLUG, day.write("first.csv", "\n".join([header, *rows[:19]])), *held)
    assert day.work("roman", day.verify) == 19
    assert day.public.get(f"/p/{SLUG}/status.json").get_json()["verified"] == 0, "one reviewer is not enough"
    assert day.work("rita", day.verify) == 19
    day.check(0)

    # 2: row 20 joins and is published.
    day.cli("signatures", "import", SLUG, day.write("twentieth.csv", "\n".join([header, rows[19]])), *held)
    assert day.work("roman", day.verify) == day.work("rita", day.verify) == 1
    day.check(1)
    assert "Самозванцев" in day.public.get(f"/p/{SLUG}").text

    # 3: it was entered in error and is taken back.
    retract(day, "i020", "entered_in_error")
    day.check(2)
    page = day.public.get(f"/p/{SLUG}").text
    assert "Самозванцев" not in page
    assert "entered in error" in page
    for path in ("signatories", "updates", "updates.atom", "status.json"):
        assert "Самозванцев" not in day.public.get(f"/p/{SLUG}/{path}").text

    # 4: the 84 sign and confirm.
    sign_all(day)
    day.check(3)

    # 5: the organizer seals the batch, with the announcement as it was drafted.
    seal(day)
    day.check(4)
    for language in ("en", "ru"):
        announced = STEPS[4]["expect"][f"announcement_{language}"]
        assert announced in day.public.get(f"/p/{SLUG}?lang={language}").text
        assert announced in day.public.get(f"/p/{SLUG}/updates?lang={language}").text

    # 6: one more arrives.
    sign_over_http(day.public, SLUG, name="Звонарёва Алиса", email="late@example.org")
    day.check(5)

    # 7: 28 verified, 12 rejected, 6 duplicates, 2 withdrawn, 3 asked for more.
    plan = make_plan(day)
    for ref in plan.withdrawn:
        answer = day.public.post("/my", data={"code": day.codes[ref], "action": "withdraw", "value": ""})
        assert answer.status_code == 303
    day.work("roman", plan)
    assert day.public.get(f"/p/{SLUG}/status.json").get_json()["verified"] == 19, "one reviewer is not enough"
    day.work("rita", plan)
    day.check(6)

    # 8: one of the 47 withdraws, and is gone from every page.
    leaver = next(ref for ref in plan.verified if published(day, ref))
    day.public.post("/my", data={"code": day.codes[leaver], "action": "withdraw", "value": ""})
    day.check(7)
    assert not published(day, leaver)

    # 9: the rest is decided, and the batch closes with a report.
    for ref in plan.asked:
        answer = day.public.post("/my", data={"code": day.codes[ref], "action": "answer", "value": "С 2019 года."})
        assert answer.status_code == 200
    day.work("roman", day.decide)
    day.work("rita", day.decide)
    day.check(8)
    batch = day.public.get(f"/p/{SLUG}/status.json").get_json()["batches"][1]
    assert batch["state"] == "closed"
    report = day.public.get(f"/p/{SLUG}/updates").text
    assert f"Received: 84. Verified: {batch['verified']}. Not counted: {batch['not_counted']}." in report
    assert day.cli("audit", "verify").out


def sign_all(day: Day) -> None:
    """Have all of batch 1 sign and confirm; what the worker does beside sending mails comes after them."""
    with (DAY / "batch1.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            make.worker_lives(day.public)
            page = make.sign_page(
                day.public, SLUG, name=row["name"], role=row["role"], place=row["council"], email=row["email"],
                publish={"count": "0", "role": "1", "name": "3"}[row["publish"]], lang="ru",
            )  # fmt: skip
            assert page.status_code == 200, page.text
            with day.app.app_context():
                assert worker.run_letters() == 1
            to, _, text = make.read_mail(make.outbox()[-1])
            assert to == (None if day.sealed else row["email"])
            words = {"pending": form_with(page, "pending", "code")["pending"], "code": CODE.findall(text)[0]}
            day.codes[row["ref"]] = make.shown_code(day.public.post(f"/p/{SLUG}/confirm", data=words))
    with day.app.app_context():
        worker.run_once()


class Plan:
    """What becomes of batch 1, by the file's references."""

    def __init__(self, day: Day) -> None:
        eligible = sorted(ref for ref, row in TRUTH.items() if ref[0] == "b" and row["kind"].startswith("eligible"))
        outsiders = sorted(ref for ref, row in TRUTH.items() if ref[0] == "b" and row["kind"] == "not_on_roster")
        self.day = day
        self.verified = eligible[:28]
        self.rejected = (outsiders + eligible[28:])[:12]
        repeated = sorted(ref for ref, row in TRUTH.items() if row["duplicate_of"])
        # Nobody is verified while a repetition of theirs is open, so those of batch 1 are among the six.
        self.duplicates = repeated[-6:]
        others = [ref for ref in eligible if ref not in (*self.verified, *self.rejected)]
        self.withdrawn, self.asked = others[:2], others[2:5]

    def __call__(self, ref: str, page: str) -> Act:
        if ref in self.verified:
            return self.day.verify(ref, page)
        if ref in self.rejected:
            found = TRUTH[ref]["roster_id"]
            return {"outcome": "rejected", "reason": "not_reached" if found else "not_found"}
        if ref in self.duplicates:
            return self.day.repeat(ref, page)
        if ref in self.asked:
            return {"question": "Которого созыва ваш мандат?"}
        return None


def make_plan(day: Day) -> Plan:
    """Return the plan, once the desk has shown which case is which."""
    plan = Plan(day)
    day.work("roman", lambda ref, page: None)
    return plan


@contextmanager
def mail_server(day: Day) -> Iterator[None]:
    """Have a mail server set, without which a sealed petition does not open; then codes lie in the outbox again."""
    settings = config.current()
    if day.sealed:
        config.activate(replace(settings, mail_url="smtp://127.0.0.1:1"))
    yield
    config.activate(settings)


def name_of(ref: str) -> str:
    """Return the name a reference of batch 1 was signed with."""
    with (DAY / "batch1.csv").open(encoding="utf-8") as file:
        return next(row["name"] for row in csv.DictReader(file) if row["ref"] == ref)


def published(day: Day, ref: str) -> bool:
    """Return whether the name of a reference stands on the page of names."""
    return name_of(ref) in day.public.get(f"/p/{SLUG}/signatories?per_page=500").text


def seal(day: Day) -> None:
    """Seal what was received, with the drafted announcement."""
    url = f"/organizer/p/{SLUG}/seal"
    form = form_with(day.staff["olga"].get(url), "csrf_token", "en", "ru", "written_for")
    assert form["written_for"] == "84"
    assert day.staff["olga"].post(url, data=form | {"act": "seal"}).status_code == 303


def retract(day: Day, ref: str, reason: str) -> None:
    """Take a verified signature back."""
    url = f"/organizer/p/{SLUG}/decided/{day.cases[ref]}"
    token = form_with(day.staff["olga"].get(url), "csrf_token")["csrf_token"]
    answer = day.staff["olga"].post(f"{url}/retract", data={"csrf_token": token, "retraction": reason})
    assert answer.status_code == 303
