"""Forms of the re-check, and of what a sample says by the rule of a state."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, RadioField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from petition_app.estimation.methods import RULES
from petition_app.verification.sampling.rechecks import NOTE_LENGTH
from petition_app.verification.sampling.rules import LARGEST_SAMPLE
from petition_app.web.forms.cases import read_id

WHOLE = lazy_gettext("Please write a whole number.")
POPULATION_WORDS = {
    "verified": lazy_gettext("Verified cases: is each of them rightly counted?"),
    "not_counted": lazy_gettext("Cases not verified, and duplicates: was each of them rightly left out?"),
}
RULE_WORDS = {
    "recheck": lazy_gettext("Re-check of finished work (exact 95 percent bound)"),
    "california": lazy_gettext("California"),
    "oregon": lazy_gettext("Oregon"),
    "washington": lazy_gettext("Washington"),
    "colorado": lazy_gettext("Colorado"),
}
FIGURES = ("raw", "sample", "valid", "invalid", "duplicates", "required", "stage", "wrong")


class BatchForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Which batch is meant."""

    number = IntegerField(validators=[InputRequired(), NumberRange(0, 1_000_000)])


class CommitForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A sample to commit to: of which batch, of which outcome, how large."""

    number = SelectField(
        lazy_gettext("Batch"), coerce=int, validators=[InputRequired(lazy_gettext("Please choose a batch."))]
    )
    population = RadioField(
        lazy_gettext("Which cases are looked at again?"),
        choices=[SelectChoice(value, label) for value, label in POPULATION_WORDS.items()],
        default="verified",
    )
    size = IntegerField(
        lazy_gettext("How many?"),
        description=lazy_gettext("If there are fewer when the batch is decided, all of them are looked at again."),
        invalid_value_message=WHOLE,
        default=20,
        validators=[
            InputRequired(WHOLE),
            NumberRange(1, LARGEST_SAMPLE, lazy_gettext("Please write a number from 1 to 10,000.")),
        ],
    )


class FindingForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """What the re-check found."""

    recheck = HiddenField(validators=[DataRequired()])
    counts = RadioField(
        lazy_gettext("Would you count this signature?"),
        choices=[
            SelectChoice("yes", lazy_gettext("Yes: all three questions are answered with yes")),
            SelectChoice("no", lazy_gettext("No: at least one of them is not, or it repeats another one")),
        ],
        validators=[InputRequired(lazy_gettext("Please answer yes or no."))],
    )
    note = TextAreaField(
        lazy_gettext("Note"),
        description=lazy_gettext("Kept sealed with the case; organizers read it beside the decisions."),
        validators=[Length(max=NOTE_LENGTH, message=lazy_gettext("Please write at most 2,000 characters."))],
        render_kw={"rows": 2, "maxlength": NOTE_LENGTH},
    )


class HeldForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Which re-check is put back."""

    recheck = HiddenField(validators=[DataRequired()], filters=[read_id])


def _figure(label: str, help_text: str = "") -> IntegerField:
    return IntegerField(label, description=help_text, invalid_value_message=WHOLE, validators=[Optional()])


class EstimateForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A rule, and the numbers it needs."""

    rule = SelectField(
        lazy_gettext("Rule"), choices=[SelectChoice(rule, RULE_WORDS[rule]) for rule in ("recheck", *RULES[:-1])]
    )
    raw = _figure(lazy_gettext("All signatures"), lazy_gettext("For a re-check: all cases that were decided so."))
    sample = _figure(lazy_gettext("Drawn and checked"))
    valid = _figure(lazy_gettext("Valid ones among them"), lazy_gettext("Not for Washington and re-checks."))
    invalid = _figure(lazy_gettext("Invalid ones among them"), lazy_gettext("For Washington; Colorado may have it."))
    duplicates = _figure(lazy_gettext("Repeats among them"), lazy_gettext("In Oregon and Washington: pairs."))
    required = _figure(lazy_gettext("Required number"))
    stage = _figure(lazy_gettext("Stage"), lazy_gettext("Only for Oregon: 1 or 2."))
    wrong = _figure(lazy_gettext("Found wrong"), lazy_gettext("Only for a re-check."))

    def numbers(self) -> dict[str, int | None]:
        """Return the numbers that were typed."""
        return {name: self[name].data for name in FIGURES}
