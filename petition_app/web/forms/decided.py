"""Forms of decided cases: which ones are listed, and whose is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, EmailField, SelectChoice, SelectField, StringField
from wtforms.validators import Length, Optional

from petition_app.person_names.reading import NAME_LENGTH
from petition_app.verification.desk.decided_list import Filter
from petition_app.verification.models import Batch
from petition_app.verification.rules import OUTCOMES
from petition_app.web.labels import OUTCOME_WORDS

EVERY = lazy_gettext("all")


class FilterForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Which decisions are listed; it is sent by GET, so that its address can be kept."""

    class Meta:
        """It changes nothing, so it needs no token."""

        csrf = False

    batch = SelectField(lazy_gettext("Batch"), validators=[Optional()])
    outcome = SelectField(
        lazy_gettext("Decision"),
        choices=[SelectChoice("", EVERY), *(SelectChoice(one, OUTCOME_WORDS[one]) for one in OUTCOMES)],
        validators=[Optional()],
    )
    reviewer = SelectField(lazy_gettext("Reviewer"), validators=[Optional()], render_kw={"translate": "no"})
    since = DateField(lazy_gettext("From"), validators=[Optional()])
    until = DateField(lazy_gettext("Until"), validators=[Optional()])

    @classmethod
    def asked(cls, batches: Iterable[Batch], people: Mapping[UUID, str]) -> FilterForm:
        """Return what the address asks for; what it may choose are these batches and people."""
        form = cls(request.args)
        numbers = [str(batch.number) for batch in batches]
        form.batch.choices = [SelectChoice("", EVERY), *(SelectChoice(number, number) for number in numbers)]
        form.reviewer.choices = [
            SelectChoice("", EVERY),
            *(SelectChoice(one.hex, name) for one, name in people.items()),
        ]
        form.validate()
        return form

    def to_filter(self) -> Filter:
        """Return the filter; a field that was not understood does not matter, and the page says so beside it."""
        chosen = {name: field.data for name, field in self._fields.items() if field.data and not field.errors}
        return Filter(
            batch=int(chosen["batch"]) if "batch" in chosen else None,
            outcome=chosen.get("outcome", ""),
            reviewer=UUID(chosen["reviewer"]) if "reviewer" in chosen else None,
            since=chosen.get("since"),
            until=chosen.get("until"),
        )

    def as_query(self) -> dict[str, str]:
        """Return what was asked for as the fields of an address."""
        return {name: request.args[name] for name in self._fields if request.args.get(name)}


class LookUpForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Whose case is opened: an exact name, an exact mailbox, or both."""

    name = StringField(
        lazy_gettext("Name, exactly as it was signed"),
        validators=[Length(max=NAME_LENGTH)],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": NAME_LENGTH},
    )
    mailbox = EmailField(
        lazy_gettext("Mailbox, exactly as it was signed"),
        validators=[Length(max=254)],
        render_kw={"autocomplete": "off", "maxlength": 254},
    )

    @property
    def is_empty(self) -> bool:
        """Whether nobody is named."""
        return not (self.name.data or "").strip() and not (self.mailbox.data or "").strip()
