"""How a service works on a case whose parts are sealed: with the keys, or with what a reviewer's own machine sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar
from uuid import UUID

from petition_app.petitions.models import Petition
from petition_app.roster.models import RosterVersion
from petition_app.signatures.case_additions import Addition
from petition_app.signatures.models import Signature
from petition_app.signatures.sealing import Identity
from petition_app.verification.cases.judged_names import Grounds
from petition_app.verification.cases.stored_matches import StoredMatch


class CaseAccess(ABC):
    """What services ask of the sealed parts of a case; entries of the roster go by a text that only it interprets.

    Every service that may run on the server without keys takes it as an argument and reads, seals and compares through
    it alone. With `OpenKeysAccess` that text is the entry's key on the roster, with `DeskResultsAccess` the entry's
    mark under the signature's own key.
    """

    has_keys: ClassVar[bool]
    """Whether it opens by itself what is sealed. Names from elsewhere count only with proofs of every verdict."""
    enacts: ClassVar[bool] = True
    """Whether what was agreed on is carried out. A reviewer's own machine does not know the others' verdicts."""

    @abstractmethod
    def holder(self, petition_id: UUID) -> UUID | None:
        """Return whose keys open the names of a petition, here or on that person's machine; nothing if none do."""

    @abstractmethod
    def read_name(self, signature: Signature) -> tuple[Identity, bytes]:
        """Return what was submitted and the key of the proofs of verdicts on it (32 bytes).

        Raises: UnreadableError, StorageSealedError, LockedError.
        """

    @abstractmethod
    def append(self, signature: Signature, content: dict[str, Any]) -> Addition:
        """Store a sealed addition to the case and return it.

        Raises: UnreadableError, StorageSealedError, LockedError, DeskResultsError.
        """

    @abstractmethod
    def new_id(self) -> UUID:
        """Return the id of a row that sealed words will point to: the same on both machines."""

    @abstractmethod
    def match(self, signature: Signature) -> StoredMatch | None:
        """Return the newest match kept with a case. Raises: UnreadableError, StorageSealedError, LockedError."""

    @abstractmethod
    def same_entry(self, signature: Signature) -> set[UUID]:
        """Return which signatures of a sealed petition match the same entry. Raises: UnreadableError, LockedError."""

    @abstractmethod
    def is_on_roster(self, version: RosterVersion, entry: str) -> bool:
        """Return whether an entry is on the roster."""

    @abstractmethod
    def entry_index(self, petition: Petition, entry: str) -> bytes:
        """Return the index of an entry, by which one person counts once (32 bytes). Raises: LockedError."""

    @abstractmethod
    def mark(self, signature: Signature, petition: Petition, entry: str) -> bytes:
        """Return the mark of an entry, to which a verdict commits (32 bytes).

        Raises: UnreadableError, StorageSealedError, LockedError.
        """

    @abstractmethod
    def find_entry(self, signature: Signature, petition: Petition, mark: bytes) -> str | None:
        """Return the entry with this mark, if it is on the roster in use.

        Raises: UnreadableError, StorageSealedError, LockedError.
        """

    @abstractmethod
    def prove(self, signature: Signature, grounds: Grounds) -> bytes:
        """Return the proof of which name a "verified" is about (32 bytes).

        Raises: UnreadableError, StorageSealedError, LockedError, DeskResultsError.
        """

    @abstractmethod
    def seal_question(self, signature_id: UUID, signer_key: bytes, text: str) -> bytes:
        """Return a question sealed to its signer. Raises: DeskResultsError."""
