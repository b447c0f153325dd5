"""Reports of undelivered mail in all their shapes: read, or said to be none; never an error, never lost."""

from __future__ import annotations

import base64
import quopri
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.mailer.reports import read_report
from petition_app.signatures import bounces, sealing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.mailer.test_smtp import sign, use, work_off
from tests.post import Server, serving

FOLDER = Path(__file__).parent.parent / "data" / "reports"
FILES = {
    "bounce-global.eml": "25c73b929d46478abc8244c87ff08b87",
    "bounce-headers-base64.eml": "0d9d87bf74d94d1f827615312352472b",
    "bounce-in-reply-to-only.eml": "804125858a364d9097b9ae74b981a4e1",
    "bounce-x-original-message-id.eml": "96c12cef88844de99b324dedef01be04",
}
OURS = "5a" * 16


@pytest.mark.parametrize("name", FILES)
def test_a_report_is_read_wherever_it_carries_the_id(name: str) -> None:
    report = read_report((FOLDER / name).read_bytes())
    assert report
    assert (report.status, report.ids[0]) == ("5.1.1", FILES[name])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("action", ["failed (no such user)", "Failed", "FAILED ; permanent", " failed\r"])
def test_what_was_said_in_a_comment_changes_nothing(name: str, action: str) -> None:
    text = (FOLDER / name).read_text().replace("Action: failed", f"Action: {action}")
    report = read_report(text.encode())
    assert report
    assert report.status == "5.1.1"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "unfailed"])
def test_what_has_not_failed_is_no_report(action: str) -> None:
    text = (FOLDER / "bounce-global.eml").read_text().replace("Action: failed", f"Action: {action}")
    assert read_report(text.encode()) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("To: letters@example.org\nSubject: Und", f"To: <letters+{OURS}@example.org>\nSubject: Und"),
        ("MIME-Version: 1.0\n", f"MIME-Version: 1.0\nDelivered-To: letters+{OURS}@example.org\n"),
        ("Subject: Your code\n", f"Subject: Your code\nX-Reference: {OURS}\n"),
        ("Reporting-MTA:", f"Original-Envelope-Id: {OURS}\nReporting-MTA:"),
    ],
)
def test_where_a_provider_replaces_the_id_another_one_is_found(old: str, new: str) -> None:
    text = (FOLDER / "bounce-ses-own-id.eml").read_text()
    bare = read_report(text.encode())
    assert bare
    assert (bare.status, bare.ids) == ("5.1.1", ())
    report = read_report(text.replace(old, new, 1).encode())
    assert report
    assert report.ids == (OURS,)


PLAIN = """\
Return-Path: <>
From: {sender}
To: letters@example.org
Subject: failure notice
{extra}
Hi. This is the qmail-send program at mx.example.net.

<b01@example.org>:
{words}

--- Below this line is a copy of the message.

Message-ID: <{id}@example.org>
Subject: Your code
"""


@pytest.mark.parametrize(
    ("sender", "extra", "words", "status"),
    [
        ("MAILER-DAEMON@mx.example.net", "", "192.0.2.1 said: 550 5.1.1 no such user", "5.1.1"),
        ("Mail Delivery System <x@mx.example.net>", "", "511 sorry, no mailbox here", "5.0.0"),
        ("a@example.net", "X-Failed-Recipients: b01@example.org\n", "Unrouteable address", "5.0.0"),
        ("Ada <ada@example.org>", "", "I am away until 550 5.1.1 or so", None),
        ("MAILER-DAEMON@mx.example.net", "", "delayed, still trying: 451 4.7.1 greylisted", None),
    ],
)
def test_letters_of_servers_without_a_report_in_form_are_read_and_those_of_people_are_not(
    sender: str, extra: str, words: str, status: str | None
) -> None:
    report = read_report(PLAIN.format(sender=sender, extra=extra, words=words, id=OURS).encode())
    assert (report and (report.status, report.ids[0])) == (status and (status, OURS))


def encoded(text: str, how: str) -> str:
    """Return a part as it is carried."""
    if how == "base64":
        return base64.encodebytes(text.encode()).decode()
    return quopri.encodestring(text.encode()).decode() if how == "quoted-printable" else text


