"""Forms of signers: sign, confirm. They check shape only; they carry no session and no token of one."""

from __future__ import annotations

import re
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
from wtforms.validators import DataRequired, ValidationError

from petition_app.crypto.form_tokens import is_form_token, new_form_token
from petition_app.i18n import LANGUAGES
from petition_app.mailer import offers
from petition_app.mailer.addresses import NO_WAY, read_address
from petition_app.person_names.reading import NAME_LENGTH
from petition_app.random_pool import random_bytes
from petition_app.signatures.invitations import Agreement
from petition_app.signatures.new_signatures import TRIES, NewSignature, TextChangedError
from petition_app.signatures.secret_words import PAGE
from petition_app.web.forms.sign_parser import (
    BAD_ADDRESS,
    MOST_OTHERS,
    NO_ADDRESS,
    OUTDATED,
    Parsed,
    Sent,
    parse_invited,
    parse_sign,
    to_new_signature,
)

TIERS = (
    SelectChoice("0", lazy_gettext("Only count me. Nothing about me is published.")),
    SelectChoice("1", lazy_gettext("Publish my role and region, without my name.")),
    SelectChoice("2", lazy_gettext("Give my name to the addressee, not to the public.")),
    SelectChoice("3", lazy_gettext("Publish my name with my role and place.")),
)


TYPED_WORD = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "maxlength": 40}


class PublicForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A form without ambient authority: there is no session it could abuse, so it needs no token."""

    class Meta:
        """No token; the library's own words are read once, not for every form."""

        csrf = False

        def get_translations(self, _form: object) -> object:
            """Return the library's words in the language of the page."""
            return _words_of_library(str(get_locale()))


class Shape:
    """Marks an input for the browser (`required`, `min`, `max`); what is wrong is said by the parser."""

    def __init__(self, **flags: object) -> None:
        self.field_flags = flags

    def __call__(self, _form: object, _field: Field) -> None:
        """Find nothing wrong."""


class ParsedForm(PublicForm):
    """A form that is read and checked by `sign_parser`; it only shows what that has found."""

    suggestion = ""

    def parse(self, sent: Sent) -> Parsed:
        """Read what was sent, the first value of each field."""
        raise NotImplementedError

    def validate(self, extra_validators: object = None) -> bool:
        """Take over the values and the errors of the parser; return whether nothing is wrong."""
        self.parsed = self.parse({name: field.raw_data[0] for name, field in self._fields.items() if field.raw_data})
        self.suggestion = self.parsed.suggestion
        for name, value in self.parsed.values.items():
            self[name].data = value
        for name, field in self._fields.items():
            field.errors = [gettext(self.parsed.errors[name])] if name in self.parsed.errors else []
        return not self.parsed.errors


@lru_cache(maxsize=8)
def _words_of_library(language: str) -> object:
    return get_translations((language,))


class SignForm(ParsedForm):
    """What a signer sends in; `form` makes a repeated sending harmless, and `text` says which text was read."""

    form = HiddenField()
    text = HiddenField()
    mended = HiddenField()
    kept = HiddenField()
    name = StringField(
        lazy_gettext("Your name"),
        description=lazy_gettext("As it stands on the official record; in any alphabet."),
        validators=[Shape(required=True)],
        render_kw={"autocomplete": "name", "maxlength": NAME_LENGTH},
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
    )
    publish = RadioField(lazy_gettext("What may be published?"), choices=list(TIERS), validators=[Shape(required=True)])
    others = IntegerField(
        lazy_gettext("Publish my name only once this many others agree to be named"),
        description=lazy_gettext("A condition of your own. It matters only if you let your name be published."),
        validators=[Shape(optional=True, min=1, max=MOST_OTHERS)],
        render_kw={"min": 1, "inputmode": "numeric"},
    )
    consent = BooleanField(
        lazy_gettext("I have read the letter above and agree to its text."),
        validators=[Shape(required=True)],
    )

    def __init__(self, *, mail: str, language: str) -> None:
        """`mail` is the petition's rule: required, optional or none."""
        super().__init__(lang=language, form=new_form_token())
        self.mail, self.language = mail, language
        if mail == "none":
            del self.email
            del self.lang

    def parse(self, sent: Sent) -> Parsed:
        """Read what was sent."""
        return parse_sign(sent, mail=self.mail, language=self.language)

    def to_new_signature(self) -> NewSignature:
        """Return what was sent in, with which nothing is wrong."""
        return to_new_signature(self.parsed, language=self.language)

    def show_text(self, digest: str) -> None:
        """Say that the page shows this text; whoever agreed to another one is told so, and has not agreed to this."""
        if self.text.data not in (None, "", digest):
            self.text.errors = [gettext(TextChangedError.message)]
            self.consent.data = False
        self.text.data = digest


def _check_address(field: Field) -> None:
    try:
        field.data = read_address(field.data)
    except EmailNotValidError:
        raise ValidationError(gettext(BAD_ADDRESS)) from None
    if not offers.may_reach(field.data):
        raise ValidationError(gettext(NO_WAY))


class ConfirmForm(PublicForm):
    """The code that was mailed, and the page it belongs to; a lost page leaves `pending` empty and has a token `page`.

    `mark` says which words were shown, when their signer has written them down; `wrong` how often this page has sent a
    code that was not right, so that it can say how many tries are left without asking whether there is such a page.
    """

    pending = HiddenField()
    page = HiddenField()
    mark = HiddenField()
    wrong = HiddenField()
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

    def count_wrong(self) -> int:
        """Count one more code that was not right; return how many tries this page has left at most."""
        before = self.wrong.data if re.fullmatch("[0-9]", self.wrong.data or "") else "0"
        self.wrong.data = str(min(int(before) + 1, TRIES))
        return max(TRIES - int(self.wrong.data), 0)


class WordsForm(ConfirmForm):
    """Two of the twelve words, asked for by their positions."""

    first = StringField(render_kw=TYPED_WORD)
    second = StringField(render_kw=TYPED_WORD)

    def ask(self, positions: tuple[int, int]) -> None:
        """Say which words are asked for, counted from 1."""
        for field, position in zip((self.first, self.second), positions, strict=True):
            field.label.text = gettext("Word %(number)s", number=position)

    def typed_words(self) -> tuple[str, str]:
        """Return what was typed; where something is missing, its field says so."""
        first, second = ((field.data or "").strip() for field in (self.first, self.second))
        for field, typed in ((self.first, first), (self.second, second)):
            if field.raw_data and not typed:
                field.errors = [gettext("Please type this word.")]
        return first, second


class AgainForm(PublicForm):
    """The address, typed anew, for a message that did not come."""

    pending = HiddenField()
    email = EmailField(
        lazy_gettext("E-mail"),
        validators=[DataRequired(lazy_gettext(NO_ADDRESS))],
        render_kw={"autocomplete": "email", "maxlength": 254},
    )

    def validate_email(self, field: Field) -> None:
        """Check that it is an address."""
        _check_address(field)


class InvitationForm(ParsedForm):
    """What somebody with an invitation says for themselves; nothing is chosen for them."""

    text = HiddenField()
    lang = SelectField(
        lazy_gettext("Language of your secret code"),
        choices=[SelectChoice(code, name, {"lang": code, "translate": "no"}) for code, name in LANGUAGES.items()],
    )
    publish = SignForm.publish
    others = SignForm.others
    consent = SignForm.consent

    def parse(self, sent: Sent) -> Parsed:
        """Read what was sent."""
        return parse_invited(sent, language=str(get_locale()))

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
        raise ValidationError(gettext(OUTDATED))
