"""What one organizer tries alone: to lower the policy, to take the list, to publish words that nobody judged."""

from __future__ import annotations

import csv
import html
import io
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx
from flask import Flask
from places import HOME, Installation
from rows import Row, row

from petition_app import app_state
from petition_app.accounts.approvals import OnlyOrganizerError
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.demo.story import PASSWORD, SLUG
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services as publishing
from petition_app.verification.cases import judged_names
from tests import factories as make
from tests.bars.hostile import CSRF
from tests.conftest import start_app, stop_app
from tests.local_desk.desks import agree
from tests.local_desk.test_door import Machine

TRUE, FORGED = "Вера Луговая", "Зоя Подменная"
WORDS = ({"name": FORGED}, {"role": FORGED}, {"place": FORGED}, {"name": f"{TRUE} {FORGED}"})


@contextmanager
def inside(one: Installation) -> Iterator[Flask]:
    """Be in the application of an installation, beside its servers, to lay out what an attack is about."""
    app = start_app(Settings.from_environment(one.environ))
    try:
        with app_state.using(app.state):
            try:
                yield app
            finally:
                make.lock_keys()
    finally:
        stop_app(app)


def signed_in(address: str, email: str, password: str = PASSWORD) -> httpx.Client:
    """Return the browser of a member of staff."""
    client = httpx.Client(base_url=address, timeout=60)
    token = CSRF.search(client.get("/organizer/login").text)
    fields = {"csrf_token": html.unescape(token[1]) if token else "", "email": email, "password": password}
    answer = client.post("/organizer/login", data=fields)
    assert answer.status_code in (302, 303), f"{email} cannot sign in: {answer.status_code}"
    return client


def fields_of(answer: httpx.Response) -> dict[str, str]:
    """Return what the largest form of a page would send."""
    return max((form["fields"] for form in make.forms_of(answer)), key=len)  # type: ignore[arg-type] # It has a text.


def names_of_the_demo() -> list[str]:
    """Return the names of the demo's signers, as its own files have them."""
    found: list[str] = []
    for path in sorted((HOME / "petition_app" / "demo").glob("*.csv")):
        if path.name != "roster.csv":
            found += [one["name"] for one in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))]
    return sorted(set(found))


def organizer(here: Installation, sealed: Installation) -> Iterator[Row]:
    """Let one organizer lower the policy, take the list, and publish words, alone."""
    print("One organizer alone …", file=sys.stderr, flush=True)
    with closing(signed_in(here.address, "organizer@example.org")) as client:
        yield policy(client)
        yield export(here, client)
    for one in (here, sealed):
        yield words(one, "sealed" if one is sealed else "standard")


def policy(client: httpx.Client) -> Row:
    """Raise the rules of checking, which one may, and lower them again, which one may not."""
    page = f"/organizer/p/{SLUG}/edit"
    form = fields_of(client.get(page))
    harder, softer = {"reviewers": "2", "evidence_rule": "3"}, {"reviewers": "1", "evidence_rule": "0"}
    client.post(page, data=form | harder)
    raised = fields_of(client.get(page))
    client.post(page, data=raised | softer)
    after = fields_of(client.get(page))
    risen, lowered = (sum(new[name] != old[name] for name in harder) for old, new in ((form, raised), (raised, after)))
    name = "one organizer lowers the policy: rules that change at once (control: raised alone)"
    return row(name, lowered, control=risen, bar=0, holds=bool(risen) and not lowered)


def export(here: Installation, client: httpx.Client) -> Row:
    """Take the list: alone, where nobody could agree and where nobody has agreed; the control is with two."""
    page, known = f"/organizer/p/{SLUG}/export", names_of_the_demo()
    form = fields_of(client.get(page)) | {"purpose": "records", "addresses": "y", "names": "y"}
    alone = client.post(page, data=form)
    refused = alone.status_code == 422 and str(OnlyOrganizerError.message) in html.unescape(alone.text)
    taken = [alone.text, client.post(page, data=form | {"purpose": "addressee"}).text]
    without = client.post(
        page, data={name: value for name, value in form.items() if name not in ("names", "addresses")}
    )
    with inside(here) as app:
        with make.looking(app):
            petition_id = make.petitions.get_by_slug(SLUG).id
        second = make.make_person(app, petition_id, "organizer", "second.organizer@example.org")
        taken += [without.text, client.post(page, data=form).text, client.post(page, data=form).text]
        read = sum(name in text for text in taken for name in known)
        agree(app, petition_id, second)
    both = client.post(page, data=form)
    agreed = sum(name in both.text for name in known) if both.headers["content-type"].startswith("text/csv") else 0
    name = "one organizer exports: names in the answers, the first a refusal for want of a second (control: with two)"
    return row(name, read, control=agreed, bar=0, holds=refused and bool(agreed) and not read)


