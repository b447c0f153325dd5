"""What goes wrong, as a page or an answer: each kind of error with its words and its status."""

from __future__ import annotations

import logging
from contextlib import suppress

from flask import Flask, g, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from petition_app import config, maintenance
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import DomainError, NotFoundError, StorageSealedError
from petition_app.keys import open_keys
from petition_app.storage.db import db
from petition_app.storage.outages import ConflictError, DatabaseError, is_outage
from petition_app.web import language_links
from petition_app.web.error_words import explain

logger = logging.getLogger(__name__)

Answer = AnyResponse | tuple[str | AnyResponse, int]


def init_app(app: Flask) -> None:
    """Answer every error with a page of its own."""
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(DomainError, _show_domain_error)
    app.register_error_handler(UnreadableError, _show_unreadable)
    app.register_error_handler(DatabaseError, _show_database_error)


def _show_http_error(error: HTTPException) -> Answer:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DatabaseError) and _is_answered(cause):  # It came with the commit.
        return _show_database_error(cause)
    db.session.rollback()
    code = error.code or 500
    if code < 400:
        return error.get_response()
    if _is_remote():
        return jsonify(message=error.name, values={}), code
    if isinstance(error, CSRFError):
        return _page(400, gettext("This page was open for too long. Go back, reload it and send it again."))
    words = {
        400: gettext("The server could not read what was sent. Go back and try again."),
        403: gettext("This form was sent from another site, so it was not taken. Open it here and send it again."),
        404: gettext("There is nothing here. The address may be mistyped, or the page is not for you."),
        405: gettext("This page cannot be used in this way. Go back and use its form."),
        413: gettext("What was sent is too large."),
        429: gettext("Too many tries. Please wait an hour and try again."),
        500: gettext("Something went wrong on our side. Nothing was changed. Please try again."),
    }
    return _page(code, words.get(code, gettext("This cannot be done. Go back and try again.")))


def _show_database_error(error: Exception) -> Answer:
    """Say that the database is away, or that two have changed the same at one moment; all else is our mistake."""
    with suppress(DatabaseError):
        db.session.rollback()
    if not _is_answered(error):
        raise error
    if isinstance(error, ConflictError):
        logger.warning("Two requests changed the same at one moment.")
        words = gettext("Somebody changed the same at this moment. Nothing was changed. Please try again.")
        return _page(409, words) if not _is_remote() else (jsonify(message=words, values={}), 409)
    logger.warning("A request found no database: %s", type(error).__name__)
    words = gettext("The database does not answer at the moment. Nothing was changed. Please try again in a minute.")
    page = "" if _is_remote() else render_template("errors/error.html", code=503, words=words)
    answer = make_response(page) if page else jsonify(message=words, values={})
    answer.headers.update({"Retry-After": "30", "Cache-Control": "no-store"})
    return answer, 503


def _is_answered(error: Exception) -> bool:
    return is_outage(error) or isinstance(error, ConflictError)


def _show_unreadable(_error: UnreadableError) -> Answer:
    """Say that something sealed does not open: its key is missing on the server, or the row is damaged."""
    db.session.rollback()
    words = gettext(
        "What is sealed here cannot be opened: its key is missing, or it is damaged. Nothing was changed. Please tell "
        "whoever runs this server; the command “flask doctor” says more."
    )
    if _is_remote():
        return jsonify(message=words, values={}), 409
    return _page(409 if g.get("account") else 503, words)


def _show_domain_error(error: DomainError) -> tuple[str | AnyResponse, int]:
    db.session.rollback()
    code = 503 if isinstance(error, StorageSealedError | maintenance.ReadOnlyError) else 409
    if _is_remote():
        values = {name: str(value) for name, value in error.values.items()}
        known = "account" in g  # Whoever shows a good token may learn that it is not the token.
        code = 404 if isinstance(error, NotFoundError) else code
        return jsonify(message=error.message, values=values, known=known), code
    if isinstance(error, open_keys.LockedError) and not config.current().unlock_on_server:
        return _page(409, gettext("This server never opens the keys. Open the case on your own machine: flask desk."))
    if isinstance(error, NotFoundError):
        return _page(404, gettext("There is nothing here. The address may be mistyped, or the page is not for you."))
    return _page(code, explain(error))


def _is_remote() -> bool:
    return (request.endpoint or "").startswith("remote.")


def _page(code: int, words: str) -> tuple[str, int]:
    language_links.show_once()
    template = "errors/staff.html" if g.get("account") and code < 500 else "errors/error.html"
    return render_template(template, code=code, words=words), code
