"""The form of an organizer who helps a signer without the twelve words."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, StringField
from wtforms.validators import DataRequired, Length

from petition_app.person_names.reading import NAME_LENGTH
from petition_app.verification.dialogue.lost_codes import Person


class LostWordsForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Who asks, and what is to be done."""

    name = StringField(
        lazy_gettext("Name, exactly as it was signed"),
        validators=[DataRequired(lazy_gettext("Please write the name.")), Length(max=NAME_LENGTH)],
        render_kw={"autocomplete": "off", "maxlength": NAME_LENGTH},
    )
    mailbox = EmailField(
        lazy_gettext("Mailbox, exactly as it was signed"),
        description=lazy_gettext("Empty only where none was given, or where it has run out after the decision."),
        validators=[Length(max=254)],
        render_kw={"autocomplete": "off", "maxlength": 254},
    )
    act = HiddenField()

    def to_person(self) -> Person:
        """Return who asks."""
        return Person((self.name.data or "").strip(), (self.mailbox.data or "").strip())
