"""Public pages as they were a moment ago: found again before any request begins, and rendered once for all.

Only what the answer itself calls public for a second is kept, in this process's memory, and for two seconds at most:
in the second one, one asker renders it anew while the others get what there is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from threading import Event, Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_etags, remove_entity_headers

from petition_app.db import after_change
from petition_app.i18n import choose_language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]

LIFE, STALE = 1.0, 2.0  # Seconds since the rendering began: until when a page is fresh, and until when it is shown.
MOST_PAGES, MOST_BYTES, LARGEST = 512, 32 * 2**20, 2 * 2**20
PATIENCE = 10.0  # Seconds for which one asker waits for another's rendering.
KEPT = "public, max-age=1,"
CONDITIONS = ("HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_RANGE")


_all: WeakSet[Pages] = WeakSet()


def forget() -> None:
    """Render everything anew, since this process has changed something."""
    for pages in list(_all):
        pages.forget()


after_change.append(forget)


@dataclass(frozen=True)
class Page:
    """An answer of 200, and the same as 304."""

    made: float
    headers: Headers
    short: Headers
    etag: str
    body: bytes
    rule: str

    def send(self, environ: WSGIEnvironment, start: StartResponse, known: str) -> Iterable[bytes]:
        """Answer with it, or say that the reader has it already: `known` is the reader's `If-None-Match`."""
        environ["countersign.rule"] = self.rule
        if known and self.etag and (known == self.etag or parse_etags(known).contains_weak(self.etag.strip('"'))):
            start("304 NOT MODIFIED", self.short[:])
            return [b""]
        start("200 OK", self.headers[:])
        return [self.body] if environ["REQUEST_METHOD"] == "GET" else [b""]


class _Found(NamedTuple):
    """What an asker finds: a page, or whom to wait for, or nothing; `mine` is what others wait for meanwhile."""

    age: int
    page: Page | None = None
    wait: Event | None = None
    mine: Event | None = None


class Pages:
    """The pages of one application."""

    def __init__(self) -> None:
        _all.add(self)
        self._door = Lock()
        self._known: OrderedDict[Hashable, Page | None] = OrderedDict()  # None: kept before, and not valid any more.
        self._rendering: dict[Hashable, Event] = {}
        self._bytes = 0
        self._age = 0

    def forget(self) -> None:
        """Render everything anew: what is being rendered at this moment is not kept either."""
        with self._door:
            self._known = OrderedDict.fromkeys(self._known)
            self._rendering.clear()
            self._bytes = 0
            self._age += 1

    def answer(self, environ: WSGIEnvironment, start: StartResponse, app: WSGIApplication) -> Iterable[bytes]:
        """Answer with a page that is kept, or let the application answer and keep that."""
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not (path == "/" or path.startswith("/p/")):
            return app(environ, start)
        key = asked(environ)
        found = self._find(key)
        if found.wait:
            found.wait.wait(PATIENCE)
            found = self._find(key, alone=True)
        try:
            if found.page:
                return found.page.send(environ, start, environ.get("HTTP_IF_NONE_MATCH", ""))
            if environ["REQUEST_METHOD"] == "HEAD":
                return app(environ, start)
            return self._render(key, found.age, environ, start, app)
        finally:
            self._end(key, found.mine)

    def _find(self, key: Hashable, *, alone: bool = False) -> _Found:
        """Return the page if it may be shown, or for whose rendering to wait; neither: this asker is to render it."""
        with self._door:
            page, rendering = self._known.get(key), self._rendering.get(key)
            left = STALE - (monotonic() - page.made) if page else 0
            if page and (left > STALE - LIFE or (rendering and left > 0)):
                self._known.move_to_end(key)
                return _Found(self._age, page=page)
            if rendering or key not in self._known:  # What was never kept may never be: there nobody waits.
                return _Found(self._age, wait=None if alone else rendering)
            self._rendering[key] = mine = Event()
            return _Found(self._age, mine=mine)

    def _end(self, key: Hashable, mine: Event | None) -> None:
        if mine:
            mine.set()
            with self._door:
                if self._rendering.get(key) is mine:
                    del self._rendering[key]

    def _render(
        self, key: Hashable, age: int, environ: WSGIEnvironment, start: StartResponse, app: WSGIApplication
    ) -> Iterable[bytes]:
        """Let the application answer as to a reader who knows nothing yet; keep the page if it says so."""
        made, known = monotonic(), environ.pop("HTTP_IF_NONE_MATCH", "")
        conditions = {name: environ.pop(name) for name in CONDITIONS if name in environ}
        line, headers, body = ask(environ, app)
        environ.update(conditions)
        named = {name.lower(): value for name, value in headers}
        if line[:3] != "200" or not named.get("cache-control", "").startswith(KEPT) or "set-cookie" in named:
            start(line, headers)
            return [body]
        short = headers[:]
        remove_entity_headers(short)
        page = Page(made, headers, short, named.get("etag", ""), body, environ.get("countersign.rule", ""))
        self._keep(key, age, page)
        return page.send(environ, start, known)

    def _keep(self, key: Hashable, age: int, page: Page) -> None:
        """Keep a page, and let go of what is not shown any more, and of what was asked for least lately."""
        if len(page.body) > LARGEST:
            return
        with self._door:
            if age != self._age:
                return
            self._put(key, page)
            for old, kept in self._known.items():
                if kept and page.made - kept.made > STALE:
                    self._put(old, None)
            while len(self._known) > MOST_PAGES or self._bytes > MOST_BYTES:
                first = next(iter(self._known))
                self._put(first, None)
                del self._known[first]
            if key in self._known:
                self._known.move_to_end(key)

    def _put(self, key: Hashable, page: Page | None) -> None:
        before, self._known[key] = self._known.get(key), page
        self._bytes += (len(page.body) if page else 0) - (len(before.body) if before else 0)


def asked(environ: WSGIEnvironment) -> Hashable:
    """Return all that an answer may differ by: what was asked for, where, and in which language."""
    return (
        environ["PATH_INFO"], environ.get("QUERY_STRING", ""), _language(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
        environ.get("HTTP_HOST", ""), environ.get("wsgi.url_scheme", ""), environ.get("SCRIPT_NAME", ""),
    )  # fmt: skip


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
