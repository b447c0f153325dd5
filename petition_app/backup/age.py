"""Files sealed with age (age-encryption.org/v1) to X25519 recipients, written and read as streams."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyrage

from petition_app.errors import DomainError
from petition_app.i18n import N_


class RecipientError(DomainError):
    """Not the public key of an age recipient."""

    message = N_("The recipient must be a public key of age that begins with age1.")


class IdentityFileError(DomainError):
    """No identity in the file."""

    message = N_("The identity file holds no line that begins with AGE-SECRET-KEY-1.")


class WrongIdentityError(DomainError):
    """The file was sealed to somebody else."""

    message = N_("This identity does not open %(file)s: it was sealed to another recipient.")


class DamagedError(DomainError):
    """The file is cut off or changed."""

    message = N_("%(file)s is damaged or cut off; nothing was restored.")


def read_recipient(text: str) -> Any:
    """Read a recipient's public key. Raises: RecipientError."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise RecipientError from None


def read_identities(path: Path) -> list[Any]:
    """Read the secret keys of an identity file. Raises: IdentityFileError, OSError."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith("AGE-SECRET-KEY-1")]
    except pyrage.IdentityError:
        raise IdentityFileError from None
    if not found:
        raise IdentityFileError
    return found


def write_sealed(path: Path, lines: Iterable[bytes], recipients: list[Any]) -> None:
    """Write lines, compressed and sealed, for this user only; on a failure no file is left. Raises: OSError."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            source = _Source(lines)
            try:
                pyrage.encrypt_io(source, file, recipients)
            except Exception:
                raise source.failure or OSError(f"{path} could not be sealed") from None
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_sealed(path: Path, identities: list[Any], take: Callable[[bytes], None]) -> None:
    """Hand over each line of a sealed file, in order; a failure may come after some of them.

    Raises:
        WrongIdentityError, DamagedError, OSError, and whatever `take` raises.
    """
    sink = _Sink(take)
    with path.open("rb") as file:
        try:
            pyrage.decrypt_io(file, sink, identities)
            sink.end()
        except Exception as error:
            if sink.failure:
                raise sink.failure from None
            if isinstance(error, pyrage.DecryptError) and "No matching keys" in str(error):
                raise WrongIdentityError(file=path.name) from None
            raise DamagedError(file=path.name) from None


class _Source(io.RawIOBase):
    """A file that is made while it is read; what fails meanwhile is kept, since it passes through a foreign library."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._parts, self._rest = _compressed(lines), b""
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while not self._rest and (part := next(self._parts, None)) is not None:
                self._rest = part
        except Exception as error:
            self.failure = error
            raise
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _compressed(lines: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj()
    for line in lines:
        yield packer.compress(line)
    yield packer.flush()


class _Sink(io.RawIOBase):
    """A file that is used up while it is written."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take, self._unpacker, self._rest = take, zlib.decompressobj(), b""
        self.failure: Exception | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.failure:
            raise self.failure  # What was not taken is offered once more when the file is closed.
        *lines, self._rest = (self._rest + self._unpacker.decompress(bytes(data))).split(b"\n")
        try:
            for line in lines:
                self._take(line)
        except Exception as error:
            self.failure = error
            raise
        return len(data)

    def end(self) -> None:
        """Check that nothing is missing."""
        if not self._unpacker.eof or self._rest:
            raise ValueError("cut off")
