"""Forms of evidence: what a reviewer found out, and the code to the official contact."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from petition_app.verification.decisions.services import TEXT_LENGTH
from petition_app.verification.desk.evidence import NewEvidence
from petition_app.web.labels import KIND_WORDS, STRENGTH_WORDS

LINE = Length(max=TEXT_LENGTH, message=lazy_gettext("Please write at most 2,000 characters."))
STRENGTHS = [
    SelectChoice("", lazy_gettext("Please choose")),
    *(SelectChoice(str(value), words) for value, words in STRENGTH_WORDS.items()),
]


class EvidenceForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """What was seen, how strong it is, and whether it may be dangerous to the signer."""

    kind = SelectField(
        lazy_gettext("What was found?"),
        choices=[
            SelectChoice("", lazy_gettext("Please choose")),
            *(SelectChoice(value, words) for value, words in KIND_WORDS.items()),
        ],
        validators=[InputRequired(lazy_gettext("Please say what was found."))],
    )
    strength = SelectField(
        lazy_gettext("How strong is it?"),
        choices=STRENGTHS,
        validators=[InputRequired(lazy_gettext("Please say how strong it is."))],
    )
    on = DateField(lazy_gettext("On which day?"), validators=[DataRequired(lazy_gettext("Please give the day."))])
    seen = StringField(
        lazy_gettext("In a few words"),
        description=lazy_gettext("Seen, not kept: say what it was; documents and pictures are not stored."),
        validators=[LINE],
        render_kw={"maxlength": 400, "autocomplete": "off"},
    )
    danger = StringField(
        lazy_gettext("Danger to the signer"),
        description=lazy_gettext("If this kind of proof may harm them, say why. Empty means none is known."),
        validators=[LINE],
        render_kw={"maxlength": 400, "autocomplete": "off"},
    )
    own_word_of = HiddenField()
    own_word = BooleanField(lazy_gettext("I vouch for this person myself (another reviewer must then decide)"))

    def __init__(self, *, today: date, **values: object) -> None:
        """Offer today."""
        super().__init__(on=today, **values)

    def to_new_evidence(self) -> NewEvidence:
        """Return the evidence as the service takes it."""
        return NewEvidence(
            kind=self.kind.data,
            strength=int(self.strength.data),
            on=self.on.data,
            seen=(self.seen.data or "").strip(),
            danger=(self.danger.data or "").strip(),
            own_word=bool(self.own_word.data),
        )


class ContactForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The roster entry to whose contact a code goes."""

    entry = HiddenField(validators=[DataRequired()])
