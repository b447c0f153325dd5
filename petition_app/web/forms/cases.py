"""Forms of the desk: seal, decide, ask, find, take back; and the signer's own at /my."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext, lazy_gettext
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
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional, ValidationError

from petition_app.clock import utcnow
from petition_app.verification.batches.services import ANNOUNCEMENT_LENGTH
from petition_app.verification.decisions.policy import NewDecision
from petition_app.verification.decisions.services import TEXT_LENGTH
from petition_app.verification.desk.evidence import NewEvidence
from petition_app.verification.dialogue.questions import TEMPLATES, templates
from petition_app.verification.rules import CONTACT_STRENGTH, VERDICTS
from petition_app.web.forms.evidence import LINE, STRENGTHS, EvidenceForm
from petition_app.web.forms.sign import PublicForm
from petition_app.web.labels import CONTACT_WORDS, KIND_WORDS, REASON_WORDS, RETRACTION_WORDS

ANNOUNCED = [
    DataRequired(lazy_gettext("Please write an announcement of at most 2,000 characters in each language.")),
    Length(
        max=ANNOUNCEMENT_LENGTH,
        message=lazy_gettext("Please write an announcement of at most 2,000 characters in each language."),
    ),
]


OTHER_GROUNDS = "other"
STANDING = "standing"  # What is recorded on the case already.
# What was seen without reaching the person, as the kind of evidence it is.
SEEN = {"profile_seen": "public_profile", "vouched": "vouched", "document": "document"}


def _choices(words: dict[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in words.items()]


class ActForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A button: nothing but the token against other sites."""


class SealForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The announcement of a batch, its number, and for how many signatures it was written."""

    written_for = IntegerField(validators=[InputRequired()])
    number = IntegerField(validators=[Optional()])
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
    """A verdict: verified (who it is, how that is known), rejected (why), or duplicate (of which).

    The page asks in one question how it is known who it is: `how` is a way of reaching the person, or what was seen;
    with words about it, or where nobody was reached, it is recorded as evidence as well. Its forms say `one_act`.
    """

    one_act = HiddenField()
    how = RadioField(
        lazy_gettext("How do you know that it is this person?"), validators=[Optional()], validate_choice=False
    )
    strength = SelectField(
        lazy_gettext("How strong is it?"),
        choices=STRENGTHS,
        validators=[Optional()],
    )
    seen = StringField(
        lazy_gettext("In a few words"),
        description=lazy_gettext("With words it also stands as evidence on the case, for whoever decides next."),
        validators=[LINE],
        render_kw={"maxlength": 400, "autocomplete": "off"},
    )
    danger = EvidenceForm.danger

    outcome = HiddenField(
        validators=[
            AnyOf(
                VERDICTS,
                message=lazy_gettext(
                    "The form did not say which decision it was, so nothing was recorded. What you wrote is kept "
                    "below: check it and press its button again, or choose another decision at the foot of the page."
                ),
            )
        ]
    )
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

    def __init__(self, *, today: date, **values: Any) -> None:
        """Offer today as the day on which the person was reached; the page itself offers the possible originals."""
        super().__init__(contacted_on=today, **values)
        self.duplicate_of.choices = []
        self.entry.choices = []

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the shape; the page's own form asserts nothing that was not chosen."""
        fits = bool(super().validate(extra_validators))
        if not self.one_act.data or self.outcome.data != "verified":
            return fits
        if not self.agrees.data:
            self.agrees.errors = [gettext("Please say whether they agree to this text and this publication.")]
        if self.how.data in SEEN and not self.strength.data:
            self.strength.errors = [gettext("Please say how strong it is.")]
        if self.how.data not in ("", None, STANDING, *SEEN, *CONTACT_WORDS):
            self.how.errors = [gettext("Please choose one of the ways.")]
        return fits and not (self.agrees.errors or self.strength.errors or self.how.errors)

    def act(self) -> str:
        """Return of which verdict the form is; where it does not say so, of which its fields are."""
        if self.outcome.data in VERDICTS:
            return str(self.outcome.data)
        return "rejected" if self.reason.data else "duplicate" if self.duplicate_of.data else "verified"

    def to_new_decision(self) -> NewDecision:
        """Return the verdict as the service takes it."""
        return NewDecision(
            outcome=self.outcome.data,
            reason=self.reason.data or None,
            duplicate_of=read_id(self.duplicate_of.data),
            contact=(self.how.data if self.how.data in CONTACT_WORDS else self.contact.data) or None,
            contacted_on=self.contacted_on.data,
            note=self._note(),
            eligible=self._eligible(),
            entry=self.entry.data if self._eligible() == "on_roster" else None,
            grounds=(self.grounds.data or "").strip(),
            agrees=self.agrees.data != "0",
        )

    def to_new_evidence(self) -> NewEvidence | None:
        """Return what was found, where it is to stand as evidence as well."""
        kind = SEEN.get(self.how.data or "") or (self.how.data if self.how.data in CONTACT_STRENGTH else None)
        words = [(field.data or "").strip() for field in (self.seen, self.danger)]
        if self.outcome.data != "verified" or kind not in KIND_WORDS or not (self.how.data in SEEN or any(words)):
            return None
        strength = int(self.strength.data) if self.how.data in SEEN else CONTACT_STRENGTH[self.how.data]
        return NewEvidence(kind, strength, self.contacted_on.data or utcnow().date(), seen=words[0], danger=words[1])

    def _note(self) -> str:
        """Return the note; words on what was found belong to it where they are no evidence."""
        words = [self.note.data] if self.to_new_evidence() else [self.note.data, self.seen.data, self.danger.data]
        return "\n".join(text.strip() for text in words if text and text.strip())

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


class RosterSearchForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Whom a reviewer looks for on the roster: any part of the name, the place or the office."""

    wanted = StringField(validators=[Optional()])


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
