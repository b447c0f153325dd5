"""The local desk: machines of reviewers and a server that opens nothing, over real HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from petition_app.clock import utcnow
from petition_app.crypto.signer_box import signer_keys
from petition_app.keys.models import DuressAlarm
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally.models import PublishedName
from petition_app.verification.dialogue import questions
from petition_app.verification.models import Decision, Evidence, Lease
from tests import factories as make
from tests.conftest import only_sqlite
from tests.local_desk.desks import LocalDesk, agree
from tests.roster.test_services import bring
from tests.verification.decisions.test_policy import OTHERS, VERA

Start = Callable[..., LocalDesk]
TODAY = utcnow().date().isoformat()
REACHED = {"contact": "live_call", "contacted_on": TODAY}


def id_of(case: str | None) -> UUID:
    """Return the id in a case's path."""
    assert case, "no case was given"
    return UUID(case.split("/")[-1].split("?")[0])


def sealed_batch(app: Any, *names: str, reviewers: int = 1, **fields: Any) -> tuple[make.World, list[make.Signed]]:
    """Make a sealed petition with signatures in a sealed batch; the keys are then locked again."""
    world = make.make_sealed_world(app, reviewers=reviewers, **fields)
    if fields.get("roster"):
        bring(app, world.petition_id, VERA, *OTHERS)
    signed = [make.make_signature(app, world.petition_id, name) for name in names]
    make.seal(app, world.petition_id, by=world.organizer)
    make.lock_keys()
    return world, signed


def in_turn(desk: LocalDesk, acts: dict[UUID, dict[str, str]]) -> None:
    """Take each waiting case and decide those that are named; the others are put back."""
    seen: set[UUID] = set()
    while acts and (case := desk.next()):
        if id_of(case) in acts:
            answer = desk.decide(case, **acts.pop(id_of(case)))
            assert answer.status_code == 303, answer.text
        else:
            assert id_of(case) not in seen, "the desk does not give these cases"
            seen.add(id_of(case))
            desk.post(f"{case}/put-back")
    assert not acts


def until_given(desk: LocalDesk, wanted: UUID) -> str:
    """Put cases back until this one is given; return its path."""
    for _ in range(10):
        case = desk.next()
        if id_of(case) == wanted:
            return str(case)
        desk.post(f"{case}/put-back")
    raise AssertionError("the desk does not give this case")


def test_two_reviewers_verify_whom_the_server_cannot_read(app: Any, desk: Start) -> None:
    world, (first, again) = sealed_batch(
        app, "Луговая Вера Ильинична", "Вера Ильинична Луговая", reviewers=2, roster=True
    )
    verified = {"outcome": "verified", "entry": "r1", "agrees": "1", "grounds": "She told me herself."} | REACHED
    repeated = {"outcome": "duplicate", "duplicate_of": str(first.id)}
    for reviewer in world.reviewers:
        mine = desk(world, reviewer)
        in_turn(mine, {first.id: verified})
        assert make.state_of(app, first.id) == "checking", "it waits while the other one is open"
        in_turn(mine, {again.id: repeated})
        if reviewer == world.reviewers[0]:
            assert make.state_of(app, again.id) == "checking", "one reviewer is not enough"
    assert make.state_of(app, again.id) == "duplicate"
    assert mine.next() is None
    assert make.state_of(app, first.id) == "verified", "who opens the keys next carries out what waited"
    assert make.problems(app, world.petition_id) == []
    keys = make.open_keys(app, world)
    with make.acting(app):
        row = db.session.get_one(Signature, first.id)
        assert row.entry_index == keys.index("entry", "r1")
        notes = [note.get("text") for note in sealing.open_case(row) if note.get("kind") == "grounds"]
        assert notes == ["She told me herself."] * 2
        assert not db.session.scalars(db.select(Signature).where(Signature.match_index.is_not(None))).all()


@only_sqlite
def test_every_act_of_the_desk_reaches_the_server(app: Any, desk: Start) -> None:
    world, signed = sealed_batch(app, "Аксинья Долгая", "Борис Крутых", "Торстейн Глыбин", "Thorstein Glybin")
    mine, (refused, asked, original, again) = desk(world, world.reviewers[0]), signed
    in_turn(mine, {refused.id: {"outcome": "rejected", "reason": "not_eligible", "note": "Not a deputy."}})
    assert make.state_of(app, refused.id) == "rejected"

    case = until_given(mine, asked.id)
    found = {"kind": "live_call", "strength": "3", "on": TODAY, "seen": "Called the council."}
    assert mine.post(f"{case}/evidence", **found).status_code == 303
    assert "Called the council." in mine.page(f"{case}")
    with make.looking(app):
        (row,) = db.session.scalars(db.select(Evidence)).all()
        assert (row.signature_id, row.kind, row.strength) == (asked.id, "live_call", 3)
        found_id = row.id
    assert mine.post(f"{case}/evidence/{found_id}/remove").status_code == 303
    assert "Called the council." not in mine.page(f"{case}")
    assert mine.post(f"{case}/question", question="Of which council?").status_code == 303
    assert make.state_of(app, asked.id) == "needs_info"
    with make.looking(app):
        signature, entropy = make.signing.find_by_code(asked.secret_code)
        private = signer_keys(entropy, world.petition_id)
        assert [each.text for each in questions.questions_for(signature, private)] == ["Of which council?"]
    make.answer(app, asked, "Of the northern one.")
    case = until_given(mine, asked.id)
    page = mine.page(str(case))
    assert "Of which council?" in page
    assert "Of the northern one." in page
    assert mine.decide(str(case)).status_code == 303
    assert "The signature is now: verified" in mine.page("desk")

    case = mine.next()
    other = again if id_of(case) == original.id else original
    assert other.name in mine.page(str(case)), "the possible duplicate is shown"
    mine.decide(str(case), outcome="duplicate", duplicate_of=str(other.id))
    assert {make.state_of(app, each.id) for each in (original, again)} == {"duplicate", "checking"}
    assert make.problems(app, world.petition_id) == []


