"""Forms of keys: a passphrase, a new one, the words of the printed sheet."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

LONGEST = Length(max=1000, message=lazy_gettext("This is too long."))


class UnlockForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The passphrase that opens the keys for a while."""

    passphrase = PasswordField(
        lazy_gettext("Passphrase"),
        validators=[DataRequired(lazy_gettext("Please write your passphrase.")), LONGEST],
        render_kw={"autocomplete": "off"},
    )


class NewKeyForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A passphrase, twice, and perhaps one to give up under duress."""

    passphrase = PasswordField(
        lazy_gettext("New passphrase"),
        description=lazy_gettext("At least 16 characters, for example four unusual words. It cannot be reset."),
        validators=[DataRequired(lazy_gettext("Please choose a passphrase.")), LONGEST],
        render_kw={"autocomplete": "off"},
    )
    again = PasswordField(
        lazy_gettext("The same once more"),
        validators=[DataRequired(lazy_gettext("Please write the passphrase once more.")), LONGEST],
        render_kw={"autocomplete": "off"},
    )
    duress = PasswordField(
        lazy_gettext("Passphrase for duress"),
        description=lazy_gettext(
            "If somebody forces you, type this one instead: the desk shows an empty queue, your keys are gone, "
            "everybody's are locked, and your colleagues are told."
        ),
        validators=[LONGEST],
        render_kw={"autocomplete": "off"},
    )

    def validate_again(self, field: Field) -> None:
        """Refuse a slip of the keyboard."""
        if field.data != self.passphrase.data:
            raise ValidationError(lazy_gettext("The two are not the same. Please write them again."))


class ChangePassphraseForm(NewKeyForm):
    """The passphrase so far, and twice the new one."""

    duress = None
    old = PasswordField(
        lazy_gettext("Passphrase now"),
        validators=[DataRequired(lazy_gettext("Please write the passphrase you have now.")), LONGEST],
        render_kw={"autocomplete": "off"},
    )


class SheetForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The 24 words of the printed sheet."""

    words = TextAreaField(
        lazy_gettext("The 24 words of the sheet"),
        validators=[DataRequired(lazy_gettext("Please write the words.")), LONGEST],
        render_kw={"autocomplete": "off", "spellcheck": "false", "rows": 4},
    )
