"""How often the desk asks the database to take a case, to show it and to decide it."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine, event

from petition_app.clock import utcnow
from tests import factories as make

MOST = 32


def test_taking_showing_and_deciding_a_case_asks_the_database_few_times(app: Any) -> None:
    world = make.make_world(app, reviewers=2)
    for _ in range(8):
        make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    client, desk = make.signed_in(app, world.reviewers[0]), f"/organizer/p/{world.slug}"
    token = make.csrf_token(client, f"{desk}/desk")
    form = {"csrf_token": token, "outcome": "verified", "contact": "official_contact", "agrees": "1"}
    form["contacted_on"] = utcnow().date().isoformat()
    asked, walks = list[str](), list[list[str]]()

    def note(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        asked.append(re.sub(r"\s+", " ", text)[:80])

    def walk() -> None:
        taken = client.post(f"{desk}/next", data={"csrf_token": token})
        assert client.get(taken.location).status_code == 200
        case = taken.location.partition("?")[0]
        assert client.post(f"{case}/decisions", data=form).status_code == 303

    walk()  # The first time something is read that is remembered then, for a second or two: some walk is quick enough.
    event.listen(Engine, "before_cursor_execute", note)
    try:
        for _ in range(4):
            asked.clear()
            walk()
            walks.append([text for text in asked if not text.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    least = min(walks, key=len)
    assert len(least) <= MOST, "\n".join(least)
