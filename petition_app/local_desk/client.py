"""Talks to the server's door for local desks, over HTTPS, with a token."""

from __future__ import annotations

import json
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from petition_app.errors import DomainError
from petition_app.i18n import N_

TIMEOUT = 60
HERE = ("127.0.0.1", "localhost", "::1")


class PlainError(DomainError):
    """The connection would not be encrypted."""

    message = N_("The address of the server must begin with https://; only on this machine itself may it be http://.")


class AwayError(DomainError):
    """No answer."""

    message = N_(
        "The server cannot be reached. Nothing is lost: what you did not see confirmed was not done. Try again."
    )


class TokenError(DomainError):
    """The server does not know the token, or not for this petition."""

    message = N_(
        "The server does not take this token: it is wrong, older than twelve hours, withdrawn, or meant for another "
        "petition. Make a new one on its page of keys and start the desk again."
    )


class WaitError(DomainError):
    """The server counts wrong tokens, and does not look at any for a while."""

    message = N_("There were too many wrong tokens from your address. Wait an hour, then start the desk again.")


class NoDoorError(DomainError):
    """What answers is no server of ours, or an older one."""

    message = N_(
        "What answers at this address cannot serve a local desk. Check the address of the server, and that it runs the "
        "same version as this machine."
    )


class GoneError(DomainError):
    """The token is good, but what was asked for is not there."""

    message = N_("This is not there any more: the case was withdrawn or belongs to somebody else. Take the next one.")


class RefusedError(DomainError):
    """The server has refused an act, in its own words."""

    def __init__(self, message: str, values: dict[str, Any]) -> None:
        self.message = message
        super().__init__(**values)


class _NoRedirects(HTTPRedirectHandler):
    """Follows nothing, so that the token goes nowhere else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Refuse."""
        return


class Server:
    """One petition on one server, as a member's token lets it be seen."""

    def __init__(self, address: str, slug: str, token: str) -> None:
        """Remember where to ask. Raises: PlainError."""
        parts = urlsplit(address)
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)):
            raise PlainError
        self.address, self.slug = address.rstrip("/"), slug
        self._token = token
        self._opener = build_opener(_NoRedirects)

    def get(self, path: str) -> dict[str, Any]:
        """Ask for something. Raises: AwayError, TokenError, WaitError, NoDoorError, GoneError, RefusedError."""
        return self._send(path, None, {})

    def post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Send something. Raises: AwayError, TokenError, WaitError, NoDoorError, GoneError, RefusedError."""
        return self._send(path, json.dumps(content).encode(), {})

    def act(self, body: bytes, signature: bytes) -> dict[str, Any]:
        """Send a signed act, as plain bytes, so that nothing reads it before its own view.

        Raises:
            AwayError, TokenError, WaitError, NoDoorError, GoneError, RefusedError
        """
        return self._send("acts", body, {"X-Signature": signature.hex(), "Content-Type": "application/octet-stream"})

    def _send(self, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        given = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"} | headers
        request = Request(f"{self.address}/desk/{quote(self.slug)}/{path}", body, given)  # noqa: S310 -- checked above.
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as error:
            raise _refusal(error) from None
        except (URLError, HTTPException, OSError, ValueError):
            raise AwayError from None


def _refusal(error: HTTPError) -> DomainError:
    """Return what an answer other than 200 means."""
    with error:
        if error.code == 429:
            return WaitError()
        try:
            said = json.load(error)
            refused = RefusedError(str(said["message"]), dict(said["values"]))
        except (ValueError, KeyError, TypeError):
            return NoDoorError() if error.code in (404, 405) else AwayError()
        if error.code == 404:
            return GoneError() if said.get("known") else TokenError()
        return refused
