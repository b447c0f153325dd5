"""The form of words for the public: a pause, more time, the hand-over, an answer, a notice."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from petition_app.i18n import LANGUAGES
from petition_app.petitions.milestones import RECIPIENT_LENGTH, WORDS_LENGTH, Step

FIELDS = {
    "pause": ("words",),
    "extended": ("day",),
    "handed_over": ("day", "recipient", "words"),
    "answered": ("day", "recipient", "words"),
    "notice": ("words",),
}
REQUIRED = {"answered", "notice"}  # Here the words are the point; elsewhere a sentence stands without them.
BOTH = lazy_gettext("Please write it in both languages.")
SHORT = Length(max=RECIPIENT_LENGTH, message=lazy_gettext("At most 200 characters."))
LONG = Length(max=WORDS_LENGTH, message=lazy_gettext("Please write at most 2,000 characters."))


class WordsForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A day, to or from whom, and words of one's own; each kind of text has those of them that it needs."""

    day = DateField(
        lazy_gettext("Day"), validators=[DataRequired(lazy_gettext("Please choose a day."))], render_kw={"lang": ""}
    )
    recipient_en = StringField(
        lazy_gettext("Who, in English"),
        validators=[DataRequired(BOTH), SHORT],
        render_kw={"maxlength": RECIPIENT_LENGTH, "lang": "en"},
    )
    recipient_ru = StringField(
        lazy_gettext("Who, in Russian"),
        validators=[DataRequired(BOTH), SHORT],
        render_kw={"maxlength": RECIPIENT_LENGTH, "lang": "ru"},
    )
    words_en = TextAreaField(
        lazy_gettext("In your words, in English"), render_kw={"rows": 3, "maxlength": WORDS_LENGTH, "lang": "en"}
    )
    words_ru = TextAreaField(
        lazy_gettext("In your words, in Russian"), render_kw={"rows": 3, "maxlength": WORDS_LENGTH, "lang": "ru"}
    )

    def __init__(self, kind: str, **keywords: Any) -> None:
        """Keep the fields that this kind of text needs."""
        super().__init__(**keywords)
        self.kind = kind
        for name in [name for name in self._fields if name.rpartition("_")[0] or name == "day"]:
            if name != "csrf_token" and name.removesuffix("_en").removesuffix("_ru") not in FIELDS[kind]:
                del self[name]
        for language in LANGUAGES:
            if words := self._fields.get(f"words_{language}"):
                words.validators = [*([DataRequired(BOTH)] if kind in REQUIRED else []), LONG]

    @classmethod
    def of(cls, kind: str, fields: dict[str, str]) -> WordsForm:
        """Fill the form with a draft."""
        values: dict[str, Any] = dict(fields)
        if values.get("day"):
            values["day"] = date.fromisoformat(values["day"])
        return cls(kind, formdata=None, **values)

    @property
    def needs_words(self) -> bool:
        """Whether the words may not stay empty."""
        return self.kind in REQUIRED

    def fields(self) -> dict[str, str]:
        """Return what was written so far, for a draft, finished or not."""
        found = {name: field.data for name, field in self._fields.items() if name != "csrf_token"}
        day = found.pop("day", None)
        kept = {name: (value or "").replace("\r\n", "\n") for name, value in found.items()}
        return kept | ({"day": day.isoformat()} if day else {})

    def words(self) -> dict[str, str]:
        """Return the words by language."""
        return self._by_language("words")

    def recipient(self) -> dict[str, str]:
        """Return to or from whom, by language."""
        return self._by_language("recipient")

    def to_step(self) -> Step:
        """Return what is to be recorded."""
        return Step(self.day.data, self.recipient(), self.words())

    def _by_language(self, what: str) -> dict[str, str]:
        fields = self.fields()
        return {language: fields.get(f"{what}_{language}", "").strip() for language in LANGUAGES}
