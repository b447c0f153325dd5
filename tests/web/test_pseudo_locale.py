"""No word on any page is left untranslated: each page is read in a language that brackets what it translates."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import flask_babel
import flask_wtf.i18n
import pytest
from babel.support import NullTranslations
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from petition_app import maintenance
from petition_app.clock import utcnow
from petition_app.petitions import freezing
from petition_app.petitions import services as petitions
from petition_app.signatures import sealing
from petition_app.signatures.import_models import ImportMember
from petition_app.signatures.models import Signature
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.tally.services import publish_now
from petition_app.verification.batches.services import draft_announcement
from petition_app.verification.matching_cases import pairs
from petition_app.verification.models import Bulk
from petition_app.verification.rules import REASONS, RETRACTIONS
from petition_app.web import language
from petition_app.worker import loop as worker
from tests import factories as make
from tests.conftest import only_sqlite
from tests.factories import new_form_token
from tests.verification.bulk import test_services as test_bulk

TODAY = utcnow().date()


class Pseudo(NullTranslations):
    """A language that says the English text in brackets."""

    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def upgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


# Answers that are no pages, and the library's own page, which nothing leads to.
NO_PAGES = {
    "letter.robots",
    "staff.roster.bad_rows",
    "staff.imports.bad_rows",
    "numbers.status",
    "numbers.frozen_status",
    "numbers.history",
    "letter.feed",
    "security.verify",
    "staff.share.poster_pdf",
}


class Words(HTMLParser):
    """Finds words outside the brackets, in texts and in the attributes that people see or hear."""

    VOID = frozenset(("br", "hr", "img", "input", "link", "meta", "source"))
    # What these hold is written by people and machines, or is a sign and not a word (a key's name).
    SILENT = frozenset(("time", "bdi", "code", "kbd", "script", "style", "textarea"))
    HEARD = ("title", "placeholder", "aria-label", "alt", "data-on", "data-off")
    # A page's title cannot mark what is a name: the product's, the letter's, a case's number.
    NAMES = re.compile(r"Countersign|An open letter|Rehearsal: Open letter of municipal deputies|\b[0-9a-f]{8}\b")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.depth, self.open = 0, [("", False, 0)]
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        silent = self.open[-1][1] or tag in self.SILENT or given.get("translate") == "no"
        silent = silent or given.get("name") == "names_order"  # Names of languages come from CLDR.
        heard = [given.get(name) for name in self.HEARD]
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            heard.append(given.get("value"))
        for text in heard:
            if text and not silent and any(map(str.isalpha, re.sub("⟦.*⟧", "", text))):
                self.found.append(f"<{tag}> {text}")
        if tag not in self.VOID:
            self.open.append((tag, silent, self.depth))

    def handle_endtag(self, tag: str) -> None:
        opened, _, depth = self.open.pop()
        if opened != tag or depth != self.depth:
            self.found.append(f"</{tag}> closes <{opened}>, {depth - self.depth:+} brackets")

    def handle_data(self, data: str) -> None:
        tag, silent, _ = self.open[-1]
        outside = ""
        for sign in data:
            self.depth += {"⟦": 1, "⟧": -1}.get(sign, 0)
            outside += "" if self.depth or silent or sign == "⟧" else sign
        if any(map(str.isalpha, self.NAMES.sub("", outside) if tag == "title" else outside)):
            self.found.append(f"<{tag}> {outside.strip()}")


class Reader:
    """Looks at pages, and keeps what could not be translated on them and which pages it has seen."""

    def __init__(self, app: Flask) -> None:
        self.app, self.adapter = app, app.url_map.bind("localhost")
        self.problems: dict[str, list[str]] = {}
        self.seen: set[str] = set()

    def look(self, answer: TestResponse, status: int = 200) -> TestResponse:
        """Look at one page."""
        where = f"{answer.request.method} {answer.request.path} {status}"
        assert answer.status_code == status, f"{where}: {answer.status}\n{answer.text}"
        if status not in (404, 405):
            self.seen.add(str(self.adapter.match(answer.request.path, answer.request.method)[0]))
        if found := Words(answer.text).found:
            self.problems[where] = found
        return answer

    def conclude(self, *families: str) -> None:
        """Fail on every word that was not translated, and on every page of these families that was not seen."""
        assert not self.problems, "\n".join(f"{where}: {found}" for where, found in self.problems.items())
        rules = [rule for rule in self.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
        pages = {rule.endpoint for rule in rules if rule.endpoint.startswith(families)}
        assert {page for page in pages - NO_PAGES if not page.endswith(".static")} <= self.seen


@pytest.fixture
def reader(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A reader of the bracketing language, through which every text goes, those of the form library included."""
    speak_it(monkeypatch)
    return Reader(app)


