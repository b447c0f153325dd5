"""B6: after a withdrawal the parts open from no database, log or old backup, with every key there is."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage
import pytest

from petition_app.backup import age, streams
from petition_app.backup import services as backups
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.crypto.vault import SealContext, Sealed, UnreadableError, WrappedKey
from petition_app.keys.open_keys import OpenKeys
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import Base, db
from petition_app.tally.models import PublishedName
from petition_app.tally.services import publish_now
from tests import dumps
from tests import factories as make

NAME, PLACE = "Канареева Зинаида Тестовна", "Совет Выдуманного мыса"
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def key_boxes(app: Any, signature_id: UUID) -> list[bytes]:
    with make.looking(app):
        return list(db.session.scalars(db.select(SealedKey.box).where(SealedKey.signature_id == signature_id)))


def part_boxes(app: Any, signature_id: UUID) -> list[tuple[str, bytes]]:
    with make.looking(app):
        rows = db.session.scalars(db.select(SealedPart).where(SealedPart.signature_id == signature_id))
        return [(row.part, row.box) for row in rows]


def raw(app: Any, folder: Path) -> bytes:
    """Return the bytes of the database file and of its log, as they lie on the disk."""
    files = sorted(folder.glob("countersign.db*"))
    assert files, "the database lies elsewhere"
    return b"".join(path.read_bytes() for path in files)


def forced(dump: bytes, keys: OpenKeys, signature: Any) -> Iterator[dict[str, Any]]:
    """Open whatever can be opened from raw bytes by somebody who holds every key of the petition.

    Every place in the dump is tried as the beginning of a wrapped signature key, and then of a part key.
    """
    wraps = [dump[at : at + 81] for at in find(dump, bytes([vault.HPKE_X25519]), 81)]
    place = SealContext(keys.petition_id, signature, "key")
    for key_id in keys.keys:
        for box in wraps:
            try:
                signature_key = keys.unwrap(WrappedKey(key_id, box), place)
            except UnreadableError:
                continue
            yield {"signature_key": signature_key}


def find(dump: bytes, first: bytes, length: int) -> Iterator[int]:
    at = dump.find(first)
    while 0 <= at <= len(dump) - length:
        yield at
        at = dump.find(first, at + 1)


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_after_a_withdrawal_nothing_opens_with_any_key(app: Any, mode: str) -> None:
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app, reviewers=1)
    gone, stays = (make.make_signature(app, world.petition_id, place=PLACE) for _ in range(2))
    parts = part_boxes(app, gone.id)
    with make.acting(app):
        assert sealing.open_identity(db.session.get_one(Signature, gone.id)).name == gone.name
    make.withdraw(app, gone)
    with make.acting(app):
        row = db.session.get_one(Signature, gone.id)
        for part in vault.PARTS:
            with pytest.raises(UnreadableError):
                sealing._open(row, part)
        assert sealing.open_identity(db.session.get_one(Signature, stays.id)).name == stays.name
        rows = db.session.execute(db.select(SealedKey.signature_id, SealedKey.part_id, SealedKey.key_id, SealedKey.box))
        for _, _, key_id, box in rows.all():
            for part, sealed in parts:
                assert not any(
                    opens(keys, sealed, box, key_id, SealContext(world.petition_id, gone.id, part))
                    for keys in make._open_keys
                )


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_an_old_backup_opens_nothing_with_the_keys_of_today(app: Any, tmp_path: Path, mode: str) -> None:
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app, reviewers=1)
    gone, stays = (make.make_signature(app, world.petition_id, place=PLACE) for _ in range(2))
    old = backed_up(app, tmp_path / "backups", of=("sealed_parts",))
    assert {row["signature_id"] for row in old} == {gone.id, stays.id}
    make.withdraw(app, gone)
    with make.acting(app):
        for part in old:
            db.session.merge(SealedPart(**part))
    with make.acting(app):
        assert sealing.open_identity(db.session.get_one(Signature, stays.id)).name == stays.name
        row = db.session.get_one(Signature, gone.id)
        for part in vault.PARTS:
            with pytest.raises(UnreadableError):
                sealing._open(row, part)


def backed_up(app: Any, folder: Path, *, of: tuple[str, ...]) -> list[dict[str, Any]]:
    """Make a backup; return rows of its data stream, the one that is kept for long, as the keeper opens it."""
    identity = pyrage.x25519.Identity.generate()
    with app.app_context():
        made = backups.make(folder, [str(identity.to_public())], at=utcnow())
    lines: list[bytes] = []
    age.read_sealed(next(path for path in made.files if ".data." in path.name), [identity], lines.append)
    rows = [streams.read_line(line) for line in lines]
    assert "sealed_keys" not in {kind for kind, _ in rows}
    return [streams.typed(Base.metadata.tables[kind], row) for kind, row in rows if kind in of]


def opens(keys: OpenKeys, box: bytes, key_box: bytes, key_id: str | None, place: SealContext) -> bool:
    """Return whether any other key row opens this part."""
    for signature_key in unwrapped(keys, key_box, key_id, place):
        try:
            vault.open_part(signature_key, place, Sealed(box, key_box))
        except UnreadableError:
            continue
        return True
    return False


def unwrapped(keys: OpenKeys, box: bytes, key_id: str | None, place: SealContext) -> Iterator[bytes]:
    for name in [key_id] if key_id else keys.keys:
        for part in ("key", *vault.PARTS):
            try:
                yield keys.unwrap(WrappedKey(name, box), SealContext(place.petition, place.signature, part))
            except UnreadableError:
                continue


@only_sqlite
@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_the_file_and_the_log_hold_no_erased_key_and_no_name(app: Any, tmp_path: Path, mode: str) -> None:
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app, reviewers=1)
    signed = [make.make_signature(app, world.petition_id, consent=3) for _ in range(2)]
    gone = make.make_signature(app, world.petition_id, NAME, place=PLACE, consent=3)
    make.seal(app, world.petition_id, by=world.organizer)
    for one in (*signed, gone):
        assert make.decide(app, world.petition_id, one.id, world.reviewers[0]) == "verified"
    with make.acting(app):
        make_public(world)
    boxes = key_boxes(app, gone.id)
    folder = tmp_path / "instance"
    before = raw(app, folder)
    assert len(boxes) >= 4
    assert all(box in before for box in boxes)
    assert dumps.traces(before, NAME)
    if mode == "sealed":
        assert list(forced(before, make._open_keys[-1], gone.id)), "the search must find a key that is there"
    make.withdraw(app, gone)
    after = raw(app, folder)
    assert [box for box in boxes if box in after] == []
    assert [box for box in boxes if box[:24] in after] == []
    assert dumps.traces(after, NAME, PLACE) == []
    if mode == "sealed":
        assert list(forced(after, make._open_keys[-1], gone.id)) == []
    assert all(box in after for box in key_boxes(app, signed[0].id))


def make_public(world: make.World) -> None:
    publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    assert db.session.scalar(db.select(db.func.count()).select_from(PublishedName)) == 3


@only_sqlite
def test_a_copy_of_the_log_taken_after_the_withdrawal_replays_nothing(app: Any, tmp_path: Path) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    gone = make.make_signature(app, world.petition_id, NAME)
    boxes = key_boxes(app, gone.id)
    make.withdraw(app, gone)
    copy = tmp_path / "seized"
    copy.mkdir()
    for path in (tmp_path / "instance").glob("countersign.db*"):
        shutil.copy(path, copy / path.name)
    with sqlite3.connect(copy / "countersign.db") as seized:
        held = [box for (box,) in seized.execute("SELECT box FROM sealed_keys")]
        freed = seized.execute("PRAGMA freelist_count").fetchone()[0]
    assert not set(boxes) & set(held)
    assert freed >= 0


@only_sqlite
def test_every_connection_overwrites_what_is_deleted(app: Any) -> None:
    with app.app_context():
        for _ in range(3):
            connection = db.engine.raw_connection()
            assert connection.execute("PRAGMA secure_delete").fetchone()[0] == 1
            connection.detach()
            connection.close()
