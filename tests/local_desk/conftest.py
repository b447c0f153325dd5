"""Fixtures: a server with UNLOCK_ON_SERVER=false, and local desks of its members."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from petition_app.config import Settings
from tests import factories as make
from tests.conftest import settings_for
from tests.local_desk.desks import LocalDesk, make_token, serving


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings of a server that never opens keys."""
    return settings_for(tmp_path / "instance", database, unlock_on_server=False)


@pytest.fixture
def server(app: Any) -> Iterator[str]:
    """The address of the server."""
    with serving(app) as address:
        yield address


@pytest.fixture
def desk(app: Any, server: str, tmp_path: Path) -> Iterator[Callable[..., LocalDesk]]:
    """Start the local desk of a member, with the keys open unless told."""
    desks: list[LocalDesk] = []

    def start(world: make.World, person: make.Person, *, unlocked: bool = True, entered: bool = True) -> LocalDesk:
        token = make_token(app, world.petition_id, person)
        desks.append(LocalDesk(server, world.slug, token, tmp_path / f"desk{len(desks)}", entered=entered))
        if unlocked and entered:
            assert desks[-1].unlock().status_code == 303
        return desks[-1]

    yield start
    for each in desks:
        each.close()
