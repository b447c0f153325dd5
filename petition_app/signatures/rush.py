"""The door of a rush: a plain form is taken before any request begins, exactly as its page takes it.

What those who sign one letter within a second are answered differs in one token alone. The page itself answers the
first of them, and that is remembered without the token. Whatever is not plain, or goes wrong, is left to the page,
which says why; a form that was stored meanwhile is taken there as it stands.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from weakref import WeakSet

from flask import Flask

from petition_app.clock import utcnow
from petition_app.db import after_change
from petition_app.group_commit import Queue
from petition_app.pages import Headers, ask, asked
from petition_app.petitions import standing
from petition_app.petitions.models import Petition
from petition_app.signatures import intake
from petition_app.signatures.arrivals import NewSignature, pending_token
from petition_app.signatures.forms import read_plain
from petition_app.signatures.intake import Ticket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BEGIN, END = "/p/", "/sign"
LIFE, MOST = 1.0, 64  # Seconds for which an answer is remembered, and how many are.
LONGEST = 16 * 1024  # Bytes of a form.
FIELDS = 20
PLAIN = "application/x-www-form-urlencoded"

Form = dict[str, str]


@dataclass
class Frame:
    """What the page answered, and when it was last asked, in the parts between which its token stands."""

    asked: float
    headers: Headers
    parts: list[bytes]
    rule: str

    @property
    def language(self) -> str:
        """The language it is in."""
        return next(value for name, value in self.headers if name == "Content-Language")


class NotPlainError(Exception):
    """The page must look at it."""


_all: WeakSet[Rush] = WeakSet()


def forget() -> None:
    """Let the page answer anew, since this process has changed something."""
    for rush in list(_all):
        rush.frames = {}


after_change.append(forget)


class Rush:
    """The door of one application, with what its pages have answered within the last second."""

    def __init__(self, app: Flask) -> None:
        _all.add(self)
        self._app = app
        self.frames: dict[Hashable, Frame] = {}

    def answer(self, environ: WSGIEnvironment, start: StartResponse, page: WSGIApplication) -> Iterable[bytes]:
        """Take a plain form and answer as its page does, or let the page do so and remember how."""
        if not _may_be_plain(environ):
            return page(environ, start)
        sent, frames = _read(environ), self.frames
        key = (asked(environ), bool(sent.get("email")))
        frame, slug = _find(frames, key), environ["PATH_INFO"][len(BEGIN) : -len(END)]
        client = environ.get("REMOTE_ADDR", "")
        pending = self._sign(slug, sent, frame.language, client) if frame else None
        if frame and pending:
            environ["countersign.rule"] = frame.rule
            start("200 OK", frame.headers[:])
            return [pending.join(frame.parts)]
        line, headers, body = ask(environ, page)
        if line.startswith("200 ") and (parts := self._split(headers, body, slug, sent)):
            if len(frames) >= MOST:
                frames.clear()
            frames[key] = Frame(monotonic(), headers, parts, environ.get("countersign.rule", ""))
        start(line, headers)
        return [body]

    def _sign(self, slug: str, sent: Form, language: str, client: str) -> bytes | None:
        """Store what was sent and return its page's token; nothing when the page must say what is wrong."""

        def read() -> tuple[NewSignature, Petition]:
            petition = standing.get_public(slug)
            if new := read_plain(sent, mail=petition.mail, language=language):
                return new, petition
            raise NotPlainError

        ticket = Ticket(read, client=client, at=utcnow())
        with suppress(Exception):  # The page meets what went wrong, and tells it.
            intake.take(ticket, self._queue, leading=self._app.app_context)
            return ticket.pending.encode()
        return None

    @cached_property
    def _queue(self) -> Queue[Ticket]:
        with self._app.app_context():
            return intake.queue()

    def _split(self, headers: Headers, body: bytes, slug: str, sent: Form) -> list[bytes] | None:
        """Return what a page is apart from the token of a form; nothing if it is not the same for all others."""
        pending = b""
        with suppress(Exception), self._app.app_context():  # It has been answered; then it is not remembered.
            pending = pending_token(standing.get_public(slug).id, sent.get("form", "")).encode()
        is_cookie_set = any(name.lower() == "set-cookie" for name, _ in headers)
        return body.split(pending) if pending and pending in body and not is_cookie_set else None


def _find(frames: dict[Hashable, Frame], key: Hashable) -> Frame | None:
    """Return what the page answered within the last second or two; after a second one asks it again."""
    frame, now = frames.get(key), monotonic()
    if frame is None or now - frame.asked < LIFE:
        return frame
    if now - frame.asked < 2 * LIFE:
        frame.asked = now
    else:
        frames.pop(key, None)
    return None


def _may_be_plain(environ: WSGIEnvironment) -> bool:
    """Return whether this is a short form for signing that was not sent from another site."""
    path, length = environ["PATH_INFO"], environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and path.startswith(BEGIN)
        and path.endswith(END)
        and environ.get("CONTENT_TYPE", "").partition(";")[0] == PLAIN
        and length.isdecimal()
        and len(length) <= len(str(LONGEST))
        and int(length) <= LONGEST
        and environ.get("HTTP_SEC_FETCH_SITE") != "cross-site"
    )


def _read(environ: WSGIEnvironment) -> Form:
    """Return the fields of a form, the first of each name, or none that could be read; the page can read it again."""
    length = int(environ["CONTENT_LENGTH"])
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    if len(body) < length:
        return {}
    with suppress(ValueError):
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
        return dict(reversed(fields))
    return {}
