"""B43: a hostile server learns from a local desk nothing that was not due, whatever it answers."""

from __future__ import annotations

import base64
import copy
import io
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.crypto import vault
from petition_app.crypto.vault import SealContext
from petition_app.signatures import sealing
from petition_app.storage.db import db
from petition_app.tally import services
from petition_app.tally.models import PublishedName
from petition_app.verification.remote import sealed_export
from tests import factories as make
from tests.conftest import settings_for
from tests.local_desk.desks import LocalDesk, make_token, serving

Answer = dict[str, Any]


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings of a server that never opens keys."""
    return settings_for(tmp_path / "instance", database, unlock_on_server=False)


class Hostile:
    """A server in the hands of somebody else: it keeps what desks send, and answers what it likes."""

    def __init__(self, app: Any) -> None:
        self.inside, self.sent, self.answers = app.wsgi_app, list[bytes](), dict[str, Callable[[Answer], Answer]]()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"].rsplit("/", 1)[-1]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.sent.append(body)
        environ["wsgi.input"] = io.BytesIO(body)
        if "/desk/" not in environ["PATH_INFO"] or path not in self.answers:
            return self.inside(environ, start_response)
        told: list[Any] = []
        found = json.loads(b"".join(self.inside(environ, lambda *words: told.append(words))))
        answer = json.dumps(self.answers[path](found)).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    def has_read(self, name: str) -> bool:
        """Return whether a name came in plain, in any way of writing it."""
        ways = {name.encode(), json.dumps(name)[1:-1].encode(), name.encode("utf-16-le"), name.casefold().encode()}
        ways |= {base64.b64encode(name.encode()), name.encode().hex().encode()}
        return any(way in body for body in self.sent for way in ways)


class Stage:
    """A sealed petition with signatures of every kind, a hostile server, and an organizer's own machine."""

    def __init__(self, app: Any) -> None:
        self.app, self.world = app, make.make_sealed_world(app, reviewers=2)
        self.signed = {
            "due": self._sign("Алиса Звонкая"),
            "raised by its signer": self._sign("Вера Луговая", consent=1),
            "in checking": self._sign("Борис Крутых", consent=0),
            "counted only": self._sign("Галина Тихая", consent=0),
            "judged by one": self._sign("Денис Ясный"),
            "beside fifty": self._sign("Елена Верхняя", others=50),
            "lowered by its signer": self._sign("Жанна Светлая"),
        }
        make.seal(app, self.world.petition_id, by=self.world.organizer)
        for what, one in self.signed.items():
            times = {"in checking": 0, "judged by one": 1}.get(what, 2)
            for reviewer in self.world.reviewers[:times]:
                make.decide(app, self.world.petition_id, one.id, reviewer)
        make.change_consent(app, self.signed["raised by its signer"], 3)
        make.lock_keys()
        self.before = self.everything()
        make.change_consent(app, self.signed["lowered by its signer"], 0)
        with make.acting(app):
            services.publish_now(make.petition(self.world.petition_id), by=None, at=utcnow())

    def _sign(self, name: str, **fields: Any) -> make.Signed:
        return make.make_signature(self.app, self.world.petition_id, name, **fields)

    def everything(self) -> Answer:
        """Return all signatures, as the door gives out the names that are due."""
        ids = [one.id for one in self.signed.values()]
        with make.looking(self.app):
            organizer = make.account(self.world.organizer)
            assert organizer
            sealed = sealed_export.sealed_names(ids, [], make.petition(self.world.petition_id), by=organizer)
        return sealed | {"leave": [[str(id_)] for id_ in ids], "asked": []}

    def forged_note(self, what: str, **words: Any) -> tuple[Answer, Answer]:
        """Return what anybody who knows the petition's public key can write in a signer's place."""
        with make.looking(self.app):
            signature_id, petition_id = self.signed[what].id, self.world.petition_id
            place = SealContext(petition_id, signature_id, "case")
            key, lock = vault.new_key(), sealing.sealing_key_for(make.petition(petition_id))
            note = {"kind": "consent", "on": "2026-11-29", "others": None, "tier": 3, "n": 1, "proof": "", **words}
            box, wrap = vault.seal_box(key, place, note), lock.wrap(key, place)
        part, one = str(UUID(bytes=secrets.token_bytes(16))), {"signature_id": str(signature_id)}
        text = {name: base64.b64encode(found).decode() for name, found in (("part", box), ("key", wrap.box))}
        return (
            {"id": part, "part": "case", "box": text["part"], **one},
            {"id": str(UUID(bytes=secrets.token_bytes(16))), "part_id": part, "key_id": wrap.key_id, "box": text["key"],
             **one},
        )  # fmt: skip


@pytest.fixture
def stage(app: Any) -> Stage:
    return Stage(app)


@pytest.fixture
def hostile(app: Any) -> Hostile:
    return Hostile(app)


@pytest.fixture
def desk(app: Any, stage: Stage, hostile: Hostile, tmp_path: Path) -> Iterator[LocalDesk]:
    """The desk of the organizer, with the keys open."""
    app.wsgi_app = hostile
    with serving(app) as address:
        token = make_token(app, stage.world.petition_id, stage.world.organizer)
        found = LocalDesk(address, stage.world.slug, token, tmp_path / "desk")
        assert found.unlock().status_code == 303
        yield found
        found.close()


