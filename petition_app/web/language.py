"""The language of an answer, and of the links on it."""

from __future__ import annotations

from flask import g, request

from petition_app.i18n import LANGUAGES, choose_language


def current_language() -> str:
    """Return the language of this request's answer."""
    if "lang" not in g:
        accepted = [tag for tag, _quality in request.accept_languages] if request else []
        g.lang = choose_language(request.args.get("lang") if request else None, accepted)
    return str(g.lang)


def carry_language(endpoint: str, values: dict[str, object]) -> None:
    """Keep the language of an address in the links of its page."""
    if request and request.args.get("lang") in LANGUAGES and not endpoint.endswith("static"):
        values.setdefault("lang", request.args["lang"])
