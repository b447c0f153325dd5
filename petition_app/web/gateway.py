"""Between the HTTP server and the application: what is sent takes a thread once all of it is here.

A thread that waited for the rest of a form would be lost to everybody else, and forty slow senders would be forty lost
threads. So the server receives each body without one, within a time and up to a size, and only then is the request
answered. Some threads are kept for those who only read, and `lanes` divides the others.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from threading import Lock, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Protocol

from granian.rsgi import Scope

from petition_app.network import client_of, group_of
from petition_app.web.lanes import STAFF, FullError, Lanes
from petition_app.web.wsgi_environ import Server, environ, server_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

SMALL, FORM, FILE = 64 * 1024, 512 * 1024, 34 * 2**20  # Bytes: of a stranger's form, of staff's forms, of their files.
SECONDS, RATE = 10.0, 4096  # A body may take so long, and a second more for each so many bytes.
FIELDS = 200  # Of a stranger's form: to take thousands apart would cost more than to answer.
LOOK = 0.5  # Seconds between two looks at what takes too long.
BODIES, BODIES_OF_CLIENT = 512, 64  # Received at once.
FILES, FILES_OF_CLIENT = 4, 2  # Of those larger than a form.
BODILESS = ("GET", "HEAD", "OPTIONS")
REFUSALS = {
    400: b"What was sent has too many fields.\n",
    408: b"What was sent did not arrive in time. Please send it again.\n",
    411: b"What is sent must say how long it is.\n",
    503: b"Too much is being sent at this moment. Please send it again in a few seconds.\n",
}


Answer = tuple[int, list[tuple[str, str]], bytes]  # The status, the headers and the body.


class Body(Protocol):
    """What will be a body: a future of the server's."""

    def add_done_callback(self, call: Any) -> None:
        """Call this once, when it is there or was given up."""

    def cancel(self) -> bool:
        """Give it up."""

    def cancelled(self) -> bool:
        """Return whether it was given up."""

    def exception(self) -> BaseException | None:
        """Return why it did not come."""

    def result(self) -> bytes:
        """Return it."""


class Answering(Protocol):
    """How a request is answered: what Granian calls a protocol."""

    def __call__(self) -> Body:
        """Begin to receive the body."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer, whole."""

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Any:
        """Begin an answer that comes in pieces."""


class Asked(Protocol):
    """A request as the server hands it over."""

    scope: Scope
    proto: Answering


