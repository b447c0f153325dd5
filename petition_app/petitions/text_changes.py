"""Changing the text of a letter that can be signed: only what somebody has looked at, as a difference, is published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions import services
from petition_app.petitions.models import Petition
from petition_app.petitions.new_petition import NewPetition
from petition_app.petitions.rules import text_hash
from petition_app.storage.db import db, get_for_update

SIGNED_NOW = ("open", "paused")


class NotLookedAtError(DomainError):
    """The text would change, and nobody has seen this difference to this text."""

    message = N_("The text has changed. Look at the difference first.")


def edit(
    petition: Petition,
    new: NewPetition,
    *,
    looked_at: str,
    has_signed: Callable[[UUID], bool],
    by: Account | None,
    at: datetime,
) -> bool:
    """Change a petition as `services.edit` does; a new text of an open letter only if its difference was looked at.

    Raises:
        NotLookedAtError: `looked_at` is not the mark of this difference. As `services.edit`.
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id, alone=True)  # As `services.edit` does: a lock that grows may wait for itself.
    db.session.refresh(petition, ["versions"])
    db.session.refresh(petition.text)  # Somebody else may have changed it meanwhile.
    services.check_texts(new.titles, new.texts)
    if petition.state in SIGNED_NOW and _differs(petition, new) and looked_at != mark_of(petition, new):
        raise NotLookedAtError
    return services.edit(petition, new, has_signed=has_signed, by=by, at=at)


def mark_of(petition: Petition, new: NewPetition) -> str:
    """Return what stands for one difference: from the text that can be signed now to the one that would be."""
    return hashlib.sha256(petition.text.sha256 + text_hash(new.titles, new.texts)).hexdigest()


def _differs(petition: Petition, new: NewPetition) -> bool:
    return text_hash(new.titles, new.texts) != petition.text.sha256
