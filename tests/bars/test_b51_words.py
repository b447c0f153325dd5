"""B51: whoever confirmed gets the words, however often a form is sent, lost or loaded again; it is one signature."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from petition_app.audit import AuditEvent, SignerAct
from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.crypto.codes import read_secret_code
from petition_app.signatures import invitation_lists, qr_cards, secret_words
from petition_app.signatures.models import Confirmation, SealedKey, Signature
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.worker import loop as worker
from petition_app.worker.tasks import signatures as signing_tasks
from tests import factories as make
from tests.test_concurrency import at_once

only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MODES = pytest.mark.parametrize("mode", ["standard", "sealed"])
CONFIRM = f"/p/{make.SLUG}/confirm"
SAID = {"act": "agree", "publish": "0", "lang": "en", "consent": "1"}
_clients = itertools.count(1)


@dataclass
class Page:
    """A page in a signer's browser: what its form holds, and the words that it shows at this moment."""

    app: Any
    fields: dict[str, str]
    words: str = ""
    answer: TestResponse | None = None
    address: str = field(default_factory=lambda: f"203.0.113.{next(_clients) % 250}")

    def send(self, where: str = CONFIRM, **more: str) -> str:
        """Send the form; return the words that the answer shows, or nothing."""
        fields = self.fields | more
        self.answer = self.app.test_client().post(where, data=fields, environ_overrides={"REMOTE_ADDR": self.address})
        assert self.answer.status_code in (200, 303, 422)
        self.words = make.shown_code(self.answer) if 'class="words"' in self.answer.text else ""
        return self.words

    def press(self, url: str) -> None:
        """Press the button of a form on the page that is shown."""
        assert self.answer is not None
        form = next(one for one in make.forms_of(self.answer) if one["action"].partition("?")[0] == url)
        self.answer = self.app.test_client().post(
            form["action"], data=form["fields"], environ_overrides={"REMOTE_ADDR": self.address}
        )
        self.words = make.shown_code(self.answer) if 'class="words"' in self.answer.text else ""

    def keep(self) -> None:
        """Say that the words are written down, and type the two that are asked for."""
        words = self.words
        self.press(f"{CONFIRM}/kept")
        assert self.answer is not None
        fields = make.typed_words(self.answer, words)
        self.answer = self.app.test_client().post(
            f"{CONFIRM}/kept", data=fields, environ_overrides={"REMOTE_ADDR": self.address}
        )
        self.words = make.shown_code(self.answer) if 'class="words"' in self.answer.text else ""


def world_of(app: Any, mode: str, **fields: Any) -> UUID:
    if mode == "standard":
        return make.make_petition(app, **fields)
    petition_id = make.make_sealed_world(app).petition_id  # Its signers are mailed all the same: see `pages_of`.
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    make.lock_keys()
    return petition_id


def pages_of(app: Any, petition_id: UUID) -> tuple[Page, Page]:
    """Sign; return the page that waits for the code, and one that was opened later, when the first seemed lost."""
    submitted = make.submit(app, petition_id)
    later = make.form_with(app.test_client().get(CONFIRM), "page")["page"]
    first = Page(app, {"pending": submitted.pending, "code": submitted.code})
    return first, Page(app, {"pending": "", "page": later, "code": submitted.code})


def signature_of(app: Any, page: Page) -> UUID:
    with make.looking(app):
        by_pending = secret_words.hash_secret("pending", page.fields["pending"].encode())
        return (
            db.session.scalars(db.select(Confirmation).where(Confirmation.pending_hash == by_pending))
            .one()
            .signature_id
        )


def opens(app: Any, words: str, signature_id: UUID) -> bool:
    with make.looking(app):
        entropy = read_secret_code(words)
        assert entropy is not None
        code_hash = secret_words.hash_secret("my/v1", entropy)
        return db.session.scalar(db.select(Signature.id).where(Signature.code_hash == code_hash)) == signature_id


def assert_one(app: Any, signature_id: UUID, seen: set[str]) -> None:
    """It is one signature, and of all the words that were ever shown only one set opens it."""
    assert make.state_of(app, signature_id) == "received"
    assert sum(opens(app, words, signature_id) for words in seen) == 1