def speak_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have views, templates and forms speak the bracketing language."""
    monkeypatch.setattr(flask_babel.Domain, "get_translations", lambda _: Pseudo())
    monkeypatch.setattr(language, "translations", lambda _: Pseudo())
    monkeypatch.setattr(flask_wtf.i18n, "_get_translations", Pseudo)


def look_at_samples(app: Flask, reader: Reader) -> None:
    """Look at the pages of samples and re-checks, from the promise to the result."""
    world = make.make_world(app, "sampled")
    here = "/organizer/p/sampled"
    auditor, organizer = make.signed_in(app, world.auditor), make.signed_in(app, world.organizer)
    token = make.csrf_token(auditor, "/organizer/password")

    def send(path: str, status: int = 422, **data: object) -> None:
        answer = auditor.post(here + path, data={"csrf_token": token, **data})
        if status == 303:
            assert answer.status_code == 303, answer.text
        else:
            reader.look(answer, status)

    def look_around() -> None:
        for page in ("samples", "samples/recheck", "estimate"):
            reader.look(auditor.get(f"{here}/{page}"))
        reader.look(organizer.get(f"{here}/samples"))
        reader.look(app.test_client().get("/p/sampled/how-we-check"))

    look_around()
    twins = [make.make_signature(app, world.petition_id, "Глеб Луговых", others=1) for _ in range(2)]
    make.seal(app, world.petition_id)
    send("/samples", size="many")
    send("/samples/draw", 409, number=1)
    send("/samples", 303, number=1, population="verified", size=2)
    send("/samples", number=1, population="verified", size=2)
    look_around()
    send("/samples/draw", 409, number=1)
    send("/samples/next", 409, number=1)
    for twin in twins:
        make.decide_by_all(app, world, twin.id)
    look_around()
    send("/samples/draw", 303, number=1)
    for counts in ("yes", "no"):
        send("/samples/next", 303, number=1)
        look_around()
        page = auditor.get(f"{here}/samples/recheck")
        held = make.form_with(page, "recheck", "note")["recheck"]
        send("/samples/recheck", recheck=held)
        send("/samples/recheck", 303, recheck=held, counts=counts)
        send("/samples/recheck", 409, recheck=held, counts=counts)
    look_around()
    send("/estimate", rule="utah", raw="x")
    send("/estimate", rule="recheck", raw=1)
    send("/estimate", 200, rule="recheck", raw=84, sample=20, wrong=1)
    send("/estimate", 200, rule="colorado", raw=100_000, sample=100, valid=90, required=80_000)


def test_a_word_outside_the_brackets_is_found() -> None:
    assert Words("<p>⟦Read <a>⟦this⟧</a> first⟧, 5 <bdi>Names</bdi></p><title>⟦Read⟧ · Countersign</title>").found == []
    assert Words("<p>⟦Read⟧ this</p>").found == ["<p> this"]
    assert Words('<img alt="A chart"><button value="⟦Go⟧">Go</button>').found == ["<img> A chart", "<button> Go"]
    assert Words("<p>⟦Read</p>").found == ["</p> closes <p>, -1 brackets"]


@only_sqlite
def test_every_word_that_the_public_reads_is_translated(app: Flask, reader: Reader) -> None:
    client, day = app.test_client(), timedelta(days=1)
    reader.look(client.get("/"))
    dated = {"early": {"opens": TODAY + day}, "late": {"closes": TODAY - day}, "paused": {}, "closed": {}}
    for slug, fields in dated.items():
        make.make_petition(app, slug, state=slug if not fields else "open", goal=1, **fields)
        reader.look(client.get(f"/p/{slug}"))
        reader.look(client.get(f"/p/{slug}/sign"))
    world = make.make_world(app, "read", state="draft", reviewers=2, closes=TODAY)
    with make.acting(app):
        petitions.change_state(make.petition(world.petition_id), "open", by=None, at=utcnow() - 3 * day)
    kinds = ("", "/updates", "/how-we-check", "/held", "/signatories", "/embed", "/badge.svg", "/chart.svg")
    kinds += ("/corrections", "/versions", "/versions/1", "/print")
    pages = [f"/p/read{kind}" for kind in kinds]
    for page in pages:
        reader.look(client.get(page))
    make.import_rows(app, world.petition_id, "Вера Седых", "Глеб Луговых", initial=True)
    counted, dropped, doubtful, *_ = (make.make_verified(app, world) for _ in range(5))
    make.make_verified(app, world, consent=0)
    make.act(app, "retract", world.petition_id, dropped.id, world.organizer, reason="denies_signing")
    make.act(app, "reopen", world.petition_id, doubtful.id, world.organizer)
    make.withdraw(app, make.make_signature(app, world.petition_id))
    make.make_signature(app, world.petition_id, counted.name)
    with make.acting(app):
        publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    listed = (f"/p/read/signatories?{query}" for query in ("batch=1&place=none", "per_page=1", "page=2&per_page=1"))
    for page in ("/", *pages, *listed):
        reader.look(client.get(page))
    for asked in ("", counted.name, "nobody of that name"):
        reader.look(client.post("/p/read/signatories", data={"q": asked}))
    reader.look(client.get("/nowhere"), 404)
    reader.look(client.post("/"), 405)
    reader.look(client.post("/p/read/sign", headers={"Sec-Fetch-Site": "cross-site"}), 403)
    reader.conclude("letter.", "numbers.", "reading.")


@only_sqlite
def test_every_word_on_the_road_of_a_signer_is_translated(app: Flask, reader: Reader) -> None:
    client = app.test_client()
    wrong = {"name": "Иvan 1", "role": "x" * 300, "place": "\u202e", "email": "x", "publish": "9", "others": "x"}
    for mail in ("required", "optional", "none"):
        world = make.make_world(app, mail, mail=mail, reviewers=3)
        sign = f"/p/{mail}/sign"
        for page in ("sign", "how-we-check", "confirm", "confirm/refused", "done"):
            reader.look(client.get(f"/p/{mail}/{page}"))
        reader.look(client.post(sign), 422)
        reader.look(client.post(sign, data=wrong), 422)
        form = make.form_with(reader.look(make.sign_page(client, mail, email=f"{mail}@example.org")), "pending")
        reader.look(client.post(f"/p/{mail}/confirm", data=form | {"code": "0000-0000"}))
        form["code"] = make.mailed_code(app, f"{mail}@example.org") if mail != "none" else ""
        words = reader.look(client.post(f"/p/{mail}/confirm", data=form))
        reader.look(client.post(f"/p/{mail}/confirm", data=form))
        kept = make.form_with(words, "mark")
        if mail == "required":
            lost = {"code": form["code"], "page": "0" * 32}
            reader.look(client.post(f"/p/{mail}/confirm", data=lost))
            reader.look(client.post(f"/p/{mail}/confirm", data=lost | {"act": "anew"}))
            asked = reader.look(client.post(f"/p/{mail}/confirm/kept", data=kept))
            reader.look(client.post(f"/p/{mail}/confirm/kept", data=make.form_with(asked, "first")), 422)
            reader.look(client.post(f"/p/{mail}/confirm/kept", data=kept | {"first": "a", "second": "b"}))
        form = make.form_with(make.sign_page(client, mail, email=f"{mail}@example.org"), "pending")
        reader.look(client.get(client.post(f"/p/{mail}/confirm/discard", data=form).location))
        for status in (200, 200, 200, 200, 200, 429) if mail == "required" else ():
            reader.look(client.post("/p/required/confirm", data={"code": "0000-0000"}), status)
    reader.look(client.get("/my"))
    reader.look(client.post("/my", data={"code": "twelve words"}))
    for typed in (["abandon"] * 11, ["abandon"] * 12, ["abandon"] * 10 + ["qwerty", "about"]):
        reader.look(client.post("/my", data={"code": " ".join(typed)}))
    world = make.make_world(app, "road")
    kinds = ("checking", "needs_info", "verified", "rejected", "duplicate", "retracted")
    signed = {kind: make.make_signature(app, world.petition_id, others=2) for kind in kinds}
    make.seal(app, world.petition_id, by=world.organizer)
    reviewer = world.reviewers[0]
    for kind in ("verified", "retracted"):
        make.decide(app, world.petition_id, signed[kind].id, reviewer)
    make.decide(app, world.petition_id, signed["rejected"].id, reviewer, outcome="rejected", reason="not_reached")
    original = signed["verified"].id
    make.decide(app, world.petition_id, signed["duplicate"].id, reviewer, outcome="duplicate", duplicate_of=original)
    make.act(app, "retract", world.petition_id, signed["retracted"].id, world.organizer, reason="denies_signing")
    make.ask(app, world.petition_id, signed["needs_info"].id, reviewer)
    signed["received"] = make.make_signature(app, world.petition_id)
    for kind, one in signed.items():
        assert make.state_of(app, one.id) == kind
        reader.look(client.post("/my", data={"code": one.secret_code}))
    acts = (("needs_info", "answer", "The second."), ("received", "consent", "1"), ("received", "consent", "9"))
    acts += (("received", "answer", "x"), ("received", "ask_withdraw", ""))
    for kind, action, value in acts:
        code = signed[kind].secret_code
        reader.look(client.post("/my", data={"code": code, "action": action, "value": value}))
    withdraw = {"code": signed["received"].secret_code, "action": "withdraw"}
    reader.look(client.get(client.post("/my", data=withdraw).location))
    reader.look(client.post("/my", data=withdraw))
    reader.conclude("sign.", "my_signature.")


def look_at_the_roster(reader: Reader, client: FlaskClient, here: str, token: str) -> None:
    """Take the organizer's road from an upload to its use, with everything that can be wrong on it."""

    def send(page: str, status: int = 303, **fields: Any) -> None:
        answer = client.post(f"{here}{page}", data={"csrf_token": token, **fields})
        if status == 303:
            assert answer.status_code == 303, answer.text
            answer, status = client.get(answer.location), 200
        reader.look(answer, status)

    def upload(content: str, status: int = 303) -> str:
        file = (io.BytesIO(content.encode()), "list.csv")
        send("", status, name="Deputies", as_of="2026-09-01", file=file)
        found = re.search(r'name="version" value="([^"]+)"', client.get(f"{here}/preview").text)
        return found.group(1) if found else ""

    reader.look(client.get(f"{here}/preview"))
    send("", 422)
    upload("", 422)
    version = upload("Кто,Совет\nАнин,МО\nБенин,МО\n")
    send("/columns", 422, version=version, column0="body", column1="body")
    send("/columns", version=version, column0="surname", column1="body")
    send("/use", version=version)
    send("/use", 409, version=version)
    upload('surname\n"', 303)
    upload("id,surname,term_from,contact,contact_safe\n1,А,x,,\n1,Б,,,\n2,В,2020-01-01,в,да\n3,Г,,г,нет\n4,Д,,д,\n")
    send("/discard")
    upload("Фамилия,Совет,Должность\nАнин,МО,глава\nВенин,МО,\n")
    reader.look(client.get(here))


