"""The language of an answer, and of the links on it."""

from __future__ import annotations

from babel.support import NullTranslations
from flask import Flask, g, request
from flask_babel import Babel, get_locale

from petition_app.i18n import DEFAULT_LANGUAGE, LANGUAGES, choose_language, translations


def init_app(app: Flask) -> None:
    """Let views and templates speak the language of the answer, and links carry it.

    Templates look their texts up in its catalogue themselves: Flask-Babel 4.0 spells the locale out for every text,
    which takes longer than to look it up, and a page of staff has hundreds.
    """
    Babel(app, locale_selector=current_language, default_translation_directories="translations")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined] # Its extension for texts brings it.
        gettext=lambda text: _catalogue().ugettext(text),
        ngettext=lambda one, many, number: _catalogue().ungettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: _catalogue().upgettext(context, text),
        npgettext=lambda context, one, many, number: _catalogue().unpgettext(context, one, many, number),
    )
    app.url_defaults(carry_language)


def _catalogue() -> NullTranslations:
    locale = get_locale()
    return translations(locale.language if locale else DEFAULT_LANGUAGE)


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
