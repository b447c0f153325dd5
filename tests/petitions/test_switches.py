"""Switches: mail waits, signing pauses, nothing changes, a notice stands on the public pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from petition_app import maintenance
from petition_app.audit import AuditEvent
from petition_app.clock import utcnow
from petition_app.signatures.models import Signature
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.web.access import ALWAYS
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make
from tests.web.test_access import paths

NOTICE = {"words_en": "Beware of a false copy.", "words_ru": "Остерегайтесь подделки."}


def flip(app: Any, world: make.World, path: str, **data: str) -> Any:
    client = make.signed_in(app, world.organizer)
    token = make.csrf_token(client, "/organizer/password")
    answer = client.post(f"/organizer/p/{world.slug}{path}", data={"csrf_token": token, **data})
    assert answer.status_code == 303, answer.text
    return client


def acts(app: Any) -> list[str]:
    with make.looking(app):
        return list(db.session.scalars(db.select(AuditEvent.act)))


# --- mail -------------------------------------------------------------------------------------------------------


def test_paused_mail_waits_and_goes_out_afterwards(app: Any, client: Any, cli: Any) -> None:
    make.make_world(app)
    cli("switches", "pause-mail", "on")
    page = make.sign_page(client, email="ada@example.org")
    assert "Messages are late" in page.text
    with app.app_context():
        for _ in range(3):
            worker.run_once()
        assert make.outbox() == []
    with make.looking(app):
        assert db.session.scalars(db.select(jobs.Job.tries)).all() == [0]
    cli("switches", "pause-mail", "off")
    assert make.mailed_code(app, "ada@example.org")
    assert {"switch.mail_on", "switch.mail_off"} <= set(acts(app))


def test_other_work_goes_on_while_mail_waits(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    cli("switches", "pause-mail", "on")
    make.make_signature(app, world.petition_id)
    with app.app_context():
        worker.run_once()
    make.publish_waiting(app)
    assert make.tally(app, world.petition_id)["states"]["received"] == 1
    assert app.test_client().get(f"/p/{world.slug}/status.json").json["states"]["received"] == 1


# --- signing ----------------------------------------------------------------------------------------------------


def test_paused_signing_says_so_and_stores_nothing(app: Any, client: Any, cli: Any) -> None:
    make.make_world(app)
    form = make.form_with(client.get(f"/p/{make.SLUG}/sign"), "form")["form"]
    cli("switches", "pause-signing", make.SLUG, "on")
    assert "pause-signing open-letter: on" in cli("switches", "show").out
    assert "Signing is paused" in client.get(f"/p/{make.SLUG}/sign").text
    answer = client.post(f"/p/{make.SLUG}/sign", data=make.fill_sign_form(form))
    assert answer.status_code == 409
    assert "cannot be signed at the moment" in answer.text
    with make.looking(app):
        assert db.session.scalars(db.select(Signature.id)).all() == []
    with make.mail_server():
        cli("switches", "pause-signing", make.SLUG, "off")
    assert client.post(f"/p/{make.SLUG}/sign", data=make.fill_sign_form(form)).status_code == 200


# --- read-only --------------------------------------------------------------------------------------------------


def test_read_only_refuses_every_unsafe_request_and_changes_no_row(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    organizer = make.signed_in(app, world.organizer)
    cli("switches", "read-only", "on")
    before = dumps.tables(app)
    token = make.form_with(organizer.get(f"/organizer/p/{world.slug}/switches"), "csrf_token")["csrf_token"]
    for client in (app.test_client(), organizer):
        for endpoint, methods, path in paths(app):
            for method in methods - {"GET", "HEAD", "OPTIONS"}:
                if endpoint in ALWAYS:
                    continue
                answer = client.open(path, method=method, data={"csrf_token": token, "to": "off"}, buffered=True)
                assert answer.status_code == 503, (endpoint, answer.status_code)
                assert "can only be read" in answer.text
                assert "Our mistake" not in answer.text
    assert app.test_client().get(f"/p/{world.slug}").status_code == 200
    assert dumps.tables(app) == before


def test_read_only_stills_the_worker(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    make.sign_page(app.test_client())
    cli("switches", "read-only", "on")
    before = dumps.tables(app)
    with app.app_context():
        assert worker.run_once().jobs == 0
    assert dumps.tables(app) == before
    cli("switches", "read-only", "off")
    with app.app_context():
        assert worker.run_once().jobs > 0
    assert dumps.tables(app) != before


def test_no_organizer_turns_a_switch_of_the_whole_server(app: Any) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    page = client.get(f"/organizer/p/{world.slug}/switches")
    assert "Whoever operates this server turns these at the shell" in page.text
    assert not [form for form in make.forms_of(page) if "/switches/" in form["action"]]
    token = make.csrf_token(client, "/organizer/password")
    for path in ("mail", "read-only"):
        data = {"csrf_token": token, "to": "on"}
        assert client.post(f"/organizer/p/{world.slug}/switches/{path}", data=data).status_code == 404
    with make.looking(app):
        assert maintenance.list_on() == {}


def test_while_read_only_signers_withdraw_and_staff_sign_in(app: Any, cli: Any) -> None:
    world = make.make_world(app)
    one, other = make.make_verified(app, world), make.make_signature(app, world.petition_id)
    make.publish_waiting(app)
    cli("switches", "read-only", "on")
    client = app.test_client()
    assert client.post("/my", data={"code": other.secret_code, "action": "show"}).status_code == 200
    for action, value in (("consent", "count"), ("second_code", ""), ("second_look", "Please look."), ("answer", "x")):
        page = client.post("/my", data={"code": one.secret_code, "action": action, "value": value})
        assert "can only be read" in page.text
    assert client.post("/my", data={"code": one.secret_code, "action": "withdraw"}).status_code == 303
    assert make.state_of(app, one.id) == "withdrawn"
    assert one.name not in client.get(f"/p/{world.slug}/signatories").text
    organizer = app.test_client()
    assert make.sign_in(organizer, world.organizer).status_code in (302, 303)
    assert organizer.get(f"/organizer/p/{world.slug}").status_code == 200
    token = make.csrf_token(organizer, "/organizer/password")
    assert organizer.post(f"/organizer/p/{world.slug}/pause", data={"csrf_token": token}).status_code == 503


def test_turning_a_switch_twice_is_told_once(app: Any, run: Any) -> None:
    make.make_world(app)
    for _ in range(2):
        run(maintenance.turn, maintenance.MAIL, on=True, by=None, at=utcnow() + timedelta(seconds=1))
    assert acts(app).count("switch.mail_on") == 1


# --- the notice -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "/sign", "/confirm", "/signatories", "/updates", "/how-we-check"])
def test_the_notice_stands_on_public_pages_in_both_languages(app: Any, client: Any, page: str) -> None:
    world = make.make_world(app)
    flip(app, world, "/words/notice", act="publish", **NOTICE)
    for language, words in (("en", NOTICE["words_en"]), ("ru", NOTICE["words_ru"])):
        assert words in client.get(f"/p/{world.slug}{page}?lang={language}").text
    flip(app, world, "/banner/remove")
    assert NOTICE["words_en"] not in client.get(f"/p/{world.slug}{page}?lang=en").text


def test_a_notice_needs_both_languages_and_is_plain_text(app: Any, client: Any, cli: Any) -> None:
    world = make.make_world(app)
    organizer = make.signed_in(app, world.organizer)
    token = make.csrf_token(organizer, "/organizer/password")
    half = {"csrf_token": token, "words_en": "Only this."}
    assert organizer.post(f"/organizer/p/{world.slug}/words/notice", data=half).status_code == 422
    assert "500 characters" in cli("switches", "banner", world.slug, "--en", "x" * 501, "--ru", "y", code=1).output
    cli("switches", "banner", world.slug, "--en", "<b>Now</b>", "--ru", "<b>Сейчас</b>")
    assert "&lt;b&gt;Now&lt;/b&gt;" in client.get(f"/p/{world.slug}").text
    cli("switches", "banner", world.slug, "--off")
    assert "Now" not in client.get(f"/p/{world.slug}").text