def look_at_second_looks(app: Flask, reader: Reader) -> None:
    """Look at what a signer who is not counted reads, and at what an organizer reads of it."""
    world = make.make_world(app, "again")
    signed = {reason: make.make_signature(app, world.petition_id) for reason in REASONS}
    kept = {reason: make.make_verified(app, world) for reason in RETRACTIONS}
    erased = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    by, client, here = world.reviewers[0], app.test_client(), "/organizer/p/again/second-looks"
    for reason, one in [*signed.items(), ("not_found", erased)]:
        make.decide(app, world.petition_id, one.id, by, outcome="rejected", reason=reason)
    for reason, one in kept.items():
        make.act(app, "retract", world.petition_id, one.id, world.organizer, reason=reason)
    with make.acting(app):
        sealing.erase(db.session.get_one(Signature, erased.id))
    for one in (*signed.values(), *kept.values(), erased):
        reader.look(client.post("/my", data={"code": one.secret_code}))
    boss = make.signed_in(app, world.organizer)
    reader.look(boss.get(here))
    one = signed["incomplete"]
    for words in ("", "Look again.", "Look again.", ""):
        reader.look(client.post("/my", data={"code": one.secret_code, "action": "second_look", "value": words}))
        if make.state_of(app, one.id) == "checking":
            make.decide(app, world.petition_id, one.id, by, outcome="rejected", reason="not_found")
    wish = make.forms_of(reader.look(boss.get(here)))
    form = next(form for form in wish if form["action"].endswith("/leave"))
    reader.look(boss.get(boss.post(form["action"], data=form["fields"]).location))
    reader.look(boss.get(f"/organizer/p/again/decided/{one.id}"))
    reader.look(make.open_decided(boss, one.id, "again"))