@only_sqlite
def test_what_the_server_refuses_did_not_happen(app: Any, desk: Start) -> None:
    world, (signed,) = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.reviewers[0], unlocked=False)
    assert "/unlock" in mine.post("next").headers["location"]
    assert "This passphrase is not right" in mine.unlock("not the passphrase at all").text
    assert mine.unlock().status_code == 303
    case = mine.next()
    with make.acting(app):
        db.session.execute(db.delete(Lease))
    answer = mine.decide(str(case))
    assert answer.status_code == 409
    assert "This case is not yours any more" in answer.text
    assert "Your decision is recorded" not in mine.page("desk")
    assert mine.decide(str(mine.next())).status_code == 303
    assert make.state_of(app, signed.id) == "verified"


@only_sqlite
def test_what_is_not_done_here_is_done_on_the_server(app: Any, server: str, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.organizer)
    answer = mine.get("people")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{server}/organizer/p/{world.slug}/people")
    assert mine.post("freezing").status_code in (404, 405, 409)
    assert mine.browser.post(mine.start).status_code == 409, "the address works once"
    rebound = mine.browser.get(f"/organizer/p/{world.slug}/desk", headers={"Host": "desk.example.org"})
    assert rebound.status_code in (400, 421)


@only_sqlite
def test_an_organizers_machine_opens_the_names_that_are_due(app: Any, desk: Start) -> None:
    world, signed = sealed_batch(app, *(f"Алиса Звонкая-{letter}лова" for letter in "АБВГД"))
    mine = desk(world, world.reviewers[0])
    in_turn(mine, {each.id: {"outcome": "verified"} | REACHED for each in signed})

    def shown() -> list[str]:
        with make.looking(app):
            return sorted(db.session.scalars(db.select(PublishedName.name)))

    mine = desk(world, world.organizer)
    assert shown() == [], "nothing is opened before somebody has looked at it"
    second = make.make_person(app, world.petition_id, "organizer")
    page = mine.publish_due(lambda: agree(app, world.petition_id, second))
    assert all(each.name in page for each in signed)
    assert shown() == sorted(each.name for each in signed)


@only_sqlite
def test_the_passphrase_for_duress_raises_the_alarm_on_the_server(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    duress = "words that are given up"
    person = make.make_person(app, world.petition_id, "reviewer")
    with make.acting(app):
        made = make.member_keys.make_account_key(make.account(person), make.PASSPHRASE, duress=duress, at=utcnow())
        assert made
    keys = make.open_keys(app, world)
    with make.acting(app):
        make.key_services.grant(person.id, world.petition_id, keys, by=make.account(world.organizer), at=utcnow())
    make.lock_keys()
    mine = desk(world, person, unlocked=False)
    assert mine.unlock(duress).status_code == 303
    assert mine.next() is None
    with make.looking(app):
        assert db.session.get_one(DuressAlarm, person.id).raised_at
        assert not [each for each in make.key_services.list_holders(world.petition_id)
                    if each.account.id == person.id and each.holds]  # fmt: skip


@only_sqlite
def test_the_desk_leaves_nothing_behind(app: Any, desk: Start) -> None:
    world, _ = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.reviewers[0])
    mine.next()
    files = {link.readlink() for link in Path(f"/proc/{mine.process.pid}/fd").iterdir() if link.is_symlink()}
    (folder,) = {path.parent for path in files if path.name.startswith("mirror.db")}
    kept = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert "Долгая".encode() not in kept
    mine.close()
    assert not folder.exists()


@only_sqlite
def test_a_second_reviewers_machine_is_told_no_verdict(app: Any, desk: Start) -> None:
    world, (signed,) = sealed_batch(app, "Аксинья Долгая", reviewers=2)
    in_turn(desk(world, world.reviewers[0]), {signed.id: {"outcome": "verified"} | REACHED})
    mine = desk(world, world.reviewers[1])
    assert mine.next()
    files = {link.readlink() for link in Path(f"/proc/{mine.process.pid}/fd").iterdir() if link.is_symlink()}
    (mirror,) = {path for path in files if path.name == "mirror.db"}
    with sqlite3.connect(mirror) as known:
        assert known.execute("SELECT count(*) FROM signatures").fetchone() == (1,)
        assert known.execute("SELECT count(*) FROM decisions").fetchone() == (0,)
    known.close()
    with make.looking(app):
        assert len(db.session.scalars(db.select(Decision)).all()) == 1
