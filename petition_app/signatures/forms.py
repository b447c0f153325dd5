"""Forms of signers: sign, confirm. They check shape only; they carry no session and no token of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from email_validator import EmailNotValidError
from flask_babel import get_locale, gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.i18n import get_translations
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, StopValidation, ValidationError

from petition_app.i18n import LANGUAGES
from petition_app.mail_addresses import read_address
from petition_app.randomness import random_bytes
from petition_app.security import is_form_token, new_form_token
from petition_app.signatures.arrivals import NewSignature, TextChangedError
from petition_app.signatures.invitations import Agreement
from petition_app.signatures.rules import UnfitTextError, read_line, read_name
from petition_app.signatures.sealing import Identity
from petition_app.signatures.secret_words import PAGE

MOST_OTHERS = 1_000_000
NOTHING_CHOSEN = lazy_gettext("Please choose one. Nothing is chosen for you.")
TIERS = (
    SelectChoice("0", lazy_gettext("Only count me. Nothing about me is published.")),
    SelectChoice("1", lazy_gettext("Publish my role and region, without my name.")),
    SelectChoice("2", lazy_gettext("Give my name to the addressee, not to the public.")),
    SelectChoice("3", lazy_gettext("Publish my name with my role and place.")),
)


class PublicForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A form without ambient authority: there is no session it could abuse, so it needs no token."""

    class Meta:
        """No token; the library's own words are read once, not for every form."""

        csrf = False

        def get_translations(self, _form: object) -> object:
            """Return the library's words in the language of the page."""
            return _words_of_library(str(get_locale()))


@lru_cache(maxsize=8)
def _words_of_library(language: str) -> object:
    return get_translations((language,))


class SignForm(PublicForm):
    """What a signer sends in; `form` makes a repeated sending harmless, and `text` says which text was read."""

    form = HiddenField()
    text = HiddenField()
    name = StringField(
        lazy_gettext("Your name"),
        description=lazy_gettext("As it stands on the official record; in any alphabet."),
        validators=[DataRequired(lazy_gettext("Please write your name."))],
        render_kw={"autocomplete": "name", "maxlength": 120},
    )
    role = StringField(
        lazy_gettext("Your role"),
        description=lazy_gettext("For example: municipal deputy, paediatrician."),
        render_kw={"autocomplete": "organization-title", "maxlength": 200},
    )
    place = StringField(
        lazy_gettext("Place or body"),
        description=lazy_gettext("The council, hospital or town. It helps to tell people of the same name apart."),
        render_kw={"autocomplete": "organization", "maxlength": 200},
    )
    email = EmailField(
        lazy_gettext("E-mail"),
        description=lazy_gettext(
            "For one short message with a code, and for nothing else. It does not name the letter."
        ),
        render_kw={"autocomplete": "email", "maxlength": 254},
    )
    lang = SelectField(
        lazy_gettext("Language of the message"),
        choices=[SelectChoice(code, name, {"lang": code, "translate": "no"}) for code, name in LANGUAGES.items()],
        invalid_choice_message=NOTHING_CHOSEN,
    )
    publish = RadioField(
        lazy_gettext("What may be published?"),
        choices=list(TIERS),
        validators=[InputRequired(NOTHING_CHOSEN)],
        invalid_choice_message=NOTHING_CHOSEN,
    )
    others = IntegerField(
        lazy_gettext("Publish my name only once this many others agree to be named"),
        invalid_value_message=lazy_gettext("Please write a whole number from 1 on, or leave it empty."),
        description=lazy_gettext("A condition of your own. It matters only if you let your name be published."),
        validators=[
            Optional(),
            NumberRange(1, MOST_OTHERS, lazy_gettext("Please write a whole number from 1 on, or leave it empty.")),
        ],
        render_kw={"min": 1, "inputmode": "numeric"},
    )
    consent = BooleanField(
        lazy_gettext("I have read the letter above and agree to its text."),
        validators=[DataRequired(lazy_gettext("Without your agreement to the text there is no signature."))],
    )

    def __init__(self, *, mail: str, language: str) -> None:
        """`mail` is the petition's rule: required, optional or none."""
        super().__init__(lang=language, form=new_form_token())
        self.mail = mail
        if mail == "none":
            del self.email
            del self.lang

    def validate_form(self, field: Field) -> None:
        """Refuse a form that this server did not hand out, and hand out a good one."""
        check_token(field)

    def validate_name(self, field: Field) -> None:
        """Check the name's letters."""
        _check(field, read_name)

    def validate_role(self, field: Field) -> None:
        """Check the role's letters."""
        _check(field, read_line)

    def validate_place(self, field: Field) -> None:
        """Check the place's letters."""
        _check(field, read_line)

    def validate_email(self, field: Field) -> None:
        """Check that it is an address; it may be empty where the petition says so."""
        if not (field.data or "").strip():
            if self.mail == "required":
                raise StopValidation(gettext("Please write your e-mail address."))
            return
        _check_address(field)

    def to_new_signature(self, *, language: str) -> NewSignature:
        """Return what was sent in; `language` is the page's, for letters without mail."""
        return NewSignature(
            form_token=self.form.data,
            identity=Identity(name=self.name.data, role=self.role.data or "", place=self.place.data or ""),
            email=self.email.data or "" if "email" in self else "",
            language=self.lang.data if "lang" in self else language,
            consent=int(self.publish.data),
            others=self.others.data,
            text=self.text.data or "",
        )

    def show_text(self, digest: str) -> None:
        """Say that the page shows this text; whoever agreed to another one is told so, and has not agreed to this."""
        if self.text.data not in (None, "", digest):
            self.text.errors = [gettext(TextChangedError.message)]
            self.consent.data = False
        self.text.data = digest