def look_at_groups(app: Flask, reader: Reader) -> None:
    """Enter a list, print it again, withdraw its rest; and answer a card, in every way."""
    world = make.make_world(app, "groups", who_may_sign={"ru": "депутаты"})
    organizer, client = make.signed_in(app, world.organizer), app.test_client()
    page, confirm = "/organizer/p/groups/groups", "/p/groups/confirm"
    bad = ("1", "=1", "A;b;c;d", "Ada", "Ada", "x" * 999, "A\u200bB", "Иvan", "x@example.org")
    form = make.form_with(reader.look(organizer.get(page)), "form", "title", "names")
    reader.look(organizer.post(page, data=form | {"form": "", "title": "x" * 99}), 422)
    reader.look(organizer.post(page, data=form | {"title": "Ada", "names": "Ada"}), 422)
    reader.look(organizer.post(page, data=form | {"names": "\n".join(bad)}), 422)
    reader.look(organizer.post(page, data=form | {"names": "\n".join(make.new_name() for _ in range(201))}), 422)
    for data in (b"a,b", b"PK\x03\x04", b"\xff\xfe"):
        reader.look(organizer.post(page, data=form | {"file": (io.BytesIO(data), "list.csv")}), 422)
    data = form | {"title": "Monday", "names": "Вера Седых; депутат; Речное\nГлеб Луговых"}
    sheet = reader.look(organizer.post(page, data=data))
    one, two = re.findall(r"(?<![\w-])(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}(?![\w-])", sheet.text)
    assert organizer.post(page, data=data).status_code == 303
    reader.look(organizer.get(page))
    reader.look(client.post(confirm, data={"code": one}))
    reader.look(client.post(confirm, data={"code": one, "act": "agree", "others": "x", "lang": "xx"}), 422)
    said = {"code": one, "act": "agree", "publish": "1", "consent": "1"}
    reader.look(client.post(confirm, data=said), 422)
    make.set_state(app, world.petition_id, "paused")
    reader.look(client.post(confirm, data={"code": one}))
    reader.look(client.post(confirm, data=said | {"text": "1"}), 409)
    reader.look(organizer.get(page))
    make.set_state(app, world.petition_id, "open")
    reader.look(client.post(confirm, data=said | {"text": "1"}))
    reader.look(client.get(client.post(confirm, data={"code": two, "act": "refuse"}).location))
    reader.look(organizer.post(page, data=data | {"form": new_form_token()}))
    for act in ("/sheet", "/sheet", "/withdraw"):
        forms = [form for form in make.forms_of(organizer.get(page)) if form["action"].endswith(act)]
        answer = organizer.post(forms[0]["action"], data=forms[0]["fields"])
        reader.look(answer if answer.status_code == 200 else organizer.get(page))
    organizer.post(forms[0]["action"].replace("withdraw", "sheet"), data=forms[0]["fields"] | {"sheets": "9"})
    reader.look(organizer.get(page))


def look_at_keys(app: Flask, reader: Reader) -> None:
    """Make keys, hand them on, open, lose and recover them; match a sealed petition."""
    world = make.make_sealed_world(app, "sealed", reviewers=2)
    olga, roman, auditor = (make.signed_in(app, one) for one in (world.organizer, world.reviewers[0], world.auditor))
    here, words = "/organizer/p/sealed", "some other words of tests"

    def send(client: FlaskClient, path: str, status: int = 303, **data: Any) -> TestResponse:
        data["csrf_token"] = make.csrf_token(client, "/organizer/password")
        answer = client.post(path, data=data)
        if status != 303:
            return reader.look(answer, status)
        assert answer.status_code == 303, answer.text
        return reader.look(client.get(answer.location))

    reader.look(auditor.get("/organizer/keys"))
    send(auditor, "/organizer/keys", 422, passphrase="short", again="x")
    send(auditor, "/organizer/keys", 422, passphrase="short", again="short")
    send(auditor, "/organizer/keys", 422, passphrase=words, again=words, duress=words)
    reader.look(auditor.get(f"{here}/unlock"))
    send(auditor, "/organizer/keys", passphrase=words, again=words)
    send(auditor, "/organizer/keys", 422, passphrase=words, again=words)
    send(auditor, f"{here}/unlock", 200, passphrase=words)
    send(auditor, "/organizer/keys/passphrase", 200, old="wrong", passphrase=words, again=words)
    send(auditor, "/organizer/keys/passphrase", old=words, passphrase=words, again=words)
    send(olga, f"{here}/unlock", 422)
    send(olga, f"{here}/unlock", 200, passphrase="wrong")
    reader.look(olga.get(f"{here}/keys"))
    send(olga, f"{here}/unlock", passphrase=make.PASSPHRASE)
    signed = [make.make_signature(app, world.petition_id) for _ in range(6)]
    reader.look(olga.get(f"{here}/matching"))
    for page in ("imports", "export"):
        reader.look(olga.get(f"{here}/{page}"))
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "SLICE", 3)
        pairs.run_slice(
            make.petition(world.petition_id), access=make.ACCESS, by=make.account(world.organizer), at=utcnow()
        )
    reader.look(olga.get(f"{here}/matching"))
    send(olga, f"{here}/matching")
    reader.look(olga.get(f"{here}/matching"))
    make.decide_by_all(app, world, signed[0].id)
    reader.look(make.open_decided(olga, signed[0].id, world.slug))
    reader.look(olga.get(here))
    reader.look(olga.get(f"{here}/keys"))
    send(olga, f"{here}/keys/grant/{world.auditor.id}")
    send(olga, f"{here}/keys/recover", 422)
    send(olga, f"{here}/keys/recover", 422, words="some words")
    send(olga, f"{here}/keys/renew")
    second = make.make_person(app, world.petition_id, "organizer")
    send(olga, f"{here}/keys/take/{world.auditor.id}")
    look_at_approvals(reader, olga, make.signed_in(app, second), here)
    send(roman, "/organizer/keys/remove")
    send(roman, "/organizer/keys", passphrase=words, again=words, duress="and these under duress")
    send(olga, f"{here}/unlock", passphrase=make.PASSPHRASE)
    send(olga, f"{here}/keys/grant/{world.reviewers[0].id}")
    send(roman, f"{here}/unlock", passphrase="and these under duress")
    send(roman, f"{here}/next")
    reader.look(olga.get(f"{here}/keys"))
    make.make_petition(app, "unmade", state="draft", mode="sealed", mail="none")
    make.lock_keys()