class Application(Protocol):
    """What is served: a WSGI application that has some answers ready before a request is made."""

    def at_once(self, scope: Scope) -> Answer | None:
        """Return the answer to whoever reads, if it is ready."""

    def sign_at_once(self, scope: Scope, sent: bytes) -> Answer | None:
        """Take a plain signature and return its answer; nothing where a request must be made for it."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse, /) -> Iterable[bytes]:
        """Answer a request."""


@dataclass(eq=False)
class _Receipt:
    """A body that is being received: until when, by whom, and where it is counted.

    The body knows whom to call, and the receipt is with them: it lets go of the body, or none would ever end.
    """

    until: float
    client: str
    counts: Counter[str]
    body: Body | None


class Gateway:
    """Serves one WSGI application; `proxies` is how many web servers of ours stand in front.

    It works in the `threads` of the server, of which some never take what may change something.
    """

    def __init__(self, app: Application, *, threads: int, proxies: int) -> None:
        self._app, self._proxies = app, proxies
        self._lanes: Lanes[tuple[Answering, Scope, bytes]] = Lanes(threads)
        self._door = Lock()
        self._bodies, self._files = Counter[str](), Counter[str]()
        self._receiving: set[_Receipt] = set()
        self._server: Server | None = None

    def start(self) -> None:
        """Begin to look after what is being received, in the process that serves."""
        Thread(target=self._look_after, name="bodies", daemon=True).start()

    def take(self, asked: Asked) -> None:
        """Answer a request that brings nothing, here and now; receive what any other brings."""
        try:
            method = asked.scope.method
            if method == "GET" and (answer := self._app.at_once(asked.scope)):
                asked.proto.response_bytes(*answer)
            elif method in BODILESS:
                self._answer(asked.proto, asked.scope)
            else:
                self._receive(asked.scope, asked.proto)
        except BaseException as error:
            logger.error("A request was lost: %s", type(error).__name__)

    # --- receiving ----------------------------------------------------------------------------------------------

    def _receive(self, scope: Scope, protocol: Answering) -> None:
        """Begin to receive a body; of one that is larger than the application takes it says so itself."""
        headers, is_staff = scope.headers, scope.path.startswith(STAFF)
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers:
            _refuse(protocol, 411)
            return
        size = int(length) if length.isdecimal() and len(length) < 12 else FILE + 1
        if is_too_large := size > (FILE if is_staff else SMALL):
            protocol().cancel()  # Else its line would stay open, and the server could not end.
        if size == 0 or is_too_large:
            self._change(protocol, scope)
            return
        client = group_of(client_of(scope.client, headers.get("x-forwarded-for"), proxies=self._proxies))
        is_file = size > (FORM if is_staff else SMALL)
        counts = self._files if is_file else self._bodies
        most, of_client = (FILES, FILES_OF_CLIENT) if is_file else (BODIES, BODIES_OF_CLIENT)
        with self._door:
            has_room = counts[client] < of_client and counts.total() < most
            counts[client] += has_room
        if not has_room:
            _refuse(protocol, 503)
            return
        body = protocol()
        receipt = _Receipt(monotonic() + SECONDS + size / RATE, client, counts, body)
        self._receiving.add(receipt)
        body.add_done_callback(partial(self._received, scope, protocol, receipt))

    def _received(self, scope: Scope, protocol: Answering, receipt: _Receipt, body: Body) -> None:
        """Go on with a request whose body is there, or was given up."""
        try:
            self._receiving.discard(receipt)
            receipt.body = None
            with self._door:
                receipt.counts[receipt.client] -= 1
                if not receipt.counts[receipt.client]:
                    del receipt.counts[receipt.client]
            if body.cancelled():
                _refuse(protocol, 408)
            elif body.exception() is None:  # Else whoever sent it is gone. Raised, it would hold on to the body.
                self._change_by(scope, protocol, body.result())
        except BaseException as error:
            logger.error("A request was lost: %s", type(error).__name__)

    def _look_after(self) -> None:
        """Give up, for good, what takes too long."""
        while True:
            sleep(LOOK)
            now = monotonic()
            for receipt in list(self._receiving):
                if receipt.until < now and (body := receipt.body):
                    body.cancel()

    def _change_by(self, scope: Scope, protocol: Answering, sent: bytes) -> None:
        """Go on with what was sent, unless it is a stranger's form of so many fields that no page here has them."""
        if sent.count(b"&") > FIELDS and not scope.path.startswith(STAFF):
            _refuse(protocol, 400)
        else:
            self._change(protocol, scope, sent)

    # --- answering ----------------------------------------------------------------------------------------------

    def _change(self, protocol: Answering, scope: Scope, sent: bytes = b"") -> None:
        """Answer a request that may change something, or leave it to the next thread that has done so."""
        try:
            lane = self._lanes.enter(scope.path, (protocol, scope, sent))
        except FullError:
            _refuse(protocol, 503)
            return
        while lane:
            self._answer(protocol, scope, sent)
            if found := self._lanes.leave(lane):
                lane, (protocol, scope, sent) = found
            else:
                lane = None

    def _answer(self, protocol: Answering, scope: Scope, sent: bytes = b"") -> None:
        try:
            if sent and (answer := self._app.sign_at_once(scope, sent)):
                protocol.response_bytes(*answer)
                return
            self._server = self._server or server_of(scope)
            _call(self._app, environ(scope, sent, self._server), protocol)
        except BaseException as error:
            logger.error("A request failed: %s", type(error).__name__)
            protocol.response_bytes(500, [], b"")


def _refuse(protocol: Answering, status: int) -> None:
    headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"), ("connection", "close")]
    protocol.response_bytes(status, [*headers, *([("retry-after", "10")] if status == 503 else [])], REFUSALS[status])


def _call(app: WSGIApplication, asked: WSGIEnvironment, protocol: Answering) -> None:
    """Have a request answered, whole, or piece by piece where its length is not known beforehand."""
    status, headers = 500, list[tuple[str, str]]()

    def start(line: str, told: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        nonlocal status, headers
        status, headers = int(line[:3]), told

    answer = app(asked, start)
    try:
        if isinstance(answer, list) or any(name.lower() == "content-length" for name, _ in headers):
            protocol.response_bytes(status, headers, b"".join(answer))
            return
        parts = iter(answer)
        first = next(parts, b"")  # What is wrong from the start is told by the status.
        stream: Any = protocol.response_stream(status, headers)
        stream.send_bytes(first)
        for part in parts:
            stream.send_bytes(part)
    finally:
        if close := getattr(answer, "close", None):
            close()
