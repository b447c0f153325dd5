"""What WSGI calls a request, made of what the HTTP server hands over."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING

from granian.rsgi import Scope

from petition_app.network import plain_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Server = tuple[str, str]
TRIED = "countersign.tried"  # In the environment of what could have been answered before a request was made.
_SAME = {
    "SCRIPT_NAME": "", "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
    "wsgi.run_once": False, TRIED: True,
}  # fmt: skip
_COMMON = (
    "host", "user-agent", "accept", "accept-language", "accept-encoding", "connection", "cookie", "referer",
    "if-none-match", "origin", "x-forwarded-for", "x-forwarded-proto",
)  # fmt: skip
_KEYS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in _COMMON}
_KEYS |= {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE"}


def environ(scope: Scope, body: bytes, server: Server) -> WSGIEnvironment:
    """Return what WSGI calls a request. Headers with an underscore could pass for others, and are left out.

    To ask the scope for its server costs as much as for all the rest, and it says the same each time.
    """
    made: WSGIEnvironment = _SAME.copy()
    path = scope.path
    made["REQUEST_METHOD"] = scope.method
    made["PATH_INFO"] = path if path.isascii() else path.encode().decode("latin-1")
    made["QUERY_STRING"] = scope.query_string
    made["SERVER_PROTOCOL"] = f"HTTP/{scope.http_version}"
    made["SERVER_NAME"], made["SERVER_PORT"] = server
    made["REMOTE_ADDR"] = plain_address(scope.client)
    made["wsgi.url_scheme"] = scope.scheme
    made["wsgi.input"] = BytesIO(body)
    made["wsgi.errors"] = sys.stderr
    for name, value in scope.headers.items():
        key = _KEYS.get(name) or ("" if "_" in name else f"HTTP_{name.upper().replace('-', '_')}")
        made[key] = f"{made[key]}{'; ' if name == 'cookie' else ','}{value}" if key in made else value
    made.pop("", None)
    if body:
        made["CONTENT_LENGTH"] = str(len(body))
    return made


def server_of(scope: Scope) -> Server:
    """Return the host and the port on which the server listens."""
    host, _, port = scope.server.rpartition(":")
    return host, port
