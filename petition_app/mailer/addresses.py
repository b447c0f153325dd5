"""Mail addresses, by one rule: how they are written to, and when two of them are one.

The domain is a name of the net (IDNA 2008, RFC 5891) and has no capitals; what stands before the @ is kept as typed,
since only its mail server knows what is the same there, and compared without regard to capitals. No other folding: it
would make `straße.example` and `strasse.example`, which belong to different people, one domain.
"""

from __future__ import annotations

import re
import unicodedata

import idna
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from petition_app.bounds import LONGEST_ADDRESS
from petition_app.i18n import N_

LONGEST = 100  # Characters of an address that needs no closer look.
_PLAIN = re.compile(
    r"(?P<local>[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)@(?P<domain>(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24})"
)
NO_WAY = N_(
    "The mail server of this site cannot write to addresses with such letters before the @. "
    "Please give another address."
)
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


def read_address(typed: str) -> str:
    """Return a mail address as it is written to. Raises: EmailNotValidError."""
    typed = typed.strip()
    if len(typed) > LONGEST_ADDRESS:
        raise EmailNotValidError("too long")
    if (plain := _PLAIN.fullmatch(typed)) and len(typed) <= LONGEST and len(plain["local"]) <= 64:
        domain = plain["domain"].lower()
        labels_fit = all(len(label) <= 63 and label[2:4] != "--" for label in domain.split("."))
        if labels_fit and not f".{domain}".endswith(_SPECIAL):
            return f"{plain['local']}@{domain}"
    return str(validate_email(typed, check_deliverability=False).normalized)


def address_key(address: str) -> str:
    """Return what is the same for all spellings of one address; of what is no address, its small letters."""
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.lower()}{at}{domain_key(domain)}"


def needs_utf8(address: str) -> bool:
    """Return whether an address can be written to over SMTPUTF8 (RFC 6531) alone; for its domain there is IDNA."""
    return not address.rpartition("@")[0].isascii()


def address_on_the_wire(address: str) -> str:
    """Return an address as it is given to a mail server: its domain as IDNA 2008 writes it in ASCII.

    Raises: ValueError: its domain is no name of the net.
    """
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}{at}{idna.encode(domain, uts46=True).decode()}"


def domain_key(domain: str) -> str:
    """Return a domain in small ASCII letters, as the net asks for it."""
    plain = domain.strip().lower()
    if plain.isascii():
        return plain
    try:
        return str(validate_email(f"a@{domain.strip()}", check_deliverability=False).ascii_domain).lower()
    except EmailNotValidError:
        return plain
