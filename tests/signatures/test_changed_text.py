"""Nobody is bound to a text that was changed while they read it, which it may be in place until somebody has signed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from petition_app.clock import utcnow
from petition_app.petitions import services as petitions
from petition_app.petitions.models import TextVersion
from petition_app.petitions.new_petition import NewPetition
from petition_app.petitions.rules import text_hash
from petition_app.signatures import group_commit
from petition_app.signatures import services as signing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import dumps
from tests import factories as make
from tests.collisions import wait_until_it_waits

HERE = f"/p/{make.SLUG}/sign"
CHANGED = {
    "en": "The letter has been changed since you opened this page. Please read it again, then sign.",
    "ru": "Письмо изменили после того, как вы открыли эту страницу. Прочитайте его снова и подпишите.",
}


def edit(app: Flask, petition_id: Any, **texts: str) -> None:
    """Change the letter, or the words of one language, as its organizer does."""
    with make.acting(app):
        rewrite(petition_id, **texts)


def rewrite(petition_id: Any, **texts: str) -> None:
    """Change the letter within a transaction, which holds it until its end."""
    petition = make.petition(petition_id)
    now = petition.text
    new = NewPetition(
        slug=petition.slug, titles=dict(now.titles), texts=now.texts | texts, addressee=petition.addressee,
        who_may_sign=petition.who_may_sign, mode=petition.mode, mail=petition.mail,
    )  # fmt: skip
    petitions.edit(petition, new, has_signed=signing.has_any, by=None, at=utcnow())


def opened(client: FlaskClient, **typed: Any) -> dict[str, Any]:
    """Open the page and return the form as a browser sends it, filled in."""
    hidden = make.form_with(client.get(HERE), "name", "form")
    return make.fill_sign_form(hidden["form"], text=hidden.get("text"), **typed)


def bound_to(app: Flask) -> list[tuple[int, dict[str, str]]]:
    """Return to which text each signature is bound, as it reads now."""
    with make.looking(app):
        version = TextVersion.id == Signature.text_version_id
        found = db.session.execute(select(TextVersion.number, TextVersion.texts).join(Signature, version))
        return [(number, texts) for number, texts in found]


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("is_signed", [False, True], ids=["changed in place", "a new version"])
def test_whoever_read_another_text_gets_the_form_again_with_the_new_one(
    app: Flask, client: FlaskClient, petition_id: Any, lang: str, is_signed: bool
) -> None:
    if is_signed:
        make.make_signature(app, petition_id)
    sent = opened(client, name="Вера Луговая", email="vera@example.org", publish="1", lang="ru", others="4")
    edit(app, petition_id, **{lang: "We ask for something else."})
    before = dumps.tables(app)
    answer = client.post(f"{HERE}?lang={lang}", data=sent)
    assert answer.status_code == 422
    assert CHANGED[lang] in answer.text
    assert "We ask for something else." in answer.text
    assert '<details class="panel read-letter" id="letter-top" open>' in answer.text
    assert dumps.tables(app) == before
    again = make.form_with(answer, "name", "form")
    assert again["text"] != sent["text"]
    assert "consent" not in again, "the new text needs a new agreement"
    kept = ("form", "name", "role", "place", "email", "lang", "publish", "others")
    assert {name: again[name] for name in kept} == {name: sent[name] for name in kept}
    assert client.post(HERE, data=again | {"consent": "1"}).status_code == 200
    number, texts = bound_to(app)[-1] if not is_signed else max(bound_to(app), key=lambda found: found[0])
    assert (number, texts[lang]) == (1 + is_signed, "We ask for something else.")


def test_a_change_in_another_language_counts_since_a_signature_is_bound_to_all_of_them(
    app: Flask, client: FlaskClient, petition_id: Any
) -> None:
    sent = opened(client)
    edit(app, petition_id, ru="Мы просим о другом.")
    assert client.post(f"{HERE}?lang=en", data=sent).status_code == 422
    assert bound_to(app) == []


def test_what_is_edited_apart_from_the_text_keeps_nobody(app: Flask, client: FlaskClient, petition_id: Any) -> None:
    sent = opened(client)
    edit(app, petition_id)
    assert client.post(HERE, data=sent).status_code == 200
    assert len(bound_to(app)) == 1


@pytest.mark.parametrize("read", ["0" * 64, " ", "1", "ё" * 5000])
def test_a_version_that_never_was_is_another_one(app: Flask, client: FlaskClient, petition_id: Any, read: str) -> None:
    answer = client.post(HERE, data=opened(client) | {"text": read})
    assert answer.status_code == 422
    assert CHANGED["en"] in answer.text
    assert bound_to(app) == []


@pytest.mark.parametrize("read", [None, ""])
def test_whoever_does_not_say_what_they_read_signs_the_text_as_it_stands(
    app: Flask, client: FlaskClient, petition_id: Any, read: str | None
) -> None:
    sent = make.fill_sign_form(make.new_form_token(), text=read)
    edit(app, petition_id, en="We ask for something else.")
    assert client.post(HERE, data=sent).status_code == 200
    assert [texts["en"] for _, texts in bound_to(app)] == ["We ask for something else."]


def test_what_else_is_wrong_is_said_beside_it(app: Flask, client: FlaskClient, petition_id: Any) -> None:
    sent = opened(client, name=" ")
    edit(app, petition_id, en="We ask for something else.")
    answer = client.post(HERE, data=sent)
    assert answer.status_code == 422
    assert CHANGED["en"] in answer.text
    assert "Please write your name." in answer.text
    again = make.form_with(answer, "name", "form")
    assert "consent" not in again
    assert client.post(HERE, data=again | {"name": "Вера Луговая", "consent": "1"}).status_code == 200


def test_a_form_that_is_stored_and_sent_again_after_a_change_gets_the_same_page(
    app: Flask, client: FlaskClient, petition_id: Any
) -> None:
    sent = opened(client)
    first = client.post(HERE, data=sent)
    edit(app, petition_id, en="We ask for something else.")
    assert client.post(HERE, data=sent).text == first.text
    assert [number for number, _ in bound_to(app)] == [1]


def test_in_a_rush_too_nobody_is_bound_to_what_they_did_not_read(
    app: Flask, client: FlaskClient, petition_id: Any
) -> None:
    late = opened(client)
    assert client.post(HERE, data=opened(client)).status_code == 200  # From here on no page is asked.
    with app.app_context(), db.engine.begin() as connection:  # As another process does.
        connection.execute(_in_place(en="We ask for something else."))
    answer = client.post(HERE, data=late)
    assert answer.status_code == 422
    assert "We ask for something else." in answer.text
    assert len(bound_to(app)) == 1
    assert client.post(HERE, data=opened(client)).status_code == 200


def test_what_another_process_showed_is_not_mistaken_for_an_old_text(
    app: Flask, client: FlaskClient, petition_id: Any
) -> None:
    client.post(HERE, data=opened(client, name=" "))  # This process remembers the letter as it is now.
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(_in_place(en="We ask for something else."))
    assert client.post(HERE, data=opened(client)).status_code == 200
    assert [texts["en"] for _, texts in bound_to(app)] == ["We ask for something else."]


def _in_place(**texts: str) -> Any:
    titles, whole = {"en": "Title"}, {"en": "", **texts}
    return db.update(TextVersion).values(titles=titles, texts=whole, sha256=text_hash(titles, whole))


@pytest.mark.parametrize("is_said", [True, False], ids=["by the page", "by no page"])
def test_a_text_that_is_changed_between_the_look_and_the_commit_binds_nobody_to_what_they_did_not_read(
    app: Flask, client: FlaskClient, petition_id: Any, monkeypatch: pytest.MonkeyPatch, is_said: bool
) -> None:
    """The organizer saves while the signature is sealed already and waits to be written."""
    sent, writing, commit = opened(client) | ({} if is_said else {"text": ""}), Event(), group_commit._commit

    def note_and_commit(group: Sequence[group_commit.PendingWrite]) -> None:
        writing.set()
        commit(group)

    monkeypatch.setattr(group_commit, "_commit", note_and_commit)
    with ThreadPoolExecutor(1) as pool:
        with make.acting(app):
            rewrite(petition_id, en="We ask for something else.")
            posted = pool.submit(app.test_client().post, HERE, data=sent)
            assert writing.wait(30)
            wait_until_it_waits(posted)
        answer = posted.result(30)
    assert answer.status_code == (422 if is_said else 200)
    assert [texts["en"] for _, texts in bound_to(app)] == ([] if is_said else ["We ask for something else."])
    assert make.problems(app, petition_id) == []
