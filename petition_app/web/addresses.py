"""Under which addresses this installation answers: those of `PUBLIC_URL`, and on a development machine its own.

What a request says of its host is believed only where it names one of them: else whoever asks would choose the address
that stands in mails, on cards and in tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import url_for

from petition_app import config
from petition_app.web.security_headers import ALONE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Asked = tuple[str, str]

LOCAL = ("localhost", "127.0.0.1", "[::1]")
# They say nothing of anybody and hold no address; whoever watches may ask under any name.
PROBES = ("/healthz", "/readyz", "/metrics")
STANDARD_PORTS = {"http": ":80", "https": ":443"}
WORDS = (
    "This server does not answer under this name. Whoever runs it can set PUBLIC_URL.\n"
    "Под этим именем сервер не отвечает. Тот, кто его обслуживает, может задать PUBLIC_URL.\n"
).encode()


class Addresses:
    """The addresses of one installation; `public_url` as `Settings` has it."""

    def __init__(self, public_url: str, *, production: bool) -> None:
        self._known: dict[str, Asked] = {}
        self._local = not production or not public_url
        for url in public_url.split():
            scheme, _, host = url.partition("://")
            self._known[host] = self._known[host + STANDARD_PORTS[scheme]] = scheme, host

    def find(self, said: str, scheme: str) -> Asked | None:
        """Return the scheme and host of ours that a request names, as they were given to us; `scheme` is its own."""
        said = said.lower()
        if found := self._known.get(said):
            return found
        name, colon, port = said.rpartition(":")
        is_local = self._local and (said in LOCAL or (colon and name in LOCAL and port.isdigit()))
        return (scheme, said) if is_local else None

    def admits(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request names one of our hosts, and write that host into it as it was given to us."""
        if found := self.find(environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"]):
            environ["wsgi.url_scheme"], environ["HTTP_HOST"] = found
            return True
        return environ.get("PATH_INFO", "") in PROBES


def refuse(start: StartResponse) -> Iterable[bytes]:
    """Answer that nobody of that name lives here."""
    start("421 MISDIRECTED REQUEST", [("Content-Type", "text/plain; charset=utf-8"), *ALONE])
    return [WORDS]


def absolute(endpoint: str, **values: object) -> str:
    """Return the whole address of a page, as it may stand in a mail or on paper: under the first of `PUBLIC_URL`."""
    first = config.current().public_url.partition(" ")[0]
    if not first:
        return url_for(endpoint, _external=True, **values)  # type: ignore[arg-type] # Whatever a path may hold.
    return first + url_for(endpoint, **values)  # type: ignore[arg-type] # The same.
