"""Forms of the desk: seal, decide, ask, find, take back; and the signer's own at /my."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from petition_app.signatures.forms import PublicForm
from petition_app.verification.batches import ANNOUNCEMENT_LENGTH
from petition_app.verification.policy import NewDecision
from petition_app.verification.questions import TEMPLATES, templates
from petition_app.verification.services import TEXT_LENGTH
from petition_app.verification.words import CONTACT_WORDS, REASON_WORDS, RETRACTION_WORDS

ANNOUNCED = [
    DataRequired(lazy_gettext("Please write an announcement of at most 2,000 characters in each language.")),
    Length(
        max=ANNOUNCEMENT_LENGTH,
        message=lazy_gettext("Please write an announcement of at most 2,000 characters in each language."),
    ),
]


OTHER_GROUNDS = "other"


def _choices(words: dict[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in words.items()]


class ActForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A button: nothing but the token against other sites."""


class SealForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The announcement of a batch, and the number it was written for."""

    written_for = IntegerField(validators=[InputRequired()])
    en = TextAreaField(
        lazy_gettext("Announcement in English"), validators=ANNOUNCED, render_kw={"rows": 3, "lang": "en"}
    )
    ru = TextAreaField(
        lazy_gettext("Announcement in Russian"), validators=ANNOUNCED, render_kw={"rows": 3, "lang": "ru"}
    )

    def texts(self) -> dict[str, str]:
        """Return the announcement by language, with single line ends."""
        return {field.name: field.data.replace("\r\n", "\n").strip() for field in (self.en, self.ru)}


class DecideForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A verdict: verified (who it is, how and when reached), rejected (why), or duplicate (of which)."""

    outcome = HiddenField(validators=[DataRequired()])
    entry = RadioField(lazy_gettext("Is there such a person?"), validators=[Optional()], validate_choice=False)
    grounds = TextAreaField(
        lazy_gettext("On what grounds?"),
        description=lazy_gettext("A sentence, where the roster alone does not show it. Kept sealed with the case."),
        validators=[Length(max=TEXT_LENGTH, message=lazy_gettext("Please write at most 2,000 characters."))],
        render_kw={"rows": 2, "maxlength": TEXT_LENGTH},
    )
    agrees = RadioField(
        lazy_gettext("Do they agree to this text and this publication?"),
        choices=[SelectChoice("1", lazy_gettext("Yes")), SelectChoice("0", lazy_gettext("No"))],
        default="1",
        validators=[Optional()],
    )
    contact = SelectField(
        lazy_gettext("How was the person reached?"),
        description=lazy_gettext("Without this the signature counts, but no name is published."),
        choices=[SelectChoice("", lazy_gettext("Not reached outside this site")), *_choices(CONTACT_WORDS)],
        validators=[Optional()],
    )
    contacted_on = DateField(lazy_gettext("On which day?"), validators=[Optional()])
    reason = RadioField(lazy_gettext("Why not?"), choices=_choices(REASON_WORDS), validators=[Optional()])
    duplicate_of = RadioField(
        lazy_gettext("Which signature does it repeat?"), validators=[Optional()], validate_choice=False
    )
    note = TextAreaField(
        lazy_gettext("Note"),
        description=lazy_gettext("Kept sealed with the case; organizers read it beside your decision."),
        validators=[Length(max=TEXT_LENGTH, message=lazy_gettext("Please write at most 2,000 characters."))],
        render_kw={"rows": 2, "maxlength": TEXT_LENGTH},
    )

    def __init__(self, *, today: date) -> None:
        """Offer today as the day on which the person was reached; the page itself offers the possible originals."""
        super().__init__(contacted_on=today)
        self.duplicate_of.choices = []
        self.entry.choices = []

    def to_new_decision(self) -> NewDecision:
        """Return the verdict as the service takes it."""
        return NewDecision(
            outcome=self.outcome.data,
            reason=self.reason.data or None,
            duplicate_of=read_id(self.duplicate_of.data),
            contact=self.contact.data or None,
            contacted_on=self.contacted_on.data,
            note=(self.note.data or "").strip(),
            eligible=self._eligible(),
            entry=self.entry.data if self._eligible() == "on_roster" else None,
            grounds=(self.grounds.data or "").strip(),
            agrees=self.agrees.data != "0",
        )

    def _eligible(self) -> str | None:
        """Return the answer to the first question: the page offers entries of the roster, and other grounds."""
        if not self.entry.data:
            return None
        return "other_grounds" if self.entry.data == OTHER_GROUNDS else "on_roster"


class AskForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A question to the signer: one of the common ones, or in the reviewer's own words."""

    template = SelectField(
        lazy_gettext("Common questions"),
        choices=[
            SelectChoice("", lazy_gettext("In my own words")),
            *(SelectChoice(key, lazy_gettext(message)) for key, message in TEMPLATES.items()),
        ],
        validators=[Optional()],
    )
    question = TextAreaField(
        lazy_gettext("Your question"),
        description=lazy_gettext(
            "The signer reads it with their secret code. Do not write anything that names others."
        ),
        validators=[Length(max=TEXT_LENGTH, message=lazy_gettext("Please write at most 2,000 characters."))],
        render_kw={"rows": 3, "maxlength": TEXT_LENGTH},
    )
    fill = SubmitField(lazy_gettext("Put it into the words below"))

    def validate_question(self, field: TextAreaField) -> None:
        """Ask for words, unless a common question was chosen."""
        if not (field.data or "").strip() and not self.template.data:
            raise ValidationError(lazy_gettext("Please write your question."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the shape; where the words are only to be filled in, nothing is sent yet."""
        return bool(super().validate(extra_validators)) and not self.fill.data

    def words(self, language: str) -> str:
        """Return the words as they stand, or those of the chosen question where they are to be filled in."""
        if self.fill.data and self.template.data:
            return templates(language)[self.template.data]
        return self.question.data or ""


class FindForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A published name or a secret code."""

    wanted = StringField(
        lazy_gettext("Published name, or the signer's twelve words"),
        validators=[DataRequired(lazy_gettext("Please write a name or a secret code."))],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 400},
    )


class RetractForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Why a verified signature is taken back."""

    retraction = RadioField(
        lazy_gettext("Why is it taken back?"),
        choices=[choice for choice in _choices(RETRACTION_WORDS) if choice.value != "checked_again"],
        validators=[InputRequired(lazy_gettext("Please say why it is taken back."))],
    )


class MyForm(PublicForm):
    """The signer's secret code, and what to do with the signature."""

    code = TextAreaField(
        lazy_gettext("Your secret code"),
        description=lazy_gettext("The twelve words you were shown once, in their order."),
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none", "rows": 3},
    )
    action = HiddenField()
    value = HiddenField()


def read_id(text: str | None) -> UUID | None:
    """Return the id that was sent, or nothing when it is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
