"""Access to cases on a reviewer's own machine: with the keys open, and noting what it seals, to be sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import Addition
from petition_app.signatures.models import Signature
from petition_app.verification.cases.judged_names import Grounds
from petition_app.verification.cases.open_keys_access import OpenKeysAccess


@dataclass
class RecordingAccess(OpenKeysAccess):
    """Works as with open keys, records what was sealed for one act, and leaves it to the server to carry it out."""

    enacts = False

    additions: list[Addition] = field(default_factory=list)
    question: bytes | None = None
    row_id: UUID = field(default_factory=uuid4)
    proofs: dict[UUID, bytes] = field(default_factory=dict)

    def append(self, signature: Signature, content: dict[str, Any]) -> Addition:
        """Seal an addition and record it. Raises: UnreadableError, StorageSealedError, LockedError."""
        addition = super().append(signature, content)
        self.additions.append(addition)
        return addition

    def append_many(self, petition: Petition, contents: Sequence[tuple[UUID, dict[str, Any]]]) -> list[Addition]:
        """Seal additions to many cases and record them. Raises: StorageSealedError, LockedError."""
        additions = super().append_many(petition, contents)
        self.additions += additions
        return additions

    def new_id(self) -> UUID:
        """Return the id that is sent along."""
        return self.row_id

    def prove(self, signature: Signature, grounds: Grounds) -> bytes:
        """Compute a proof and record it. Raises: UnreadableError, StorageSealedError, LockedError."""
        self.proofs[signature.id] = proof = super().prove(signature, grounds)
        return proof

    def seal_question(self, signature_id: UUID, signer_key: bytes, text: str) -> bytes:
        """Seal a question and record it."""
        self.question = box = super().seal_question(signature_id, signer_key, text)
        return box
