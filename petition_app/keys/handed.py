"""What a reviewer's own machine hands over in place of keys: the few results that only keys yield.

There, with the keys open, a service runs and a `Recording` keeps what it sealed. On the server the same service runs
without any key on what was `Handed` over. Entries of the roster travel as their marks under the signature's own key,
and words as sealed boxes, so that the server learns who signed neither at rest nor while it works.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.opened import LockedError

STAND_IN = "…"  # Travels in place of words that only holders may read.


class HandedError(DomainError):
    """What was handed over does not fit the act."""

    message = N_("What your machine sent does not fit this act, so nothing was changed. Please take the case anew.")


@dataclass(frozen=True)
class Addition:
    """One sealed addition to a case, with its wrapped key."""

    signature_id: UUID
    box: bytes
    key: bytes


@dataclass(frozen=True)
class HandedMatch:
    """The newest match of a case: the roster's number, the class, and the marks of the candidates, the best first."""

    number: int
    verdict: str
    marks: tuple[str, ...]


@dataclass
class Recording:
    """What a service has sealed while it ran on a reviewer's own machine."""

    additions: list[Addition] = field(default_factory=list)
    question: bytes | None = None
    row_id: UUID = field(default_factory=uuid4)
    proofs: dict[UUID, bytes] = field(default_factory=dict)


@dataclass
class Handed:
    """What was handed over for one act; what is missing stays locked."""

    account_id: UUID
    matches: Mapping[UUID, HandedMatch | None] = field(default_factory=dict)
    same_entry: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    indexes: Mapping[str, bytes | None] = field(default_factory=dict)
    additions: list[Addition] = field(default_factory=list)
    question: bytes | None = None
    row_id: UUID | None = None
    names: Mapping[UUID, Mapping[str, str]] = field(default_factory=dict)
    judged_keys: Mapping[UUID, bytes] = field(default_factory=dict)
    proofs: Mapping[UUID, bytes] = field(default_factory=dict)

    def match_of(self, signature_id: UUID) -> HandedMatch | None:
        """Return the match of a case. Raises: LockedError."""
        if signature_id not in self.matches:
            raise LockedError
        return self.matches[signature_id]

    def same_entry_as(self, signature_id: UUID) -> set[UUID]:
        """Return the signatures that match the same entry. Raises: LockedError."""
        if signature_id not in self.same_entry:
            raise LockedError
        return set(self.same_entry[signature_id])

    def index_of(self, mark: str) -> bytes:
        """Return the index of the entry with this mark. Raises: LockedError."""
        index = self.indexes.get(mark)
        if index is None:
            raise LockedError
        return index

    def stands(self, mark: str) -> bool:
        """Return whether the entry with this mark is on the roster. Raises: LockedError: nobody has looked."""
        if mark not in self.indexes:
            raise LockedError
        return self.indexes[mark] is not None

    def name_of(self, signature_id: UUID) -> Mapping[str, str]:
        """Return a name that is to be published: name, role, place. Raises: LockedError."""
        if signature_id not in self.names:
            raise LockedError
        return self.names[signature_id]

    def judged_key_of(self, signature_id: UUID) -> bytes:
        """Return the key of the proofs of a name that is to be published. Raises: LockedError."""
        if signature_id not in self.judged_keys:
            raise LockedError
        return self.judged_keys[signature_id]

    def proof_of(self, signature_id: UUID) -> bytes:
        """Return the proof of which name a verdict is about. Raises: HandedError."""
        if signature_id not in self.proofs:
            raise HandedError
        return self.proofs[signature_id]

    def take_addition(self, signature_id: UUID) -> Addition:
        """Return the next sealed addition, which must be this case's. Raises: HandedError."""
        if not self.additions or self.additions[0].signature_id != signature_id:
            raise HandedError
        return self.additions.pop(0)

    def take_question(self) -> bytes:
        """Return the sealed question. Raises: HandedError."""
        if self.question is None:
            raise HandedError
        return self.question


_handed: ContextVar[Handed | None] = ContextVar("handed", default=None)
_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)


def current() -> Handed | None:
    """Return what was handed over for this act, on a server that runs it without keys."""
    return _handed.get()


def recording() -> Recording | None:
    """Return the recording of this act, on a reviewer's own machine."""
    return _recording.get()


def new_id() -> UUID:
    """Return the id of a row that sealed words will point to: the same on both machines."""
    given = current() or recording()
    return given.row_id if given and given.row_id else uuid4()


@contextmanager
def using(given: Handed) -> Iterator[None]:
    """Run an act on what was handed over."""
    token = _handed.set(given)
    try:
        yield
    finally:
        _handed.reset(token)


@contextmanager
def recorded() -> Iterator[Recording]:
    """Run an act with the keys open and record what it seals."""
    made = Recording()
    token = _recording.set(made)
    try:
        yield made
    finally:
        _recording.reset(token)
