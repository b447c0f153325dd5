"""Public pages as they were a moment ago: found again before any request begins, and rendered once for all.

Only what the answer itself calls public for a second is kept, in this process's memory, and for two seconds at most:
in the second one, one asker renders it anew while the others get what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_etags, remove_entity_headers

from petition_app.i18n import choose_language
from petition_app.storage.short_cache import Look, ShortCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]

MOST_PAGES, MOST_BYTES, LARGEST = 512, 32 * 2**20, 2 * 2**20
PATIENCE = 10.0  # Seconds for which one asker waits for another's rendering.
KEPT = "public, max-age=1,"
LINES = {200: "200 OK", 304: "304 NOT MODIFIED"}
CONDITIONS = ("HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_RANGE")


@dataclass(frozen=True)
class Page:
    """An answer of 200, and the same as 304."""

    headers: Headers
    short: Headers
    etag: str
    body: bytes
    rule: str

    def reply(self, known: str) -> Answer:
        """Return its status, headers and body, or those that say that a reader with this `If-None-Match` has it."""
        if known and self.etag and (known == self.etag or parse_etags(known).contains_weak(self.etag.strip('"'))):
            return 304, self.short[:], b""
        return 200, self.headers[:], self.body

    def send(self, environ: WSGIEnvironment, start: StartResponse, known: str) -> Iterable[bytes]:
        """Answer a request with it; `known` is the reader's `If-None-Match`."""
        environ["countersign.rule"] = self.rule
        status, headers, body = self.reply(known)
        start(LINES[status], headers)
        return [body] if environ["REQUEST_METHOD"] == "GET" else [b""]


class Pages:
    """The pages of one application."""

    def __init__(self, cache: ShortCache) -> None:
        self._kept = cache.region(most=MOST_PAGES, most_bytes=MOST_BYTES)

    def answer(self, environ: WSGIEnvironment, start: StartResponse, app: WSGIApplication) -> Iterable[bytes]:
        """Answer with a page that is kept, or let the application answer and keep that."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not may_be_kept(environ["PATH_INFO"]):
            return app(environ, start)
        key = asked(environ)
        look = self._kept.look(key)
        if look.wait:
            look.wait.wait(PATIENCE)
            look = self._kept.look(key, alone=True)
        try:
            if look.is_found:
                page: Page = look.value
                return page.send(environ, start, environ.get("HTTP_IF_NONE_MATCH", ""))
            if environ["REQUEST_METHOD"] == "HEAD":
                return app(environ, start)
            return self._render(key, look, environ, start, app)
        finally:
            self._kept.end(key, look)

    def find(self, key: Hashable) -> Page | None:
        """Return a page that may be shown now."""
        page = self._kept.find(key)
        return page if isinstance(page, Page) else None

    def _render(
        self, key: Hashable, look: Look, environ: WSGIEnvironment, start: StartResponse, app: WSGIApplication
    ) -> Iterable[bytes]:
        """Let the application answer as to a reader who knows nothing yet; keep the page if it says so."""
        known = environ.pop("HTTP_IF_NONE_MATCH", "")
        conditions = {name: environ.pop(name) for name in CONDITIONS if name in environ}
        line, headers, body = ask(environ, app)
        environ.update(conditions)
        named = {name.lower(): value for name, value in headers}
        if line[:3] != "200" or not named.get("cache-control", "").startswith(KEPT) or "set-cookie" in named:
            start(line, headers)
            return [body]
        short = headers[:]
        remove_entity_headers(short)
        page = Page(headers, short, named.get("etag", ""), body, environ.get("countersign.rule", ""))
        if len(body) <= LARGEST:
            self._kept.keep(key, page, look, size=len(body))
        return page.send(environ, start, known)


def may_be_kept(path: str) -> bool:
    """Return whether a path is one of those that the public reads."""
    return path == "/" or path.startswith("/p/")


def asked(environ: WSGIEnvironment) -> tuple[Hashable, ...]:
    """Return all that an answer may differ by: what was asked for, where, and in which language."""
    return key_of(
        environ["PATH_INFO"], environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        host=environ.get("HTTP_HOST", ""), scheme=environ.get("wsgi.url_scheme", ""),
        mount=environ.get("SCRIPT_NAME", ""),
    )  # fmt: skip


def key_of(path: str, query: str, languages: str, *, host: str, scheme: str, mount: str = "") -> tuple[Hashable, ...]:
    """Return the same of a request of which no more than this is known; `languages` is its `Accept-Language`."""
    return path, query, _language(languages), host, scheme, mount


def ask(environ: WSGIEnvironment, app: WSGIApplication) -> tuple[str, Headers, bytes]:
    """Let an application answer, and return all of it."""
    line, headers = "", Headers()

    def start(status: str, told: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        nonlocal line, headers
        line, headers = status, told
        return lambda _: None

    answer = app(environ, start)
    try:
        body = b"".join(answer)
    finally:
        if close := getattr(answer, "close", None):
            close()
    return line, headers, body


def _language(accepted: str) -> str:
    return _choose(accepted) if len(accepted) < 200 else _choose.__wrapped__(accepted)


@lru_cache(maxsize=1024)
def _choose(accepted: str) -> str:
    return choose_language(None, [tag for tag, _quality in parse_accept_header(accepted, LanguageAccept)])
