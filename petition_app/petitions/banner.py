"""The notice on the public pages of a petition."""

from __future__ import annotations

from datetime import datetime

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, N_
from petition_app.petitions.models import Petition
from petition_app.storage.db import db

BANNER_LENGTH = 500


class BannerError(DomainError):
    """A notice needs every language."""

    message = N_("Please write the notice in English and in Russian, with at most 500 characters each.")


def set_banner(petition: Petition, texts: dict[str, str] | None, *, by: Account | None, at: datetime) -> None:
    """Put a notice on every public page of a petition, in each language, or take it away.

    Raises:
        BannerError: a language is missing, or too long.
    """
    require_role(by, petition.id, "organizer")
    if texts is not None and not all(0 < len(texts.get(language, "")) <= BANNER_LENGTH for language in LANGUAGES):
        raise BannerError
    petition.banner = texts
    act = "petition.banner_set" if texts else "petition.banner_removed"
    audit.record(act, by=by.id if by else None, petition_id=petition.id, at=at)
    db.session.flush()
