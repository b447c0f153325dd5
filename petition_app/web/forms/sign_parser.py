"""What somebody who signs has sent in, read and checked in one place: for the page, and for those who sign in a rush.

It knows no form library, since most who sign are never shown a form again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from email_validator import EmailNotValidError

from petition_app.crypto.form_tokens import is_form_token, new_form_token
from petition_app.i18n import LANGUAGES, N_
from petition_app.mailer import offers
from petition_app.mailer.addresses import NO_WAY, read_address
from petition_app.person_names.reading import StrayWordError, UnfitTextError, read_line, read_meant
from petition_app.signatures.new_signatures import NewSignature
from petition_app.signatures.rules import CONSENT
from petition_app.signatures.sealing import Identity

Sent = Mapping[str, str]

MENDED = "mended"  # The field in which the owner of a name agrees to how it could read.
KEPT = "kept"  # The name that is meant as it stands, if it is sent again without that.
MOST_OTHERS = 1_000_000
TIERS = tuple(map(str, sorted(CONSENT.values())))
UNTICKED = ("", "false")

NOTHING_CHOSEN = N_("Please choose one. Nothing is chosen for you.")
NO_NAME = N_("Please write your name.")
NO_ADDRESS = N_("Please write your e-mail address.")
BAD_ADDRESS = N_("This is not an e-mail address. Please check it.")
BAD_NUMBER = N_("Please write a whole number from 1 on, or leave it empty.")
NOT_AGREED = N_("Without your agreement to the text there is no signature.")
OUTDATED = N_("This page was out of date. Your words are still here: send it again.")


@dataclass
class Parsed:
    """The fields as they were understood, and what is wrong with those that were not, to be translated.

    `suggestion` is how the name could read instead, where one way is plain; who agrees sends it in.
    """

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    suggestion: str = ""

    def read_name(self, typed: str, *, agreed: str, kept: str) -> None:
        """Read the name; `agreed` is the suggestion that its owner has ticked, `kept` the name that was asked about."""
        try:
            self.values["name"] = read_meant(typed, agreed=(agreed,), kept=(kept,))
        except UnfitTextError as error:
            self.values["name"], self.errors["name"], self.suggestion = typed, str(error), error.suggestion
            self.values["kept"] = error.name if isinstance(error, StrayWordError) else ""

    def read(self, name: str, read: Callable[[str], str], typed: str) -> None:
        """Read one line. What cannot be taken stays as it was typed."""
        try:
            self.values[name] = read(typed)
        except UnfitTextError as error:
            self.values[name], self.errors[name] = typed, str(error)


def parse_sign(sent: Sent, *, mail: str, language: str) -> Parsed:
    """Read the form for signing, the first value of each field.

    `mail` is the petition's rule: required, optional or none; `language` is the page's.
    """
    parsed = Parsed()
    values, errors = parsed.values, parsed.errors
    token = sent.get("form")
    if token is not None and is_form_token(token):
        values["form"] = token
    else:
        values["form"] = new_form_token()
        if token is not None:
            errors["form"] = OUTDATED
    values["text"] = sent.get("text", "")
    if (name := sent.get("name", "")).strip():
        parsed.read_name(name, agreed=sent.get(MENDED, ""), kept=sent.get(KEPT, ""))
    else:
        values["name"], errors["name"] = name, NO_NAME
    parsed.read("role", read_line, sent.get("role", ""))
    parsed.read("place", read_line, sent.get("place", ""))
    if mail != "none":
        _parse_address(parsed, sent.get("email", ""), is_needed=mail == "required")
        _parse_language(parsed, sent, language)
    parse_consent(parsed, sent)
    return parsed


def parse_invited(sent: Sent, *, language: str) -> Parsed:
    """Read what somebody with an invitation says for themselves."""
    parsed = Parsed({"text": sent.get("text", "")})
    _parse_language(parsed, sent, language)
    parse_consent(parsed, sent)
    return parsed


def parse_consent(parsed: Parsed, sent: Sent) -> None:
    """Read what may be published, under which condition, and whether the text is agreed to."""
    values, errors = parsed.values, parsed.errors
    values["publish"] = sent.get("publish")
    if values["publish"] not in TIERS:
        errors["publish"] = NOTHING_CHOSEN
    values["others"], others = None, sent.get("others", "")
    if others.strip():
        try:
            values["others"] = int(others)
        except ValueError:
            errors["others"] = BAD_NUMBER
        else:
            if not 1 <= values["others"] <= MOST_OTHERS:
                errors["others"] = BAD_NUMBER
    values["consent"] = sent.get("consent", "") not in UNTICKED
    if not values["consent"]:
        errors["consent"] = NOT_AGREED


def to_new_signature(parsed: Parsed, *, language: str) -> NewSignature:
    """Return the signature of a form without errors; `language` is the page's, for letters without mail."""
    values = parsed.values
    return NewSignature(
        form_token=values["form"],
        identity=Identity(name=values["name"], role=values["role"], place=values["place"]),
        email=values.get("email", ""),
        language=values.get("lang", language),
        consent=int(values["publish"]),
        others=values["others"],
        text=values["text"],
    )


def has_address(sent: Sent) -> bool:
    """Return whether something stands where the address belongs."""
    return bool(sent.get("email", "").strip())


def _parse_address(parsed: Parsed, typed: str, *, is_needed: bool) -> None:
    if not typed.strip():
        parsed.values["email"] = ""
        if is_needed:
            parsed.errors["email"] = NO_ADDRESS
        return
    try:
        parsed.values["email"] = address = read_address(typed)
    except EmailNotValidError:
        parsed.values["email"], parsed.errors["email"] = typed, BAD_ADDRESS
    else:
        if not offers.may_reach(address):
            parsed.errors["email"] = NO_WAY


def _parse_language(parsed: Parsed, sent: Sent, language: str) -> None:
    parsed.values["lang"] = chosen = sent.get("lang", language)
    if chosen not in LANGUAGES:
        parsed.errors["lang"] = NOTHING_CHOSEN
