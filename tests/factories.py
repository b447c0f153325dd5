"""Makes things for tests, through the services and pages of the product; nothing is written past them.

Functions take the application, run in a transaction of their own and return plain values, so that nothing hangs on
a session that has ended.
"""

from __future__ import annotations

import email
import email.policy
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from petition_app import app_state, config
from petition_app.accounts.models import Account
from petition_app.accounts.services import create_account, role_of_id
from petition_app.app_state import AppState
from petition_app.clock import utcnow
from petition_app.crypto import form_tokens, worker_keys
from petition_app.imports import admission
from petition_app.imports import services as imports
from petition_app.keys import member_keys, unlocking
from petition_app.keys import open_keys as opened
from petition_app.keys import services as key_services
from petition_app.keys.models import AccountKey
from petition_app.keys.open_keys import OpenKeys
from petition_app.petitions import services as petitions
from petition_app.petitions.models import Petition
from petition_app.petitions.services import NewPetition
from petition_app.signatures import messages
from petition_app.signatures import services as signing
from petition_app.signatures.file_reader import Row
from petition_app.signatures.models import Signature
from petition_app.signatures.new_signatures import NewSignature
from petition_app.signatures.sealing import Identity
from petition_app.storage import jobs
from petition_app.storage.db import UnitOfWork, db, transaction
from petition_app.storage.jobs import Job
from petition_app.tally import services as publishing
from petition_app.tally.counting import live_tally, recount
from petition_app.tally.models import PublishedName
from petition_app.verification.batches import services as batches
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.decisions import reopening
from petition_app.verification.decisions import services as checking
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.desk import case_view
from petition_app.verification.dialogue import questions
from petition_app.worker import loop as worker

PASSWORD = "a long password of tests"
SLUG = "open-letter"
ACCESS = OpenKeysAccess()
_numbers = itertools.count(1)