def look_at_approvals(reader: Reader, asker: FlaskClient, other: FlaskClient, here: str) -> None:
    """Read what waits as who asked and as who may confirm, confirm it, and read how it ended."""
    for client in (asker, other):
        reader.look(client.get(f"{here}/approvals"))
    button = next(form for form in make.forms_of(other.get(f"{here}/approvals")) if form["action"].endswith("/confirm"))
    other.post(button["action"], data=button["fields"])
    reader.look(other.get(f"{here}/approvals"))


def look_at_claims(app: Flask, reader: Reader) -> None:
    """Say that one did not sign, and read it as an organizer."""
    world = make.make_world(app, "claimed")
    signed = [make.make_verified(app, world) for _ in range(2)]
    client, olga = app.test_client(), make.signed_in(app, world.organizer)
    reader.look(olga.get("/organizer/p/claimed/claims"))
    reader.look(client.get("/p/claimed/not-me"))
    reader.look(client.post("/p/claimed/not-me"), 422)
    for one in signed:
        answer = client.post("/p/claimed/not-me", data={"name": one.name, "words": "Not me."})
        reader.look(client.get(answer.location))
    for _ in range(3):
        client.post("/p/claimed/not-me", data={"name": "Никто"})
    reader.look(client.post("/p/claimed/not-me", data={"name": "Никто"}), 429)
    page = reader.look(olga.get("/organizer/p/claimed/claims"))
    form = next(form for form in make.forms_of(page) if form["action"].endswith("/leave"))
    reader.look(olga.get(olga.post(form["action"], data=form["fields"]).location))


