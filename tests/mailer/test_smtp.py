"""Mail against a real server that refuses, puts off, stalls and drops: delivered once, or left with the reason."""

from __future__ import annotations

import os
import random
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trustme
from flask import Flask

from petition_app import config
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.crypto import worker_keys
from petition_app.mailer import smtp
from petition_app.mailer.delivery import ClaimedJob, LostClaimError
from petition_app.petitions import dead_letters
from petition_app.signatures import bounces, sealing
from petition_app.signatures.messages import Message, enqueue_message
from petition_app.signatures.models import SentLetter, Signature
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.storage.jobs import Job
from petition_app.verification.dialogue import reminders
from petition_app.worker import loop as worker
from petition_app.worker import schedule
from tests import factories as make
from tests.conftest import only_sqlite
from tests.post import Server, serving

KILLS = 5
TRIES = 4  # In which every message of a test is delivered or given up.
MANNERS = ("", "refuse", "full", "later", "drop", "drop after", "garble", "stall")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that takes everything until it is told otherwise."""
    with serving(Server()) as running:
        yield running


def use(server: Server, options: str = "?timeout=0.5", scheme: str = "smtp", user: str = "") -> None:
    """Let this application mail through the server."""
    url = f"{scheme}://{user}127.0.0.1:{server.port}/{options}"
    config.activate(replace(config.current(), mail_url=url))


def sign(app: Flask, petition_id: Any, address: str) -> None:
    """Sign, so that a code waits to be mailed."""
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
        new = make.new_signature(email=address)
        make.signing.sign(new, petition=make.petition(petition_id), at=utcnow())


def work_off(app: Flask, rounds: int = TRIES + 1) -> None:
    """Let the worker run, and let time pass between its tries."""
    for _ in range(rounds):
        with app.app_context():
            while worker.run_job():
                pass
        with make.acting(app):
            db.session.execute(db.update(Job).where(Job.dead_on.is_(None)).values(due_at=utcnow()))


def dead(app: Flask) -> list[str | None]:
    """Return why messages were given up."""
    with make.looking(app):
        return list(db.session.scalars(db.select(Job.failure).where(Job.dead_on.is_not(None))))


def left(app: Flask) -> int:
    """Return how many messages are still to be tried."""
    with make.looking(app):
        return db.session.scalar(db.select(db.func.count()).select_from(Job).where(Job.dead_on.is_(None))) or 0


@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_every_message_is_delivered_once_or_given_up_with_its_reason(
    app: Any, server: Server, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make.make_sealed_world(app) if mode == "sealed" else make.make_world(app)
    use(server)
    monkeypatch.setattr(jobs, "LETTER_TRIES", TRIES)
    server.manners = {f"{how.replace(' ', '-') or 'well'}@example.org": how for how in MANNERS}
    for address in server.manners:
        sign(app, world.petition_id, address)
    work_off(app)
    assert left(app) == 0
    took = {"well@example.org", "later@example.org", "drop-after@example.org", "garble@example.org"}
    assert {address for address, number in server.taken.items() if number == 1} == took == set(server.taken)
    reasons = ["RefusedError 550", "RefusedError 552", "SMTPServerDisconnected", *["UnsureError"] * 3]
    assert sorted(map(str, dead(app))) == reasons
    assert server.tries["refuse@example.org"] == 1
    assert server.tries["stall@example.org"] == TRIES


def test_a_case_says_that_a_message_was_not_delivered_and_why(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    signed = make.make_signature(app, world.petition_id, email="gone@example.org")
    server.manners["gone@example.org"] = "refuse"
    make.seal(app, world.petition_id)
    reviewer = world.reviewers[0]
    make.take_case(app, world.petition_id, signed.id, reviewer)
    make.ask(app, world.petition_id, signed.id, reviewer)
    with make.acting(app):
        assert reminders.remind(world.petition_id, at=utcnow() + timedelta(days=8)) == 1
        db.session.execute(db.update(Job).values(due_at=utcnow()))
    work_off(app, 1)
    make.take_case(app, world.petition_id, signed.id, reviewer, asked=True)
    page = make.signed_in(app, reviewer).get(f"/organizer/p/{world.slug}/cases/{signed.id}").text
    assert "A message to this signer was not delivered" in page
    assert "refused it for good (550)" in page
    with make.looking(app):
        notes = sealing.open_case(db.session.get_one(Signature, signed.id))
    assert [note["text"] for note in notes if note.get("kind") == "undelivered"] == ["RefusedError 550"]


REPORT = """\
From: MAILER-DAEMON@mail.example.org
To: no-reply@127.0.0.1
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

