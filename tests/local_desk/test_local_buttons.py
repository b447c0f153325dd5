"""The desk on one's own machine does nothing for a button that it does not have, as the desk of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from petition_app.config import Settings
from petition_app.local_desk.client import Server
from petition_app.local_desk.running import HERE, make_desk
from petition_app.local_desk.server_sync import DeskSession
from tests import factories as make
from tests.conftest import only_sqlite, start_app, stop_app
from tests.local_desk.test_local_desk import Start, sealed_batch
from tests.web.test_named_buttons import UNSAID, WRONG, acting_views, state

DECIDE = "staff.desk.decide"


@only_sqlite
def test_the_local_desk_reads_what_a_button_says_where_it_is_tried_here(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeskSession, "refresh", lambda _self: None)  # Its views are the same without a server.
    (tmp_path / "desk").mkdir()
    local, _ = make_desk(start_app, Server("http://127.0.0.1:1", make.SLUG, "none"), tmp_path / "desk")
    try:
        assert acting_views(local).keys() & HERE == {DECIDE}, "a view is not tried here with another button"
        assert acting_views(local)[DECIDE] == {"outcome"}
    finally:
        stop_app(local)


@only_sqlite
@pytest.mark.parametrize("said", [*WRONG, []], ids=str)
def test_a_decision_without_a_known_verdict_does_not_reach_the_server(app: Any, desk: Start, said: list[str]) -> None:
    world, (signed,) = sealed_batch(app, "Аксинья Долгая")
    mine = desk(world, world.reviewers[0])
    case = mine.next()
    assert case
    before = state(app)
    outcomes = ["rejected" if one == "known" else one for one in said]
    typed: dict[str, Any] = {"csrf_token": mine.csrf, "reason": "not_found", "note": "Called at noon."}
    answer = mine.browser.post(f"/organizer/p/{world.slug}/{case}/decisions", data=typed | {"outcome": outcomes})
    assert answer.status_code == (400 if len(said) > 1 else 422)
    if len(said) < 2:
        assert UNSAID in answer.text
        assert "Called at noon." in answer.text
    assert state(app) == before
    assert mine.decide(case, outcome="rejected", reason="not_found").status_code == 303
    assert make.state_of(app, signed.id) == "rejected", "the button itself does nothing, so that this shows nothing"
