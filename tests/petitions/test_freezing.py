"""A freeze: one act stops everything, the numbers are signed, two people must agree to go on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update

from petition_app.accounts import approvals
from petition_app.accounts.models import Account
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.petitions import freezing, signing_key
from petition_app.petitions.models import SigningKey
from petition_app.signatures.new_signatures import ClosedForSigningError
from petition_app.storage.db import db
from petition_app.tally.models import PublishedName
from petition_app.verification.models import Lease
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make
from tests.web.test_access import paths

NAME = "Ада Луговая"
PUBLIC = ("", "/signatories", "/signatories?place=Springfield+council", "/updates", "/updates.atom", "/embed", "/sign")


def freeze(app: Any, world: make.World, **words: Any) -> None:
    with make.acting(app):
        freezing.freeze(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow(), **words)


def unfreeze(app: Any, world: make.World, by: make.Person, at: Any = None) -> bool:
    with make.acting(app):
        return freezing.unfreeze(make.petition(world.petition_id), by=make.account(by), at=at or utcnow())


def acts(app: Any) -> set[str]:
    with make.looking(app):
        return set(db.session.scalars(db.select(AuditEvent.act)))


def press(client: Any, slug: str, path: str, **data: Any) -> Any:
    token = make.csrf_token(client, "/organizer/password")
    return client.post(f"/organizer/p/{slug}{path}", data={"csrf_token": token, **data})


def named_world(app: Any) -> make.World:
    world = make.make_world(app)
    for number in range(5):
        make.make_verified(app, world, NAME if not number else None)
    make.publish_waiting(app)
    assert NAME in app.test_client().get(f"/p/{world.slug}").text
    return world


# --- what stops -------------------------------------------------------------------------------------------------


def test_names_leave_every_public_page_and_the_counts_stay(app: Any, client: Any) -> None:
    world = named_world(app)
    before = client.get(f"/p/{world.slug}/status.json").json
    freeze(app, world)
    for page in PUBLIC:
        answer = client.get(f"/p/{world.slug}{page}")
        assert answer.status_code == 200
        assert NAME not in answer.text
        assert "Springfield" not in answer.text.replace("place=Springfield", "")
    after = client.get(f"/p/{world.slug}/status.json").json
    assert {**after, "as_of": ""} == {**before, "as_of": ""}
    assert "This letter is frozen since" in client.get(f"/p/{world.slug}").text
    with make.looking(app):
        assert db.session.scalars(db.select(PublishedName.name)).all() == []


def test_words_that_people_wrote_leave_the_timeline(app: Any, client: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    words = {"en": "Ada has signed.", "ru": "Ада подписала."}
    make.seal(app, world.petition_id, by=world.organizer, announcement=words, written_for=1)
    for page in ("", "/updates", "/updates.atom"):
        assert "Ada has signed." in client.get(f"/p/{world.slug}{page}").text
    freeze(app, world)
    for page in ("", "/updates", "/updates.atom"):
        assert "Ada has signed." not in client.get(f"/p/{world.slug}{page}").text


def test_intake_stops_and_nothing_is_stored(app: Any, client: Any, cli: Any, tmp_path: Any) -> None:
    world = make.make_world(app)
    form = make.form_with(client.get(f"/p/{world.slug}/sign"), "form")["form"]
    waiting = make.submit(app, world.petition_id)
    cli("petitions", "freeze", world.slug)
    before = dumps.tables(app)
    assert client.post(f"/p/{world.slug}/sign", data=make.fill_sign_form(form)).status_code == 409
    answer = client.post(f"/p/{world.slug}/confirm", data={"pending": waiting.pending, "code": waiting.code})
    assert answer.status_code == 409
    assert "frozen" in answer.text
    file = tmp_path / "rows.csv"
    file.write_text("name\nVera Sample\n")
    assert "frozen" in cli("signatures", "import", world.slug, file, code=1).output
    for command in (
        ("petitions", "close", world.slug),
        ("batches", "seal", world.slug),
        ("tally", "publish", world.slug),
    ):
        assert "frozen" in cli(*command, code=1).output
    after = dumps.tables(app)
    kept = set(before) - {"imports", "staged_rows"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_every_desk_is_locked_and_every_lease_ends(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    make.take(app, world.petition_id, world.reviewers[0])
    reviewer, organizer = make.signed_in(app, world.reviewers[0]), make.signed_in(app, world.organizer)
    assert press(organizer, world.slug, "/freeze", to="on").status_code == 303
    with make.looking(app):
        assert db.session.scalars(db.select(Lease)).all() == []
    before = dumps.tables(app)
    for client in (reviewer, organizer):
        for endpoint, methods, path in paths(app, signature_id=signed.id):
            name = endpoint.removeprefix("staff.")
            if not name.startswith(("desk.", "bulk.", "verification.", "second_look.")) or not endpoint.startswith(
                "staff."
            ):
                continue
            token = make.csrf_token(client, "/organizer/password")
            for method in methods & {"GET", "POST"}:
                answer = client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
                assert answer.status_code in (404, 409), (endpoint, answer.status_code)
                assert answer.status_code == 404 or "frozen" in answer.text
    assert press(reviewer, world.slug, f"/cases/{signed.id}/decisions", outcome="rejected").status_code == 409
    assert dumps.tables(app) == before


def test_services_refuse_too(app: Any) -> None:
    world = make.make_world(app)
    signed = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    freeze(app, world)
    for call in (
        lambda: make.take(app, world.petition_id, world.reviewers[0]),
        lambda: make.decide(app, world.petition_id, signed.id, world.reviewers[0]),
        lambda: make.seal(app, world.petition_id),
        lambda: make.act(app, "reopen", world.petition_id, signed.id, world.organizer),
        lambda: make.set_state(app, world.petition_id, "paused"),
    ):
        with pytest.raises(freezing.FrozenError):
            call()
    with pytest.raises(ClosedForSigningError):
        make.make_signature(app, world.petition_id)


def test_the_worker_leaves_a_frozen_petition_alone(app: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id)
    freeze(app, world)
    with app.app_context():
        worker.run_once()
    before = {**dumps.tables(app), "completions": []}  # When a round was done is no act on any petition.
    with app.app_context():
        worker.run_once()
    assert {**dumps.tables(app), "completions": []} == before


def test_a_signer_can_still_withdraw(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, NAME)
    freeze(app, world)
    answer = client.post("/my", data={"code": signed.secret_code, "action": "withdraw"})
    assert answer.status_code == 303
    assert make.state_of(app, signed.id) == "withdrawn"
    assert make.problems(app, world.petition_id) == []


# --- the signed numbers -----------------------------------------------------------------------------------------


def test_the_frozen_numbers_are_signed_and_anybody_can_check_them(app: Any, client: Any) -> None:
    world = named_world(app)
    assert client.get(f"/p/{world.slug}/frozen.json").status_code == 404
    freeze(app, world)
    given = client.get(f"/p/{world.slug}/frozen.json")
    assert given.headers["Access-Control-Allow-Origin"] == "*"
    content = given.json
    assert content["statement"]["status"] == client.get(f"/p/{world.slug}/status.json?lang=en").json
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(content["public_key"]))
    signature = bytes.fromhex(content["signature"])

    def message(statement: dict[str, Any]) -> bytes:
        plain = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return b"countersign/frozen/v1\n" + plain.encode()

    key.verify(signature, message(content["statement"]))
    content["statement"]["status"]["verified"] += 1
    with pytest.raises(InvalidSignature):
        key.verify(signature, message(content["statement"]))
    assert NAME not in given.text


def test_the_signing_key_is_made_once_and_opens_for_its_petition_only(app: Any, run: Any) -> None:
    one, two = make.make_petition(app, "one"), make.make_petition(app, "two")
    with make.acting(app):
        first = signing_key.sign(make.petition(one), b"words", at=utcnow())
        again = signing_key.sign(make.petition(one), b"words", at=utcnow())
        assert (first.public_key, first.signature) == (again.public_key, again.signature)
        assert signing_key.public_key(make.petition(two), at=utcnow()) != first.public_key
    with make.acting(app):
        box = db.session.get_one(SigningKey, one).box
        db.session.get_one(SigningKey, two).box = box
    with make.looking(app), pytest.raises(signing_key.vault.UnreadableError):
        signing_key.sign(make.petition(two), b"words", at=utcnow())


def test_a_lost_key_ring_keeps_nobody_from_freezing(app: Any, client: Any, settings: Any) -> None:
    world = named_world(app)
    ring = settings.instance / "key_ring"
    ring.unlink()
    freeze(app, world)
    assert client.get(f"/p/{world.slug}/frozen.json").json["signature"] is None
    assert NAME not in client.get(f"/p/{world.slug}").text


# --- going on ---------------------------------------------------------------------------------------------------


def test_going_on_takes_two_organizers(app: Any, client: Any) -> None:
    world = named_world(app)
    other = make.make_person(app, world.petition_id, "organizer")
    freeze(app, world)
    assert unfreeze(app, world, world.organizer) is False
    with pytest.raises(approvals.SecondPersonError):
        unfreeze(app, world, world.organizer)
    assert client.get(f"/p/{world.slug}/frozen.json").status_code == 200
    assert unfreeze(app, world, other) is True
    with app.app_context():
        worker.run_once()
    make.publish_waiting(app)
    assert NAME in client.get(f"/p/{world.slug}").text
    assert client.get(f"/p/{world.slug}/frozen.json").status_code == 404
    assert make.problems(app, world.petition_id) == []
    assert make.make_signature(app, world.petition_id)
    assert {"petition.frozen", "approval.asked_unfreeze", "approval.confirmed_unfreeze", "petition.unfrozen"} <= acts(
        app
    )


def test_a_name_withdrawn_during_the_freeze_does_not_come_back(app: Any, client: Any) -> None:
    world = make.make_world(app)
    other = make.make_person(app, world.petition_id, "organizer")
    signed = make.make_verified(app, world, NAME)
    kept = make.make_verified(app, world)
    freeze(app, world)
    client.post("/my", data={"code": signed.secret_code, "action": "consent", "value": "count"})
    unfreeze(app, world, world.organizer)
    unfreeze(app, world, other)
    with app.app_context():
        worker.run_once()
    make.publish_waiting(app)
    page = client.get(f"/p/{world.slug}/signatories").text
    assert kept.name in page


def test_a_proposal_ends_after_a_day_by_refusal_or_with_its_role(app: Any) -> None:
    world = make.make_world(app)
    other = make.make_person(app, world.petition_id, "organizer")
    freeze(app, world)
    now = utcnow()
    assert unfreeze(app, world, world.organizer, at=now) is False
    assert unfreeze(app, world, other, at=now + timedelta(hours=24, seconds=1)) is False
    with make.acting(app):
        freezing.refuse(make.petition(world.petition_id), by=make.account(world.organizer), at=now)
    assert unfreeze(app, world, world.organizer) is False
    assert "approval.taken_back_unfreeze" in acts(app)
    with pytest.raises(NotFoundError):
        unfreeze(app, world, world.reviewers[0])


def test_the_pages_and_the_shell_lead_through_it(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    other = make.make_person(app, world.petition_id, "organizer")
    one, two = make.signed_in(app, world.organizer), make.signed_in(app, other)
    assert press(one, world.slug, "/unfreeze").status_code == 303
    press(one, world.slug, "/freeze")
    with make.looking(app):
        assert make.petition(world.petition_id).frozen_at is None
    press(one, world.slug, "/freeze", to="on")
    press(one, world.slug, "/unfreeze")
    assert "You proposed to go on" in one.get(f"/organizer/p/{world.slug}/switches").text
    assert "Confirm and go on" in two.get(f"/organizer/p/{world.slug}/switches").text
    press(two, world.slug, "/unfreeze/refuse")
    command = ("petitions", "unfreeze", world.slug, "--password-stdin", "--by")
    assert "not right" in cli(*command, world.organizer.email, stdin="wrong\n", code=1).output
    assert "Proposed" in cli(*command, world.organizer.email, stdin=f"{make.PASSWORD}\n").out
    assert "no longer frozen" in cli(*command, other.email, stdin=f"{make.PASSWORD}\n").out


# --- silence ----------------------------------------------------------------------------------------------------


def seen_days_ago(app: Any, person: make.Person, days: int) -> None:
    with make.acting(app):
        day = (utcnow() - timedelta(days=days)).date()
        db.session.execute(update(Account).where(Account.id == person.id).values(seen_on=day))


def opened_days_ago(app: Any, world: make.World, days: int) -> None:
    with make.acting(app):
        make.petition(world.petition_id).opened_at = utcnow() - timedelta(days=days)


def test_silence_of_every_organizer_freezes(app: Any) -> None:
    world = make.make_world(app, freeze_after=7)
    other = make.make_person(app, world.petition_id, "organizer")
    opened_days_ago(app, world, 30)
    seen_days_ago(app, world.organizer, 20)
    seen_days_ago(app, world.reviewers[0], 0)
    seen_days_ago(app, other, 7)
    with app.app_context():
        worker.run_once()
    assert "petition.frozen_silence" not in acts(app)
    seen_days_ago(app, other, 8)
    with app.app_context():
        worker.run_once()
    assert "petition.frozen_silence" in acts(app)


def test_without_a_choice_silence_does_nothing(app: Any) -> None:
    world = make.make_world(app)
    opened_days_ago(app, world, 400)
    with app.app_context():
        worker.run_once()
    assert "petition.frozen_silence" not in acts(app)


def test_a_sign_in_and_the_button_are_signs_of_life_kept_by_the_day(app: Any) -> None:
    world = make.make_world(app, freeze_after=3)
    client = make.signed_in(app, world.organizer)
    for act in (lambda: None, lambda: press(client, world.slug, "/here")):
        act()
        with make.looking(app):
            assert db.session.get_one(Account, world.organizer.id).seen_on == utcnow().date()
        seen_days_ago(app, world.organizer, 2)
    client.get(f"/organizer/p/{world.slug}/switches")
    with make.looking(app):
        assert db.session.get_one(Account, world.organizer.id).seen_on != utcnow().date()


def test_organizers_choose_the_days_on_the_page(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    for days, kept in (("14", 14), ("0", 14), ("999", 14), ("", None)):
        assert press(client, world.slug, "/silence", days=days).status_code == 303
        with make.looking(app):
            assert make.petition(world.petition_id).freeze_after == kept