FIRST = ("Алиса", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Кирилл")
LAST = ("Звонкая", "Луговых", "Черных", "Седых", "Долгих", "Белых", "Тонких", "Крутых", "Мягких", "Громких")


# The mode of petitions whose test names none; the fixture `database` chooses it.
default_mode = "standard"
# The keys of the sealed petition that the test has made last; acts of staff have them open.
_open_keys: list[OpenKeys] = []


@contextmanager
def acting(app: Flask, *, locked: bool = False) -> Iterator[UnitOfWork]:
    """Be inside the application, in one transaction; with the keys of a sealed petition open, unless `locked`."""
    keys = _open_keys[-1] if _open_keys and not locked else None
    with app.app_context(), opened.using(keys), transaction() as work:
        yield work


@contextmanager
def looking(app: Flask) -> Iterator[None]:
    """Be inside the application, reading only; with the keys open as in `acting`."""
    keys = _open_keys[-1] if _open_keys and default_mode == "sealed" else None
    with app.app_context(), opened.using(keys), transaction(saving=False):
        yield


# --- petitions and staff ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """A member of staff."""

    id: UUID
    email: str
    role: str
    password: str = PASSWORD


STEPS = {"draft": (), "open": ("open",), "paused": ("open", "paused"), "closed": ("open", "closed")}


def make_petition(app: Flask, slug: str = SLUG, *, state: str = "open", **fields: Any) -> UUID:
    """Draft a petition in English and Russian and bring it to a state; return its id."""
    if _is_sealed(fields):
        return make_sealed_world(app, slug, state=state, **({"mail": "required"} | fields)).petition_id
    return _make_petition(app, slug, state=state, **fields)


def _is_sealed(fields: dict[str, Any]) -> bool:
    return default_mode == "sealed" and "mode" not in fields


def _make_petition(app: Flask, slug: str, *, state: str, **fields: Any) -> UUID:
    with acting(app):
        return _new_petition(slug, state=state, **fields)


def _new_petition(slug: str, *, state: str, **fields: Any) -> UUID:
    values: dict[str, Any] = {
        "slug": slug,
        "titles": {"en": "An open letter", "ru": "Открытое письмо"},
        "texts": {"en": "We ask to be **heard**.", "ru": "Мы просим нас **услышать**."},
        "addressee": {"en": "The Assembly", "ru": "Собранию"},
        "who_may_sign": {"en": "deputies", "ru": "депутаты"},
        "goal": 100,
        "mail": "required",
        "reviewers": 1,
    }
    petition_id = petitions.create(NewPetition(**(values | fields)), by=None, at=utcnow()).id
    for step in STEPS[state]:
        petitions.change_state(petition(petition_id), step, by=None, at=utcnow())
    return petition_id


def set_state(app: Flask, petition_id: UUID, state: str, *, by: Person | None = None) -> None:
    """Open, pause or close a petition."""
    with acting(app), mail_server():
        petitions.change_state(petition(petition_id), state, by=account(by), at=utcnow())


@contextmanager
def mail_server() -> Iterator[None]:
    """Have a mail server set, without which a sealed petition does not open; afterwards mails are files again."""
    settings = config.current()
    if default_mode == "sealed":
        config.activate(replace(settings, mail_url="smtp://127.0.0.1:1"))
    try:
        yield
    finally:
        config.activate(settings)


def petition(petition_id: UUID) -> Petition:
    """Load a petition, inside a transaction."""
    return db.session.get_one(Petition, petition_id)


def account(person: Person | None) -> Account | None:
    """Load an account, inside a transaction; nobody stays nobody."""
    return db.session.get_one(Account, person.id) if person else None


def make_person(app: Flask, petition_id: UUID, role: str, address: str | None = None) -> Person:
    """Make an account with a role on a petition."""
    with acting(app):
        return _new_person(petition_id, role, address)


def _new_person(petition_id: UUID, role: str, address: str | None = None) -> Person:
    made = create_account(
        email=address or f"{role}{next(_numbers)}@example.org",
        name=f"{role.title()} Invented",
        role=role,
        petition_id=petition_id,
        password=PASSWORD,
        at=utcnow(),
    )
    return Person(made.id, made.email, role)


@dataclass(frozen=True)
class World:
    """An open petition with its staff."""

    petition_id: UUID
    slug: str
    organizer: Person
    reviewers: tuple[Person, ...]
    auditor: Person


def make_world(app: Flask, slug: str = SLUG, *, staff: int | None = None, **fields: Any) -> World:
    """Make an open petition with an organizer, reviewers (as many as the policy asks for) and an auditor."""
    if _is_sealed(fields):
        return make_sealed_world(app, slug, staff=staff, **({"mail": "required"} | fields))
    with acting(app):
        return _new_world(slug, staff=staff, **fields)


def _new_world(slug: str, *, staff: int | None, state: str = "open", **fields: Any) -> World:
    petition_id = _new_petition(slug, state=state, **fields)
    number = staff if staff is not None else fields.get("reviewers", 1)
    return World(
        petition_id=petition_id,
        slug=slug,
        organizer=_new_person(petition_id, "organizer"),
        reviewers=tuple(_new_person(petition_id, "reviewer") for _ in range(number)),
        auditor=_new_person(petition_id, "auditor"),
    )


def make_published(app: Flask, names: Sequence[str]) -> World:
    """Make a letter with these names, each verified and published."""
    world = make_world(app)
    signed = [make_signature(app, world.petition_id, name, consent=3) for name in names]
    seal(app, world.petition_id, by=world.organizer)
    for one in signed:
        assert decide_by_all(app, world, one.id) == "verified"
    publish_waiting(app)
    return world


PASSPHRASE = "four unusual words of tests"


def make_sealed_world(app: Flask, slug: str = SLUG, *, state: str = "open", **fields: Any) -> World:
    """Make an open sealed petition whose organizer and reviewers hold its keys; acts then have them open."""
    first = list(_open_keys) if default_mode == "sealed" else []
    _open_keys.clear()
    words: dict[str, Any] = {"mail": "none"} | fields
    with acting(app):
        world = _new_world(slug, state="draft", mode="sealed", **({"staff": None} | words))
        more = () if world.reviewers else (_new_person(world.petition_id, "organizer"),)
        for person in (world.organizer, *world.reviewers, *more):
            member_keys.make_account_key(db.session.get_one(Account, person.id), PASSPHRASE, at=utcnow())
        key_services.make_petition_keys(world.petition_id, by=account(world.organizer), at=utcnow())
    open_keys(app, world)
    for step in STEPS[state]:
        set_state(app, world.petition_id, step)
    if default_mode == "sealed":
        with acting(app):
            worker_keys.record_heartbeat(at=utcnow())  # A worker lives.
        _open_keys[:] = first or _open_keys  # Where all are sealed, the test is about its first petition.
    return world


def open_keys(app: Flask, world: World) -> OpenKeys:
    """Open the keys of a world as its organizer does; acts have them open from now on."""
    with acting(app, locked=True):
        organizer = account(world.organizer)
        assert organizer is not None
        secret = unlocking.unlock(organizer, world.petition_id, PASSPHRASE, at=utcnow())
        assert secret is not None
        keys = unlocking.open_again(organizer.id, world.petition_id, secret, at=utcnow())
    assert keys is not None
    _open_keys[:] = [keys]
    return keys


def lock_keys() -> None:
    """Have acts run without any keys."""
    _open_keys.clear()


# --- signatures -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Submitted:
    """A signature that waits for its code."""

    pending: str
    code: str
    new: NewSignature


@dataclass(frozen=True)
class Signed:
    """A confirmed signature."""

    id: UUID
    secret_code: str
    name: str
    email: str


def new_name() -> str:
    """Return an invented name that no other call returns."""
    number = next(_numbers)
    letters = "".join("абвгдежзик"[int(digit)] for digit in str(number))
    return f"{FIRST[number % 10]} {LAST[number // 10 % 10]}-{letters.title()}ов"


started: list[AppState] = []  # The state of the application that a test has started last.


def new_form_token() -> str:
    """Return a token of the active application, or, in a thread of a test that has none, of the one started last."""
    if app_state.is_active():
        return form_tokens.new_form_token()
    with app_state.using(started[-1]):
        return form_tokens.new_form_token()


def new_signature(name: str | None = None, **fields: Any) -> NewSignature:
    """Return what a signer sends in."""
    values: dict[str, Any] = {
        "form_token": new_form_token(),
        "identity": Identity(
            name or new_name(), fields.pop("role", "deputy"), fields.pop("place", "Springfield council")
        ),
        "email": f"signer{next(_numbers)}@example.org",
        "language": "en",
        "consent": 3,
        "others": None,
    }
    return NewSignature(**(values | fields))


def submit(
    app: Any, petition_id: UUID, new: NewSignature | None = None, *, at: datetime | None = None, **fields: Any
) -> Submitted:
    """Sign, and take the code out of the job that would mail it."""
    at = at or utcnow()
    with app_state.using(app.state):
        new = new or new_signature(**fields)
    with acting(app):
        worker_keys.record_heartbeat(at=at)
        before = set(db.session.scalars(db.select(Job.id)))
        pending = signing.sign(new, petition=petition(petition_id), at=at)
        code = ""
        for job in db.session.scalars(db.select(Job)).all():
            if job.id not in before:
                code = messages.open_message(job.payload).words
                jobs.finish(job.id)
    return Submitted(pending, code, new)


def confirm(app: Flask, petition_id: UUID, submitted: Submitted, *, at: datetime | None = None) -> Signed:
    """Type the code."""
    at = at or utcnow()
    with acting(app):
        done = signing.confirm(petition=petition(petition_id), pending=submitted.pending, code=submitted.code, at=at)
        assert done is not None, "the code was not taken"
        signature, _ = signing.find_by_code(done.secret_code)
        return Signed(signature.id, done.secret_code, submitted.new.identity.name, submitted.new.email)


def make_signature(
    app: Flask, petition_id: UUID, name: str | None = None, *, at: datetime | None = None, **fields: Any
) -> Signed:
    """Sign and confirm."""
    return confirm(app, petition_id, submit(app, petition_id, at=at, name=name, **fields), at=at)


def publish_waiting(app: Flask) -> None:
    """Have an organizer publish what a sealed petition lets wait; in standard mode nothing waits."""
    if default_mode == "sealed":
        with acting(app):
            found = petition(_open_keys[-1].petition_id)
            if jobs.count_due(found.id) and not found.frozen_at:
                publishing.publish_now(found, by=None, at=utcnow())


def withdraw(app: Flask, signed: Signed) -> None:
    """Withdraw with the secret code."""
    with acting(app):
        signature, _ = signing.find_by_code(signed.secret_code)
        signing.withdraw(signature, at=utcnow())


def change_consent(app: Flask, signed: Signed, consent: int) -> None:
    """Choose anew what may be published, with the secret code."""
    with acting(app):
        signature, entropy = signing.find_by_code(signed.secret_code)
        signing.change_consent(signature, consent=consent, entropy=entropy, at=utcnow())


def answer(app: Flask, signed: Signed, text: str) -> None:
    """Answer a question with the secret code."""
    with acting(app):
        signature, _ = signing.find_by_code(signed.secret_code)
        questions.answer(signature, text, at=utcnow())


def state_of(app: Flask, signature_id: UUID) -> str:
    """Return the state of a signature."""
    with looking(app):
        return db.session.get_one(Signature, signature_id).state


def import_rows(app: Flask, petition_id: UUID, *names: str, initial: bool = False, consent: int = 3) -> None:
    """Import a file of rows with these names."""
    rows = [Row(line, Identity(name), "", "en", consent, f"ref-{next(_numbers)}") for line, name in enumerate(names, 2)]
    sha256 = str(next(_numbers)).encode().ljust(32)
    with acting(app):
        job = imports.begin(petition(petition_id), sha256=sha256, initial=initial, at=utcnow())
        imports.stage(job, rows, consent_held="The organizer holds it.", codes=False)
        job_id = job.id
    with acting(app):
        admission.admit_import(job_id, by=None, at=utcnow())


# --- checking ---------------------------------------------------------------------------------------------------


def seal(app: Flask, petition_id: UUID, *, by: Person | None = None, at: datetime | None = None, **words: Any) -> int:
    """Seal what was received; return the batch's number."""
    with acting(app):
        return batches.seal(petition(petition_id), by=account(by), at=at or utcnow(), **words).number


def take(
    app: Flask,
    petition_id: UUID,
    by: Person,
    *,
    after: UUID | None = None,
    asked: bool = False,
    at: datetime | None = None,
) -> UUID | None:
    """Take the next case; return its id."""
    with acting(app):
        return case_view.next_case(
            petition(petition_id), access=ACCESS, by=account(by), at=at or utcnow(), after=after, asked=asked
        )


def take_case(app: Flask, petition_id: UUID, signature_id: UUID, by: Person, *, asked: bool = False) -> None:
    """Take cases and put them back until this one is held."""
    seen: set[UUID] = set()
    after = None
    while True:
        after = take(app, petition_id, by, after=after, asked=asked)
        if after == signature_id:
            return
        assert after is not None, "no case waits for this reviewer"
        assert after not in seen, "the desk does not give this case"
        seen.add(after)
        put_back(app, petition_id, after, by)


def put_back(app: Flask, petition_id: UUID, signature_id: UUID, by: Person) -> None:
    """Put a case back."""
    with acting(app):
        checking.put_back(signature_id, petition=petition(petition_id), by=account(by), at=utcnow())


VERIFIED = {"outcome": "verified", "contact": "official_contact"}


def decide(
    app: Flask, petition_id: UUID, signature_id: UUID, by: Person, *, at: datetime | None = None, **decision: Any
) -> str:
    """Take a case and decide it, as verified with a recorded contact unless told; return the state after it."""
    at = at or utcnow()
    values = decision or VERIFIED | {"contacted_on": at.date()}
    take_case(app, petition_id, signature_id, by)
    with acting(app):
        _, state = checking.decide(
            signature_id, NewDecision(**values), access=ACCESS, petition=petition(petition_id), by=account(by), at=at
        )
        return state


def decide_by_all(app: Flask, world: World, signature_id: UUID, **decision: Any) -> str:
    """Have every reviewer of the world decide a case alike; return the state after it."""
    state = ""
    for reviewer in world.reviewers:
        state = decide(app, world.petition_id, signature_id, reviewer, **decision)
    return state


def make_verified(app: Flask, world: World, name: str | None = None, **fields: Any) -> Signed:
    """Sign, confirm, seal and verify one signature."""
    signed = make_signature(app, world.petition_id, name, **fields)
    seal(app, world.petition_id, by=world.organizer)
    assert decide_by_all(app, world, signed.id) == "verified"
    return signed


def publish_copies(app: Flask, signature_id: UUID, number: int) -> None:
    """Let a published name stand many times, past the product: for pages of many names."""
    with acting(app):
        for model, key in ((Signature, "id"), (PublishedName, "signature_id")):
            row = db.session.get_one(model, signature_id)
            same = {column.name: getattr(row, column.name) for column in row.__table__.columns}
            for unique in ("code_hash", "entry_index"):
                same |= {unique: None} if unique in same else {}
            copies = [same | {key: UUID(int=signature_id.int ^ (turn + 1))} for turn in range(number)]
            db.session.execute(insert(model), copies)


def ask(app: Flask, petition_id: UUID, signature_id: UUID, by: Person, text: str = "Which term?") -> None:
    """Take a case and ask its signer."""
    take_case(app, petition_id, signature_id, by)
    with acting(app):
        questions.ask(signature_id, text, access=ACCESS, petition=petition(petition_id), by=account(by), at=utcnow())


def act(app: Flask, name: str, petition_id: UUID, signature_id: UUID, by: Person, **words: Any) -> None:
    """Have an organizer `reopen`, `undo` or `retract`."""
    with acting(app):
        getattr(reopening, name)(
            signature_id, petition=petition(petition_id), by=account(by), at=words.pop("at", None) or utcnow(), **words
        )


def tally(app: Flask, petition_id: UUID) -> dict[str, Any]:
    """Return the live tally as `flask tally show --json` prints it."""
    with looking(app):
        return live_tally(petition(petition_id)).as_json(as_of=utcnow(), public=False)


def problems(app: Flask, petition_id: UUID) -> list[str]:
    """Count everything anew; return what differs, or does not add up."""
    with looking(app):
        found = petition(petition_id)
        return recount(found) + ([] if live_tally(found).holds else ["the identity does not hold"])


# --- pages ------------------------------------------------------------------------------------------------------


class _Forms(HTMLParser):
    """Collects the forms of a page: where each goes and what its fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._textarea: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(
                {"action": attributes.get("action") or "", "method": attributes.get("method"), "fields": {}}
            )
        if not self.forms:
            return
        fields, name = self.forms[-1]["fields"], attributes.get("name")
        if tag == "input" and name:
            kind = attributes.get("type") or "text"
            if kind in ("radio", "checkbox"):
                if "checked" in attributes:
                    fields[name] = attributes.get("value") or "y"
            elif kind not in ("submit", "button"):
                fields[name] = attributes.get("value") or ""
        elif tag == "button" and attributes.get("formaction"):  # Another way to send the same form.
            self.forms.insert(-1, {**self.forms[-1], "action": attributes["formaction"], "fields": fields})
        elif tag == "textarea" and name:
            self._textarea, fields[name] = name, ""
        elif tag == "select" and name:
            self._select = name
        elif tag == "option" and self._select and ("selected" in attributes or self._select not in fields):
            fields[self._select] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1]["fields"][self._textarea] += data


def forms_of(response: TestResponse) -> list[dict[str, Any]]:
    """Return the forms of a page as `{"action", "method", "fields"}`."""
    parser = _Forms()
    parser.feed(response.text)
    return parser.forms


def form_with(response: TestResponse, *names: str) -> dict[str, Any]:
    """Return the fields of the first form that has all of these."""
    for form in forms_of(response):
        if all(name in form["fields"] for name in names):
            return dict(form["fields"])
    raise AssertionError(f"no form with {names} on this page ({response.status}):\n{response.text[:2000]}")


def worker_lives(client: FlaskClient) -> None:
    """Have a worker show that it lives, without which a sealed petition takes no signature."""
    with acting(client.application):
        worker_keys.record_heartbeat(at=utcnow())


def sign_page(client: FlaskClient, slug: str = SLUG, **fields: Any) -> TestResponse:
    """Open the sign page, fill it in and send it."""
    if default_mode == "sealed":
        worker_lives(client)
    form = form_with(client.get(f"/p/{slug}/sign"), "form")
    return client.post(f"/p/{slug}/sign", data=fill_sign_form(form["form"], **fields))


def fill_sign_form(token: str, **fields: Any) -> dict[str, Any]:
    """Return what the sign form sends; a field given as None is left out."""
    values: dict[str, Any] = {
        "form": token,
        "name": new_name(),
        "role": "deputy",
        "place": "Springfield council",
        "email": f"signer{next(_numbers)}@example.org",
        "lang": "en",
        "consent": "1",
        "publish": "3",
    }
    return {name: value for name, value in (values | fields).items() if value is not None}


def outbox() -> list[Path]:
    """Return the mails that were written, oldest first."""
    folder = config.current().instance / "outbox"
    return sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns) if folder.exists() else []


def read_mail(path: Path) -> tuple[str | None, str, str]:
    """Return a mail's recipient (none where the petition is sealed), subject and text."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return message["To"], message["Subject"], message.get_content()


def mailed_code(app: Flask, address: str) -> str:
    """Let the lane of letters mail, and return the code in the newest message to this address."""
    with app.app_context():
        while worker.run_letters():
            pass
    for path in reversed(outbox()):
        to, _, text = read_mail(path)
        if to in (address, None) and (found := re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", text)):
            return found.group()
    raise AssertionError(f"no code was mailed to {address}")


SECRET_CODE = re.compile(r"(?:\b[a-z]{3,8}|[а-яё]{3,8})(?: (?:[a-z]{3,8}|[а-яё]{3,8})){11}")


def shown_code(response: TestResponse) -> str:
    """Return the twelve words on a page."""
    for text in re.findall(r">\s*([^<>]+?)\s*<", response.text):
        words = " ".join(text.split())
        if SECRET_CODE.fullmatch(words):
            return words
    raise AssertionError(f"no secret code on this page ({response.status}):\n{response.text[:3000]}")


def typed_words(response: TestResponse, code: str) -> dict[str, str]:
    """Fill in the two of the twelve words that a page asks for; return all that its form sends."""
    positions = re.findall(r'<label for="(?:first|second)">[^<]*?(\d+)</label>', response.text)
    words = code.split()
    first, second = (words[int(position) - 1] for position in positions)
    return {**form_with(response, "mark", "first", "second"), "first": first, "second": second}


def sign_over_http(client: FlaskClient, slug: str = SLUG, name: str | None = None, **fields: Any) -> str:
    """Sign as a signer does: form, mail, code; return the secret code that is shown once."""
    address = fields.pop("email", f"signer{next(_numbers)}@example.org")
    worker_lives(client)
    answer = sign_page(client, slug, name=name or new_name(), email=address, **fields)
    assert answer.status_code == 200, answer.text
    pending = form_with(answer, "pending", "code")["pending"]
    code = mailed_code(client.application, address)
    done = client.post(f"/p/{slug}/confirm", data={"pending": pending, "code": code})
    assert done.status_code == 200, done.text
    return shown_code(done)


def csrf_token(client: FlaskClient, path: str = "/organizer") -> str:
    """Return the token of a staff page's form."""
    return str(form_with(client.get(path), "csrf_token")["csrf_token"])


def sign_in(client: FlaskClient, email: str | Person, password: str = PASSWORD) -> TestResponse:
    """Sign in as a member of staff; return the answer."""
    address = email.email if isinstance(email, Person) else email
    form = form_with(client.get("/organizer/login"), "csrf_token", "email", "password")
    return client.post("/organizer/login", data=form | {"email": address, "password": password})


def open_decided(client: FlaskClient, signature_id: UUID, slug: str = SLUG) -> TestResponse:
    """Open a decided case, which the trail keeps, and return its page."""
    here = f"/organizer/p/{slug}/decided/{signature_id}"
    form = next(form for form in forms_of(client.get(here)) if form["action"].endswith("/open"))
    return client.get(client.post(form["action"], data=form["fields"]).location)


def signed_in(app: Flask, person: Person) -> FlaskClient:
    """Return a browser in which this person is signed in."""
    client = app.test_client()
    answer = sign_in(client, person)
    assert answer.status_code in (302, 303), answer.text
    if default_mode == "sealed":
        _unlock(app, client, person)
    return client


def _unlock(app: Flask, client: FlaskClient, person: Person) -> None:
    """Open the petition's keys in the browser of a holder; who joined after they were made is granted them first."""
    keys = _open_keys[-1]
    with acting(app):
        if role_of_id(person.id, keys.petition_id) not in key_services.HOLDER_ROLES:
            return
        if not db.session.get(AccountKey, person.id):
            member_keys.make_account_key(db.session.get_one(Account, person.id), PASSPHRASE, at=utcnow())
            organizer = db.session.get_one(Account, keys.account_id)
            key_services.grant(person.id, keys.petition_id, keys, by=organizer, at=utcnow())
        url = f"/organizer/p/{petition(keys.petition_id).slug}/unlock"
    answer = client.post(url, data=form_with(client.get(url), "passphrase") | {"passphrase": PASSPHRASE})
    assert answer.status_code in (302, 303), answer.text