<gone@example.org>: there is nobody of this name

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; gone@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 gone@example.org

--b
Content-Type: {kind}

From: no-reply@127.0.0.1
Message-ID: {id}

--b--
"""


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_a_message_that_comes_back_is_told_on_the_case(app: Any, cli: Any, server: Server, kind: str) -> None:
    world = make.make_world(app)
    use(server)
    sign(app, world.petition_id, "gone@example.org")
    work_off(app, 1)
    (message_id,) = server.ids["gone@example.org"]
    report = {"kind": kind, "id": message_id}
    delayed = REPORT.format(action="delayed", **report)
    assert "no report" in cli("mail", "bounced", stdin=delayed, code=1).err
    strange = REPORT.format(action="failed", kind=kind, id=f"<{'0' * 32}@elsewhere.example.org>")
    assert "no message that this server has sent" in cli("mail", "bounced", stdin=strange, code=1).err
    failed = REPORT.format(action="failed", **report)
    assert "5.1.1" in cli("mail", "bounced", stdin=failed).out
    assert "no message" in cli("mail", "bounced", stdin=failed, code=1).err
    with make.looking(app):
        notes = sealing.open_case(db.session.scalars(db.select(Signature)).one())
    assert [note["text"] for note in notes if note.get("kind") == "undelivered"] == ["BouncedError 5.1.1"]


def test_of_a_sealed_petition_nobody_remembers_what_was_sent(app: Any, server: Server) -> None:
    world = make.make_sealed_world(app)
    use(server)
    sign(app, world.petition_id, "gone@example.org")
    work_off(app, 1)
    assert server.taken == {"gone@example.org": 1}
    with make.looking(app):
        assert db.session.scalars(db.select(SentLetter)).all() == []


def test_what_was_sent_is_forgotten_after_a_week(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    sign(app, world.petition_id, "a@example.org")
    work_off(app, 1)
    for days, left_ in ((7, 1), (8, 0)):
        with make.acting(app):
            bounces.forget(at=utcnow() + timedelta(days=days))
            assert len(db.session.scalars(db.select(SentLetter)).all()) == left_


def test_organizers_see_what_was_not_delivered_and_send_it_again(app: Any, server: Server) -> None:
    world, other = make.make_world(app), make.make_world(app, "other-letter")
    use(server)
    server.manners = {"a@example.org": "refuse", "b@example.org": "drop", "c@example.org": "full"}
    for address in server.manners:
        sign(app, world.petition_id, address)
    work_off(app)
    here = f"/organizer/p/{world.slug}/mail"
    client = make.signed_in(app, world.organizer)
    page = client.get(here)
    assert "3 messages were not delivered" in client.get(f"/organizer/p/{world.slug}").text
    assert page.text.count("refused it for good") == 2
    assert "It is not known whether it arrived" in page.text
    assert "@example.org" not in page.text.split("<main")[1].split("</main")[0]
    assert (
        "Everything was delivered." in make.signed_in(app, other.organizer).get("/organizer/p/other-letter/mail").text
    )

    server.manners.clear()
    again = next(form for form in make.forms_of(page) if form["action"] == f"{here}/resend")
    assert client.post(again["action"], data=again["fields"]).status_code == 303
    work_off(app, 1)
    assert dead(app) == ["UnsureError"]
    assert set(server.taken) == {"a@example.org", "c@example.org"}

    one = next(form for form in make.forms_of(client.get(here)) if form["action"].endswith("/drop"))
    stranger = make.signed_in(app, other.organizer)
    token = make.csrf_token(stranger, "/organizer/password")
    elsewhere = one["action"].replace(world.slug, "other-letter")
    assert stranger.post(elsewhere, data={"csrf_token": token}).status_code == 404
    assert client.post(one["action"], data=one["fields"]).status_code == 303
    assert dead(app) == []
    assert "Everything was delivered." in client.get(here).text


@only_sqlite
def test_one_message_is_sent_again_with_the_same_id(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    server.manners["a@example.org"] = "drop after"
    sign(app, world.petition_id, "a@example.org")
    work_off(app, 2)
    server.manners.clear()
    client, here = make.signed_in(app, world.organizer), f"/organizer/p/{world.slug}/mail"
    forms = [form for form in make.forms_of(client.get(here)) if form["action"].endswith("/resend")]
    form = next(form for form in forms if form["action"] != f"{here}/resend")
    assert client.post(form["action"], data=form["fields"]).status_code == 303
    work_off(app, 1)
    assert server.taken["a@example.org"] == 2
    assert len(server.ids["a@example.org"]) == 1


@only_sqlite
def test_what_was_not_delivered_is_forgotten_after_two_weeks(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    server.manners["a@example.org"] = "refuse"
    sign(app, world.petition_id, "a@example.org")
    work_off(app, 1)
    for days, forgotten in ((14, 0), (15, 1)):
        with make.acting(app):
            assert dead_letters.forget(at=utcnow() + timedelta(days=days)) == forgotten


@only_sqlite
def test_a_server_that_takes_leave_rudely_gets_no_second_copy(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    server.farewell = "421 go away"
    sign(app, world.petition_id, "a@example.org")
    work_off(app)
    assert server.taken == {"a@example.org": 1}
    assert left(app) == 0
    assert dead(app) == []


@only_sqlite
def test_a_message_that_is_being_handed_over_is_left_alone(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    sign(app, world.petition_id, "a@example.org")
    with make.acting(app):
        job = jobs.claim(at=utcnow())
        assert job is not None
        assert jobs.mark_sending(job.id, tries=job.tries, at=utcnow())
    with make.acting(app):
        assert jobs.claim(at=utcnow() + timedelta(minutes=4)) is None
        assert jobs.claim(at=utcnow() + timedelta(minutes=6)) is not None


def test_two_workers_that_hold_one_message_send_it_once(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    sign(app, world.petition_id, "a@example.org")
    with make.acting(app):
        job = jobs.claim(at=utcnow())
        assert job is not None
        slow = ClaimedJob(job.id, job.name, job.payload, job.tries, handed=False)
        job.due_at = utcnow()
    work_off(app, 1)
    with app.app_context(), closing(smtp.Line()) as line, pytest.raises(LostClaimError):
        worker.new_round(line).post(slow)
    assert server.taken == {"a@example.org": 1}


@pytest.mark.parametrize("words", ["", "421 that is enough"])
def test_a_connection_that_the_server_ends_is_opened_anew_and_nothing_is_lost_or_sent_twice(
    app: Any, server: Server, words: str
) -> None:
    world = make.make_world(app)
    use(server)
    server.leave_after, server.leave_with = 3, words
    addresses = [f"signer{number}@example.org" for number in range(8)]
    server.manners["signer4@example.org"] = "refuse"
    for address in addresses:
        sign(app, world.petition_id, address)
    with app.app_context(), closing(smtp.Line()) as line:
        assert worker.run_job(line) == 8
        assert worker.run_job(line) == 0
    assert server.connections == 3
    assert server.taken == dict.fromkeys({*addresses} - {"signer4@example.org"}, 1)
    assert left(app) == 0
    assert dead(app) == ["RefusedError 550"]


def test_what_became_of_a_message_is_written_with_the_next_one(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    for address in ("a@example.org", "b@example.org"):
        sign(app, world.petition_id, address)
    with make.acting(app):
        taken = [
            ClaimedJob.of(job)
            for job in jobs.claim_more(schedule.LETTERS, at=utcnow(), couriers=worker_keys.own_key_ids(), most=9)
        ]
    with app.app_context(), closing(smtp.Line()) as line:
        posted = worker.new_round(line)
        handed = []
        for one in taken:
            posted.post(one)
            handed.append(handed_over(app))
        posted.finish()
    assert handed == [[taken[0].id], [taken[1].id]]
    assert left(app) == 0
    assert server.taken.total() == 2


def handed_over(app: Flask) -> list[Any]:
    """Return the messages that would be found handed over if the worker were killed now."""
    with make.looking(app):
        return list(db.session.scalars(db.select(Job.id).where(Job.handed_at.is_not(None))))


def test_a_message_about_a_signature_that_is_gone_is_not_sent_and_holds_up_no_other(app: Any, server: Server) -> None:
    world = make.make_world(app)
    use(server)
    with make.acting(app):
        message = Message("12345678", "en", "a@example.org", uuid4())
        enqueue_message("signatures.mail_code", message, make.petition(world.petition_id), at=utcnow())
    sign(app, world.petition_id, "b@example.org")
    work_off(app, 1)
    assert left(app) == 0
    assert server.taken == {"b@example.org": 1}


@pytest.mark.everywhere
def test_claims_that_there_was_no_time_for_go_back_as_they_were(app: Any, server: Server) -> None:
    world = make.make_world(app)
    for address in ("a@example.org", "b@example.org"):
        sign(app, world.petition_id, address)
    with make.acting(app):
        first, second = jobs.claim_more(schedule.LETTERS, at=utcnow(), couriers=(), most=9)
        second.tries += 1  # Another worker has claimed it since.
        ids = {first.id: 1, second.id: 1}
    with make.acting(app):
        jobs.give_back(ids, at=utcnow())
    with make.looking(app):
        tries = {job.id: job.tries for job in db.session.scalars(db.select(Job))}
    assert sorted(tries.values()) == [0, 2]
    with make.acting(app):
        assert jobs.claim(at=utcnow()) is not None
        assert jobs.claim(at=utcnow()) is None


def test_workers_killed_at_random_points_deliver_each_message_once_or_give_it_up(
    app: Any, settings: Settings, server: Server
) -> None:
    world, chance = make.make_world(app), random.Random(5)
    addresses = [f"signer{number}@example.org" for number in range(2 * KILLS)]
    server.stall = 0.05
    server.manners = dict.fromkeys(addresses, "slow")
    for address in addresses:
        sign(app, world.petition_id, address)
    given = {
        **os.environ, "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key,
        "KEY_RING": settings.key_ring, "COUNTERSIGN_INSTANCE": str(settings.instance),
        "MAIL_URL": f"smtp://127.0.0.1:{server.port}/?timeout=2",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    for _ in range(KILLS):
        before = server.taken.total()
        running = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if server.taken.total() > before or not left(app):
                break
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.1))
        running.kill()
        running.wait()
        with make.acting(app):
            db.session.execute(db.update(Job).where(Job.dead_on.is_(None)).values(due_at=utcnow()))
    use(server, "?timeout=2")
    work_off(app, 3)
    assert left(app) == 0
    assert max(server.taken.values()) == 1
    assert set(dead(app)) <= {"UnsureError"}
    missing = set(addresses) - set(server.taken)
    assert len(missing) <= len(dead(app))


# --- encryption and sign-in -------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    """A certificate authority of this test, and its certificate in a file."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority, tmp_path / "ca.pem"


