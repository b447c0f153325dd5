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
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import Flask

from petition_app.clock import utcnow
from petition_app.petitions import cached_petition
from petition_app.petitions.models import Petition
from petition_app.signatures import group_commit
from petition_app.signatures.group_commit import PendingWrite
from petition_app.signatures.new_signatures import NewSignature, pending_token
from petition_app.storage.group_commit import Queue
from petition_app.storage.short_cache import MISSING, Look, ShortCache
from petition_app.web.forms.sign_parser import has_address, parse_sign, to_new_signature
from petition_app.web.language_links import CARRIED
from petition_app.web.page_cache import Answer, Headers, ask, asked
from petition_app.web.wsgi_environ import TRIED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from granian.rsgi import Scope

BEGIN, END = "/p/", "/sign"
MOST, MOST_BYTES = 64, 8 * 2**20  # Answers that are remembered.
LONGEST = 16 * 1024  # Bytes of a form.
FIELDS = 20
PLAIN = "application/x-www-form-urlencoded"

Form = dict[str, str]


@dataclass
class Frame:
    """What the page answered, in the parts between which its token stands."""

    headers: Headers
    parts: list[bytes]
    rule: str

    @property
    def language(self) -> str:
        """The language it is in."""
        return next(value for name, value in self.headers if name == "Content-Language")


class NotPlainError(Exception):
    """The page must look at it."""


class FastSign:
    """The door of one application, with what its pages have answered within the last second."""

    def __init__(self, app: Flask, cache: ShortCache) -> None:
        self._app = app
        self._frames = cache.region(most=MOST, most_bytes=MOST_BYTES)

    def at_once(self, scope: Scope, sent: bytes, key: tuple[Hashable, ...], client: str) -> tuple[Answer, str] | None:
        """Take a plain form for which no request need be made; return the answer and the rule of its path.

        `key` is `page_cache.key_of` it. Nothing where the page must answer, which then says so or remembers how.
        """
        told, path = scope.headers.get, scope.path
        kind, site = told("content-type", ""), told("sec-fetch-site", "")
        if not _may_be_plain(scope.method, path, kind=kind, length=len(sent), site=site):
            return None
        form = _fields(sent)
        frame = self._frames.find((key, has_address(form)))
        if frame is MISSING or CARRIED in form:
            return None
        if pending := self._sign(path[len(BEGIN) : -len(END)], form, frame.language, client):
            return (200, frame.headers[:], pending.join(frame.parts)), frame.rule
        return None

    def answer(self, environ: WSGIEnvironment, start: StartResponse, page: WSGIApplication) -> Iterable[bytes]:
        """Take a plain form and answer as its page does, or let the page do so and remember how.

        What `at_once` was asked for is left to the page: tried again, it would count against its sender twice.
        """
        length = environ.get("CONTENT_LENGTH", "")
        size = int(length) if length.isdecimal() and len(length) <= len(str(LONGEST)) else LONGEST + 1
        kind, site = environ.get("CONTENT_TYPE", ""), environ.get("HTTP_SEC_FETCH_SITE", "")
        if not _may_be_plain(environ["REQUEST_METHOD"], environ["PATH_INFO"], kind=kind, length=size, site=site):
            return page(environ, start)
        sent = _read(environ, size)
        if CARRIED in sent:  # The form is to be shown in another language, not taken.
            return page(environ, start)
        key = (asked(environ), has_address(sent))
        look = self._frames.look(key)
        try:
            return self._answer(sent, key, look, environ, start, page)
        finally:
            self._frames.end(key, look)

    def _answer(
        self,
        sent: Form,
        key: Hashable,
        look: Look,
        environ: WSGIEnvironment,
        start: StartResponse,
        page: WSGIApplication,
    ) -> Iterable[bytes]:
        frame: Frame | None = look.value if look.is_found and TRIED not in environ else None
        slug, client = environ["PATH_INFO"][len(BEGIN) : -len(END)], environ.get("REMOTE_ADDR", "")
        pending = self._sign(slug, sent, frame.language, client) if frame else None
        if frame and pending:
            environ["countersign.rule"] = frame.rule
            start("200 OK", frame.headers[:])
            return [pending.join(frame.parts)]
        line, headers, body = ask(environ, page)
        if line.startswith("200 ") and (parts := self._split(headers, body, slug, sent)):
            frame = Frame(headers, parts, environ.get("countersign.rule", ""))
            self._frames.keep(key, frame, look, size=len(body))
        start(line, headers)
        return [body]

    def _sign(self, slug: str, sent: Form, language: str, client: str) -> bytes | None:
        """Store what was sent and return its page's token; nothing when the page must say what is wrong."""

        def read() -> tuple[NewSignature, Petition]:
            petition = cached_petition.get_public(slug)
            parsed = parse_sign(sent, mail=petition.mail, language=language)
            if parsed.errors:
                raise NotPlainError
            return to_new_signature(parsed, language=language), petition

        ticket = PendingWrite(read, client=client, at=utcnow())
        with suppress(Exception):  # The page meets what went wrong, and tells it.
            group_commit.take(ticket, self._queue, leading=self._app.app_context)
            return ticket.pending.encode()
        return None

    @cached_property
    def _queue(self) -> Queue[PendingWrite]:
        with self._app.app_context():
            return group_commit.queue()

    def _split(self, headers: Headers, body: bytes, slug: str, sent: Form) -> list[bytes] | None:
        """Return what a page is apart from the token of a form; nothing if it is not the same for all others."""
        pending = b""
        with suppress(Exception), self._app.app_context():  # It has been answered; then it is not remembered.
            pending = pending_token(cached_petition.get_public(slug).id, sent.get("form", "")).encode()
        is_cookie_set = any(name.lower() == "set-cookie" for name, _ in headers)
        return body.split(pending) if pending and pending in body and not is_cookie_set else None


def _may_be_plain(method: str, path: str, *, kind: str, length: int, site: str) -> bool:
    """Return whether this is a short form for signing that was not sent from another site."""
    return (
        method == "POST"
        and path.startswith(BEGIN)
        and path.endswith(END)
        and kind.partition(";")[0] == PLAIN
        and length <= LONGEST
        and site != "cross-site"
    )


def _read(environ: WSGIEnvironment, length: int) -> Form:
    """Return the fields of a form, as `_fields` does; the page can read it again."""
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    return _fields(body) if len(body) == length else {}


def _fields(body: bytes) -> Form:
    """Return the fields of a form, the first of each name, or none that could be read."""
    with suppress(ValueError):
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
        return dict(reversed(fields))
    return {}
