"""B50: what is erased is in no file of the instance within a minute, a long reader or a kill notwithstanding.

On SQLite: its files are the instance's. PostgreSQL's are the server's: erased rows stay in them until VACUUM, and in
its write-ahead log, and the application is not the server's owner, who alone can rid it of either; docs/operators.md
says how. What the application does there, rows that are gone at once, the tests of each erasure show on both.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.keys import leaving
from petition_app.keys import services as keys
from petition_app.keys.models import AccountKey, KeyWrap, PetitionKey
from petition_app.roster import services as rosters
from petition_app.signatures.models import SealedKey, Signature
from petition_app.signatures.services import withdraw
from petition_app.storage import erasures
from petition_app.storage.db import db
from petition_app.storage.erasures import PendingCheckpoint
from petition_app.tally.models import PublishedName
from petition_app.worker import loop as worker
from tests import factories as make

MINUTE = 60.0
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
print(connection.execute("SELECT count(*) FROM signatures").fetchone()[0], flush=True)
sys.stdin.read()
"""

WITHDRAWAL = """
import os, signal, sys
from uuid import UUID
from pathlib import Path
from petition_app.app import create_app
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.storage import db
from petition_app.storage.hooks import TransactionHooks
from petition_app.signatures.models import Signature
from petition_app.signatures.services import withdraw

app = create_app(Settings.from_environment(dict(os.environ)))
app.state.put(TransactionHooks(after_erasure=(lambda: os.kill(os.getpid(), signal.SIGKILL),)))
with app.app_context(), db.transaction():
    withdraw(db.db.session.get_one(Signature, UUID(sys.argv[1])), at=utcnow())
"""


@contextmanager
def reading(database: str) -> Iterator[subprocess.Popen[str]]:
    """Hold a read transaction open in another process."""
    words = [sys.executable, "-c", READER, database.removeprefix("sqlite:///")]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert int(process.stdout.readline()) > 0
        yield process
    finally:
        process.kill()
        process.communicate()


def boxes_of(app: Any, signature_id: UUID) -> list[bytes]:
    with make.looking(app):
        return list(db.session.scalars(db.select(SealedKey.box).where(SealedKey.signature_id == signature_id)))


def files(settings: Settings) -> bytes:
    """Return every byte of the instance folder."""
    return b"".join(path.read_bytes() for path in sorted(settings.instance.rglob("*")) if path.is_file())


def world_of(app: Any, mode: str, **fields: Any) -> make.World:
    return (make.make_sealed_world if mode == "sealed" else make.make_world)(app, reviewers=1, **fields)


