"""Two applications in one process: nothing of one reaches the other."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from petition_app import app_state, config
from petition_app.accounts import approvals
from petition_app.accounts.hooks import AccountHooks
from petition_app.app import Countersign
from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.crypto.form_tokens import new_form_token
from petition_app.petitions import freezing
from petition_app.petitions.freezing import FreezeHooks
from petition_app.rate_limits.counters import limits
from petition_app.signatures import group_commit
from petition_app.signatures.models import Signature
from petition_app.storage import short_cache
from petition_app.storage.db import db
from petition_app.storage.hooks import TransactionHooks
from petition_app.web.backend import Backend
from tests import factories as make
from tests.conftest import settings_for, start_app, stop_app


@pytest.fixture
def other(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Countersign]:
    """A second application, on a SQLite file of its own, with other settings."""
    folder = tmp_path / "other"
    url = f"sqlite:///{folder / 'other.db'}"
    folder.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, folder / "other.db")
    changes = {"signatures_per_client": 2, "secret_key": "another-0123456789-abcdefghijklmnop"}
    other = start_app(settings_for(folder, url, **changes))
    yield other
    stop_app(other)


def count(app: Any) -> int:
    with make.looking(app):
        return db.session.scalar(select(func.count()).select_from(Signature)) or 0


def post(app: Countersign, data: dict[str, Any]) -> int:
    """Sign from one address; return the status."""
    client = {"REMOTE_ADDR": "203.0.113.7"}
    return app.test_client().post(f"/p/{make.SLUG}/sign", data=data, environ_base=client).status_code


def hear(app: Countersign) -> list[str]:
    """Note which hooks of an application are called."""
    heard: list[str] = []
    kept: Any
    for kept in map(app.state.get, (TransactionHooks, FreezeHooks, AccountHooks)):
        changes: dict[str, Any] = {
            name: (*hooks, lambda *_, name=name, **__: heard.append(name))
            for name, hooks in vars(kept).items()
            if isinstance(hooks, tuple) and name != "holds_keys"
        }
        if isinstance(kept, TransactionHooks):
            changes["after_change"] = lambda: heard.append("after_change")
        app.state.put(replace(kept, **changes))
    return heard


def test_each_has_its_settings_and_its_state(app: Countersign, other: Countersign) -> None:
    assert app.extensions["countersign"] is app.state is not other.state
    with app.app_context():
        first = config.current(), limits(), group_commit.queue()
        with other.app_context():
            assert config.current().signatures_per_client == 2
            assert app_state.active() is other.state
            assert not [one for one in (config.current(), limits(), group_commit.queue()) if one in first]
        assert (config.current(), limits(), group_commit.queue()) == first
    with other.test_request_context():
        assert app_state.active() is other.state


def test_no_state_is_active_in_a_thread_without_a_context(app: Countersign) -> None:
    problems: list[Exception] = []

    def look() -> None:
        try:
            config.current()
        except RuntimeError as error:
            problems.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert len(problems) == 1


def test_signing_in_one_leaves_the_other_alone(app: Countersign, other: Countersign) -> None:
    for each in (app, other):
        make.make_petition(each, mail="optional")
    with app_state.using(other.state):
        tokens = [new_form_token() for _ in range(4)]
    forms = [make.fill_sign_form(token, name=make.new_name(), email="") for token in tokens]
    answers = [post(other, form) for form in forms]
    assert answers == [200, 200, 429, 429], "its own budget"
    assert (count(other), count(app)) == (2, 0)
    assert post(app, forms[0]) == 422, "each has a secret of its own"
    form = make.fill_sign_form(new_form_token(), name=make.new_name(), email="")
    assert post(app, form) == 200, "what one application counted is not counted in the other"


def test_a_page_of_one_is_not_forgotten_when_the_other_changes(app: Countersign, other: Countersign) -> None:
    with app.app_context(), other.app_context():
        assert short_cache.recall("one", lambda _session: 1) == 1
    with app.app_context():
        assert short_cache.recall("one", lambda _session: 2) == 2
    make.make_petition(app)
    with other.app_context():
        assert short_cache.recall("one", lambda _session: 3) == 1
    with app.app_context():
        assert short_cache.recall("one", lambda _session: 4) == 4


def test_freezing_and_publication_in_one_leave_the_other_alone(app: Countersign, other: Countersign) -> None:
    here, there = make.make_world(app), make.make_world(other)
    heard, silent = hear(other), hear(app)
    make.make_verified(other, there)
    with make.acting(other):
        freezing.freeze(make.petition(there.petition_id), by=make.account(there.organizer), at=utcnow())
    assert {"on_freeze", "after_commit", "after_change"} <= set(heard)
    assert silent == []
    assert app.test_client().get(f"/p/{here.slug}/status.json").json.get("frozen_since") is None
    with make.looking(app):
        assert make.petition(here.petition_id).frozen_at is None


def test_an_approval_is_carried_out_as_its_application_says(app: Countersign, other: Countersign) -> None:
    done: list[str] = []
    for name, each in (("first", app), ("second", other)):
        acts = {"policy": lambda *_, name=name: done.append(name)}
        each.state.put(replace(each.state.get(AccountHooks), carry_out=acts))
        world = make.make_world(each)
        second = make.make_person(each, world.petition_id, "organizer")
        with make.acting(each):
            by = make.account(world.organizer)
            assert by
            asked = approvals.ask("policy", {"a": 1}, petition_id=world.petition_id, by=by, at=utcnow())
            request, digest = asked.id, asked.digest.hex()
        with make.acting(each):
            by = make.account(second)
            assert by
            approvals.confirm(request, digest, petition_id=world.petition_id, by=by, at=utcnow())
        assert done == ["first", "second"][: len(done)]
    assert done == ["first", "second"]


def test_each_has_keys_of_its_own_worker(app: Countersign, other: Countersign) -> None:
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
        assert len(worker_keys.own_key_ids()) == 1
    with make.acting(other):
        assert worker_keys.own_key_ids() == ()


def test_a_backend_answers_in_one_application_alone(app: Countersign, settings: Any, tmp_path: Path) -> None:
    class Elsewhere(Backend):
        publishes = False

        def view_for(self, endpoint: str, view: Any) -> Any:
            return (lambda: "elsewhere") if endpoint == "letter.home" else view

    another = start_app(settings, Elsewhere())
    try:
        assert another.test_client().get("/").text == "elsewhere"
        assert app.test_client().get("/").text != "elsewhere"
        assert another.state.get(TransactionHooks).after_commit == ()
        assert app.state.get(TransactionHooks).after_commit
    finally:
        stop_app(another)
