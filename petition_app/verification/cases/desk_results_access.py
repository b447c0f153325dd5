"""Access to cases without keys: with the few results that a reviewer's own machine has worked out and sent.

Entries of the roster come as their marks under the signature's own key, and words as sealed boxes, so that the server
learns who signed neither at rest nor while it works.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.open_keys import LockedError
from petition_app.petitions.models import Petition
from petition_app.roster.models import RosterVersion
from petition_app.signatures.case_additions import Addition, store_addition
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.judged_names import Grounds
from petition_app.verification.cases.stored_matches import StoredCandidate, StoredMatch

REDACTED = "…"  # Travels in place of words that only holders may read.


class DeskResultsError(DomainError):
    """What a reviewer's own machine sent does not fit the act."""

    message = N_("What your machine sent does not fit this act, so nothing was changed. Please take the case anew.")


@dataclass(frozen=True)
class DeskMatch:
    """The newest match of a case: the roster's number, the class, and the marks of the candidates, the best first."""

    number: int
    verdict: str
    marks: tuple[str, ...]


@dataclass
class DeskResultsAccess(CaseAccess):
    """Works on what was sent for one act; what is missing stays locked. An entry goes by its mark in hex."""

    has_keys = False

    account_id: UUID
    matches: Mapping[UUID, DeskMatch | None] = field(default_factory=dict)
    same_entries: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    indexes: Mapping[str, bytes | None] = field(default_factory=dict)
    additions: list[Addition] = field(default_factory=list)
    question: bytes | None = None
    row_id: UUID | None = None
    names: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict)
    judged_keys: Mapping[UUID, bytes] = field(default_factory=dict)
    proofs: Mapping[UUID, bytes] = field(default_factory=dict)

    def holder(self, petition_id: UUID) -> UUID | None:
        """Return who sent it, whatever the petition: it was signed for this one."""
        return self.account_id

    def read_name(self, signature: Signature) -> tuple[Identity, bytes]:
        """Return the name and the key of its proofs as they were sent. Raises: LockedError."""
        if signature.id not in self.names or signature.id not in self.judged_keys:
            raise LockedError
        return Identity(**self.names[signature.id]), self.judged_keys[signature.id]

    def append(self, signature: Signature, content: dict[str, Any]) -> Addition:
        """Store the next addition that was sent, which must be this case's. Raises: DeskResultsError."""
        if not self.additions or self.additions[0].signature_id != signature.id:
            raise DeskResultsError
        addition = self.additions.pop(0)
        store_addition(signature, addition)
        return addition

    def new_id(self) -> UUID:
        """Return the id that was sent, else a random one."""
        return self.row_id or uuid4()

    def match(self, signature: Signature) -> StoredMatch | None:
        """Return the match that was sent, of which only marks are known. Raises: LockedError."""
        if signature.id not in self.matches:
            raise LockedError
        match = self.matches[signature.id]
        if match is None:
            return None
        candidates = tuple(StoredCandidate(mark, "", "", "", None, None, 0.0, 0.0, ()) for mark in match.marks)
        return StoredMatch(match.number, date.min, match.verdict, len(candidates), candidates)

    def same_entry(self, signature: Signature) -> set[UUID]:
        """Return those that were sent. Raises: LockedError."""
        if signature.id not in self.same_entries:
            raise LockedError
        return set(self.same_entries[signature.id])

    def is_on_roster(self, version: RosterVersion, entry: str) -> bool:
        """Return yes: the machine of the reviewer who chose it has looked."""
        return True

    def entry_index(self, petition: Petition, entry: str) -> bytes:
        """Return the index that was sent; on reading, its mark was checked to commit to it. Raises: LockedError."""
        index = self.indexes.get(entry)
        if index is None:
            raise LockedError
        return index

    def mark(self, signature: Signature, petition: Petition, entry: str) -> bytes:
        """Return the mark by which the entry goes."""
        return bytes.fromhex(entry)

    def find_entry(self, signature: Signature, petition: Petition, mark: bytes) -> str | None:
        """Return the mark itself, if the machine has found its entry. Raises: LockedError: it has not looked."""
        if signature.id not in self.matches or mark.hex() not in self.indexes:
            raise LockedError
        return mark.hex() if self.indexes[mark.hex()] is not None else None

    def prove(self, signature: Signature, grounds: Grounds) -> bytes:
        """Return the proof that was sent; others compare it when the name is published. Raises: DeskResultsError."""
        if signature.id not in self.proofs:
            raise DeskResultsError
        return self.proofs[signature.id]

    def seal_question(self, signature_id: UUID, signer_key: bytes, text: str) -> bytes:
        """Return the question that was sent. Raises: DeskResultsError."""
        if self.question is None:
            raise DeskResultsError
        return self.question
