"""Forms of staff: sign in, change the password, act on a member."""

from __future__ import annotations

from typing import Any

from flask import Response, after_this_request, request
from flask_babel import gettext, lazy_gettext, lazy_pgettext
from flask_security import LoginForm
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, HiddenField, PasswordField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, EqualTo, Length, ValidationError

from petition_app.accounts import attempts, credentials, services
from petition_app.accounts.models import ROLES
from petition_app.clock import utcnow
from petition_app.crypto.key_derivation import BusyError
from petition_app.i18n import LANGUAGES, N_
from petition_app.web import known_browsers

ROLE_WORDS = {
    "organizer": lazy_gettext("organizer"),
    "reviewer": lazy_gettext("reviewer"),
    "auditor": lazy_gettext("auditor"),
}


AGAIN = 10  # Seconds after which who was told that too many try may ask again.
LONG_NAME = lazy_gettext("At most 120 characters.")
WRONG = N_("Address or password is not right, or there were too many tries: wait a little, then try again.")
SHORT_PASSWORD = lazy_gettext("Please choose a password of at least 12 characters.")


def choose_password(label: str) -> PasswordField:
    """Return the field of a password that is chosen here."""
    return PasswordField(
        label,
        description=lazy_gettext("At least 12 characters. A sentence is easier to remember than signs."),
        validators=[
            DataRequired(SHORT_PASSWORD),
            Length(min=services.PASSWORD_LENGTH, max=1000, message=SHORT_PASSWORD),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class SignInForm(LoginForm):
    """Address and password. Whatever is wrong, the answer is the same; failures make the next try wait."""

    remember = None  # No cookie outlives the session.
    email = EmailField(
        lazy_gettext("E-mail"),
        validators=[DataRequired(lazy_gettext("Please write your e-mail address."))],
        render_kw={"autocomplete": "username", "maxlength": 254},
    )
    password = PasswordField(
        lazy_gettext("Password"),
        validators=[DataRequired(lazy_gettext("Please write your password."))],
        render_kw={"autocomplete": "current-password"},
    )

    def validate_next(self, field: Field) -> None:
        """Follow a link back into the staff pages only; the library reads it from the form and from the address."""
        if any(address and not leads_inside(address) for address in (field.data, request.args.get("next"))):
            field.data = ""
            raise ValidationError(gettext("This link leads away from the desk. Please open the sign-in page anew."))

    def validate(self, **_: Any) -> bool:
        """Check address and password; who guesses, or comes when too many do, is told to try again later."""
        if not super(LoginForm, self).validate():
            return False
        self.ifield, who = self.email, known_browsers.guesser(self.email.data)
        try:
            self.user = credentials.sign_in(self.email.data, self.password.data, who=who, at=utcnow())  # type: ignore[assignment] # It has what the library asks for, without its mixin.
        except attempts.WaitError:
            self.user = None
        except (attempts.CrowdError, BusyError) as error:
            self.form_errors.append(gettext(error.message))
            after_this_request(_say_when)
            return False
        if self.user is None:
            self.form_errors.append(gettext(WRONG))
        return self.user is not None


def _say_when(response: Response) -> Response:
    """Tell programs, too, that nothing was looked at, and when to ask again."""
    response.status_code, response.headers["Retry-After"] = 503, str(AGAIN)
    return response


def leads_inside(address: str) -> bool:
    """Return whether an address stays within the staff pages of this site."""
    inside = address == "/organizer" or address.startswith(("/organizer/", "/organizer?"))
    return inside and not any(sign in address for sign in ("//", "\\", "..")) and address.isprintable()


class NewPasswordForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The old password and twice the new one."""

    password = PasswordField(
        lazy_gettext("Password now"),
        validators=[DataRequired(lazy_gettext("Please write the password you have now."))],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = choose_password(lazy_gettext("New password"))
    new_password_confirm = PasswordField(
        lazy_gettext("New password again"),
        validators=[
            DataRequired(lazy_gettext("Please write the new password twice.")),
            EqualTo("new_password", message=lazy_gettext("The two do not agree.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class RoleForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The role of a member."""

    role = SelectField(lazy_pgettext("staff", "Role"), choices=[SelectChoice(role, ROLE_WORDS[role]) for role in ROLES])


class InvitationForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Whom to ask by mail, and for which role."""

    name = StringField(
        lazy_gettext("Name"),
        validators=[DataRequired(lazy_gettext("Please write the person's name.")), Length(max=120, message=LONG_NAME)],
        render_kw={"autocomplete": "off", "maxlength": 120},
    )
    email = EmailField(
        lazy_gettext("E-mail"),
        description=lazy_gettext(
            "The mail names no petition. It holds a code and the address of the page to type it on."
        ),
        validators=[DataRequired(lazy_gettext("Please write the person's e-mail address.")), Length(max=254)],
        render_kw={"autocomplete": "off", "maxlength": 254},
    )
    invited_role = SelectField(
        lazy_pgettext("staff", "Role"),
        choices=[SelectChoice(role, ROLE_WORDS[role]) for role in ROLES],
        default="reviewer",
    )
    language = SelectField(
        lazy_gettext("Language of the mail"),
        choices=[SelectChoice(code, words) for code, words in LANGUAGES.items()],
        render_kw={"translate": "no"},
    )


class NoticeForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """In which language somebody is told that something waits."""

    language = SelectField(
        lazy_gettext("Language of the mail"),
        choices=[SelectChoice(code, words) for code, words in LANGUAGES.items()],
        render_kw={"translate": "no"},
    )


class SeveralForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Several people to ask by mail for one role: one a line."""

    people = TextAreaField(
        lazy_gettext("Names and mailboxes"),
        description=lazy_gettext(
            "One person a line: a mailbox, or a name and a mailbox, such as Anna Zarechnaya, anna@example.org."
        ),
        validators=[Length(max=20_000)],
        render_kw={"autocomplete": "off", "rows": 6, "spellcheck": "false"},
    )
    rest = TextAreaField(
        lazy_gettext("Lines to mend"),
        validators=[Length(max=20_000)],
        render_kw={"autocomplete": "off", "rows": 4, "spellcheck": "false"},
    )
    role_for_all = SelectField(
        lazy_gettext("Role"), choices=[SelectChoice(role, ROLE_WORDS[role]) for role in ROLES], default="reviewer"
    )
    language_for_all = SelectField(
        lazy_gettext("Language of the mail"),
        choices=[SelectChoice(code, words) for code, words in LANGUAGES.items()],
        render_kw={"translate": "no"},
    )
    act = HiddenField()


class CodeForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """The code of an invitation."""

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("From the mail. Capital or small letters, with or without dashes."),
        validators=[DataRequired(lazy_gettext("Please write the code from the mail.")), Length(max=100)],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 100},
    )


class JoinForm(CodeForm):
    """What somebody without an account adds to the code: a name and twice a password."""

    name = StringField(
        lazy_gettext("Your name"),
        description=lazy_gettext("Other members of staff see it beside what you do."),
        validators=[DataRequired(lazy_gettext("Please write your name.")), Length(max=120, message=LONG_NAME)],
        render_kw={"autocomplete": "name", "maxlength": 120},
    )
    new_password = choose_password(lazy_gettext("Password"))
    again = PasswordField(
        lazy_gettext("Password again"),
        validators=[
            DataRequired(lazy_gettext("Please write the password twice.")),
            EqualTo("new_password", message=lazy_gettext("The two do not agree.")),
        ],
        render_kw={"autocomplete": "new-password"},
    )