@given(
    family=st.sampled_from(["", "global-"]),
    headers=st.sampled_from(["own", "text", "whole", "reply", "status", "to"]),
    how=st.sampled_from(["", "base64", "quoted-printable"]),
    action=st.sampled_from(["failed", "Failed (x)", "failed;y"]),
    end=st.sampled_from(["\n", "\r\n"]),
    before=st.lists(st.sampled_from(["delayed", "relayed"]), max_size=2),
    status=st.sampled_from(
        ["Status: 5.2.2", "Status:\n 5.2.2", "status: 5.2.2 (full)", "Diagnostic-Code: smtp; 552 5.2.2"]
    ),
    text=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="0123456789abcdef"), max_size=30),
)
def test_in_every_shape_the_id_and_the_status_are_found(
    family: str, headers: str, how: str, action: str, end: str, before: list[str], status: str, text: str
) -> None:
    blocks = [f"Action: {done}\nStatus: 2.0.0" for done in before] + [f"Action: {action}\n{status}"]
    blocks[-1] += f"\nX-Original-Message-ID: <{OURS}@example.org>" if headers == "status" else ""
    kind = {"own": "message/rfc822", "text": "text/rfc822-headers", "whole": f"message/{family or 'global-'}headers"}
    own = f"Subject: {text}\nMessage-ID: <{OURS}@example.org>\n"
    way = f"Content-Transfer-Encoding: {how}\n" if how else ""
    parts = [
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n",
        f"Content-Type: message/{family}delivery-status\n\nReporting-MTA: dns; x\n\n" + "\n\n".join(blocks) + "\n",
    ]
    if headers in kind:
        way = way if headers != "own" else ""
        parts.append(f"Content-Type: {kind[headers]}\n{way}\n{encoded(own, how) if way else own}\n")
    extra = f"In-Reply-To: <{OURS}@example.org>\n" if headers == "reply" else ""
    to = f"letters+{OURS}@example.org" if headers == "to" else "letters@example.org"
    report = (
        f"From: MAILER-DAEMON@x.example.org\nTo: {to}\n{extra}MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; boundary="=b="\n\n'
        + "".join(f"--=b=\n{part}\n" for part in parts)
        + "--=b=--\n"
    )
    found = read_report(report.replace("\n", end).encode())
    assert found
    assert (found.status, found.ids) == ("5.2.2", (OURS,))


@given(
    st.sampled_from([*FILES, "bounce-ses-own-id.eml"]),
    st.integers(0, 1200),
    st.integers(0, 200),
    st.one_of(
        st.binary(max_size=60), st.sampled_from([b"\n\n", b"=?utf-8?b?", b"charset=none;", b"--BOUND123--", b"\x00"])
    ),
)
def test_whatever_is_handed_over_nothing_is_raised(name: str, at: int, cut: int, put: bytes) -> None:
    whole = (FOLDER / name).read_bytes()
    report = read_report(whole[:at] + put + whole[at + cut :])
    assert report is None or report.status[0] in "245"


@given(st.binary(max_size=300))
def test_noise_is_no_report(data: bytes) -> None:
    assert read_report(data) is None


@pytest.mark.everywhere
def test_a_report_about_a_letter_of_ours_is_told_on_its_case_and_another_one_is_said_to_be_strange(app: Any) -> None:
    world = make.make_world(app)
    with serving(Server()) as server:
        use(server, "?timeout=0.5&verp=yes&from=letters@example.org")
        sign(app, world.petition_id, "b15@example.org")
        work_off(app, 1)
    (headers,), (sender,) = server.headers, server.senders
    reference = headers["X-Reference"]
    assert headers["Message-ID"] == f"<{reference}@example.org>"
    assert sender == f"letters+{reference}@example.org"
    assert headers["From"] == "letters@example.org"
    bare = (FOLDER / "bounce-ses-own-id.eml").read_text()
    with make.acting(app), pytest.raises(bounces.UnknownLetterError):
        bounces.take_in(bare.encode(), at=utcnow())
    report = bare.replace("To: letters@example.org", f"To: {sender}", 1)
    with make.acting(app):
        assert bounces.take_in(report.encode(), at=utcnow()) == "5.1.1"
    with make.looking(app):
        notes = sealing.open_case(db.session.scalars(db.select(Signature)).one())
    assert [note["text"] for note in notes if note.get("kind") == "undelivered"] == ["BouncedError 5.1.1"]
