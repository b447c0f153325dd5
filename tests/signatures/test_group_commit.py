"""Signatures that arrive together are committed together; what goes wrong reaches only whom it concerns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition_app import maintenance
from petition_app.audit import SignerAct
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.keys import services as keys
from petition_app.petitions import cached_petition
from petition_app.signatures import group_commit, new_signatures
from petition_app.signatures.models import Confirmation, SealedKey, SealedPart, Signature
from petition_app.signatures.new_signatures import ClosedForSigningError, NewSignature
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from tests import factories as make


def sign(app: Flask, new: NewSignature | None = None) -> str:
    """Sign as a request does."""
    with app.app_context():
        return group_commit.sign(
            new or make.new_signature(), petition=cached_petition.get_public(make.SLUG), at=utcnow()
        )


def together(app: Flask, monkeypatch: pytest.MonkeyPatch, *found: NewSignature) -> list[str | Exception]:
    """Sign with all of them in one group: the first waits until everybody has come."""
    everybody, lead = Event(), group_commit._lead
    with app.app_context():
        queue = group_commit.queue()

    def wait_and_lead(queue: group_commit.Queue[Any], *leading: Any) -> None:
        everybody.wait(30)
        lead(queue, *leading)

    def one(new: NewSignature) -> str | Exception:
        try:
            return sign(app, new)
        except DomainError as error:
            return error

    monkeypatch.setattr(group_commit, "_lead", wait_and_lead)
    with ThreadPoolExecutor(len(found)) as pool:
        results = [pool.submit(one, new) for new in found]
        while len(queue.waiting) < len(found):
            everybody.wait(0.01)
        everybody.set()
        return [result.result() for result in results]


def number(app: Flask, model: Any) -> int:
    """Count the rows of a table."""
    with make.looking(app):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def free_pens(queue: group_commit.Queue[group_commit.PendingWrite]) -> int:
    """Count the groups that could be written at this moment."""
    free = 0
    while queue.pens.acquire(blocking=False):
        free += 1
    queue.pens.release(free)
    return free


def elsewhere(app: Flask, statement: Any) -> None:
    """Change the database as another process does, of which this one knows nothing."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(statement)


