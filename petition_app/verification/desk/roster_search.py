"""Looking for the person of a case on the roster by hand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.petitions.models import Petition
from petition_app.roster import search as roster
from petition_app.roster import services as rosters
from petition_app.roster.search import Search
from petition_app.verification.desk import leases


def search(signature_id: UUID, words: str, *, petition: Petition, by: Account, at: datetime) -> Search:
    """Return who on the roster in use fits these words; the case is held for ten minutes from now.

    The trail keeps who looked, for which case and how many were found, never the words.

    Raises:
        NotFoundError, NotYoursError, StateError, FrozenError
    """
    leases.renew(signature_id, petition=petition, by=by, at=at)
    version = rosters.current(petition.id) if petition.uses_roster else None
    found = roster.find(version.id, words) if version else Search((), 0)
    note_search(signature_id, found.number, petition=petition, by=by, at=at)
    return found


def note_search(signature_id: UUID, number: int, *, petition: Petition, by: Account, at: datetime) -> None:
    """Write down that somebody looked on the roster for the person of a case."""
    audit.record("roster.searched", by=by.id, petition_id=petition.id, object_id=signature_id, number=number, at=at)
