"""Marks of roster entries: what a verdict commits to, and the way back to the entry that its reviewer meant.

A mark is an HMAC of the entry's index, by which one person counts once, under a key that is made from the signature's
own. So it is the same for two reviewers only if they mean the same index, it tells nothing to whoever holds the
database, and whoever hands the index over later, with that key, can hand over no other one.
"""

from __future__ import annotations

import hmac
from itertools import chain

from petition_app.crypto.fingerprints import fingerprint
from petition_app.keys import open_keys
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature


def entry_index(petition: Petition, key: str) -> bytes:
    """Return the keyed index of a roster entry within a petition; in sealed mode only holders can compute it.

    Raises: LockedError.
    """
    if petition.is_sealed:
        return open_keys.require(petition.id).index("entry", key)
    return fingerprint("entry", petition.id, key)


def bind(key: bytes, index: bytes) -> bytes:
    """Return the mark of an index (32 bytes) under the key for it of a signature (32 bytes)."""
    return hmac.digest(key, b"entry/v2|" + index, "sha256")


def mark(signature: Signature, petition: Petition, key: str) -> bytes:
    """Return the mark of an entry, named by its key on the roster.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    return bind(key_for(signature), entry_index(petition, key))


def key_for(signature: Signature) -> bytes:
    """Return the key under which marks of a signature are made. Raises: as `mark`."""
    return sealing.subkey(signature, "entry")


def find(signature: Signature, petition: Petition, mark: bytes) -> str | None:
    """Return the key of the entry with this mark, if it stands on the roster in use; nothing if it does not any more.

    It may have been matched on an earlier roster, or been chosen though nothing matched it, so all that ever matched is
    looked at first, and then everybody.

    Raises: UnreadableError, StorageSealedError, LockedError.
    """
    version = rosters.current(petition.id)
    if version is None:
        return None
    notes = (note for note in sealing.open_case(signature) if note.get("kind") == "match")
    matched = dict.fromkeys(str(found["key"]) for note in notes for found in note["candidates"])
    key_of_marks, older = key_for(signature), sealing.older_marker(signature)

    def is_meant(key: str) -> bool:
        return mark in (bind(key_of_marks, entry_index(petition, key)), older(key))

    for key in matched:
        if is_meant(key):
            return key if rosters.get_entry(version.id, key) else None
    others = chain.from_iterable(rosters.iter_fields(version.id, ("key",)))
    return next((str(key) for key in others if is_meant(str(key))), None)