def end(app: Any, page: Page, held: str) -> str:
    """Do what a signer does in the end: load the page again, and have new words made where it says so."""
    words = page.send()
    assert page.answer is not None
    if not words and "Look at your other page" in page.answer.text:
        words = page.send(act="anew")
    return words or held


STEPS = st.lists(
    st.tuples(st.sampled_from(["send", "send twice", "lost", "wrong", "anew", "language", "kept"]), st.integers(0, 1)),
    min_size=1,
    max_size=7,
)


@MODES
def test_any_sequence_ends_with_working_words_and_one_signature(app: Any, mode: str) -> None:
    petition_id = world_of(app, mode, mail="required")
    signed = itertools.count(1)

    @settings(max_examples=25, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # Seven steps are short enough.
    @given(steps=STEPS, last=st.integers(0, 1))
    def any_sequence(steps: list[tuple[str, int]], last: int) -> None:
        pages, seen, held = pages_of(app, petition_id), set[str](), ""
        signature_id, wrong = signature_of(app, pages[0]), 0
        for step, which in steps:
            page = pages[which]
            if step == "wrong":
                wrong += 1
                if wrong < 4:
                    page.send(code="0000-0000")
            elif step == "anew":
                seen.add(page.send(act="anew"))
            elif step == "kept":
                if page.words and page.answer is not None:
                    kept = page.words
                    page.keep()
                    held = kept if opens(app, kept, signature_id) else held
            elif step == "language":
                page.send(f"{CONFIRM}?lang=ru")
                seen.add(page.words)
            else:
                for _ in range(2 if step == "send twice" else 1):
                    seen.add(page.send())
                page.words = "" if step == "lost" else page.words
        seen.add(words := end(app, pages[last], held))
        assert opens(app, words, signature_id)
        assert_one(app, signature_id, seen - {""})
        assert make.tally(app, petition_id)["states"]["received"] == next(signed)

    any_sequence()


@MODES
def test_one_page_sent_by_many_at_once_shows_the_same_words_to_each(app: Any, mode: str) -> None:
    petition_id = world_of(app, mode, mail="required")
    page, _ = pages_of(app, petition_id)
    shown = at_once(*[lambda: Page(app, page.fields).send()] * 12)
    assert len(set(shown)) == 1
    assert_one(app, signature_of(app, page), set(shown))


@MODES
def test_two_pages_sent_at_once_leave_one_signature_and_no_words_that_are_void_unsaid(app: Any, mode: str) -> None:
    petition_id = world_of(app, mode, mail="required")
    first, second = pages_of(app, petition_id)
    signature_id = signature_of(app, first)
    shown = set(at_once(*[lambda: Page(app, first.fields).send(), lambda: Page(app, second.fields).send()] * 6))
    assert len(shown) == 2
    assert "" in shown, "the other page says where they are"
    assert_one(app, signature_id, shown - {""})
    shown |= set(
        at_once(*[lambda: Page(app, first.fields).send(), lambda: Page(app, second.fields).send(act="anew")] * 6)
    )
    shown |= {end(app, first, ""), end(app, second, "")}
    assert_one(app, signature_id, shown - {""})


def test_a_letter_without_mail_shows_the_words_again_too(app: Any) -> None:
    petition_id = make.make_petition(app, mail="none")
    page = Page(app, {"pending": make.submit(app, petition_id, make.new_signature(email="")).pending, "code": ""})
    assert page.send() == page.send() == page.send(code="typed though none was asked for") != ""
    assert_one(app, signature_of(app, page), {page.words})


@MODES
def test_a_card_shows_the_words_again_to_the_page_that_signed(app: Any, mode: str) -> None:
    world = make.make_sealed_world(app) if mode == "sealed" else make.make_world(app)
    new = invitation_lists.NewEntry("token", "Monday list", (Identity(make.new_name()),), "en")
    with make.acting(app):
        sheet = invitation_lists.enter(
            new, petition=make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow()
        )
    make.lock_keys()
    (card,) = qr_cards.draw_cards(sheet.invitations, address="https://letters.example.org")
    asked = app.test_client().post(CONFIRM, data={"code": card.code})
    form = make.form_with(asked, "code", "text", "page")
    page = Page(app, {**form, **SAID})
    words = page.send()
    assert words
    assert {page.send() for _ in range(3)} == {words}
    del page.fields["act"]
    assert page.send() == words, "what is typed on the first page again leads there as well"
    other = Page(app, {"code": card.code, "page": "0" * 32})
    assert other.send() == ""
    assert "Look at your other page" in other.answer.text  # type: ignore[union-attr] # It has answered.


# --- until when, and what lies on the disk ----------------------------------------------------------------------


def salts(app: Any) -> list[bytes]:
    with make.looking(app):
        return [salt for salt in db.session.scalars(db.select(Confirmation.words_salt)) if salt]


@MODES
@pytest.mark.parametrize("ended", ["kept", "after half an hour", "withdrawn"])
def test_what_shows_the_words_again_is_gone_once_they_are_written_down(app: Any, mode: str, ended: str) -> None:
    petition_id = world_of(app, mode, mail="required")
    page, _ = pages_of(app, petition_id)
    words = page.send()
    assert len(salts(app)) == 1
    if ended == "kept":
        page.keep()
        assert page.answer is not None
        assert page.answer.headers["Location"] == f"/p/{make.SLUG}/done"
    elif ended == "withdrawn":
        app.test_client().post("/my", data={"code": words, "action": "withdraw"})
    else:
        with make.acting(app):
            signing_tasks.end_showing_words(utcnow() + timedelta(minutes=29))
        assert len(salts(app)) == 1
        with make.acting(app):
            signing_tasks.end_showing_words(utcnow() + timedelta(minutes=46))
    assert salts(app) == []
    page.send()
    assert page.answer is not None
    assert "Confirmed already" in page.answer.text


def test_the_worker_ends_the_showing_by_itself(app: Any) -> None:
    page, _ = pages_of(app, make.make_petition(app))
    page.send()
    with make.acting(app):
        db.session.scalars(db.select(Confirmation)).one().shown_until = utcnow() - timedelta(seconds=1)
    with app.app_context():
        worker.run_once()
    assert salts(app) == []


@only_sqlite
def test_no_file_holds_what_was_erased(app: Any, tmp_path: Path) -> None:
    page, _ = pages_of(app, make.make_petition(app))
    page.send()
    (salt,) = salts(app)
    page.keep()
    for path in (tmp_path / "instance").glob("countersign.db*"):
        assert salt not in path.read_bytes(), path.name


@only_sqlite
@MODES
def test_a_disk_taken_meanwhile_yields_no_words(app: Any, tmp_path: Path, mode: str) -> None:
    petition_id = world_of(app, mode, mail="required")
    page, later = pages_of(app, petition_id)
    words = {page.send(), later.send(act="anew")}
    shutil.copytree(tmp_path / "instance", tmp_path / "seized")
    for path in (tmp_path / "seized").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for text in words:
            entropy = read_secret_code(text)
            assert entropy is not None
            for form in (text.encode(), entropy, entropy.hex().encode()):
                assert form not in content, path.name
    with sqlite3.connect(tmp_path / "seized" / "countersign.db") as seized:
        ((salt, *columns),) = seized.execute("SELECT words_salt, * FROM confirmations")
    assert salt
    guesses = [*(one.hex() for one in columns if isinstance(one, bytes)), "", "0" * 32, page.fields["code"]]
    for guess, code in itertools.product(guesses, ("", page.fields["code"])):
        assert not any(secret_words._derive(salt, petition_id, guess, code) == read_secret_code(one) for one in words)


# --- beside it --------------------------------------------------------------------------------------------------


def test_words_that_newer_ones_have_ended_are_not_taken_for_written_down(app: Any) -> None:
    first, second = pages_of(app, make.make_petition(app))
    signature_id = signature_of(app, first)
    first.send()
    words = second.send(act="anew")
    first.keep()
    assert first.answer is not None
    assert "no longer open anything" in first.answer.text
    assert opens(app, words, signature_id)
    assert len(salts(app)) == 1, "the newer ones can still be shown"


@MODES
@pytest.mark.parametrize("typed", [("", ""), ("abandon", "zoo"), ("SECOND", "FIRST"), ("first", "zoo")])
def test_words_that_were_not_written_down_are_shown_again_and_end_nothing(
    app: Any, mode: str, typed: tuple[str, str]
) -> None:
    page, _ = pages_of(app, world_of(app, mode, mail="required"))
    words = page.send()
    page.press(f"{CONFIRM}/kept")
    assert page.answer is not None
    assert not [word for word in words.split() if f">{word}<" in page.answer.text]
    right = make.typed_words(page.answer, words)
    known = {"first": right["first"], "second": right["second"]}
    known |= {"FIRST": known["first"], "SECOND": known["second"]}
    page.fields = right | {"first": known.get(typed[0], typed[0]), "second": known.get(typed[1], typed[1])}
    if known["first"] != known["second"]:
        page.send(f"{CONFIRM}/kept")
        assert page.answer.status_code in (200, 422)
        assert len(salts(app)) == 1
        assert page.words in (words, ""), "where a field was left empty, it is asked for again"
    # As it was written on paper: with its number, a full stop, in capitals.
    page.send(f"{CONFIRM}/kept", first=f"1. {known['first'].upper()}.", second=f"«{known['second']}»")
    assert page.answer.headers["Location"] == f"/p/{make.SLUG}/done"
    assert salts(app) == []
    assert opens(app, words, signature_id_of(app))


def signature_id_of(app: Any) -> UUID:
    with make.looking(app):
        return db.session.scalars(db.select(Confirmation)).one().signature_id


def test_a_letter_without_mail_asks_for_two_words_too(app: Any) -> None:
    petition_id = make.make_petition(app, mail="none")
    page = Page(app, {"pending": make.submit(app, petition_id, make.new_signature(email="")).pending, "code": ""})
    page.send()
    page.keep()
    assert page.answer is not None
    assert page.answer.status_code == 303
    assert salts(app) == []


def test_a_page_for_two_words_that_is_sent_twice_or_loaded_again_leads_to_the_same_end(app: Any) -> None:
    page, _ = pages_of(app, make.make_petition(app))
    words = page.send()
    page.press(f"{CONFIRM}/kept")
    assert page.answer is not None
    fields = make.typed_words(page.answer, words)
    answers = at_once(*[lambda: Page(app, fields).send(f"{CONFIRM}/kept")] * 6)
    assert set(answers) == {""}
    again = Page(app, fields)
    again.send(f"{CONFIRM}/kept")
    assert again.answer is not None
    assert again.answer.headers["Location"] == f"/p/{make.SLUG}/done"


def test_a_wrong_code_on_a_used_page_is_counted_and_shows_nothing(app: Any) -> None:
    page, _ = pages_of(app, make.make_petition(app))
    words = page.send()
    for _ in range(5):
        assert page.send(code="0000-0000") == ""
    assert page.send() == "", "five wrong codes end the page"
    assert opens(app, words, signature_of(app, page))


def test_new_words_are_written_down_without_saying_whose(app: Any) -> None:
    first, second = pages_of(app, make.make_petition(app))
    first.send()
    second.send(act="anew")
    assert "signature.words_renewed" in acts(app)


def acts(app: Any) -> list[str]:
    with make.looking(app):
        assert not db.session.scalars(db.select(AuditEvent).where(AuditEvent.act.like("signature.%"))).all()
        return list(db.session.scalars(db.select(SignerAct.act)))


@MODES
def test_who_does_not_want_to_sign_after_all_is_erased_at_once(app: Any, mode: str) -> None:
    petition_id = world_of(app, mode, mail="required")
    page, _ = pages_of(app, petition_id)
    signature_id = signature_of(app, page)
    first = page.send(f"{CONFIRM}/discard")
    assert first == ""
    once = page.answer.text  # type: ignore[union-attr] # It has answered.
    assert make.state_of(app, signature_id) == "discarded"
    with make.looking(app):
        assert db.session.scalars(db.select(SealedKey).where(SealedKey.signature_id == signature_id)).all() == []
    page.send(f"{CONFIRM}/discard")
    assert page.answer.text == once  # type: ignore[union-attr] # It has answered.
    assert page.send() == ""
    assert make.state_of(app, signature_id) == "discarded"
