"""The keys that are open for the length of one request or command, and for nobody else."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from petition_app import app_state
from petition_app.crypto import vault
from petition_app.crypto.vault import SealContext, UnreadableError, WrappedKey
from petition_app.errors import DomainError
from petition_app.i18n import N_


class LockedError(DomainError):
    """The keys of a sealed petition are not open."""

    message = N_("The keys of this petition are locked. Open them with your passphrase first.")


@dataclass(frozen=True)
class OpenKeys:
    """A petition's private keys by id, and its index key, in the hands of one holder."""

    petition_id: UUID
    account_id: UUID
    keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)
    decoy: bool = False  # It looks open to whoever forces somebody, and opens nothing.
    _loaded: dict[str, X25519PrivateKey] = field(default_factory=dict, repr=False, compare=False)

    def unwrap(self, wrapped: WrappedKey, place: SealContext) -> bytes:
        """Open a wrapped signature key. Raises: UnreadableError."""
        if wrapped.key_id not in self.keys:
            raise UnreadableError("this holder lacks the key")
        if wrapped.key_id not in self._loaded:
            self._loaded[wrapped.key_id] = X25519PrivateKey.from_private_bytes(self.keys[wrapped.key_id])
        return vault.unwrap_with(self._loaded[wrapped.key_id], wrapped, place)

    def index(self, purpose: str, value: str) -> bytes:
        """Return a keyed index that only holders can compute (HMAC-SHA256, 32 bytes)."""
        return hmac.digest(self.index_key, f"{purpose}\x1f{self.petition_id}\x1f{value}".encode(), "sha256")


@dataclass(frozen=True)
class KeyHooks:
    """What an application does whenever keys are let go of; registered by `app.py`."""

    after_leaving: tuple[Callable[[], object], ...] = ()


_opened: ContextVar[OpenKeys | None] = ContextVar("opened", default=None)


def current(petition_id: UUID) -> OpenKeys | None:
    """Return the petition's keys, if this request or command has them open."""
    opened = _opened.get()
    return opened if opened and opened.petition_id == petition_id else None


def require(petition_id: UUID) -> OpenKeys:
    """Return the petition's open keys. Raises: LockedError."""
    opened = current(petition_id)
    if opened is None:
        raise LockedError
    return opened


def activate(opened: OpenKeys | None) -> Token[OpenKeys | None]:
    """Hold keys open until `leave`."""
    return _opened.set(opened)


def deactivate(token: Token[OpenKeys | None]) -> None:
    """Let go of the keys, and of what was derived from what they opened."""
    had = _opened.get()
    _opened.reset(token)
    for forget in app_state.get(KeyHooks).after_leaving if had else ():
        forget()


@contextmanager
def using(opened: OpenKeys | None) -> Iterator[None]:
    """Hold keys open for a while."""
    token = activate(opened)
    try:
        yield
    finally:
        deactivate(token)