def words(one: Installation, mode: str) -> Row:
    """Publish other words as somebody whom two reviewers have judged, by every door that an organizer has."""
    with inside(one) as app:
        laid: dict[str, Any] = {"mail": "none", "reviewers": 2}
        if mode == "sealed":
            world = make.make_sealed_world(app, "judged-letter", **laid)
        else:
            world = make.make_world(app, "judged-letter", mode=mode, **laid)
        signed = make.make_signature(app, world.petition_id, TRUE)
        make.seal(app, world.petition_id, by=world.organizer)
        assert make.decide_by_all(app, world, signed.id) == "verified"
        tried = by_signed_acts(app, one, world, signed) if mode == "sealed" else 0
        true = shown(one, world, TRUE)
    with closing(signed_in(one.address, world.organizer.email, make.PASSWORD)) as client:
        tried += by_pages(client, world, signed)
    time.sleep(2)
    forged = shown(one, world, FORGED)
    name = f"one organizer publishes other words than two have judged, {mode}, in {tried} ways: pages with them"
    return row(f"{name} (control: with the right ones)", forged, control=true, bar=0, holds=bool(true) and not forged)


def by_signed_acts(app: Flask, one: Installation, world: make.World, signed: make.Signed) -> int:
    """Hand other words over as a local desk does: unasked, asked for, and agreed to; then the right ones."""
    with make.acting(app):
        identity, key = judged_names.open_name(db.session.get_one(Signature, signed.id))
    make.lock_keys()
    with make.acting(app):
        publishing.publish_now(make.petition(world.petition_id), by=None, at=utcnow())
    machine, case = Machine(app, one.address, world, world.organizer), str(signed.id)
    second = make.make_person(app, world.petition_id, "organizer")
    tried = 0

    def hand_over(key: bytes = key, **other: str) -> int:
        made = {"names": {case: vars(identity) | other}, "judged_keys": {case: key.hex()}}
        return machine.send(machine.body("names", signed.id, made=made)).status_code

    for step in ("unasked", "asked for", "agreed to"):
        if step == "asked for":
            assert machine.send(machine.body("ask_names", signed.id, cases=[case])).status_code == 200
        elif step == "agreed to":
            agree(app, world.petition_id, second)
        for other in WORDS:
            for under in (key, secrets.token_bytes(32)):
                hand_over(under, **other)
                tried += 1
    assert hand_over() == 200, "the right words are taken, so the others were refused for what they say"
    return tried


def by_pages(client: httpx.Client, world: make.World, signed: make.Signed) -> int:
    """Send other words along with every form of the staff's pages that could concern a name."""
    page, today = f"/organizer/p/{world.slug}", utcnow().date().isoformat()
    token = CSRF.search(client.get("/organizer/password").text)
    said: dict[str, Any] = {
        "csrf_token": html.unescape(token[1]) if token else "", "passphrase": make.PASSPHRASE,
        "outcome": "verified", "contact": "official_contact", "contacted_on": today, "agrees": "yes",
        "name": FORGED, "role": FORGED, "place": FORGED, "consent": "3", "state": "verified",
    }  # fmt: skip
    case, decided = f"cases/{signed.id}", f"decided/{signed.id}"
    doors = (
        "unlock", "publish", "next", f"{case}/decisions", f"{case}/evidence", f"{decided}/open", "decided", "bulk",
        "lost-words", "groups", "seal", f"{decided}/undo", f"{decided}/reopen", "next", f"{case}/decisions", "publish",
    )  # fmt: skip
    for door in doors:
        client.post(f"{page}/{door}", data=said)
    rows = f"name,role,place,consent,publish\n{FORGED},{FORGED},{FORGED},3,name\n"
    for initial in ("", "y"):
        upload = {"file": ("names.csv", rows.encode(), "text/csv")}
        client.post(f"{page}/imports", data=said | {"initial": initial, "consent_held": "y"}, files=upload)
    client.post(f"{page}/publish", data=said)
    return len(doors) + 3


def shown(one: Installation, world: make.World, text: str, *, seconds: float = 15) -> int:
    """Return on how many public pages a name stands; the right one is waited for, as the worker publishes it."""
    until = time.monotonic() + (seconds if text == TRUE else 0)
    with httpx.Client(base_url=f"{one.address}/p/{world.slug}", timeout=60) as client:
        while True:
            pages = [client.get(path).text for path in ("", "/signatories", "/print", "/updates", "/updates.atom")]
            pages.append(client.post("/signatories", data={"q": text.split()[0]}).text.replace(f'value="{text}"', ""))
            found = sum(text in html.unescape(page) for page in pages)
            if found or time.monotonic() >= until:
                return found
            time.sleep(0.5)
