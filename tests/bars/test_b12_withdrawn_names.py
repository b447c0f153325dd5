"""B12: a name whose right has ended leaves every page, feed and export at once, before anything else happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.storage.db import db
from petition_app.tally.models import DueName, PublishedName
from petition_app.tally.services import publish_now
from tests import dumps
from tests import factories as make

PLACE = "Совет Выдуманного мыса"


def make_world(app: Any, mode: str) -> make.World:
    return make.make_sealed_world(app, reviewers=1) if mode == "sealed" else make.make_world(app, reviewers=1)


def publish(app: Any, world: make.World) -> None:
    with make.acting(app):
        publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())


def verify(app: Any, world: make.World, *fields: dict[str, Any]) -> list[make.Signed]:
    signed = [make.make_signature(app, world.petition_id, place=PLACE, **words) for words in fields]
    make.seal(app, world.petition_id, by=world.organizer)
    for one in signed:
        assert make.decide(app, world.petition_id, one.id, world.reviewers[0]) == "verified"
    publish(app, world)
    return signed


def everywhere(app: Any, world: make.World) -> str:
    """Return all that a stranger can read of a petition, in both languages, from every address there is: a line a page.

    Not one line of half a million characters: a failing test takes minutes then to say where they differ.
    """
    client, text = app.test_client(), []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/organizer", "/desk")) or "<path" in rule.rule:
            continue
        if set(rule.arguments) - {"slug"}:
            continue
        path = rule.rule.replace("<slug>", world.slug)
        for query in ("", "?lang=ru", "?per_page=500", "?batch=1", f"?place={PLACE}", "?place="):
            answer = client.get(path + query)
            assert answer.status_code in (200, 301, 302, 404) or path == "/readyz", f"{path}{query}: {answer.status}"
            text.append(re.sub(r"\s+", " ", answer.text))
    assert len(text) > 60
    return "\n".join(text)


def withdraw(app: Any, world: make.World, one: make.Signed) -> None:
    answer = app.test_client().post("/my", data={"code": one.secret_code, "action": "withdraw"})
    assert answer.status_code == 303
    assert make.state_of(app, one.id) == "withdrawn"


def lower(app: Any, world: make.World, one: make.Signed) -> None:
    answer = app.test_client().post("/my", data={"code": one.secret_code, "action": "consent", "value": "0"})
    assert answer.status_code == 200


def retract(app: Any, world: make.World, one: make.Signed) -> None:
    make.act(app, "retract", world.petition_id, one.id, world.organizer, reason="entered_in_error")


def reopen(app: Any, world: make.World, one: make.Signed) -> None:
    make.act(app, "reopen", world.petition_id, one.id, world.organizer)


def undo(app: Any, world: make.World, one: make.Signed) -> None:
    make.act(app, "undo", world.petition_id, one.id, world.organizer)


def deny(app: Any, world: make.World, one: make.Signed) -> None:
    client = app.test_client()
    form = make.form_with(client.get(f"/p/{world.slug}/not-me"), "name")
    words = form | {"name": one.name, "place": PLACE, "words": "I have never signed this."}
    answer = client.post(f"/p/{world.slug}/not-me", data=words)
    assert answer.status_code in (200, 303), answer.text


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_a_name_whose_right_has_ended_is_off_every_page_at_once(app: Any, cli: Any, mode: str) -> None:
    world = make_world(app, mode)
    ends: list[Callable[[Any, make.World, make.Signed], None]] = [withdraw, lower, retract, reopen, undo, deny]
    stays, *signed = verify(app, world, *({} for _ in range(len(ends) + 1)))
    shown = everywhere(app, world)
    assert [one.name for one in (stays, *signed) if one.name not in shown] == []
    for end, one in zip(ends, signed, strict=True):
        end(app, world, one)
        shown = everywhere(app, world)
        assert one.name not in shown, f"after {end.__name__} the name is still public"
        assert one.name not in cli("tally", "show", world.slug, "--json").output
    assert stays.name in shown
    with make.looking(app):
        held = set(db.session.scalars(db.select(PublishedName.name)))
    assert held == {stays.name, signed[-1].name}, "a name is only hidden that should be gone"
    gone = [one.name for one in signed[:2]]
    assert dumps.traces(dumps.everything(app), *gone) == []


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_who_wanted_company_leaves_with_the_company(app: Any, mode: str) -> None:
    world = make_world(app, mode)
    plain, one, two, three = verify(app, world, {}, {"others": 1}, {"others": 2}, {"others": 3})
    shown = everywhere(app, world)
    assert all(each.name in shown for each in (plain, one, two, three))
    withdraw(app, world, two)
    shown = everywhere(app, world)
    assert [each.name for each in (plain, one, two, three) if each.name in shown] == [plain.name, one.name]
    lower(app, world, plain)
    shown = everywhere(app, world)
    assert [each.name for each in (plain, one, two, three) if each.name in shown] == []


def test_a_name_that_was_due_and_is_withdrawn_is_never_opened(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    signed = [make.make_signature(app, world.petition_id) for _ in range(6)]
    make.seal(app, world.petition_id, by=world.organizer)
    keys = make._open_keys[-1]
    reviewer = world.reviewers[0]
    make._open_keys[:] = [type(keys)(keys.petition_id, reviewer.id, keys.keys, keys.index_key)]
    for one in signed:
        assert make.decide(app, world.petition_id, one.id, reviewer) == "verified"
    with make.looking(app):
        due = set(db.session.scalars(db.select(DueName.signature_id)))
    gone = next(one for one in signed if one.id in due)
    withdraw(app, world, gone)
    with make.looking(app):
        assert gone.id not in set(db.session.scalars(db.select(DueName.signature_id)))
    make.open_keys(app, world)
    publish(app, world)
    shown = everywhere(app, world)
    assert gone.name not in shown
    assert len([one for one in signed if one.name in shown]) == 5
