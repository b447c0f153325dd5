"""Signing, confirming, the secret code, consent and withdrawal, on real databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from petition_app.clock import utcnow
from petition_app.crypto import codes, signer_box
from petition_app.petitions import services as petitions
from petition_app.signatures import expiry, sealing, states
from petition_app.signatures import services as signing
from petition_app.signatures.models import Confirmation, SealedKey, Signature
from petition_app.signatures.new_signatures import ClosedForSigningError
from petition_app.signatures.rules import MOVES, STATES
from petition_app.signatures.services import (
    AlreadyConfirmedError,
    ConsentError,
    UnknownCodeError,
    WrongCodeError,
)
from petition_app.signatures.states import StateError
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from tests import factories as make

WRONG = "0000-0000"


def rows(app: Any, model: Any) -> int:
    with make.looking(app):
        return db.session.scalar(db.select(db.func.count()).select_from(model)) or 0


def try_code(app: Any, petition_id: UUID, pending: str, code: str, *, at: Any = None) -> Any:
    with make.acting(app):
        return signing.confirm(petition=make.petition(petition_id), pending=pending, code=code, at=at or utcnow())


def test_an_unconfirmed_signature_is_counted_apart_and_published_nowhere(app: Any) -> None:
    petition_id = make.make_petition(app)
    make.submit(app, petition_id)
    tally = make.tally(app, petition_id)
    assert (tally["unconfirmed"], tally["received_total"]) == (1, 0)
    assert make.problems(app, petition_id) == []


def test_a_confirmed_signature_is_received(app: Any) -> None:
    petition_id = make.make_petition(app)
    signed = make.make_signature(app, petition_id)
    tally = make.tally(app, petition_id)
    assert (tally["unconfirmed"], tally["received_total"], tally["states"]["received"]) == (0, 1, 1)
    assert make.state_of(app, signed.id) == "received"
    assert make.problems(app, petition_id) == []


def test_the_same_form_sent_twice_stores_once_and_mails_once(app: Any) -> None:
    petition_id = make.make_petition(app)
    new = make.new_signature()
    with make.acting(app):
        first = signing.sign(new, petition=make.petition(petition_id), at=utcnow())
    with make.acting(app):
        second = signing.sign(new, petition=make.petition(petition_id), at=utcnow())
    assert first == second
    assert (rows(app, Signature), rows(app, Job), rows(app, Confirmation)) == (1, 1, 1)
    assert make.tally(app, petition_id)["unconfirmed"] == 1


def test_a_person_may_send_two_forms_and_gets_the_same_kind_of_answer(app: Any) -> None:
    petition_id = make.make_petition(app)
    one = make.submit(app, petition_id, make.new_signature("Ada Sample", email="ada@example.org"))
    two = make.submit(app, petition_id, make.new_signature("Ada Sample", email="ada@example.org"))
    assert one.pending != two.pending
    assert len(one.pending) == len(two.pending) == 32
    assert rows(app, Signature) == 2


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_a_petition_that_takes_no_signatures_stores_none(app: Any, state: str) -> None:
    petition_id = make.make_petition(app, state=state)
    with pytest.raises(ClosedForSigningError):
        make.submit(app, petition_id)
    assert rows(app, Signature) == 0


def test_five_wrong_codes_use_up_the_tries_and_the_right_one_comes_too_late(app: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)
    for _ in range(5):
        assert try_code(app, petition_id, submitted.pending, WRONG) is None
    for code in (WRONG, submitted.code):
        with pytest.raises(WrongCodeError):
            try_code(app, petition_id, submitted.pending, code)
    with pytest.raises(WrongCodeError):
        try_code(app, petition_id, "", submitted.code)  # A lost page is no way around.
    assert make.tally(app, petition_id)["unconfirmed"] == 1


def test_four_wrong_codes_leave_one_try(app: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)
    for _ in range(4):
        assert try_code(app, petition_id, submitted.pending, WRONG) is None
    make.confirm(app, petition_id, submitted)
    assert make.tally(app, petition_id)["states"]["received"] == 1


def test_a_code_lasts_two_hours_and_dies_within_the_next_quarter(app: Any) -> None:
    petition_id = make.make_petition(app)
    start = utcnow()
    submitted = make.submit(app, petition_id, at=start)
    with pytest.raises(WrongCodeError):
        try_code(app, petition_id, submitted.pending, submitted.code, at=start + timedelta(minutes=135, seconds=1))
    with pytest.raises(WrongCodeError):
        try_code(app, petition_id, "", submitted.code, at=start + timedelta(minutes=135, seconds=1))
    assert try_code(app, petition_id, submitted.pending, submitted.code, at=start + timedelta(minutes=120))


def test_a_used_code_says_so_and_makes_no_second_secret(app: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)
    start = utcnow()
    signed = make.confirm(app, petition_id, submitted, at=start)
    again = try_code(app, petition_id, submitted.pending, submitted.code.lower(), at=start + timedelta(minutes=30))
    assert again.secret_code == signed.secret_code
    with pytest.raises(AlreadyConfirmedError):
        try_code(app, petition_id, submitted.pending, submitted.code, at=start + timedelta(minutes=46))
    with make.looking(app):
        assert signing.find_by_code(signed.secret_code)[0].id == signed.id


def test_a_lost_page_confirms_with_the_code_alone(app: Any) -> None:
    petition_id = make.make_petition(app)
    submitted = make.submit(app, petition_id)
    typed = submitted.code.lower().replace("-", " ")
    assert try_code(app, petition_id, "", typed)
    assert make.tally(app, petition_id)["states"]["received"] == 1


def test_a_code_confirms_nothing_on_another_petition_or_another_page(app: Any) -> None:
    petition_id, other_id = make.make_petition(app), make.make_petition(app, "other-letter")
    submitted, neighbour = make.submit(app, petition_id), make.submit(app, petition_id)
    with pytest.raises(WrongCodeError):
        try_code(app, other_id, submitted.pending, submitted.code)
    with pytest.raises(WrongCodeError):
        try_code(app, other_id, "", submitted.code)
    assert try_code(app, petition_id, neighbour.pending, submitted.code) is None
    with pytest.raises(WrongCodeError):
        try_code(app, petition_id, "0" * 32, submitted.code)


def test_without_mail_the_page_alone_confirms(app: Any) -> None:
    petition_id = make.make_petition(app, mail="none")
    submitted = make.submit(app, petition_id, make.new_signature(email=""))
    assert submitted.code == ""
    assert rows(app, Job) == 0
    assert try_code(app, petition_id, submitted.pending, "")


@pytest.mark.parametrize("code", ["", WRONG])
def test_without_mail_nobody_confirms_without_the_page(app: Any, code: str) -> None:
    petition_id = make.make_petition(app, mail="optional")
    make.submit(app, petition_id, make.new_signature(email=""))
    with pytest.raises(WrongCodeError):
        try_code(app, petition_id, "", code)


def test_what_nobody_confirms_in_three_days_is_discarded_with_its_keys(app: Any) -> None:
    petition_id = make.make_petition(app)
    start = utcnow()
    submitted = make.submit(app, petition_id, at=start - timedelta(days=5))
    kept = make.submit(app, petition_id, at=start - timedelta(days=2))
    with make.acting(app):
        assert expiry.discard_unconfirmed(petition_id, at=start) == 1
    assert rows(app, SealedKey) == 4  # Those of the one that may still be confirmed.
    tally = make.tally(app, petition_id)
    assert (tally["unconfirmed"], tally["received_total"]) == (1, 0)
    with pytest.raises(WrongCodeError):
        try_code(app, petition_id, submitted.pending, submitted.code, at=start - timedelta(days=5))
    make.confirm(app, petition_id, kept, at=start - timedelta(days=2))
    assert make.problems(app, petition_id) == []


# --- the secret code --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_secret_code_opens_its_own_signature_in_either_language(app: Any, language: str) -> None:
    petition_id = make.make_petition(app)
    signed = make.make_signature(app, petition_id, language=language)
    make.make_signature(app, petition_id, language=language)
    with make.looking(app):
        signature, entropy = signing.find_by_code(f" {signed.secret_code.upper()} ")
        assert signature.id == signed.id
        assert signature.signer_key == signer_box.signer_keys(entropy, petition_id).public_key().public_bytes_raw()


def test_a_wrong_code_and_an_unknown_code_are_told_alike(app: Any) -> None:
    make.make_signature(app, make.make_petition(app))
    unknown, _ = codes.new_secret_code("en")
    said = set()
    for typed in (unknown, "twelve words that are not any code at all but only words", "", "x"):
        with make.looking(app), pytest.raises(UnknownCodeError) as error:
            signing.find_by_code(typed)
        said.add(str(error.value))
    assert len(said) == 1


def test_a_signature_without_a_code_is_not_found_by_an_empty_one(app: Any) -> None:
    petition_id = make.make_petition(app)
    make.import_rows(app, petition_id, "Ada Sample")
    with make.looking(app), pytest.raises(UnknownCodeError):
        signing.find_by_code("")


@pytest.mark.parametrize("consent", [-1, 4, 99])
def test_there_are_four_ways_of_publishing_and_no_other(app: Any, consent: int) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    with pytest.raises(ConsentError):
        make.change_consent(app, signed, consent)


def test_the_signer_may_raise_and_lower_what_is_published(app: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app), consent=0)
    for consent in (3, 1, 2, 0):
        make.change_consent(app, signed, consent)
        with make.looking(app):
            assert db.session.get_one(Signature, signed.id).publication_tier == consent


def test_a_withdrawn_signature_stays_withdrawn(app: Any) -> None:
    petition_id = make.make_petition(app)
    signed = make.make_signature(app, petition_id)
    make.withdraw(app, signed)
    with pytest.raises(UnknownCodeError):
        make.withdraw(app, signed)
    with pytest.raises(UnknownCodeError):
        make.change_consent(app, signed, 3)
    tally = make.tally(app, petition_id)
    assert (tally["received_total"], tally["states"]["withdrawn"], tally["not_counted"]) == (1, 1, 1)
    assert make.problems(app, petition_id) == []


# --- states -----------------------------------------------------------------------------------------------------


def test_every_move_is_carried_out_or_refused_as_the_drawing_says(app: Any) -> None:
    petition_id = make.make_petition(app)
    signed = make.make_signature(app, petition_id)
    for state in STATES:
        for to in STATES:
            with app.app_context(), make.transaction() as work:
                signature = db.session.get_one(Signature, signed.id)
                signature.state = state  # Only inside this transaction, which ends in a rollback.
                db.session.flush()
                if to in MOVES[state]:
                    states.move(signature, to)
                    assert signature.state == to
                else:
                    with pytest.raises(StateError):
                        states.move(signature, to)
                    assert signature.state == state
                work.discard()
    assert make.state_of(app, signed.id) == "received"


def test_the_database_itself_refuses_a_state_that_does_not_exist(app: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app))
    with pytest.raises(IntegrityError, match="state_known"), make.acting(app):
        db.session.get_one(Signature, signed.id).state = "lost"


def test_a_signature_keeps_the_version_of_the_text_it_signed(app: Any) -> None:
    petition_id = make.make_petition(app)
    signed = make.make_signature(app, petition_id)
    with make.acting(app):
        petition = make.petition(petition_id)
        new = petitions.NewPetition(
            slug=petition.slug,
            titles=petition.text.titles,
            texts={"en": "Another text.", "ru": "Другой текст."},
            addressee=petition.addressee,
            who_may_sign=petition.who_may_sign,
            mode=petition.mode,
        )
        petitions.edit(petition, new, has_signed=signing.has_any, by=None, at=utcnow())
    later = make.make_signature(app, petition_id)
    with make.looking(app):
        versions = {version.id: version.number for version in make.petition(petition_id).versions}
        assert versions[db.session.get_one(Signature, signed.id).text_version_id] == 1
        assert versions[db.session.get_one(Signature, later.id).text_version_id] == 2


def test_what_was_sealed_at_signing_opens_for_the_desk(app: Any) -> None:
    signed = make.make_signature(app, make.make_petition(app), "Ada Sample", email="ada@example.org")
    with make.looking(app):
        signature = db.session.get_one(Signature, signed.id)
        assert sealing.open_identity(signature).name == "Ada Sample"
        assert sealing.open_address(signature) == "ada@example.org"
