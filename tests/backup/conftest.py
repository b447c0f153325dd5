"""Fixtures: somebody who keeps backups, and a second, empty server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from flask import Flask

from petition_app import config
from tests.conftest import settings_for, start_app, stop_app
from tests.database_server import PostgreSQL


class Keeper:
    """Keeps the identity away from the server."""

    def __init__(self, folder: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        self.recipient, self.identity = str(identity.to_public()), folder / "identity.txt"
        self.identity.write_text(f"# kept offline\n{identity}\n")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path)


@pytest.fixture(params=["same", "other"])
def second(request: pytest.FixtureRequest, app: Flask, database: str, tmp_path: Path) -> Iterator[Flask]:
    """A migrated, empty server with the same secrets, on the same kind of database or on the other kind."""
    ring = config.current().key_ring
    folder = tmp_path / "second"
    folder.mkdir()
    if database.startswith("sqlite") == (request.param == "same"):
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "countersign.db")
        url, drop = f"sqlite:///{folder / 'countersign.db'}", lambda: None
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = server.create()
        url, drop = server.url(name), lambda: server.drop(name)
    made = start_app(settings_for(folder, url, key_ring=ring))
    yield made
    stop_app(made)
    drop()


same_kind = pytest.mark.parametrize("second", ["same"], indirect=True)
