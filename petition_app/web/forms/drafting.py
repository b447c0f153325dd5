"""Forms of a new petition: how it begins, and one for each step."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, SelectMultipleField
from wtforms.validators import DataRequired, InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from petition_app.i18n import LANGUAGES
from petition_app.petitions.drafting import (
    CheckingStep,
    DangerStep,
    DaysStep,
    LetterStep,
    PeopleStep,
    answered_of_danger,
)
from petition_app.petitions.models import Petition
from petition_app.petitions.policy_rules import Policy
from petition_app.web.forms.petition import ANSWER, PetitionForm, ThreatForm, texts_in, values_by_language

TEMPLATE_WORDS = {
    "deputies": lazy_gettext("Deputies: a roster of councils, two reviewers, strong matches"),
    "academics": lazy_gettext("Academics: no roster, two reviewers, a page at the institution as evidence"),
    "employees": lazy_gettext("Employees: no roster, two reviewers, no mailbox needed"),
    "doctors": lazy_gettext("Doctors: a public register as the roster, two reviewers"),
    "none": lazy_gettext("Somebody else: begin with an empty page"),
}

STEP_WORDS = {
    "letter": lazy_gettext("The letter"),
    "people": lazy_gettext("Who stands behind it, who may sign"),
    "danger": lazy_gettext("Danger and mode"),
    "checking": lazy_gettext("Rules of checking"),
    "days": lazy_gettext("Days and goal"),
}
GAP_WORDS = {
    "text": lazy_gettext("a title and a text in at least one language"),
    "title_en": lazy_gettext("the title in English"),
    "title_ru": lazy_gettext("the title in Russian"),
    "text_en": lazy_gettext("the letter in English"),
    "text_ru": lazy_gettext("the letter in Russian"),
    "blanks": lazy_gettext("places left to fill in: […]"),
    "who_may_sign": lazy_gettext("who may sign"),
    "organizers": lazy_gettext("who stands behind it"),
    "contact": lazy_gettext("how to reach them"),
    "mode": lazy_gettext("whether signers may be at risk"),
    "questions": lazy_gettext("the three questions about danger"),
    "rules": lazy_gettext("a look at how signatures are checked"),
}


class BeginForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Where a new petition begins: from which template, in which languages, under which address."""

    template = RadioField(
        lazy_gettext("Who signs?"),
        description=lazy_gettext(
            "A template brings a skeleton of the letter and rules of checking. You can change everything."
        ),
        choices=[SelectChoice(name, words) for name, words in TEMPLATE_WORDS.items()],
        validators=[InputRequired(ANSWER)],
    )
    languages = SelectMultipleField(
        lazy_gettext("In which languages is the letter?"),
        choices=[SelectChoice(code, words) for code, words in LANGUAGES.items()],
        default=list(LANGUAGES),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[DataRequired(ANSWER)],
    )
    slug = PetitionForm.slug


class LetterForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """What the letter says and to whom."""

    title_en, text_en, addressee_en = PetitionForm.title_en, PetitionForm.text_en, PetitionForm.addressee_en
    title_ru, text_ru, addressee_ru = PetitionForm.title_ru, PetitionForm.text_ru, PetitionForm.addressee_ru

    @classmethod
    def of(cls, petition: Petition) -> LetterForm:
        """Fill the form from a draft."""
        texts = {"title": petition.text.titles, "text": petition.text.texts, "addressee": petition.addressee}
        return cls(formdata=None, **values_by_language(texts))

    def to_values(self) -> LetterStep:
        """Return the step."""
        return LetterStep(texts_in(self, "title"), texts_in(self, "text"), texts_in(self, "addressee"))


class PeopleForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Who stands behind it, and who may sign."""

    organizers_en, organizers_ru = PetitionForm.organizers_en, PetitionForm.organizers_ru
    contact = PetitionForm.contact
    who_may_sign_en, who_may_sign_ru = PetitionForm.who_may_sign_en, PetitionForm.who_may_sign_ru

    @classmethod
    def of(cls, petition: Petition) -> PeopleForm:
        """Fill the form from a draft."""
        texts = {"organizers": petition.organizers, "who_may_sign": petition.who_may_sign}
        return cls(formdata=None, contact=petition.contact, **values_by_language(texts))

    def to_values(self) -> PeopleStep:
        """Return the step."""
        contact = (self.contact.data or "").strip()
        return PeopleStep(texts_in(self, "organizers"), contact, texts_in(self, "who_may_sign"))


class DangerForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """What could happen to whom, and the mode. Nothing is chosen beforehand, and each may be answered later."""

    harm = SelectMultipleField(
        lazy_gettext("Who is harmed if it becomes known who signed?"),
        choices=ThreatForm.harm.kwargs["choices"],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )
    holders = RadioField(
        lazy_gettext("Who holds the keys and the passwords?"),
        choices=ThreatForm.holders.kwargs["choices"],
        validators=[Optional()],
    )
    server = RadioField(
        lazy_gettext("Where is the server?"), choices=ThreatForm.server.kwargs["choices"], validators=[Optional()]
    )
    mode = RadioField(
        lazy_gettext("May signers be at risk?"),
        description=PetitionForm.mode.kwargs["description"],
        choices=PetitionForm.mode.kwargs["choices"],
        validators=[Optional()],
    )

    @classmethod
    def of(cls, petition: Petition) -> DangerForm:
        """Fill the form with what was answered so far."""
        answered = answered_of_danger(petition)
        chosen = {name: getattr(answered, name) or None for name in ("mode", "holders", "server")}
        return cls(formdata=None, harm=list(answered.harm), **chosen)

    def to_values(self) -> DangerStep:
        """Return the step."""
        harm = tuple(self.harm.data or ())
        return DangerStep(self.mode.data or "", harm, self.holders.data or "", self.server.data or "")


class CheckingForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """How signatures are checked."""

    mail, roster, reviewers = PetitionForm.mail, PetitionForm.roster, PetitionForm.reviewers
    match_rule, evidence_rule = PetitionForm.match_rule, PetitionForm.evidence_rule
    evidence_kinds = PetitionForm.evidence_kinds

    @classmethod
    def of(cls, petition: Petition) -> CheckingForm:
        """Fill the form from a draft."""
        policy = Policy.of(petition).as_json()
        numbers = {name: str(policy[name]) for name in ("reviewers", "evidence_rule")}
        return cls(formdata=None, mail=petition.mail, **policy | numbers)

    def to_values(self) -> CheckingStep:
        """Return the step."""
        kinds = tuple(sorted(self.evidence_kinds.data or ()))
        policy = Policy(
            int(self.reviewers.data), self.roster.data, self.match_rule.data, int(self.evidence_rule.data), kinds
        )
        return CheckingStep(self.mail.data, policy)


class DaysForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """When it can be signed, and how many signatures are hoped for."""

    opens, closes, time_zone, goal = (
        PetitionForm.opens, PetitionForm.closes, PetitionForm.time_zone, PetitionForm.goal,
    )  # fmt: skip

    @classmethod
    def of(cls, petition: Petition) -> DaysForm:
        """Fill the form from a draft."""
        fields = ("goal", "opens", "closes", "time_zone")
        return cls(formdata=None, **{name: getattr(petition, name) for name in fields})

    def to_values(self) -> DaysStep:
        """Return the step."""
        return DaysStep(self.goal.data, self.opens.data, self.closes.data, self.time_zone.data or "UTC")


FORMS: dict[str, Any] = {
    "letter": LetterForm, "people": PeopleForm, "danger": DangerForm, "checking": CheckingForm, "days": DaysForm,
}  # fmt: skip
