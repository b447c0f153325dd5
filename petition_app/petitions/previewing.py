"""The preview of a letter: that somebody has read it as the public will, before it opens."""

from __future__ import annotations

from datetime import datetime

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.storage.db import db, get_for_update


class PreviewChangedError(DomainError):
    """The text was changed while somebody read its preview."""

    message = N_("The letter has been changed since you opened the preview. Please read it again.")


def note_read(petition: Petition, digest: str, *, by: Account, at: datetime) -> None:
    """Note that an organizer has read the text with this digest (64 hexadecimal digits) as the public will read it.

    Whatever changes the text takes the note away: see `services.edit`.

    Raises:
        PreviewChangedError: it is not the text that is signed now.
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    if digest != petition.text.digest:
        raise PreviewChangedError
    if petition.text.previewed_at is None:
        petition.text.previewed_at = at
        audit.record("petition.previewed", by=by.id, petition_id=petition.id, at=at)
        db.session.flush()