@only_sqlite
def test_every_word_that_staff_read_is_translated(app: Flask, reader: Reader) -> None:
    world = make.make_world(app, "desk", who_may_sign={"ru": "депутаты"})
    stranger = app.test_client()
    login = make.form_with(reader.look(stranger.get("/organizer/login?next=//elsewhere")), "csrf_token")
    reader.look(stranger.post("/organizer/login", data=login))
    reader.look(stranger.post("/organizer/login", data=login | {"email": "nobody@example.org", "password": "wrong"}))
    people = (world.organizer, world.reviewers[0], world.auditor)
    organizer, reviewer, auditor = (make.signed_in(app, person) for person in people)
    here = "/organizer/p/desk"
    tokens: dict[FlaskClient, str] = {}

    def send(client: FlaskClient, path: str, status: int = 422, **data: Any) -> TestResponse:
        if client not in tokens:
            tokens[client] = make.csrf_token(client, "/organizer/password")
        answer = client.post(path, data={"csrf_token": tokens[client], **data})
        if status != 303:
            return reader.look(answer, status)
        assert answer.status_code in (302, 303), answer.text
        return reader.look(client.get(answer.location))

    def look_around() -> None:
        for page in (
            "",
            "/desk",
            "/decided",
            "/people",
            "/trail",
            "/seal",
            "/edit",
            "/preview",
            "/switches",
            "/share",
            "/poster",
        ):
            reader.look(organizer.get(here + page))
        for page in ("", "/decided", "/people", "/trail", "/preview"):
            reader.look(auditor.get(here + page))
        for page in ("/organizer", here, f"{here}/desk"):
            reader.look(reviewer.get(page))

    look_around()
    for page in ("/organizer", "/organizer/help"):
        reader.look(organizer.get(page))
    reader.look(organizer.get("/organizer/settings"))
    send(organizer, "/organizer/settings/notices")
    send(organizer, "/organizer/settings/notices", 303, language="en")
    send(organizer, "/organizer/settings/notices/end", 303)
    reader.look(organizer.get("/organizer/password"))
    send(organizer, "/organizer/password", 422)
    send(organizer, "/organizer/password", 422, password="wrong", new_password="x" * 12, new_password_confirm="y")
    reader.look(organizer.get("/organizer/petitions/new"))
    send(organizer, "/organizer/petitions/new", slug="A b", goal="x", opens="x", reviewers="9", title_en="x" * 201)
    draft = {"mail": "required", "reviewers": "2", "title_en": "An open letter", "text_en": "Text"}
    send(organizer, "/organizer/petitions/new", slug="desk", **draft)
    send(organizer, "/organizer/petitions/new", 303, slug="draft", **draft)
    reader.look(organizer.get("/organizer/p/draft/preview"))
    send(organizer, "/organizer/petitions/begin", slug="A b")
    send(organizer, "/organizer/petitions/begin", slug="desk", template="none", languages="en")
    send(organizer, "/organizer/petitions/begin", 303, slug="steps", template="deputies", languages="en")
    send(organizer, "/organizer/p/steps/draft/letter", 303, act="next", title_en="An open letter")
    reader.look(organizer.get("/organizer/p/steps/draft"))
    for step in ("letter", "people", "danger", "checking", "days"):
        reader.look(organizer.get(f"/organizer/p/steps/draft/{step}"))
    send(organizer, "/organizer/p/steps/draft/days", act="nothing", goal="x")
    send(organizer, "/organizer/p/steps/draft/days", 303, act="leave", time_zone="UTC")
    send(organizer, "/organizer/p/steps/draft/letter", 303, act="back", title_en="An open letter")
    reader.look(organizer.get("/organizer/p/steps/draft"))
    several = f"{here}/people/invite-several"
    send(organizer, several, role_for_all="auditor")
    listed = {"act": "look", "role_for_all": "auditor", "language_for_all": "en", "people": "a@example.org\nb"}
    send(organizer, several, 200, **listed)
    send(organizer, several, 200, **listed | {"act": "send"})
    send(organizer, "/organizer/rehearsals", 303)
    danger = "/organizer/p/draft/before-opening"
    reader.look(organizer.get(danger))
    send(organizer, danger)
    for holders, server in (("one", "reach"), ("together", "unknown"), ("apart", "abroad")):
        send(organizer, danger, 303, harm="law", holders=holders, server=server)
    reader.look(organizer.get(f"{here}/before-opening"))
    send(organizer, "/organizer/p/draft/open", 409)
    reader.look(organizer.get("/organizer/p/draft"))
    named = {"organizers_en": "A working group", "contact": "letter@example.org"}
    send(organizer, "/organizer/p/draft/edit", 303, **draft | named)
    for step in ("open", "pause", "open", "close"):
        send(organizer, f"/organizer/p/draft/{step}", 303)
    send(organizer, "/organizer/p/draft/open", 409)

    make.import_rows(app, world.petition_id, "Вера Седых", initial=True)
    twins = [make.make_signature(app, world.petition_id, "Глеб Луговых", others=1) for _ in range(3)]
    make.make_signature(app, world.petition_id, "Инна Белых", role="", place="", email="")
    lost = f"{here}/lost-words"
    reader.look(organizer.get(lost))
    send(organizer, lost)
    for name in ("Nobody", "Глеб Луговых", "Инна Белых"):
        send(organizer, lost, 200, name=name)
    send(organizer, lost, 200, name="Инна Белых", act="renew")
    send(organizer, f"{here}/decided/look-up")
    for name, status in (("Nobody", 200), ("Глеб Луговых", 200), ("Инна Белых", 303)):
        send(organizer, f"{here}/decided/look-up", status, name=name)
    reader.look(organizer.get(f"{here}/decided?outcome=x&batch=7&since=x&before=x"))
    reader.look(organizer.get(f"{here}/seal"))
    send(organizer, f"{here}/seal", written_for="4")
    send(organizer, f"{here}/seal", written_for="3", en="Ours.", ru="Наше.")
    send(organizer, f"{here}/seal", written_for="4", **draft_announcement(4))
    send(organizer, f"{here}/seal", 303, act="seal", written_for="4", **draft_announcement(4))
    send(organizer, f"{here}/edit", title_en="x" * 201)
    difference = send(organizer, f"{here}/edit", 200, **draft | {"reviewers": "1"})
    mark = re.search(r'name="looked_at" value="(\w+)"', difference.text)
    assert mark
    send(organizer, f"{here}/edit", 303, **draft | {"reviewers": "1", "looked_at": mark[1]})
    send(organizer, f"{here}/publish", 303)
    send(organizer, f"{here}/pause", 303)
    for on in (True, False):
        with make.acting(app):
            for switch in maintenance.SWITCHES:
                maintenance.turn(switch, on=on, by=None, at=utcnow())
        reader.look(organizer.get(f"{here}/switches"))
        if on:
            send(organizer, f"{here}/publish", 503)
    send(organizer, f"{here}/open", 303)
    said = {"act": "publish", "words_en": "Beware.", "words_ru": "Осторожно."}
    for kind in ("pause", "extended", "handed_over", "answered", "notice"):
        reader.look(organizer.get(f"{here}/words/{kind}"))
    send(organizer, f"{here}/words/notice", act="publish")
    send(organizer, f"{here}/words/notice", 303, **said)
    who = {"day": TODAY.isoformat(), "recipient_en": "Us", "recipient_ru": "Нам"}
    send(organizer, f"{here}/words/answered", act="publish", words_en="x" * 2001, day="x")
    send(organizer, f"{here}/words/answered", 303, act="keep", **who)
    reader.look(organizer.get(f"{here}/words/answered"))
    send(organizer, f"{here}/words/answered", 303, act="drop")
    for kind in ("answered", "handed_over"):
        send(organizer, f"{here}/words/{kind}", 200, **said | who | {"act": "preview"})
        send(organizer, f"{here}/words/{kind}", 303, **said | who)
    send(organizer, f"{here}/words/extended", act="publish", day="2020-01-01")
    send(organizer, f"{here}/words/extended", 303, act="publish", day="2999-01-01")
    reader.look(organizer.get(f"{here}/words/extended"))
    invited = {"name": "Vera", "invited_role": "reviewer", "language": "en"}
    send(organizer, f"{here}/people/invite")
    send(organizer, f"{here}/people/invite", email="x", **invited)
    send(organizer, f"{here}/people/invite", 303, email="vera.new@example.org", **invited)
    send(organizer, f"{here}/people/invite", email="vera.new@example.org", **invited)
    reader.look(organizer.get(f"{here}/people"))
    reader.look(organizer.get(f"{here}/mail"))
    with make.acting(app):
        kinds = (
            "RefusedError 550",
            "BouncedError 5.1.1",
            "UnsureError",
            "NoTlsError",
            "SMTPAuthenticationError",
            "NotNowError",
            "OSError",
        )
        for number, failure in enumerate((*kinds, "UnreadableError")):
            name = ("signatures.mail_code", "verification.mail_reminder", "accounts.mail_invitation")[number % 3]
            today = utcnow()
            dead = {"failure": failure, "dead_on": today.date(), "petition_id": world.petition_id}
            db.session.add(jobs.Job(name=name, payload={}, due_at=today, **dead))
    reader.look(organizer.get(f"{here}/mail"))
    with app.app_context():
        worker.run_once()
    code = re.search(r"(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}", make.read_mail(make.outbox()[-1])[2])
    assert code
    reader.look(stranger.get("/organizer/join"))
    knock = {"csrf_token": make.csrf_token(stranger, "/organizer/join"), "code": code.group()}
    for more in ({"code": "x"}, {}, {"take": "1", "new_password": "short"}):
        reader.look(stranger.post("/organizer/join", data=knock | more), 422 if more else 200)
    send(organizer, f"{here}/pause", 303)
    reader.look(organizer.get(here))
    reader.look(stranger.get("/p/desk/sign"))
    send(organizer, f"{here}/open", 303)
    reader.look(stranger.get("/p/desk"))
    send(organizer, f"{here}/switches", 405)
    send(organizer, f"{here}/banner/remove", 303)

    for twin in twins:
        make.take_case(app, world.petition_id, twin.id, world.reviewers[0])
        case = f"{here}/cases/{twin.id}"
        reader.look(reviewer.get(case))
        if twin is twins[0]:
            for outcome in ("verified", "rejected", "duplicate"):
                send(reviewer, f"{case}/decisions", outcome=outcome, contact="in_person", contacted_on="2999-01-01")
            send(reviewer, f"{case}/question")
            send(reviewer, f"{case}/put-back", 303)
            send(reviewer, f"{case}/decisions", 409, outcome="verified")
            make.take_case(app, world.petition_id, twin.id, world.reviewers[0])
            day = {"contact": "in_person", "contacted_on": TODAY.isoformat(), "note": "Seen."}
            send(reviewer, f"{case}/decisions", 303, outcome="verified", **day)
        elif twin is twins[1]:
            send(reviewer, f"{case}/decisions", 303, outcome="duplicate", duplicate_of=str(twins[0].id))
        else:
            send(reviewer, f"{case}/question", 303, question="Which term?")
            make.answer(app, twin, "The second.")
            make.take_case(app, world.petition_id, twin.id, world.reviewers[0])
            reader.look(reviewer.get(case))
            send(reviewer, f"{case}/question", 303, question="Which one?")
    look_around()
    for wanted in ("", "nobody", "Глеб Луговых"):
        send(organizer, f"{here}/decided", 200, wanted=wanted)
    first, second = (f"{here}/decided/{twin.id}" for twin in twins[:2])
    reader.look(organizer.get(second))
    reader.look(make.open_decided(organizer, twins[1].id, world.slug))
    send(organizer, f"{second}/undo", 303)
    reader.look(make.open_decided(organizer, twins[0].id, world.slug))
    send(organizer, f"{first}/retract")
    send(organizer, f"{first}/retract", 303, retraction="denies_signing")
    send(organizer, f"{first}/reopen", 303)
    make.withdraw(app, twins[0])
    reader.look(organizer.get(first))
    look_around()

    blind = make.make_world(app, "blind", reviewers=2)
    one = make.make_signature(app, blind.petition_id)
    make.seal(app, blind.petition_id)
    make.decide(app, blind.petition_id, one.id, blind.reviewers[0])
    boss = make.signed_in(app, blind.organizer)
    for page in ("desk", "decided", "trail"):
        reader.look(boss.get(f"/organizer/p/blind/{page}"))
    reader.look(make.open_decided(boss, one.id, "blind"))
    send(boss, "/organizer/p/blind/next", 303)
    send(boss, "/organizer/p/blind/next", 303, asked="1")

    look_at_a_freeze(app, reader)
    look_at_samples(app, reader)
    look_at_the_roster(reader, organizer, f"{here}/roster", tokens[organizer])
    look_at_second_looks(app, reader)
    look_at_groups(app, reader)
    look_at_bulk(app, reader)
    look_at_imports(app, reader)
    look_at_claims(app, reader)
    look_at_keys(app, reader)
    reader.conclude("staff.", "security.")


