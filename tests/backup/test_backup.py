"""Backups: one moment in two streams, whole or not at all, readable by their keeper alone."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from petition_app.backup import age, services, streams
from petition_app.backup.streams import DATA, KEYS
from petition_app.clock import utcnow
from petition_app.crypto.vault import UnreadableError
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import Base, db
from tests import dumps
from tests import factories as make
from tests.backup.conftest import Keeper, same_kind
from tests.conftest import only_sqlite

NAME, MAIL = "Канареева Зинаида Тестовна", "zinaida.kanareeva@example.org"
LEFT_OUT = streams.LEFT_OUT


def back_up(app: Flask, keeper: Keeper, folder: Path) -> tuple[Path, Path]:
    """Make a backup; return its data and its keys."""
    with app.app_context():
        made = services.make(folder, [keeper.recipient], at=utcnow())
    assert [path.suffixes[-2] for path in made.files] == [".data", ".keys"]
    assert sorted(folder.iterdir()) == sorted(made.files)
    return made.files[0], made.files[1]


def restore(app: Flask, keeper: Keeper, data: Path, keys: Path | None) -> int:
    """Restore a backup."""
    with make.acting(app, locked=True):
        return services.restore(data, keys, keeper.identity)


def fill(app: Flask) -> make.World:
    """Make something of each kind."""
    world = make.make_world(app, reviewers=2)
    make.import_rows(app, world.petition_id, "Ada Sample", "Ben Sample", initial=True)
    signed = make.make_verified(app, world, NAME, email=MAIL)
    again = make.make_signature(app, world.petition_id, NAME)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, again.id, world.reviewers[0])
    make.answer(app, again, "Since 2019.")
    make.decide_by_all(app, world, again.id, outcome="duplicate", duplicate_of=signed.id)
    make.withdraw(app, make.make_verified(app, world))
    make.act(app, "reopen", world.petition_id, again.id, world.organizer)
    make.submit(app, world.petition_id)
    return world


def lines(path: Path, keeper: Keeper) -> bytes:
    """Return what a file holds."""
    found: list[bytes] = []
    age.read_sealed(path, age.read_identities(keeper.identity), found.append)
    return b"\n".join(found)


def test_every_row_comes_back_on_either_kind_of_database(
    app: Flask, second: Flask, keeper: Keeper, tmp_path: Path
) -> None:
    world = fill(app)
    before = dumps.tables(app)
    assert restore(second, keeper, *back_up(app, keeper, tmp_path / "backups")) > 50
    after = dumps.tables(second)
    assert {table for table in before if before[table] != after[table]} <= LEFT_OUT
    assert make.problems(second, world.petition_id) == []


@pytest.mark.parametrize("mode", ["standard", "sealed"])
@only_sqlite
@same_kind
def test_the_data_stream_names_nobody_and_opens_nothing(
    app: Flask, second: Flask, keeper: Keeper, tmp_path: Path, mode: str
) -> None:
    world = make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app)
    signed = make.make_verified(app, world, NAME, email=MAIL)
    data, keys = back_up(app, keeper, tmp_path / "backups")
    assert dumps.traces(data.read_bytes() + keys.read_bytes(), NAME, MAIL) == []
    held = lines(data, keeper)
    assert dumps.traces(held, NAME, MAIL) == []
    with make.looking(app):
        boxes = db.session.scalars(db.select(SealedKey.box)).all()
        indexes = db.session.execute(db.select(Signature.name_index, Signature.entry_index)).all()
    secrets = [*boxes, *(index for row in indexes for index in row if index)]
    written = [streams.write_line("", {"": secret}).split(b'"')[-2] for secret in secrets]
    assert [one for one in written if one in held] == []
    assert all(one in lines(keys, keeper) for one in written), "the search must find them where they are"
    restore(second, keeper, data, None)
    with make.acting(second):
        signature = db.session.get_one(Signature, signed.id)
        assert signature.state == "verified"
        with pytest.raises(UnreadableError):
            sealing.open_identity(signature)


@only_sqlite
def test_what_was_withdrawn_opens_from_no_backup_whose_keys_are_gone(
    app: Flask, keeper: Keeper, tmp_path: Path
) -> None:
    world = make.make_world(app)
    signed = make.make_verified(app, world, NAME)
    data, keys = back_up(app, keeper, tmp_path / "backups")
    make.withdraw(app, signed)
    with app.app_context():
        later = services.make(tmp_path / "backups", [keeper.recipient], at=utcnow() + timedelta(days=7.1))
    assert later.removed == 1
    assert data.exists()
    assert not keys.exists()
    with make.looking(app):
        part = db.session.scalars(db.select(SealedPart.id).where(SealedPart.signature_id == signed.id)).first()
    assert str(part).encode() in lines(data, keeper), "the sealed part is there, for ever unreadable"
    for path in later.files:
        assert dumps.traces(lines(path, keeper), NAME) == []


@only_sqlite
def test_key_streams_are_kept_for_seven_days(app: Flask, keeper: Keeper, tmp_path: Path, cli: Any) -> None:
    with app.app_context():
        old = services.make(tmp_path, [keeper.recipient], at=utcnow() - timedelta(days=7.01))
        young = services.make(tmp_path, [keeper.recipient], at=utcnow() - timedelta(days=6.9))
    assert "1 key streams" in cli("backup", "--to", tmp_path, "--prune").out
    assert [path.exists() for path in (*old.files, *young.files)] == [True, False, True, True]


def test_both_streams_show_the_same_moment(
    app: Flask, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make.make_world(app)
    first = make.make_signature(app, world.petition_id)
    write = age.write_sealed

    def write_while_others_sign(path: Path, *others: Any) -> None:
        write(path, *others)
        make.make_signature(app, world.petition_id)

    monkeypatch.setattr(age, "write_sealed", write_while_others_sign)
    data, keys = back_up(app, keeper, tmp_path / "backups")
    assert lines(data, keeper).count(b'["signatures"') == 1
    assert lines(keys, keeper).count(b'["sealed_keys"') == 4
    assert str(first.id).encode() in lines(keys, keeper)


# --- what goes wrong --------------------------------------------------------------------------------------------


@pytest.fixture
def made(app: Flask, keeper: Keeper, tmp_path: Path) -> tuple[Path, Path]:
    make.make_verified(app, make.make_world(app), NAME)
    return back_up(app, keeper, tmp_path / "backups")


@only_sqlite
@same_kind
def test_another_identity_opens_nothing(second: Flask, made: tuple[Path, Path], tmp_path: Path) -> None:
    other = Keeper(tmp_path)
    with pytest.raises(age.WrongIdentityError):
        restore(second, other, *made)
    other.identity.write_text("not a key\n")
    with pytest.raises(age.IdentityFileError):
        restore(second, other, *made)


@only_sqlite
@same_kind
@pytest.mark.parametrize("stream", [0, 1])
@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "header"])
def test_a_damaged_file_restores_nothing(
    second: Flask, keeper: Keeper, made: tuple[Path, Path], stream: int, harm: str
) -> None:
    path = made[stream]
    sealed = path.read_bytes()
    middle = len(sealed) // 2
    harmed = {
        "cut": sealed[:-40],
        "changed": sealed[:middle] + bytes([sealed[middle] ^ 1]) + sealed[middle + 1 :],
        "empty": b"",
        "header": sealed[:30],
    }[harm]
    path.write_bytes(harmed)
    with pytest.raises(age.DamagedError):
        restore(second, keeper, *made)
    assert not any(dumps.tables(second).values())


@only_sqlite
@same_kind
def test_a_file_whose_last_rows_are_missing_is_cut_off(
    second: Flask, keeper: Keeper, made: tuple[Path, Path], tmp_path: Path
) -> None:
    kept = lines(made[0], keeper).split(b"\n")[:-3]
    short = tmp_path / "short.data.age"
    age.write_sealed(short, (line + b"\n" for line in kept), [age.read_recipient(keeper.recipient)])
    with pytest.raises(age.DamagedError):
        restore(second, keeper, short, made[1])
    assert not any(dumps.tables(second).values())


@only_sqlite
@same_kind
def test_only_the_two_files_of_one_backup_are_taken(
    app: Flask, second: Flask, keeper: Keeper, made: tuple[Path, Path], tmp_path: Path
) -> None:
    _, other_keys = back_up(app, keeper, tmp_path / "others")
    for data, keys in ((made[0], other_keys), (made[1], made[0])):
        with pytest.raises(services.PairError):
            restore(second, keeper, data, keys)
    foreign = tmp_path / "foreign.age"
    age.write_sealed(foreign, [b"[]\n"], [age.read_recipient(keeper.recipient)])
    with pytest.raises(services.NotABackupError):
        restore(second, keeper, foreign, None)
    assert not any(dumps.tables(second).values())


@only_sqlite
@same_kind
def test_a_backup_of_another_migration_or_into_a_used_database_is_refused(
    app: Flask, second: Flask, keeper: Keeper, made: tuple[Path, Path]
) -> None:
    with make.acting(second, locked=True):
        db.session.execute(db.text("UPDATE alembic_version SET version_num = 'older'"))
    with pytest.raises(services.VersionError):
        restore(second, keeper, *made)
    with pytest.raises(services.NotEmptyError):
        restore(app, keeper, *made)


@only_sqlite
def test_a_backup_that_fails_leaves_nothing_behind(
    app: Flask, keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.make_verified(app, make.make_world(app), NAME)
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "countersign-20260101T000000Z-00.data.age.part").write_bytes(b"of a run that was killed")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _full_disk)
        with app.app_context(), pytest.raises(OSError, match="No space"):
            services.make(folder, [keeper.recipient], at=utcnow())
    assert list(folder.iterdir()) == []
    with app.app_context(), pytest.raises(age.RecipientError):
        services.make(folder, ["age1nobody"], at=utcnow())
    assert list(folder.iterdir()) == []


def _full_disk(_file: int) -> None:
    raise OSError(28, "No space left on device")


@only_sqlite
def test_the_files_are_for_this_user_only(made: tuple[Path, Path]) -> None:
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert made[0].parent.stat().st_mode & 0o777 == 0o700


def test_every_table_travels_in_one_stream_and_no_data_points_to_keys() -> None:
    data, keys = ({table.name for table in streams.tables(stream)} for stream in (DATA, KEYS))
    assert data | keys | LEFT_OUT == set(Base.metadata.tables)
    assert not data & keys
    assert keys == streams.KEY_TABLES
    for table in streams.tables(DATA):
        assert {key.column.table.name for key in table.foreign_keys} <= data, f"{table} points to what may be gone"


@only_sqlite
def test_the_shell_says_what_is_wrong_in_one_line(
    app: Flask, keeper: Keeper, made: tuple[Path, Path], tmp_path: Path, cli: Any
) -> None:
    told: SimpleNamespace = cli("restore", made[0], "--keys", made[1], "--identity", keeper.identity, code=1)
    assert "The database is not empty" in told.err
    assert "--recipient is missing" in cli("backup", "--to", tmp_path, code=2).err
    (tmp_path / "file").write_text("")
    assert (
        "was not written" in cli("backup", "--to", tmp_path / "file" / "x", "--recipient", keeper.recipient, code=1).err
    )
