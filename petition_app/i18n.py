"""Languages: which there are, which to choose, and texts that are written in several at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from babel import Locale
from babel.support import NullTranslations, Translations

LANGUAGES = {"en": "English", "ru": "Русский"}
DEFAULT_LANGUAGE = "en"
FOLDER = Path(__file__).parent / "translations"


class CatalogueError(Exception):
    """A language whose texts are not compiled: the pages would silently speak English instead."""


def N_(message: str) -> str:  # noqa: N802 -- the name under which every gettext tool knows a marked message.
    """Mark a message for translation where it is written and translate it where it is shown."""
    return message


def choose_language(requested: str | None, accepted: Iterable[str]) -> str:
    """Return the language to answer in: the one asked for, else the first accepted one we have, else English."""
    if requested in LANGUAGES:
        return str(requested)
    for tag in accepted:
        if (base := tag.lower().split("-")[0]) in LANGUAGES:
            return base
    return DEFAULT_LANGUAGE


def check_catalogues(folder: Path = FOLDER) -> None:
    """Refuse to go on without the compiled texts of every language but English, in which they are written.

    Raises:
        CatalogueError: they are missing; the message is one line for the operator.
    """
    for language in LANGUAGES:
        if language != DEFAULT_LANGUAGE and not (folder / language / "LC_MESSAGES" / "messages.mo").exists():
            name = Locale(language).get_language_name(DEFAULT_LANGUAGE)
            raise CatalogueError(f"The {name} texts are not compiled; run `make install`.")


@cache
def translations(language: str) -> NullTranslations:
    """Load the catalogue of one language."""
    return Translations.load(str(FOLDER), [language])


def in_each_language(singular: str, plural: str, number: int) -> dict[str, str]:
    """Write one counted sentence in every language, with that language's plural: {"en": …, "ru": …}."""
    return {
        language: translations(language).ungettext(singular, plural, number) % {"num": number} for language in LANGUAGES
    }


def text_in_each_language(message: str, **values: object) -> dict[str, str]:
    """Write one sentence in every language: {"en": …, "ru": …}."""
    return {language: translations(language).ugettext(message) % values for language in LANGUAGES}
