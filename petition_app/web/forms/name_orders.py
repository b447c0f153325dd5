"""The languages in whose alphabetical order the names of a letter may stand, as choices of a menu."""

from __future__ import annotations

from babel import Locale
from flask_babel import get_locale
from wtforms import SelectChoice

from petition_app.i18n import DEFAULT_LANGUAGE
from petition_app.person_names.sorting import sort_key
from petition_app.person_names.tailorings import LANGUAGES


def name_orders() -> list[SelectChoice]:
    """Return them by their names in the language of the page, in its order."""
    locale = get_locale() or Locale(DEFAULT_LANGUAGE)
    named = [(str(Locale(tag).get_language_name(locale)), tag) for tag in LANGUAGES]
    return [SelectChoice(tag, name) for name, tag in sorted(named, key=lambda one: sort_key(one[0], locale.language))]