def look_at_a_freeze(app: Flask, reader: Reader) -> None:
    """Look at a letter before, during and after a freeze, as its organizers and the public see it."""
    world = make.make_world(app, "frozen", freeze_after=7)
    other = make.make_person(app, world.petition_id, "organizer")
    clients = [make.signed_in(app, person) for person in (world.organizer, other)]
    tokens = {client: make.csrf_token(client, "/organizer/password") for client in clients}
    here, public = "/organizer/p/frozen", app.test_client()
    make.make_verified(app, world)
    acts = ("silence", "here", "unfreeze", "unfreeze/refuse", "freeze", "unfreeze", "unfreeze", "unfreeze/refuse")
    steps = [(clients[0], act) for act in acts] + [(clients[0], "unfreeze"), (clients[1], "unfreeze")]
    for client, act in steps:
        assert (
            client.post(f"{here}/{act}", data={"csrf_token": tokens[client], "days": "7", "to": "on"}).status_code
            == 303
        )
        for each in clients:
            for page in ("", "/switches", "/trail"):
                reader.look(each.get(here + page))
        for page in ("", "/signatories", "/sign", "/updates"):
            reader.look(public.get(f"/p/frozen{page}"))
        with make.looking(app):
            frozen = make.petition(world.petition_id).frozen_at
        reader.look(clients[0].get(f"{here}/desk"), 409 if frozen else 200)
    with make.acting(app):
        freezing.freeze(make.petition(world.petition_id), by=None, at=utcnow(), cause="silence")
    for page in ("/switches", "/trail"):
        reader.look(clients[0].get(here + page))


