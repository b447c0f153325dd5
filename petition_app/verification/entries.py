"""From the mark of a decision back to the roster entry that its reviewer meant."""

from __future__ import annotations

from itertools import chain

from petition_app.keys import handed
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature


def find(signature: Signature, petition: Petition, mark: bytes) -> str | None:
    """Return the key of the entry with this mark, if it stands on the roster in use; nothing if it does not any more.

    It may have been matched on an earlier roster, or been chosen though nothing matched it, so all that ever matched is
    looked at first, and then everybody. On a server without keys the reviewer's machine has done so.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    if given := handed.current():
        given.match_of(signature.id)  # Whoever handed nothing over about the case has not looked.
        return mark.hex() if mark.hex() in given.indexes else None
    version = rosters.current(petition.id)
    if version is None:
        return None
    notes = (note for note in sealing.open_case(signature) if note.get("kind") == "match")
    matched = dict.fromkeys(str(found["key"]) for note in notes for found in note["candidates"])
    marks = sealing.marker(signature)
    for key in matched:
        if marks(key) == mark:
            return key if rosters.get_entry(version.id, key) else None
    others = chain.from_iterable(rosters.iter_fields(version.id, ("key",)))
    return next((str(key) for key in others if marks(str(key)) == mark), None)
