"""The server's door for local desks: who is let in, which acts are taken, and what the server never holds."""

from __future__ import annotations

import gc
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from petition_app.accounts import desk_tokens
from petition_app.accounts import services as accounts
from petition_app.accounts.services import find_member
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.keys import member_keys
from petition_app.keys.models import AccountKey
from petition_app.keys.open_keys import OpenKeys
from petition_app.local_desk.client import GoneError, NoDoorError, Server, TokenError, WaitError
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.tally import services as publishing
from petition_app.tally.models import PublishedName
from petition_app.verification.cases import judged_names
from petition_app.verification.models import Lease
from petition_app.verification.remote import signed_commands
from tests import factories as make
from tests.conftest import only_sqlite
from tests.local_desk.desks import LocalDesk, agree, make_token

pytestmark = only_sqlite


class Machine:
    """A member's own machine without any program: token, signing key and plain HTTP."""

    def __init__(self, app: Any, server: str, world: make.World, person: make.Person) -> None:
        self.app, self.world, self.person = app, world, person
        self.url = f"{server}/desk/{world.slug}"
        self.token = make_token(app, world.petition_id, person)
        with make.looking(app):
            halves = member_keys.open_account_key(db.session.get_one(AccountKey, person.id), make.PASSPHRASE)
        assert halves
        self.signing = halves[1]

    def get(self, path: str, *, token: str | None = None) -> httpx.Response:
        return httpx.get(f"{self.url}/{path}", headers={"Authorization": f"Bearer {token or self.token}"})

    def post(self, path: str, **content: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/{path}", json=content, headers={"Authorization": f"Bearer {self.token}"})

    def body(self, name: str, case: UUID, *, at: Any = None, made: Any = None, **args: Any) -> bytes:
        act = {"act": name, "case": str(case), "args": args, "made": made or {}, "nonce": secrets.token_hex(16)}
        return json.dumps(act | {"at": (at or utcnow()).isoformat()}).encode()

    def send(self, body: bytes, *, signing: bytes | None = None, petition_id: UUID | None = None) -> httpx.Response:
        petition_id = petition_id or self.world.petition_id
        signed = signed_commands.sign(body, signing or self.signing, petition_id=petition_id, account_id=self.person.id)
        headers = {"Authorization": f"Bearer {self.token}", "X-Signature": signed.hex()}
        return httpx.post(f"{self.url}/acts", content=body, headers=headers)


@pytest.fixture
def world(app: Any) -> make.World:
    """A sealed petition with one signature in a batch, its keys locked."""
    world = make.make_sealed_world(app, reviewers=1)
    make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.take(app, world.petition_id, world.reviewers[0])
    make.lock_keys()
    return world


@pytest.fixture
def machine(app: Any, server: str, world: make.World) -> Machine:
    """The machine of the reviewer, who holds the one case."""
    return Machine(app, server, world, world.reviewers[0])


@pytest.fixture
def case(app: Any, world: make.World) -> UUID:
    """The case that the reviewer holds."""
    with make.looking(app):
        return db.session.scalars(db.select(Lease.signature_id)).one()


REJECTED = {"outcome": "rejected", "reason": "not_found"}
NOTHING: dict[str, Any] = {"matches": {}, "same_entry": {}}


def test_a_token_opens_one_petition_to_one_member_while_it_lasts(
    app: Any, server: str, world: make.World, machine: Machine
) -> None:
    answer = machine.get("mirror")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert "password" not in answer.text
    assert machine.get("names").status_code == 404, "names are an organizer's"
    assert machine.get("mirror", token="wrong").status_code == 404
    assert httpx.get(f"{machine.url}/mirror").status_code == 404
    make.make_petition(app, "other-letter")
    elsewhere = httpx.get(f"{server}/desk/other-letter/mirror", headers={"Authorization": f"Bearer {machine.token}"})
    assert elsewhere.status_code == 404
    with make.acting(app):
        member = make.account(machine.person)
        assert member
        assert desk_tokens.find(machine.token, at=utcnow() + timedelta(hours=12, seconds=1)) is None
        desk_tokens.withdraw(world.petition_id, by=member, at=utcnow())
    assert machine.get("mirror").status_code == 404


def test_who_loses_the_role_loses_the_token(app: Any, world: make.World, machine: Machine) -> None:
    with make.acting(app):
        membership = find_member(machine.person.email, petition_id=world.petition_id)
        accounts.remove_member(membership.id, petition_id=world.petition_id, by=None, at=utcnow())
    assert machine.get("mirror").status_code == 404


def test_guessing_tokens_is_slowed_down(machine: Machine) -> None:
    answers = [machine.get("mirror", token=f"guess{number}").status_code for number in range(22)]
    assert answers == [404] * 20 + [429] * 2


def test_an_act_counts_once_and_only_with_the_members_own_signature(machine: Machine, case: UUID) -> None:
    body = machine.body("put_back", case)
    assert "not signed with your key" in machine.send(body, signing=secrets.token_bytes(32)).text
    assert "not signed with your key" in machine.send(body, petition_id=UUID(int=0)).text
    late = machine.body("put_back", case, at=utcnow() - timedelta(minutes=16))
    assert "clock" in machine.send(late).text
    assert machine.send(body).status_code == 200
    again = machine.send(body)
    assert again.status_code == 409
    assert "sent twice" in again.text


def test_what_a_run_of_matching_sends_may_be_larger_than_any_form(server: str, machine: Machine, case: UUID) -> None:
    world, body = machine.world, machine.body("put_back", case, padding="x" * 1_500_000)
    signed = signed_commands.sign(body, machine.signing, petition_id=world.petition_id, account_id=machine.person.id)
    assert Server(server, world.slug, machine.token).act(body, signed) == {"state": ""}


def test_what_does_not_fit_is_refused_whole(app: Any, machine: Machine, case: UUID) -> None:
    box = "A" * 40
    foreign = {"signature_id": str(UUID(int=7)), "box": box, "key": box}
    for body in (
        b"not json",
        b"[]",
        machine.body("no_such_act", case),
        machine.body("decide", case, outcome="rejected", wrong="field"),
        machine.body("decide", case, made={"additions": [foreign]}, **REJECTED, note="…"),
        machine.body("decide", case, made={"additions": [foreign]}, **REJECTED),
        machine.body("decide", case, made={"additions": "none"}, **REJECTED),
        machine.body("decide", case, outcome="verified", entry="r1"),
        machine.body("ask", case),
        machine.body("match", case, matched=["x"], number=0),
        machine.body("match", case, matched=[], number="x"),
        machine.body("match", case, matched=[], number=2**40),
        machine.body("match", case, matched=[["x"]], number=0),
        machine.body("decide", case, outcome=["rejected"], reason="not_found"),
        machine.body("decide", case, outcome="rejected", reason=["not_found"]),
        machine.body("decide", case, outcome="rejected", reason={"not_found": 1}),
        machine.body("decide", case, outcome="duplicate", duplicate_of=[str(case)]),
        machine.body("decide", case, outcome="rejected", reason="not_found", contacted_on=["2026-11-29"]),
        machine.body("add_evidence", case, kind="live_call", strength=float("inf"), on="2026-11-29"),
        machine.body("add_evidence", case, kind=["live_call"], strength=3, on="2026-11-29"),
        machine.body("remove_evidence", case, evidence_id=[str(case)]),
        machine.body(
            "decide",
            case,
            made=NOTHING | {"matches": {str(case): {"number": 1e999, "verdict": "none", "marks": []}}},
            **REJECTED,
        ),
        machine.body(
            "decide",
            case,
            made=NOTHING | {"matches": {str(case): {"number": 1, "verdict": "x" * 99, "marks": []}}},
            **REJECTED,
        ),
        b'{"act": ' + b"[" * 100_000,
    ):
        answer = machine.send(body)
        assert answer.status_code == 409, body
        assert "does not fit" in answer.text, body
    assert make.state_of(app, case) == "checking"
    done = machine.send(machine.body("decide", case, made=NOTHING, **REJECTED))
    assert done.json() == {"state": "rejected"}


def test_no_organizer_publishes_words_that_nobody_judged(app: Any, server: str, world: make.World, case: UUID) -> None:
    make.open_keys(app, world)
    make.put_back(app, world.petition_id, case, world.reviewers[0])
    assert make.decide(app, world.petition_id, case, world.reviewers[0]) == "verified"
    with make.acting(app):
        identity, key = judged_names.open_name(db.session.get_one(Signature, case))
    make.lock_keys()
    with make.acting(app):
        publishing.publish_now(make.petition(world.petition_id), by=None, at=utcnow())
    organizer = Machine(app, server, world, world.organizer)

    def hand_over(**words: str) -> httpx.Response:
        names = {str(case): vars(identity) | words}
        return organizer.send(
            organizer.body("names", case, made={"names": names, "judged_keys": {str(case): key.hex()}})
        )

    second = make.make_person(app, world.petition_id, "organizer")
    assert hand_over().status_code == 409, "one organizer alone publishes nothing"
    assert organizer.send(organizer.body("ask_names", case, cases=[str(case)])).json()["number"] == 1
    assert "Ask for it first" in hand_over().text, "the other one has not agreed"
    agree(app, world.petition_id, second)
    for words in ({"name": "Вера Луговая"}, {"role": "mayor"}, {"place": ""}, {"name": f"{identity.name} "}):
        answer = hand_over(**words)
        assert answer.status_code == 409, words
        assert "does not fit" in answer.text, words
    with make.looking(app):
        assert db.session.scalars(db.select(PublishedName)).all() == []
    assert hand_over().json() == {"state": "", "number": 1}
    with make.looking(app):
        acts = set(
            db.session.scalars(
                db.select(AuditEvent.act).where(AuditEvent.actor_id.in_((organizer.person.id, second.id)))
            )
        )
    assert {"approval.asked_desk_names", "approval.confirmed_desk_names", "names.opened"} <= acts


def test_only_names_that_are_due_can_be_asked_for(app: Any, server: str, world: make.World, case: UUID) -> None:
    make.make_person(app, world.petition_id, "organizer")
    organizer = Machine(app, server, world, world.organizer)
    for cases in ([], [str(case)], [str(case), str(case)], "all", [["x"]], [str(UUID(int=7))], None):
        answer = organizer.send(organizer.body("ask_names", case, cases=cases))
        assert answer.status_code == 409, cases
        assert "does not fit" in answer.text, cases


def test_a_verdict_without_a_proof_of_its_name_is_not_taken(app: Any, machine: Machine, case: UUID) -> None:
    reached = {"contact": "live_call", "contacted_on": utcnow().date().isoformat()}
    answer = machine.send(machine.body("decide", case, made=NOTHING, outcome="verified", **reached))
    assert answer.status_code == 409
    assert make.state_of(app, case) == "checking"


def test_nobody_gets_the_whole_list_without_a_need(app: Any, machine: Machine, case: UUID) -> None:
    def borrow() -> Any:
        return machine.send(machine.body("borrow", case, after=None)).json()["signatures"]

    assert borrow() == [], "every case is matched"
    with make.acting(app):
        db.session.get_one(Signature, case).matched_roster = None
    assert len(borrow()) == 1


def test_a_refusal_says_what_it_is(app: Any, server: str, world: make.World, machine: Machine, case: UUID) -> None:
    mine = Server(server, world.slug, machine.token)
    with pytest.raises(GoneError):
        mine.act(*signed(machine, machine.body("put_back", UUID(int=7))))
    with pytest.raises(NoDoorError):
        Server(f"{server}/elsewhere", world.slug, machine.token).get("mirror")
    wrong = Server(server, world.slug, "wrong")
    for _ in range(20):
        with pytest.raises(TokenError):
            wrong.get("mirror")
    with pytest.raises(WaitError):
        wrong.get("mirror")


def signed(machine: Machine, body: bytes) -> tuple[bytes, bytes]:
    words = {"petition_id": machine.world.petition_id, "account_id": machine.person.id}
    return body, signed_commands.sign(body, machine.signing, **words)


def test_a_frozen_petition_gives_nothing_out(app: Any, world: make.World, machine: Machine) -> None:
    with make.acting(app):
        from petition_app.petitions.freezing import freeze

        freeze(make.petition(world.petition_id), by=None, at=utcnow())
    answer = machine.post("next")
    assert answer.status_code == 409
    assert "frozen" in answer.text


def test_the_server_has_no_unlock_route_and_never_holds_a_private_key(
    app: Any, desk: Any, world: make.World, machine: Machine
) -> None:
    assert not [rule for rule in app.url_map.iter_rules() if "unlock" in rule.rule]
    make.put_back(app, world.petition_id, _held(app), world.reviewers[0])
    mine = desk(world, world.reviewers[0])
    held = mine.next()
    assert mine.decide(held).status_code == 303
    with make.looking(app):
        halves = member_keys.open_account_key(db.session.get_one(AccountKey, world.reviewers[0].id), make.PASSPHRASE)
        assert halves
    keys = {halves[0], halves[1]}
    del halves, machine.signing
    gc.collect()
    assert not [found for found in gc.get_objects() if isinstance(found, OpenKeys)]
    holders = [type(found) for found in gc.get_objects() if _holds(found, keys)]
    assert holders == []


def _held(app: Any) -> UUID:
    with make.looking(app):
        return db.session.scalars(db.select(Lease.signature_id)).one()


def _holds(found: Any, keys: set[bytes]) -> bool:
    """Return whether a container of the process holds one of these keys; the test's own set does not count."""
    if found is keys or not isinstance(found, dict | list | tuple | set | frozenset):
        return False
    values = list(found.values()) if isinstance(found, dict) else list(found)
    return any(type(value) is bytes and len(value) == 32 and value in keys for value in values)


def test_a_desk_without_a_good_token_or_server_says_so(server: str, world: make.World, tmp_path: Path) -> None:
    for address, token, words in (
        (server, "wrong", "does not take this token"),
        ("http://127.0.0.1:9", "any", "cannot be reached"),
        ("http://letters.example.org", "any", "must begin with https://"),
    ):
        desk = LocalDesk(address, world.slug, token, tmp_path / "desk", fails=True)
        assert desk.code == 1
        assert words in desk.said
        assert len(desk.said.splitlines()) == 1
