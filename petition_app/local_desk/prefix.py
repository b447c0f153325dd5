"""The secret path below which the local desk answers: cookies know no ports, but they know paths.

A browser sends what it keeps for 127.0.0.1 to every program that listens there, whatever its port. So the desk's cookie
is bound to a path that is drawn anew each time the desk starts, and that only the terminal shows.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from hmac import compare_digest
from typing import TYPE_CHECKING

from flask import Flask

from petition_app.web.security_headers import ALONE
from petition_app.web.sign_in import MOUNT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOTHING = "There is nothing here.\nЗдесь ничего нет.\n".encode()


def hide(app: Flask) -> str:
    """Let an application answer below a new secret path only, and its cookies go nowhere else; return the path."""
    prefix = f"/{secrets.token_urlsafe(32)}"
    app.config.update(
        SESSION_COOKIE_NAME=f"countersign-{secrets.token_hex(8)}",
        SESSION_COOKIE_PATH=prefix + MOUNT,
        SESSION_COOKIE_SAMESITE="Strict",
        SECURITY_POST_LOGOUT_VIEW=f"{prefix}{MOUNT}/login",
    )
    app.wsgi_app = Below(app.wsgi_app, prefix)  # type: ignore[method-assign] # As Flask's manual does.
    return prefix


class Below:
    """Hands on what is asked for below the path; all else gets one answer, which sets no cookie."""

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        """Stand before an application; `prefix` begins with a slash and does not end with one."""
        self._app, self._prefix = app, prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = environ.get("PATH_INFO", "")
        first, rest = path[: len(self._prefix)], path[len(self._prefix) :]
        if not (compare_digest(first.encode(), self._prefix.encode()) and rest.startswith("/")):
            start_response("404 NOT FOUND", [("Content-Type", "text/plain; charset=utf-8"), *ALONE])
            return [NOTHING]
        return self._app(environ | {"SCRIPT_NAME": self._prefix, "PATH_INFO": rest}, start_response)
