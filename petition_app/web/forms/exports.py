"""The form of an export: what for, and whether with mail addresses."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice
from wtforms.validators import InputRequired

PURPOSE_WORDS = {
    "addressee": lazy_gettext("To hand the signatures over to the addressee"),
    "check": lazy_gettext("To check them, or have them checked, elsewhere"),
    "records": lazy_gettext("For the organizers' own records"),
}


class ExportForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Purpose and extent."""

    purpose = RadioField(
        lazy_gettext("What is it for?"),
        description=lazy_gettext("The trail keeps who exported how many signatures, when and for what."),
        choices=[SelectChoice(value, words) for value, words in PURPOSE_WORDS.items()],
        validators=[InputRequired(lazy_gettext("Please say what it is for."))],
    )
    names = BooleanField(
        lazy_gettext("With names, roles and places. For the addressee always; another organizer must agree.")
    )
    addresses = BooleanField(
        lazy_gettext("With mail addresses as well, where they are still held; never for the addressee")
    )
