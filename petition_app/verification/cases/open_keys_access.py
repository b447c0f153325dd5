"""Access to cases with open keys: the server's own in standard mode, a holder's in sealed mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from petition_app.keys import open_keys
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.roster.models import RosterVersion
from petition_app.signatures import bulk_open, case_additions, sealing
from petition_app.signatures.case_additions import Addition
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.verification.cases import entry_macs, judged_names, pair_notes, question_boxes, stored_matches
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.judged_names import Grounds
from petition_app.verification.cases.stored_matches import StoredMatch


class OpenKeysAccess(CaseAccess):
    """Reads and seals with the keys that are open in this request or command; entries go by their roster keys."""

    has_keys = True

    def holder(self, petition_id: UUID) -> UUID | None:
        """Return whose keys are open."""
        opened = open_keys.current(petition_id)
        return opened.account_id if opened else None

    def read_name(self, signature: Signature) -> tuple[Identity, bytes]:
        """Open the name. Raises: UnreadableError, StorageSealedError, LockedError."""
        return judged_names.open_name(signature)

    def read_notes(self, signature: Signature) -> list[dict[str, Any]]:
        """Open what was added to a case. Raises: UnreadableError, StorageSealedError, LockedError."""
        return sealing.open_case(signature)

    def append(self, signature: Signature, content: dict[str, Any]) -> Addition:
        """Seal an addition and store it. Raises: UnreadableError, StorageSealedError, LockedError."""
        return case_additions.add_to_case(signature, content)

    def append_many(self, petition: Petition, contents: Sequence[tuple[UUID, dict[str, Any]]]) -> list[Addition]:
        """Seal additions to many cases and store them. Raises: StorageSealedError, LockedError."""
        return bulk_open.add_to_cases(petition, contents)

    def new_id(self) -> UUID:
        """Return a random id."""
        return uuid4()

    def match(self, signature: Signature) -> StoredMatch | None:
        """Open the newest match. Raises: UnreadableError, StorageSealedError, LockedError."""
        return stored_matches.latest(signature)

    def same_entry(self, signature: Signature) -> set[UUID]:
        """Open what runs of matching have noted. Raises: UnreadableError, LockedError."""
        return pair_notes.same_entry(signature)

    def is_on_roster(self, version: RosterVersion, entry: str) -> bool:
        """Look the entry up."""
        return rosters.get_entry(version.id, entry) is not None

    def entry_index(self, petition: Petition, entry: str) -> bytes:
        """Compute the index. Raises: LockedError."""
        return entry_macs.entry_index(petition, entry)

    def mark(self, signature: Signature, petition: Petition, entry: str) -> bytes:
        """Compute the mark. Raises: UnreadableError, StorageSealedError, LockedError."""
        return entry_macs.mark(signature, petition, entry)

    def find_entry(self, signature: Signature, petition: Petition, mark: bytes) -> str | None:
        """Try the entries of the roster. Raises: UnreadableError, StorageSealedError, LockedError."""
        return entry_macs.find(signature, petition, mark)

    def prove(self, signature: Signature, grounds: Grounds) -> bytes:
        """Compute the proof. Raises: UnreadableError, StorageSealedError, LockedError."""
        return judged_names.prove(signature, grounds)

    def seal_question(self, signature_id: UUID, signer_key: bytes, text: str) -> bytes:
        """Seal the question."""
        return question_boxes.seal(signature_id, signer_key, text)