def test_signers_who_come_together_are_stored_in_one_transaction_each_with_all_that_is_theirs(
    app: Flask, petition_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = together(app, monkeypatch, *(make.new_signature() for _ in range(12)))
    assert len(set(pages)) == 12
    assert all(isinstance(page, str) for page in pages)
    counts = [number(app, model) for model in (Signature, SealedPart, SealedKey, Confirmation, Job)]
    assert counts == [12, 36, 48, 12, 12]
    with make.looking(app):
        acts = db.session.scalars(select(SignerAct.number).where(SignerAct.act == "signature.submitted")).all()
    assert acts == [12]
    assert make.tally(app, petition_id)["unconfirmed"] == 12
    assert make.problems(app, petition_id) == []


def test_a_failure_in_a_group_reaches_only_the_request_it_belongs_to(
    app: Flask, petition_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, broken = [make.new_signature() for _ in range(5)], make.new_signature()
    prepare = new_signatures.prepare

    def spoil(new: NewSignature, **given: Any) -> new_signatures.Arrival:
        arrival = prepare(new, **given)
        if new is broken:
            arrival.rows.signature["publication_tier"] = 9  # The database refuses it.
        return arrival

    monkeypatch.setattr(new_signatures, "prepare", spoil)
    with pytest.raises(Exception, match="publication_tier"):
        together(app, monkeypatch, *sound[:2], broken, *sound[2:])
    assert number(app, Signature) == number(app, Confirmation) == number(app, Job) == 5
    assert make.tally(app, petition_id)["unconfirmed"] == 5
    assert make.problems(app, petition_id) == []


def test_one_form_that_comes_twice_in_a_group_and_again_later_is_stored_once(
    app: Flask, petition_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = make.new_signature()
    again = replace(new, identity=make.new_signature().identity)
    pages = together(app, monkeypatch, new, again, make.new_signature())
    assert pages[0] == pages[1] != pages[2]
    assert sign(app, new) == pages[0]
    assert number(app, Signature) == 2


def test_forms_that_come_twice_in_two_groups_at_once_are_stored_once_each(app: Flask, petition_id: Any) -> None:
    found = [make.new_signature() for _ in range(30)]
    with ThreadPoolExecutor(30) as pool:
        pages = list(pool.map(lambda new: sign(app, new), [*found, *reversed(found)]))
    assert pages[:30] == pages[:29:-1]
    counts = [number(app, model) for model in (Signature, SealedPart, SealedKey, Confirmation, Job)]
    assert counts == [30, 90, 120, 30, 30]


def test_a_petition_closed_by_another_process_a_moment_ago_takes_nothing(app: Flask, petition_id: Any) -> None:
    sign(app)
    elsewhere(app, db.update(make.petitions.Petition).values(state="closed"))
    with pytest.raises(ClosedForSigningError):
        sign(app)
    assert number(app, Signature) == 1


def test_while_the_installation_is_read_only_nothing_is_taken_and_the_answer_says_so(
    app: Flask, petition_id: Any, client: Any
) -> None:
    sign(app)
    elsewhere(app, db.insert(maintenance.Switch).values(name=maintenance.READ_ONLY, since=utcnow()))
    fields = {"form": make.new_form_token(), "name": "Вера Луговая", "email": "v@example.org", "lang": "ru"}
    answer = client.post(f"/p/{make.SLUG}/sign", data=fields | {"publish": "0", "consent": "1"})
    assert answer.status_code == 503
    assert number(app, Signature) == 1


@pytest.mark.standard  # A change of text before anybody has signed is the same in both modes.
def test_a_signature_is_bound_to_the_text_that_stands_when_it_is_written(app: Flask, petition_id: Any) -> None:
    with app.app_context():
        old = cached_petition.get_public(make.SLUG)
        elsewhere(
            app,
            db.insert(make.petitions.TextVersion).values(
                id=make.UUID(int=7), petition_id=petition_id, number=2, titles={"en": "T"}, texts={"en": "New."},
                sha256=bytes(32), created_at=utcnow(),
            ),
        )  # fmt: skip
        group_commit.sign(make.new_signature(), petition=old, at=utcnow())
    with make.looking(app):
        assert db.session.scalars(select(Signature.text_version_id)).all() == [make.UUID(int=7)]


def test_a_key_renewed_by_another_process_a_moment_ago_seals_what_comes_after_it(app: Flask, petition_id: Any) -> None:
    if make.default_mode != "sealed":
        return
    sign(app)
    with app.app_context():
        key: Any = keys.PetitionKey.__table__
        elsewhere(app, key.update().values(retired_at=utcnow()))
        with db.engine.connect() as connection:
            old = connection.execute(select(key)).mappings().one()
        fresh = {**old, "id": make.UUID(int=9), "number": 2, "retired_at": None}
        elsewhere(app, key.insert().values(**fresh))
    sign(app)
    with make.looking(app):
        used = {row for row in db.session.scalars(select(SealedKey.key_id)) if row}
    assert used == {str(old["id"]), str(make.UUID(int=9))}


class Broken(BaseException):
    """What no `except Exception` takes, such as a thread that is ended."""


@pytest.mark.parametrize("where", ["sealing", "the numbers it draws", "taking its group", "the application", "writing"])
@pytest.mark.parametrize("kind", [Broken, MemoryError])
def test_whatever_breaks_a_group_the_next_signer_is_taken(
    app: Flask, petition_id: Any, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException], where: str
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise kind

    leading: Any = app.app_context
    with monkeypatch.context() as broken:
        if where == "sealing":
            broken.setattr(group_commit, "_seal", fail)
        elif where == "the numbers it draws":
            broken.setattr(group_commit, "drawing", fail)
        elif where == "taking its group":
            broken.setattr(group_commit.Queue, "take", fail)
        elif where == "writing":
            broken.setattr(group_commit, "_write", fail)
        else:
            leading = fail
        with app.app_context():
            queue, petition = group_commit.queue(), cached_petition.get_public(make.SLUG)
            pens = free_pens(queue)
            lost = group_commit.PendingWrite(lambda: (make.new_signature(), petition), at=utcnow())
            with pytest.raises(kind):
                group_commit.take(lost, queue, leading=leading)
    assert number(app, Signature) == 0
    with ThreadPoolExecutor(3) as pool:
        pages = [pool.submit(sign, app) for _ in range(3)]
        assert all(page.result(timeout=20) for page in pages)
    assert number(app, Signature) == 3
    assert free_pens(queue) == pens


def test_whoever_is_in_a_group_that_breaks_is_told(
    app: Flask, petition_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(group_commit, "_seal", lambda _: 1 / 0)
        with pytest.raises((RuntimeError, ZeroDivisionError)):
            together(app, broken, *(make.new_signature() for _ in range(5)))
    assert number(app, Signature) == 0
    sign(app)


@pytest.mark.standard  # It is about a petition that becomes sealed.
def test_what_the_ring_has_sealed_is_never_stored_in_a_petition_that_became_sealed_meanwhile(
    app: Flask, petition_id: Any
) -> None:
    with app.app_context():
        old = cached_petition.get_public(make.SLUG)
    elsewhere(app, db.update(make.petitions.Petition).values(mode="sealed"))
    with app.app_context(), pytest.raises(DomainError):
        group_commit.sign(make.new_signature(), petition=old, at=utcnow())
    assert number(app, Signature) == 0