def all_verified(answer: Answer) -> Answer:
    """Call every signature verified, and agreed to in public without a condition."""
    for row in answer["signatures"]:
        row |= {"state": "verified", "publication_tier": 3, "min_named_others": None}
    return answer


def of(answer: Answer, stage: Stage, what: str, table: str = "decisions") -> list[Answer]:
    return [row for row in answer[table] if row["signature_id"] == str(stage.signed[what].id)]


def copied_verdicts(answer: Answer, stage: Stage) -> None:
    """Let the one reviewer's verdict stand for a second one, and verdicts on others for whom nobody judged."""
    (one,) = of(answer, stage, "judged by one")
    other = next(row for row in of(answer, stage, "due") if row["account_id"] != one["account_id"])
    again = {"id": str(UUID(bytes=secrets.token_bytes(16))), "position": 2}
    answer["decisions"].append({**other, **again, "signature_id": one["signature_id"], "judged": one["judged"]})
    for position, row in enumerate(of(answer, stage, "due"), 1):
        id_ = str(UUID(bytes=secrets.token_bytes(16)))
        there = {"id": id_, "signature_id": str(stage.signed["in checking"].id), "position": position}
        answer["decisions"].append({**row, **there})


def forged_verdicts(answer: Answer, _stage: Stage) -> None:
    """Make up proofs, as a server without any key can."""
    for row in answer["decisions"]:
        row["judged"] = base64.b64encode(secrets.token_bytes(32)).decode()


def one_reviewer_under_two_names(answer: Answer, stage: Stage) -> None:
    """Let one reviewer's verdict stand under two accounts."""
    (one,) = of(answer, stage, "judged by one")
    for position in (2, 3):
        id_ = {name: str(UUID(bytes=secrets.token_bytes(16))) for name in ("id", "account_id")}
        answer["decisions"].append({**one, **id_, "position": position})


def raised_consent(answer: Answer, stage: Stage) -> None:
    """Write a higher consent in the signers' place, sealed as theirs is."""
    for what in ("counted only", "lowered by its signer", "beside fifty"):
        for proof in ("", secrets.token_hex(32)):
            part, key = stage.forged_note(what, proof=proof, n=secrets.randbelow(9))
            answer["sealed_parts"].append(part)
            answer["sealed_keys"].append(key)


def nothing_more(_answer: Answer, _stage: Stage) -> None:
    """Leave it at that."""


TWISTS = (nothing_more, copied_verdicts, forged_verdicts, one_reviewer_under_two_names, raised_consent)


def fewer_reviewers(answer: Answer) -> Answer:
    """Say that one reviewer is enough, and put keys of the server's own in the place of the members'."""
    for row in answer["petitions"]:
        row["reviewers"] = 1
    for row in answer["batches"]:
        row["policies"] = []
    for row in answer["account_keys"]:
        row["signing_public"] = base64.b64encode(secrets.token_bytes(32)).decode()
    return answer


def test_whatever_is_called_due_nothing_else_leaves_the_machine(
    app: Any, stage: Stage, hostile: Hostile, desk: LocalDesk
) -> None:
    due = {stage.signed[what].name for what in ("due", "raised by its signer")}
    never = {one.name for one in stage.signed.values()} - due
    honest = stage.everything()
    hostile.answers["mirror"] = fewer_reviewers
    for twist in TWISTS:
        answer = all_verified(copy.deepcopy(honest))
        twist(answer, stage)
        hostile.answers["names"] = lambda _found, answer=answer: answer
        page = desk.look_for_names()
        desk.send_names("names")
        assert not [name for name in never if name in page], f"{twist.__name__}: the desk offers to open it"
        assert not [name for name in never if hostile.has_read(name)], f"{twist.__name__}: the server has read it"
    assert all(hostile.has_read(name) for name in due), "what is due is sent, so the desk did send"
    with make.looking(app):
        assert set(db.session.scalars(db.select(PublishedName.name))) <= due


def test_an_older_answer_is_not_taken_for_the_newest(stage: Stage, hostile: Hostile, desk: LocalDesk) -> None:
    """Who has lowered the consent stays unnamed, though the server still has the rows from before."""
    lowered = stage.signed["lowered by its signer"]
    newest = stage.everything()
    hostile.answers["names"] = lambda _found: newest
    assert lowered.name not in desk.look_for_names()
    hostile.answers["names"] = lambda _found: stage.before
    page = desk.look_for_names()
    desk.send_names("names")
    assert lowered.name not in page
    assert "an older answer" in page
    assert not hostile.has_read(lowered.name)


def test_nothing_is_opened_before_somebody_has_looked(stage: Stage, hostile: Hostile, desk: LocalDesk) -> None:
    """Opening the keys and asking what is due hands nothing over."""
    page = desk.look_for_names()
    assert stage.signed["raised by its signer"].name in page, page
    assert not [one.name for one in stage.signed.values() if hostile.has_read(one.name)]


def test_what_was_not_shown_cannot_be_sent(app: Any, stage: Stage, hostile: Hostile, desk: LocalDesk) -> None:
    hostile.answers["names"] = lambda _found: all_verified(stage.everything())
    assert desk.post("names/look").status_code == 303
    for what in ("in checking", "counted only", "beside fifty"):
        assert desk.post("names", name=str(stage.signed[what].id)).status_code == 409
        assert not hostile.has_read(stage.signed[what].name)
    with make.looking(app):
        assert set(db.session.scalars(db.select(PublishedName.name))) == {stage.signed["due"].name}