def read_plain(sent: Mapping[str, str], *, mail: str, language: str) -> NewSignature | None:
    """Return what `SignForm` would, without making one, where nothing at all is wrong with what was sent.

    In a rush nearly everything is such; whatever is not is left to the form, which says why.
    """
    by_mail, lang, tier = mail != "none", sent.get("lang", ""), sent.get("publish", "")
    agreed = sent.get("consent", "") not in ("", "false")
    if not agreed or tier not in _TIERS or sent.get("others") or not is_form_token(token := sent.get("form", "")):
        return None
    if by_mail and (lang not in LANGUAGES or not sent.get("email")):
        return None
    try:
        identity = Identity(
            name=read_name(sent.get("name", "")),
            role=read_line(sent.get("role", "")),
            place=read_line(sent.get("place", "")),
        )
        email = read_address(sent["email"]) if by_mail else ""
    except (UnfitTextError, EmailNotValidError):
        return None
    return NewSignature(
        token, identity, email, lang if by_mail else language, int(tier), others=None, text=sent.get("text", "")
    )


_TIERS = {tier.value for tier in TIERS}


def _check_address(field: Field) -> None:
    try:
        field.data = read_address(field.data)
    except EmailNotValidError:
        raise ValidationError(gettext("This is not an e-mail address. Please check it.")) from None


class ConfirmForm(PublicForm):
    """The code that was mailed, and the page it belongs to; a lost page leaves `pending` empty and has a token `page`.

    `mark` says which words were shown, when their signer has written them down.
    """

    pending = HiddenField()
    page = HiddenField()
    mark = HiddenField()
    code = StringField(
        lazy_gettext("Code from the message"),
        render_kw={
            "autocomplete": "one-time-code",
            "maxlength": 40,
            "spellcheck": "false",
            "autocapitalize": "characters",
        },
    )

    def typed(self) -> dict[str, str]:
        """Return which page it is and what was typed; a lost page without a token gets one."""
        if not (self.pending.data or PAGE.fullmatch(self.page.data or "")):
            self.page.data = random_bytes(16).hex()
        return {name: self[name].data or "" for name in ("pending", "page", "code")}


class AgainForm(PublicForm):
    """The address, typed anew, for a message that did not come."""

    pending = HiddenField()
    email = EmailField(
        lazy_gettext("E-mail"),
        validators=[DataRequired(lazy_gettext("Please write your e-mail address."))],
        render_kw={"autocomplete": "email", "maxlength": 254},
    )

    def validate_email(self, field: Field) -> None:
        """Check that it is an address."""
        _check_address(field)


class InvitationForm(PublicForm):
    """What somebody with an invitation says for themselves; nothing is chosen for them."""

    text = HiddenField()
    lang = SelectField(
        lazy_gettext("Language of your secret code"),
        choices=[SelectChoice(code, name, {"lang": code, "translate": "no"}) for code, name in LANGUAGES.items()],
        invalid_choice_message=NOTHING_CHOSEN,
    )
    publish = SignForm.publish
    others = SignForm.others
    consent = SignForm.consent

    def to_agreement(self) -> Agreement:
        """Return what was said."""
        return Agreement(
            consent=int(self.publish.data),
            others=self.others.data,
            language=self.lang.data,
            text_number=int(self.text.data) if re.fullmatch("[0-9]{1,9}", self.text.data or "") else 0,
        )


def check_token(field: Field) -> None:
    """Refuse a form token that this server did not make, and put a good one into the field."""
    if not is_form_token(field.data or ""):
        field.data = new_form_token()
        raise ValidationError(gettext("This page was out of date. Your words are still here: send it again."))


def _check(field: Field, read: Callable[[str], str]) -> None:
    try:
        field.data = read(field.data or "")
    except UnfitTextError as error:
        raise ValidationError(gettext(str(error))) from None
