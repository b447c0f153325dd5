"""The door of a rush: a plain form is taken before any request begins, exactly as its page takes it.

What those who sign one letter within a second are answered differs in one token alone. The page itself answers the
first of them, and that is remembered without the token. Whatever is not plain, or goes wrong, is left to the page,
which says why; a form that was stored meanwhile is taken there as it stands.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from weakref import WeakSet

from flask import Flask

from petition_app.clock import utcnow
from petition_app.db import after_change
from petition_app.pages import Headers, ask, asked
from petition_app.petitions import standing
from petition_app.signatures import intake
from petition_app.signatures.arrivals import pending_token
from petition_app.signatures.forms import read_plain

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BEGIN, END = "/p/", "/sign"
LIFE, MOST = 1.0, 64  # Seconds for which an answer is remembered, and how many are.
LONGEST = 16 * 1024  # Bytes of a form.
FIELDS = 20
PLAIN = "application/x-www-form-urlencoded"

Form = dict[str, str]


@dataclass(frozen=True)
class Frame:
    """What the page answered, in the parts between which its token stands."""

    made: float
    headers: Headers
    parts: list[bytes]
    language: str
    rule: str


_all: WeakSet[Rush] = WeakSet()


def forget() -> None:
    """Let the page answer anew, since this process has changed something."""
    for rush in list(_all):
        rush.frames.clear()


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
        sent = _read(environ)
        key = (asked(environ), bool(sent.get("email")))
        frame, slug = self.frames.get(key), environ["PATH_INFO"][len(BEGIN) : -len(END)]
        pending = self._sign(slug, sent, frame) if frame and monotonic() - frame.made < LIFE else None
        if frame and pending:
            environ["countersign.rule"] = frame.rule
            start("200 OK", frame.headers[:])
            return [pending.join(frame.parts)]
        line, headers, body = ask(environ, page)
        if line.startswith("200 "):
            self._remember(key, slug, sent, headers, body, environ)
        start(line, headers)
        return [body]

    def _sign(self, slug: str, sent: Form, frame: Frame) -> bytes | None:
        """Store what was sent and return its page's token; nothing when the page must say what is wrong."""
        with suppress(Exception), self._app.app_context():  # The page meets what went wrong, and tells it.
            petition = standing.get_public(slug)
            if new := read_plain(sent, mail=petition.mail, language=frame.language):
                return intake.sign(new, petition=petition, at=utcnow()).encode()
        return None

    def _remember(
        self, key: Hashable, slug: str, sent: Form, headers: Headers, body: bytes, environ: WSGIEnvironment
    ) -> None:
        with self._app.app_context():
            pending = pending_token(standing.get_public(slug).id, sent.get("form", "")).encode()
        named = {name.lower(): value for name, value in headers}
        if pending not in body or "set-cookie" in named:
            return
        if len(self.frames) >= MOST:
            self.frames.clear()
        language, rule = named["content-language"], environ.get("countersign.rule", "")
        self.frames[key] = Frame(monotonic(), headers, body.split(pending), language, rule)


def _may_be_plain(environ: WSGIEnvironment) -> bool:
    """Return whether this is a short form for signing that was not sent from another site."""
    path, length = environ["PATH_INFO"], environ.get("CONTENT_LENGTH", "")
    return (
        environ["REQUEST_METHOD"] == "POST"
        and path.startswith(BEGIN)
        and path.endswith(END)
        and environ.get("CONTENT_TYPE", "").partition(";")[0] == PLAIN
        and length.isdecimal()
        and int(length) <= LONGEST
        and environ.get("HTTP_SEC_FETCH_SITE") != "cross-site"
    )


def _read(environ: WSGIEnvironment) -> Form:
    """Return the fields of a form, the first of each name, or none that could be read; the page can read it again."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    environ["wsgi.input"] = BytesIO(body)
    with suppress(ValueError):
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
        return dict(reversed(fields))
    return {}
