"""The founding day up to "47 verified", checked on the reviewers' own machines: the server never opens a case."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from petition_app.accounts.services import find_account
from tests import factories as make
from tests import test_story as story
from tests.conftest import only_sqlite
from tests.factories import Person, sign_in, sign_over_http
from tests.local_desk.desks import LocalDesk, agree, make_token
from tests.test_story import DAY, SLUG

pytestmark = only_sqlite


class Browser:
    """A browser in front of a local desk, with the manners of the test client."""

    def __init__(self, desk: LocalDesk) -> None:
        self.desk = desk

    def get(self, path: str) -> Any:
        return self._answer(self.desk.browser.get(path))

    def post(self, path: str, data: dict[str, Any]) -> Any:
        return self._answer(self.desk.browser.post(path, data=data))

    def _answer(self, found: httpx.Response) -> SimpleNamespace:
        location = found.headers.get("location", "").removeprefix(self.desk.prefix)
        return SimpleNamespace(text=found.text, status_code=found.status_code, status=found.status_code,
                               location=location)  # fmt: skip


class LocalDay(story.Day):
    """The day with a desk on each reviewer's own machine."""

    def __init__(self, app: Flask, cli: Any, folder: Path, server: str) -> None:
        super().__init__(app, cli, folder, mode="sealed")
        self.server = server
        self.desks: list[LocalDesk] = []

    def person(self, who: str) -> Person:
        """Return a member of staff."""
        with make.looking(self.app):
            account = find_account(f"{who}@example.org")
            assert account
            return Person(account.id, account.email, "")

    def open_desk(self, who: str) -> LocalDesk:
        """Open somebody's desk on their own machine."""
        with make.looking(self.app):
            petition_id = make.petitions.get_by_slug(SLUG).id
        token = make_token(self.app, petition_id, self.person(who))
        self.desks.append(LocalDesk(self.server, SLUG, token, self.folder / who))
        assert self.desks[-1].unlock().status_code == 303
        return self.desks[-1]


@pytest.fixture
def day(app: Flask, cli: Callable[..., SimpleNamespace], server: str, tmp_path: Path) -> Iterator[LocalDay]:
    """The day before its first act, with keys that were made at the operator's shell."""
    day = LocalDay(app, cli, tmp_path, server)
    mode = story.MODES["sealed"]
    cli("petitions", "create", day.write("petition.toml", story.PETITION.replace("{mode}", mode)))
    for name, role in (("olga", "organizer"), ("roman", "reviewer"), ("rita", "reviewer")):
        cli(
            "accounts", "create", f"{name}@example.org", "--name", name.title(), "--role", role, "--petition", SLUG,
            "--password-stdin", stdin=f"{story.PASSWORD}\n",
        )  # fmt: skip
        cli("keys", "own", f"{name}@example.org", "--passphrase-stdin", stdin=f"{story.PASSPHRASE}\n")
    cli("keys", "make", SLUG)
    day.staff["olga"] = app.test_client()
    assert sign_in(day.staff["olga"], day.person("olga")).status_code in (302, 303)
    yield day
    for desk in day.desks:
        desk.close()


def test_the_founding_day_is_checked_on_the_reviewers_own_machines(day: LocalDay) -> None:
    header, *rows = (DAY / "initial.csv").read_text().splitlines()
    held = ("--initial", "--consent", "The organizer holds their written word")
    day.cli("roster", "import", SLUG, DAY / "roster.csv", "--name", "City register", "--as-of", "2022-09-01")
    with story.mail_server(day):
        day.cli("petitions", "open", SLUG)
    day.cli("signatures", "import", SLUG, day.write("initial.csv", "\n".join([header, *rows[:20]])), *held)
    for who in ("roman", "rita"):
        day.staff[who] = Browser(day.open_desk(who))  # type: ignore[assignment] # It has what the day needs.
    assert day.work("roman", day.verify) == day.work("rita", day.verify) == 20
    with make.looking(day.app):
        petition_id = make.petitions.get_by_slug(SLUG).id
    retracted = UUID(day.cases["i020"])
    make.act(day.app, "retract", petition_id, retracted, day.person("olga"), reason="entered_in_error")
    day.check(2)

    story.sign_all(day)
    story.seal(day)
    sign_over_http(day.public, SLUG, name="Звонарёва Алиса", email="late@example.org")
    plan = story.make_plan(day)
    for ref in plan.withdrawn:
        day.public.post("/my", data={"code": day.codes[ref], "action": "withdraw", "value": ""})
    day.work("roman", plan)
    day.work("rita", plan)
    day.check(6)
    assert not [ref for ref in plan.verified if story.published(day, ref)], "no name waits in plain"
    second = make.make_person(day.app, petition_id, "organizer")
    day.open_desk("olga").publish_due(lambda: agree(day.app, petition_id, second))
    wanted = {ref for ref in plan.verified if publish_of(ref) == "name"}
    assert {ref for ref in plan.verified if story.published(day, ref)} == wanted
    assert "Самозванцев" not in day.public.get(f"/p/{SLUG}/signatories?per_page=500").text
    assert day.cli("audit", "verify").out


def publish_of(ref: str) -> str:
    """Return what a signer of batch 1 agreed to."""
    with (DAY / "batch1.csv").open(encoding="utf-8") as file:
        return next(row["publish"] for row in csv.DictReader(file) if row["ref"] == ref)