@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_a_long_reader_puts_it_off_and_no_longer(
    app: Any, cli: Callable[..., Any], settings: Settings, database: str, mode: str
) -> None:
    world = world_of(app, mode)
    gone, stays = (make.make_signature(app, world.petition_id) for _ in range(2))
    boxes, kept = boxes_of(app, gone.id), boxes_of(app, stays.id)
    assert len(boxes) >= 4
    with reading(database):
        make.withdraw(app, gone)
        assert any(box in files(settings) for box in boxes), "the reader has kept it, or the test shows nothing"
        with app.app_context():
            worker.run_once()
        assert any(box in files(settings) for box in boxes)
        assert "mend  erasure" in cli("doctor", code=1).out
    with app.app_context():
        worker.run_once()
    after = files(settings)
    assert [box for box in boxes if box in after or box[:24] in after] == []
    assert all(box in after for box in kept)
    assert "ok    erasure" in cli("doctor", code=1).out


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a process of this instance."""
    return {
        **os.environ, "COUNTERSIGN_ENV": "development", "COUNTERSIGN_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url,
    }  # fmt: skip


def killed(app: Any, settings: Settings, mode: str) -> list[bytes]:
    """Withdraw a signature in a process that is killed before it empties the log; return the erased keys."""
    world = world_of(app, mode)
    gone = make.make_signature(app, world.petition_id)
    boxes = boxes_of(app, gone.id)
    done = subprocess.run([sys.executable, "-c", WITHDRAWAL, str(gone.id)], env=environment(settings), check=False)
    assert done.returncode == -signal.SIGKILL
    assert make.state_of(app, gone.id) == "withdrawn"
    assert any(box in files(settings) for box in boxes), "the kill came too late, or the test shows nothing"
    return boxes


@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_the_first_round_of_a_worker_makes_good_what_a_kill_has_left(app: Any, settings: Settings, mode: str) -> None:
    boxes = killed(app, settings, mode)
    with app.app_context():
        worker.run_once()
    after = files(settings)
    assert [box for box in boxes if box in after] == []


@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_a_kill_between_the_commit_and_the_log_is_made_good_by_the_next_worker(
    app: Any, settings: Settings, mode: str
) -> None:
    boxes = killed(app, settings, mode)
    words = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    started = time.monotonic()
    process = subprocess.Popen(words, env=environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while any(box in files(settings) for box in boxes):
            assert time.monotonic() - started < MINUTE
            time.sleep(0.5)
    finally:
        process.kill()
        process.wait()


# --- every kind of erasure --------------------------------------------------------------------------------------


def the_keys_of_a_petition(world: make.World) -> None:
    keys.delete_petition_keys(world.petition_id, at=utcnow())


def the_keys_of_a_leaver(world: make.World) -> None:
    holder = db.session.scalars(db.select(KeyWrap.account_id).where(KeyWrap.account_id.is_not(None))).first()
    assert holder
    leaving.take_as_operator(holder, world.petition_id, at=utcnow())


def a_signature(world: make.World) -> None:
    withdraw(db.session.scalars(db.select(Signature)).one(), at=utcnow())


def a_roster_that_was_not_used(world: make.World) -> None:
    version = rosters.begin(
        make.petition(world.petition_id), name="Once", as_of=utcnow().date(), sha256=bytes(32), columns=["id"], by=None,
        at=utcnow(),
    )  # fmt: skip
    db.session.flush()
    rosters.discard(version.id)


ERASING = (the_keys_of_a_petition, the_keys_of_a_leaver, a_signature, a_roster_that_was_not_used)


@pytest.mark.parametrize("erase", ERASING, ids=lambda erase: erase.__name__)
def test_whatever_is_erased_leaves_the_log_at_once(
    app: Any, settings: Settings, erase: Callable[[make.World], None]
) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    make.make_signature(app, world.petition_id)
    with make.acting(app):
        erase(world)
    assert (settings.instance / "countersign.db-wal").stat().st_size <= 100_000, "one small transaction at most"
    with make.looking(app):
        assert erasures.count_pending() == 0
        held = [*db.session.scalars(db.select(KeyWrap.box)), *db.session.scalars(db.select(PetitionKey.index_box))]
        held += db.session.scalars(db.select(AccountKey.private_box))
        assert erase is the_keys_of_a_petition or held


def test_a_note_tells_no_more_than_the_hour_and_goes_when_the_log_is_empty(app: Any, database: str) -> None:
    world = make.make_world(app)
    gone = make.make_signature(app, world.petition_id)
    with reading(database):
        make.withdraw(app, gone)
        with make.looking(app):
            since = db.session.scalars(db.select(PendingCheckpoint.since)).all()
    assert since
    assert {(one.minute, one.second, one.microsecond) for one in since} == {(0, 0, 0)}
    with app.app_context():
        assert erasures.settle()
    with make.looking(app):
        assert erasures.count_pending() == 0


def test_a_name_that_is_public_no_more_leaves_the_files(app: Any, settings: Settings) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    make.publish_waiting(app)
    with make.looking(app):
        name = db.session.scalars(db.select(PublishedName.name)).one()
    assert name.encode() in files(settings)
    make.withdraw(app, signed)
    assert name.encode() not in files(settings)
