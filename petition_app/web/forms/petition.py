"""The form of a petition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from petition_app.i18n import LANGUAGES
from petition_app.petitions.drafting import answered_of_danger
from petition_app.petitions.models import Petition
from petition_app.petitions.risk_assessment import Answers
from petition_app.petitions.rules import TEXT_LENGTH
from petition_app.petitions.services import SLUG, NewPetition
from petition_app.petitions.time_zones import zones
from petition_app.web.forms.name_orders import name_orders
from petition_app.web.labels import KIND_WORDS

STATE_WORDS = {
    "draft": lazy_gettext("draft"),
    "open": lazy_gettext("open"),
    "paused": lazy_gettext("paused"),
    "closed": lazy_gettext("closed"),
    "edited": lazy_gettext("edited"),  # Not a state: what a closed petition cannot be.
}
SHORT = Length(max=200, message=lazy_gettext("At most 200 characters."))
LONG = Length(max=TEXT_LENGTH, message=lazy_gettext("This text is too long."))
ANSWER = lazy_gettext("Please choose an answer.")
MARKDOWN = lazy_gettext("An empty line begins a paragraph, *word* is emphasis, ## begins a heading (Markdown).")
BEHIND = lazy_gettext("The people or the body that signers can turn to. It stands on the letter.")


class PetitionForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A petition in English, Russian or both: a language counts when it has a title and a text."""

    slug = StringField(
        lazy_gettext("Address"),
        description=lazy_gettext(
            "Small Latin letters, digits and hyphens; it stands in the link and cannot be changed."
        ),
        validators=[
            DataRequired(lazy_gettext("Please choose an address.")),
            Length(max=80, message=lazy_gettext("At most 80 characters.")),
            Regexp(f"^{SLUG.pattern}$", message=lazy_gettext("Small Latin letters, digits and single hyphens only.")),
        ],
    )
    title_en = StringField(lazy_gettext("Title in English"), validators=[SHORT])
    text_en = TextAreaField(lazy_gettext("Letter in English"), description=MARKDOWN, validators=[LONG])
    title_ru = StringField(lazy_gettext("Title in Russian"), validators=[SHORT])
    text_ru = TextAreaField(lazy_gettext("Letter in Russian"), description=MARKDOWN, validators=[LONG])
    addressee_en = StringField(lazy_gettext("Addressee in English"), validators=[SHORT])
    addressee_ru = StringField(lazy_gettext("Addressee in Russian"), validators=[SHORT])
    who_may_sign_en = StringField(lazy_gettext("Who may sign, in English"), validators=[SHORT])
    who_may_sign_ru = StringField(lazy_gettext("Who may sign, in Russian"), validators=[SHORT])
    organizers_en = StringField(
        lazy_gettext("Who stands behind it, in English"), description=BEHIND, validators=[SHORT]
    )
    organizers_ru = StringField(
        lazy_gettext("Who stands behind it, in Russian"), description=BEHIND, validators=[SHORT]
    )
    contact = StringField(
        lazy_gettext("How to reach them"),
        description=lazy_gettext(
            "A mailbox, telephone number or address, for everybody to see. Whoever loses the twelve words turns there."
        ),
        validators=[SHORT],
    )
    goal = IntegerField(
        lazy_gettext("Goal"),
        invalid_value_message=lazy_gettext("Please write a whole number from 1 on, or leave it empty."),
        description=lazy_gettext("A number of verified signatures. May stay empty."),
        validators=[Optional(), NumberRange(1, 1_000_000_000, lazy_gettext("Please write a whole number from 1 on."))],
    )
    opens = DateField(lazy_gettext("First day of signing"), validators=[Optional()])
    closes = DateField(lazy_gettext("Last day of signing"), validators=[Optional()])
    time_zone = SelectField(
        lazy_gettext("Time zone"),
        description=lazy_gettext("The first day begins and the last day ends at midnight there."),
        choices=lambda: [SelectChoice(name, name) for name in zones()],
        default="UTC",
        render_kw={"translate": "no"},
    )
    names_order = SelectField(
        lazy_gettext("Alphabet in whose order names stand"),
        description=lazy_gettext("Where most signers write their names in another language than the letter's."),
        choices=lambda: [SelectChoice("", gettext("the letter's own language")), *name_orders()],
        default="",
    )
    mode = RadioField(
        lazy_gettext("May signers be at risk?"),
        description=lazy_gettext(
            "Sealed: only the people who hold the keys can read who signed; a stolen server, database or backup names "
            "nobody. It does not protect against a server that is controlled by others while somebody signs, nor "
            "against a reviewer who talks. It takes two people with passphrases, and it stays so after the first "
            "signature."
        ),
        choices=[
            SelectChoice("sealed", lazy_gettext("Yes, signers may be at risk: seal the signatures")),
            SelectChoice("standard", lazy_gettext("No: the server may read them, so a seized server names everybody")),
        ],
        default="standard",
        invalid_choice_message=ANSWER,
    )
    mail = SelectField(
        lazy_gettext("Confirmation by mail"),
        choices=[
            SelectChoice("required", lazy_gettext("Each signer confirms with a mailed code")),
            SelectChoice("optional", lazy_gettext("Signers may leave the address empty")),
            SelectChoice("none", lazy_gettext("No mail at all; reviewers reach the signers themselves")),
        ],
    )
    roster = BooleanField(lazy_gettext("Checked against a roster: a list of the people who may sign"))
    reviewers = RadioField(
        lazy_gettext("How many reviewers must agree?"),
        choices=[
            SelectChoice("2", lazy_gettext("Two, each without seeing the other's decision")),
            SelectChoice("3", lazy_gettext("Three, each without seeing the others' decisions")),
            SelectChoice("1", lazy_gettext("One")),
        ],
        default="2",
    )

    match_rule = RadioField(
        lazy_gettext("Which match on the roster is enough?"),
        description=lazy_gettext("With less, a reviewer writes a sentence on why it is this person."),
        choices=[
            SelectChoice("possible", lazy_gettext("A possible one")),
            SelectChoice("strong", lazy_gettext("A strong one")),
            SelectChoice("any", lazy_gettext("Whatever the reviewer chooses")),
        ],
        default="possible",
    )
    evidence_rule = RadioField(
        lazy_gettext("What evidence is needed that it is this person?"),
        choices=[
            SelectChoice("0", lazy_gettext("None; the name is only published once somebody reached the person")),
            SelectChoice("1", lazy_gettext("One piece, however weak")),
            SelectChoice("2", lazy_gettext("One piece that is hard to make for somebody else")),
            SelectChoice("3", lazy_gettext("One piece that only this person could have given")),
        ],
        default="0",
    )
    evidence_kinds = SelectMultipleField(
        lazy_gettext("Which kinds of evidence?"),
        description=lazy_gettext("None ticked: all of them."),
        choices=[SelectChoice(kind, words) for kind, words in KIND_WORDS.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[Optional()],
    )

    @classmethod
    def of(cls, petition: Petition) -> PetitionForm:
        """Fill the form from a petition."""
        values = {
            name: getattr(petition, name)
            for name in ("slug", "contact", "goal", "opens", "closes", "time_zone", "names_order", "mail", "roster")
        }
        values["mode"] = answered_of_danger(petition).mode or None  # Not chosen, where nobody has chosen it yet.
        texts = {"title": petition.text.titles, "text": petition.text.texts, "addressee": petition.addressee}
        texts |= {"who_may_sign": petition.who_may_sign, "organizers": petition.organizers}
        values |= values_by_language(texts)
        rules = {"reviewers": str(petition.reviewers), "evidence_rule": str(petition.evidence_rule)}
        rules["match_rule"] = petition.match_rule
        return cls(formdata=None, evidence_kinds=petition.evidence_kinds, **rules, **values)

    @classmethod
    def posted(cls, petition: Petition) -> PetitionForm:
        """Return what was sent for a petition; a zone or order not sent stays, a mode never chosen is asked for."""
        form = cls()
        form.slug.data = petition.slug
        if not form.time_zone.raw_data:
            form.time_zone.data = petition.time_zone
        if not form.names_order.raw_data:
            form.names_order.data = petition.names_order
        if not form.mode.raw_data and not answered_of_danger(petition).mode:
            form.mode.data = None
        return form

    def to_new_petition(self) -> NewPetition:
        """Return the petition as the service takes it."""
        return NewPetition(
            slug=self.slug.data,
            titles=texts_in(self, "title"),
            texts=texts_in(self, "text"),
            addressee=texts_in(self, "addressee"),
            who_may_sign=texts_in(self, "who_may_sign"),
            organizers=texts_in(self, "organizers"),
            contact=(self.contact.data or "").strip(),
            goal=self.goal.data,
            opens=self.opens.data,
            closes=self.closes.data,
            time_zone=self.time_zone.data,
            names_order=self.names_order.data or "",
            mode=self.mode.data,
            mail=self.mail.data,
            roster=self.roster.data,
            reviewers=int(self.reviewers.data),
            match_rule=self.match_rule.data,
            evidence_rule=int(self.evidence_rule.data),
            evidence_kinds=tuple(self.evidence_kinds.data or ()),
        )


def texts_in(form: Any, name: str) -> dict[str, str]:
    """Return what fields such as title_en and title_ru hold, by language; empty ones are left out."""
    texts = {language: (form[f"{name}_{language}"].data or "").strip() for language in LANGUAGES}
    return {language: text.replace("\r\n", "\n") for language, text in texts.items() if text}


def values_by_language(texts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the values of fields such as title_en and title_ru from texts by language."""
    return {
        f"{name}_{language}": by_language.get(language, "")
        for name, by_language in texts.items()
        for language in LANGUAGES
    }


class SwitchForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Which way a switch is turned."""

    to = HiddenField(validators=[AnyOf(("on", "off"))])


class SilenceForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """After how many days without a sign of life a letter freezes; empty: never."""

    days = IntegerField(
        lazy_gettext("Days without a sign of life"),
        validators=[Optional(), NumberRange(1, 365)],
        render_kw={"min": 1, "max": 365, "inputmode": "numeric"},
    )

    @classmethod
    def of(cls, petition: Petition) -> SilenceForm:
        """Fill the form with what is chosen."""
        return cls(formdata=None, days=petition.freeze_after)


class ThreatForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Three questions about danger, answered by choices."""

    harm = SelectMultipleField(
        lazy_gettext("Who is harmed if it becomes known who signed?"),
        choices=[
            SelectChoice("nobody", lazy_gettext("Nobody that we can think of")),
            SelectChoice("work", lazy_gettext("Signers may lose their work or their studies")),
            SelectChoice("law", lazy_gettext("Signers may be fined, prosecuted or arrested")),
            SelectChoice("violence", lazy_gettext("Signers may be threatened or attacked")),
            SelectChoice("family", lazy_gettext("People close to signers, or those who check")),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[DataRequired(ANSWER)],
    )
    holders = RadioField(
        lazy_gettext("Who holds the keys and the passwords?"),
        choices=[
            SelectChoice("one", lazy_gettext("One person")),
            SelectChoice("together", lazy_gettext("Several people in one place")),
            SelectChoice("apart", lazy_gettext("Several people in different places")),
        ],
        validators=[InputRequired(ANSWER)],
    )
    server = RadioField(
        lazy_gettext("Where is the server?"),
        choices=[
            SelectChoice("reach", lazy_gettext("Where those whom we fear can seize it or order its host")),
            SelectChoice("abroad", lazy_gettext("Where they cannot easily reach it")),
            SelectChoice("unknown", lazy_gettext("We do not know")),
        ],
        validators=[InputRequired(ANSWER)],
    )

    @classmethod
    def of(cls, petition: Petition) -> ThreatForm:
        """Fill the form with what was answered."""
        return cls(formdata=None, **{name: (petition.threat or {}).get(name) for name in ("harm", "holders", "server")})

    def to_answers(self) -> Answers:
        """Return the answers."""
        return Answers(harm=tuple(self.harm.data), holders=self.holders.data, server=self.server.data)
