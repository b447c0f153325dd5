"""Texts to send on: for mail and messengers, in every language, with the number, its kind and its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from babel.dates import format_datetime

from petition_app.i18n import LANGUAGES, translations
from petition_app.petitions.models import Petition


@dataclass(frozen=True)
class ShareText:
    """A text in one language: `mailto` opens it as a mail to nobody yet."""

    language: str
    subject: str
    body: str

    @property
    def mailto(self) -> str:
        """The address that opens a new mail with it (RFC 6068)."""
        return (
            f"mailto:?subject={quote(self.subject, safe='')}&body={quote(self.body, safe='').replace('%0A', '%0D%0A')}"
        )


def share_texts(petition: Petition, verified: int, *, as_of: datetime, addresses: Mapping[str, str]) -> list[ShareText]:
    """Write the text in each language that has a public address; nothing in it leads back to who sends it."""
    return [
        ShareText(language, petition.title(language), _body(petition, verified, as_of, language, addresses[language]))
        for language in LANGUAGES
        if language in addresses
    ]


def _body(petition: Petition, verified: int, as_of: datetime, language: str, address: str) -> str:
    moment = format_datetime(as_of, "d MMMM y, HH:mm", locale=language) + " UTC"
    words = translations(language)
    counted = words.ungettext(
        "%(num)s verified signature as of %(moment)s. Every signature is checked before it counts.",
        "%(num)s verified signatures as of %(moment)s. Every signature is checked before it counts.",
        verified,
    )
    return f"{petition.title(language)}\n\n{counted % {'num': verified, 'moment': moment}}\n\n{address}"
