"""Only named buttons act: a view that reads which button was pressed does nothing for a name that it does not know."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from wtforms import Field

from petition_app.verification.batches.services import draft_announcement
from tests import dumps
from tests import factories as make
from tests.accounts.test_invitations import LONG, invite, mailed
from tests.conftest import only_sqlite

TEMPLATES = Path(__file__).parents[2] / "templates"
TAG = re.compile(r"<button[^>]*>|<input type=\"hidden\"[^>]*>")
NAMED = re.compile(r'\bname="(\w+)"[^>]* value="([^"]*)"')
# Words that a view reads beside its button: left out or unknown, they ask for less.
OPTIONS = {
    "asked": "the next case may be one that was asked about",
    "fill": "the words are filled in, and nothing is sent",
    "only_language": "the form is shown in the other language, and not taken",
    "then": "the next case comes straight after the act, else the desk",
    "one_act": "the page's own form, in which nothing may be left unsaid",
    "own_word_of": "which of the forms on a case it was, so that its words come back",
    "unmailed": "the page says that no mail was sent",
    "code": "the code itself, which is right or wrong",
}

# They show the page of a case, and so the form of another view, of which they read nothing.
SHOWN = ("staff.desk.ask", "staff.desk.add_evidence", "staff.people.invite")


def button_names() -> set[str]:
    """Return under which names pages send what a button says: as its own name, or as a fixed word beside it."""
    names = set()
    for path in TEMPLATES.rglob("*.html"):
        source = path.read_text()
        given = {word for words in re.findall(r"macro \w+\(([^)]*)\)", source) for word in re.findall(r"\w+", words)}
        for tag in TAG.findall(source):
            for name, value in NAMED.findall(tag):
                if "{{" not in value or (value.strip("{} ") == name and name in given):
                    names.add(name)
    return names


def reads(view: Callable[..., Any], names: set[str]) -> set[str]:
    """Return which of these names a view reads from what was sent.

    It may do so itself, by a function of its module, by a form or by a view that it stands around.
    """
    found, seen, waiting = set(), set(), [inspect.unwrap(view)]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        words = set(_words(function.__code__))
        if {"request", "form"} <= words:
            found |= set(_constants(function.__code__)) & names
        for part in (function.__globals__.get(word) for word in words):
            if isinstance(part, FunctionType) and part.__module__ == function.__module__:
                waiting.append(part)
            if isinstance(part, type) and issubclass(part, FlaskForm):
                found |= {name for name in names if _is_hidden(part, name)}
        inner = (cell.cell_contents for cell in function.__closure__ or ())
        waiting += [inspect.unwrap(part) for part in inner if isinstance(part, FunctionType)]
    return found


def _words(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _words(constant)


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _constants(constant)


def _is_hidden(form: type[FlaskForm], name: str) -> bool:
    field = getattr(form, name, None)
    kind: type[Field] | None = getattr(field, "field_class", None)
    return kind is not None and kind.__name__ in ("HiddenField", "SubmitField")


def acting_views(app: Flask) -> dict[str, set[str]]:
    """Return which views of the application read what a button says, and under which names."""
    names = button_names() - set(OPTIONS)
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    found = {endpoint: reads(app.view_functions[endpoint], names) for endpoint in posted}
    return {endpoint: names for endpoint, names in found.items() if names and endpoint not in SHOWN}


BUTTONS = "Please use one of the buttons. Nothing was changed."
UNSAID = "The form did not say which decision it was, so nothing was recorded."
# By name, what is said; without `take` the page asks for it.
SAID = {"act": BUTTONS, "action": BUTTONS, "outcome": UNSAID, "to": "Nothing was changed.", "take": "<form"}
Case = tuple[FlaskClient, str, str, dict[str, str], str | None]


def words(app: Flask, world: make.World) -> Case:
    sent = {"words_en": "Beware.", "words_ru": "Осторожно."}
    return make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/words/notice", "act", sent, "publish"


def seal(app: Flask, world: make.World) -> Case:
    make.make_signature(app, world.petition_id)
    sent = {"written_for": "1", **draft_announcement(1)}
    return make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/seal", "act", sent, "seal"


def lost_words(app: Flask, world: make.World) -> Case:
    signed = make.make_signature(app, world.petition_id)
    sent = {"name": signed.name, "mailbox": signed.email}
    return make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/lost-words", "act", sent, "withdraw"


def joining(app: Flask, world: make.World) -> Case:
    invite(app, world)
    sent = {"code": mailed(app)[0], "name": "Ines New", "new_password": LONG, "again": LONG}
    return app.test_client(), "/organizer/join", "take", sent, "1"


def confirming(app: Flask, world: make.World) -> Case:
    waiting = make.submit(app, world.petition_id)
    return (
        app.test_client(),
        f"/p/{world.slug}/confirm",
        "act",
        {"pending": waiting.pending, "code": waiting.code},
        None,
    )


def deciding(app: Flask, world: make.World) -> Case:
    signed, reviewer = make.make_signature(app, world.petition_id), world.reviewers[0]
    make.seal(app, world.petition_id)
    make.take_case(app, world.petition_id, signed.id, reviewer)
    path = f"/organizer/p/{world.slug}/cases/{signed.id}/decisions"
    return make.signed_in(app, reviewer), path, "outcome", {"reason": "not_found", "note": "She called."}, "rejected"


def freezing(app: Flask, world: make.World) -> Case:
    return make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/freeze", "to", {}, "on"


def my(app: Flask, world: make.World) -> Case:
    signed = make.make_signature(app, world.petition_id)
    return app.test_client(), "/my", "action", {"code": signed.secret_code, "value": "none"}, "withdraw"


def editing(app: Flask, world: make.World) -> Case:
    client, path = make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/edit"
    return client, path, "act", make.form_with(client.get(path), "title_en", "goal") | {"goal": "7"}, None


def drafting(app: Flask, _world: make.World) -> Case:
    draft = make.make_world(app, "draft", state="draft")
    client, path = make.signed_in(app, draft.organizer), f"/organizer/p/{draft.slug}/draft/days"
    return client, path, "act", make.form_with(client.get(path), "goal") | {"goal": "7"}, "next"


def inviting(app: Flask, world: make.World) -> Case:
    sent = {"people": "Ines New <ines@example.org>", "rest": "", "role_for_all": "reviewer", "language_for_all": "en"}
    return make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/people/invite-several", "act", sent, "send"


CASES = {
    "staff.petition.save": editing,
    "staff.drafting.save": drafting,
    "staff.people.invite_several": inviting,
    "staff.announcements.send": words,
    "staff.batches.seal_batch": seal,
    "staff.lost_codes.find": lost_words,
    "staff.people.join": joining,
    "sign.confirm_code": confirming,
    "my_signature.my_signature": my,
    "staff.desk.decide": deciding,
    "staff.freeze.freeze": freezing,
}
# What is sent where nothing is said: the main act of a code's own page, and a look-up that stands in the trail.
PLAIN = ("sign.confirm_code", "staff.lost_codes.find", "staff.petition.save", "staff.drafting.save")


def test_every_view_that_reads_what_a_button_says_is_tried_here(app: Flask) -> None:
    found = acting_views(app)
    assert set(found) == set(CASES), "a view reads the name of a button, and no case here tries it with another one"


WRONG: list[list[str]] = [["unheard of"], [""], ["known", "known"], ["unheard of", "known"]]


@only_sqlite
@pytest.mark.parametrize(
    ("endpoint", "said"),
    [(endpoint, said) for endpoint in CASES for said in (*WRONG, *([[]] if endpoint not in PLAIN else []))],
    ids=str,
)
def test_a_button_that_a_page_does_not_have_does_nothing(app: Flask, endpoint: str, said: list[str]) -> None:
    client, path, name, sent, known = CASES[endpoint](app, make.make_world(app))
    if path.startswith("/organizer"):
        sent["csrf_token"] = make.csrf_token(client, "/organizer/password" if name != "take" else path)
    before = state(app)
    acts = [known or "anew" if one == "known" else one for one in said]
    answer = client.post(path, data={**sent, name: acts} if acts else sent, follow_redirects=True)
    assert answer.status_code in (200, 400, 422)
    assert state(app) == before
    if len(said) > 1:
        assert answer.status_code == 400
    elif any(said) or name != "action":
        assert SAID[name] in answer.text
    assert client.post(path, data=sent | ({name: known} if known else {})).status_code in (200, 303)
    assert state(app) != before, "the button itself does nothing, so that this test shows nothing"


TYPED: dict[str, dict[str, str]] = {
    "verify": {"contact": "live_call", "contacted_on": "2026-01-05", "agrees": "0", "note": "She called at noon."},
    "not-verified": {"reason": "not_found", "note": "She called at noon."},
}


@only_sqlite
@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("part", TYPED)
def test_a_decision_without_its_verdict_comes_back_in_its_own_form_as_it_was_typed(
    app: Flask, part: str, language: str
) -> None:
    client, path, _, _, _ = deciding(app, make.make_world(app))
    sent = TYPED[part] | {"csrf_token": make.csrf_token(client, "/organizer/password")}
    page = client.post(f"{path}?lang={language}", data=sent)
    assert page.status_code == 422
    shown = re.findall(r'<section id="([\w-]+)" class="act[^"]* act-failed"(.*?)</section>', page.text, re.DOTALL)
    assert [id_ for id_, _ in shown] == [part], "the page shows another form than the one that was sent, or none"
    words = {"en": UNSAID, "ru": "Из формы не видно, какое это решение, поэтому ничего не записано."}
    assert words[language] in shown[0][1]
    kept = make.form_with(page, *TYPED[part])
    assert {name: kept[name].strip() for name in TYPED[part]} == TYPED[part]


def state(app: Flask) -> dict[str, Any]:
    """Return all rows but for who was seen today."""
    return {name: rows for name, rows in dumps.tables(app).items() if name not in ("account_sessions",)}