def look_at_imports(app: Flask, reader: Reader) -> None:
    """Bring a file in, in every way it can go, and take it back."""
    world = make.make_world(app, "imported")
    here, clients = "/organizer/p/imported", [make.signed_in(app, world.organizer) for _ in range(2)]
    client = clients[0]

    def send(text: str, status: int = 303) -> str:
        token = make.csrf_token(client, "/organizer/password")
        given = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "rows.csv")}
        answer = client.post(f"{here}/imports", data=given, content_type="multipart/form-data")
        if status != 303:
            reader.look(answer, status)
        return answer.location or ""

    def act(step: str, status: int = 303, **fields: str) -> None:
        answer = client.post(
            f"{page}/{step}", data={"csrf_token": make.csrf_token(client, "/organizer/password")} | fields
        )
        if status != 303:
            reader.look(answer, status)
        else:
            assert answer.status_code == 303, answer.text

    reader.look(client.get(f"{here}/imports"))
    client.post(f"{here}/imports", data={"csrf_token": make.csrf_token(client, "/organizer/password")})
    send("", 422)
    rows = (f"{name},{tier},{language},{mail},{ref}\n" for name, tier, language, mail, ref in (
        ("Ada Sample", "", "", "", "a1"), ("Ben Sample", "name", "", "", ""), ("=1", "", "", "", ""),
        ("Cid Sample", "all", "", "", ""), ("Dee Sample", "", "xx", "", ""), ("Eve Sample", "", "", "no", ""),
        ("Fay Sample", "", "", "", "a1"), ("Gil Sample", "", "", "", "x" * 300),
    ))  # fmt: skip
    page = send("name,publish,lang,email,ref\n" + "".join(rows) + "short\n")
    reader.look(client.get(page))
    reader.look(clients[1].get(page))
    act("columns", 422, column0="name", column1="name")
    act("columns", consent="Held.", column0="name", column1="consent", column2="language", column3="email")
    reader.look(client.get(page))
    act("start")
    reader.look(client.get(page))
    test_bulk.work(app)
    reader.look(client.get(page))
    reader.look(client.get(f"{page}/undo"))
    with make.acting(app):
        make.signing.withdraw(db.session.scalars(db.select(Signature).join(ImportMember).limit(1)).one(), at=utcnow())
    reader.look(client.get(f"{page}/undo"))
    act("undo")
    reader.look(client.get(page))
    test_bulk.work(app)
    reader.look(client.get(page))
    act("undo", 409)
    page = send("name\nAda Sample\n")
    act("columns", initial="y", column0="name")
    reader.look(client.get(page))
    act("start")
    act("stop")
    reader.look(client.get(page))
    page = send("name\n=1\n")
    reader.look(client.get(page))
    page = send("name,ref\nAda Sample,a1\nBen Sample,a2\n")
    act("start")
    test_bulk.work(app)
    page = send("name,ref\nAda Sample,a1\nDee Sample,a3\n")
    act("start")
    test_bulk.work(app)
    make.seal(app, world.petition_id)
    reader.look(client.get(page))
    reader.look(client.get(f"{here}/imports"))
    for person in (world.organizer, world.auditor):
        reader.look(make.signed_in(app, person).get(f"{here}/export"))
    token = make.csrf_token(client, "/organizer/password")
    reader.look(client.post(f"{here}/export", data={"csrf_token": token}), 422)
    for purpose in ("addressee", "check", "records"):
        for given in ({}, {"addresses": "y"}):
            client.post(f"{here}/export", data={"csrf_token": token, "purpose": purpose} | given)
    reader.look(client.get(f"{here}/trail"))


def look_at_bulk(app: Flask, reader: Reader) -> None:
    """Look at every page of a bulk act, from the filter to the taking back."""
    world, signed = test_bulk.rostered(app, 4)
    other = make.make_person(app, world.petition_id, "organizer")
    client, here = make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/bulk"
    form = make.form_with(reader.look(client.get(here)), "batch", "strength")
    reader.look(client.post(here, data=form), 422)
    reader.look(client.post(here, data=form | {"match": "any"}), 422)
    test_bulk.prove(app, world, signed[0].id)
    page = client.post(here, data=form | {"strength": "0", "match": "possible", "batch": "1"}).location
    reader.look(client.get(page))
    make.withdraw(app, signed[1])
    make.take_case(app, world.petition_id, signed[2].id, world.reviewers[0])
    token = {"csrf_token": form["csrf_token"]}
    for step in ("run", "undo"):
        assert client.post(f"{page}/{step}", data=token).status_code == 303
        reader.look(client.get(page))
        test_bulk.work(app)
        reader.look(client.get(page))
        reader.look(make.signed_in(app, other).get(page))
        if step == "run":
            reader.look(client.get(f"{page}/undo"))
    reader.look(client.get(here))
    reader.look(client.get(f"/organizer/p/{world.slug}/trail"))
    reader.look(make.signed_in(app, make.make_world(app, "bare").organizer).get("/organizer/p/bare/bulk"))
    assert client.post(f"{page}/cancel", data=token).status_code == 303
    reader.look(client.get(page))
    test_bulk.prepare(app, world, by=world.organizer, at=utcnow() - timedelta(hours=1))
    with make.looking(app):
        old = db.session.scalars(db.select(Bulk.id).where(Bulk.state == "waiting")).one()
    reader.look(client.get(f"{here}/{old}"))