def secured(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    """Return a context with a certificate for this name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def mail_one() -> None:
    """Send one message."""
    letter = smtp.Letter("a@example.org", "Your code", "One.\n.two\n..three\n")
    smtp.send(letter, message_id="0" * 32, hand_over=lambda: None)


@only_sqlite
def test_a_message_goes_over_starttls_with_a_password_and_arrives_as_it_was(
    app: Any, authority: tuple[trustme.CA, Path]
) -> None:
    ca, file = authority
    server = Server()
    options = {"auth_require_tls": True, "auth_required": True, "authenticator": server.sign_in}
    with app.app_context(), serving(server, tls=secured(ca), require_starttls=True, **options):
        use(server, f"?timeout=20&ca={file}&from=office@example.org", user="mailer%40example.org:s3cret%20word@")
        mail_one()
        assert server.texts == [("Your code", "One.\n.two\n..three\n")]
        assert server.signed_in == ["mailer@example.org"]
        use(server, f"?timeout=20&ca={file}", user="mailer:wrong@")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            mail_one()


@only_sqlite
def test_a_certificate_that_is_not_the_servers_ends_the_connection(
    app: Any, authority: tuple[trustme.CA, Path]
) -> None:
    ca, file = authority
    for tls, options in ((secured(ca, "elsewhere.example.org"), f"?ca={file}"), (secured(ca), "")):
        with app.app_context(), serving(Server(), tls=tls, require_starttls=True) as server:
            use(server, options)
            with pytest.raises(ssl.SSLCertVerificationError):
                mail_one()
            assert not server.taken


@only_sqlite
def test_a_message_goes_over_smtps(app: Any, authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    with app.app_context(), serving(Server(), ssl_context=secured(ca)) as server:
        use(server, f"?timeout=20&ca={file}", scheme="smtps")
        mail_one()
        smtp.check()
        assert server.taken == {"a@example.org": 1}


@only_sqlite
def test_nothing_is_said_in_plain_to_another_machine(app: Any) -> None:
    with app.app_context(), serving(Server(), hostname="0.0.0.0") as server:  # noqa: S104 -- one test's server.
        use(server)
        config.activate(replace(config.current(), mail_url=f"smtp://{socket.gethostname()}:{server.port}/?timeout=20"))
        with pytest.raises(smtp.NoTlsError):
            mail_one()
        assert not server.taken
