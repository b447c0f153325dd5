"""Whom signers can turn to: who stands behind a letter, and how to reach them."""

from __future__ import annotations

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition


class NoContactError(DomainError):
    """Whoever lost the twelve words would have nobody to turn to."""

    message = N_(
        "Before the letter opens, say on its page Edit who stands behind it and how to reach them: whoever loses the "
        "twelve words has nobody else to turn to."
    )


def require_contact(petition: Petition) -> None:
    """Refuse a petition that does not say whom signers can turn to. Raises: NoContactError."""
    if not petition.names_contact:
        raise NoContactError
