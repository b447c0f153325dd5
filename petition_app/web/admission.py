"""What a stranger's request may cost: it is read before anything is asked, and what changes nothing writes nothing.

On SQLite whoever may write waits for the one place there is; so whoever will not change anything must not take it.
"""

from __future__ import annotations

from contextlib import suppress

from flask import Request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, UnicodeConverter

from petition_app import bounds
from petition_app.errors import NotFoundError
from petition_app.petitions import cached_petition
from petition_app.rate_limits import budgets
from petition_app.rate_limits.budgets import CLIENT_AGAIN, CLIENT_CLAIMS, CLIENT_TRIES
from petition_app.rate_limits.counters import limits
from petition_app.signatures import knocks
from petition_app.signatures.code_lookup import hash_typed, is_code_known, is_mail_code_known, is_page_open
from petition_app.web.access import OPEN
from petition_app.web.gateway import SMALL

SAFE = ("GET", "HEAD", "OPTIONS")
INSIDE = ("staff.", "remote.")
READING = ("reading.search",)
# What is counted a client before it changes anything: under which rule, and under which words beside the client.
COUNTED = {"sign.send_again": (CLIENT_AGAIN, "again"), "not_me.claim": (CLIENT_CLAIMS, "claim")}
MY = "my_signature.my_signature"
OF_PAGES = ("sign.confirm_code", "sign.keep_words", "sign.discard")


class BoundedInteger(IntegerConverter):
    """A number in a path that a column can hold."""

    regex = r"[0-9]{1,9}"


class BoundedWord(UnicodeConverter):
    """A part of a path: no longer than any of ours, without signs that command."""

    regex = rf"[^/\x00-\x1f\x7f]{{1,{bounds.LONGEST_WORD}}}"


CONVERTERS = {"int": BoundedInteger, "string": BoundedWord, "default": BoundedWord}


def is_fit(request: Request) -> bool:
    """Read a stranger's form; return whether what was sent is of a kind that any page here takes.

    Raises:
        HTTPException: it is too large.
    """
    if len(request.query_string) > bounds.LONGEST_QUERY or not bounds.is_text(request.path):
        return False
    if not bounds.are_fit(request.args.items(multi=True)):
        return False
    if request.method in SAFE or not request.endpoint or request.endpoint.startswith(INSIDE):
        return True
    request.max_content_length = SMALL
    return bounds.are_fit(request.form.items(multi=True))


def may_change(request: Request, *, session_cookie: str) -> bool:
    """Return whether a request may change anything, staff's with the cookie of a session only; counts nothing."""
    name = request.endpoint or ""
    if request.method in SAFE or not name or name in READING:
        return False
    if name.startswith("staff.") and name.removeprefix("staff.") not in OPEN:
        return session_cookie in request.cookies
    if name in COUNTED:
        rule, word = COUNTED[name]
        return limits().allows(rule, limits().client(request.remote_addr), word)
    if name in OF_PAGES and not _field(request, "pending"):
        return limits().allows(CLIENT_TRIES, limits().client(request.remote_addr))
    return True


def may_lead_nowhere(request: Request) -> bool:
    """Return whether a request is of the kinds that may change nothing, such as unknown words; those are counted."""
    return request.method not in SAFE and request.endpoint in (MY, *OF_PAGES)


def leads_nowhere(request: Request) -> bool:
    """Return whether what was typed is nobody's: then the request changes nothing, and stores at most a knock."""
    if request.endpoint == MY:
        return not is_code_known(_field(request, "code"))
    if pending := _field(request, "pending"):
        return not is_page_open(pending)
    with suppress(NotFoundError):
        petition = cached_petition.get_public((request.view_args or {}).get("slug", ""))
        return not is_mail_code_known(petition.id, _field(request, "code"))
    return True


def is_flood(request: Request) -> bool:
    """Count what leads nowhere; return whether this client has sent too much of it.

    Words that are right are always taken, so that nobody can keep a signer out. A code without its page has a limit of
    its own.
    """
    is_counted = request.endpoint == MY or bool(_field(request, "pending"))
    return is_counted and not budgets.may_miss(request.remote_addr or "")


def turn_away(request: Request) -> None:
    """Store the alarm of a second code that was typed in a flood, before anybody there is answered."""
    if request.endpoint == MY:
        knocks.turn_away(hash_typed(_field(request, "code")))


def _field(request: Request, name: str) -> str:
    with suppress(HTTPException):
        return request.form.get(name, "")
    return ""
