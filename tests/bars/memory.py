"""Searches the memory of this process for secrets, which it knows by their digests alone."""

from __future__ import annotations

import gc
import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

HEX = re.compile(r"[0-9a-fA-F]{64,}")
CYRILLIC = re.compile("[а-яёА-ЯЁ]{5,}")
# Named once: millions of objects are looked at.
LEAVES = (bytes, str, int, float, type)
BYTES = (bytes, bytearray)
KEYS = (X25519PrivateKey, Ed25519PrivateKey)


def digest(secret: bytes) -> str:
    """Return what is remembered of a secret of 32 bytes."""
    return hashlib.sha256(b"sought|" + secret).hexdigest()


def live_objects() -> Iterator[Any]:
    """Give every object that can be reached: what the collector knows, the frames that run, and all they lead to."""
    running: list[Any] = []
    for frame in sys._current_frames().values():
        below: Any = frame
        while below:
            running.append(dict(below.f_locals))  # Looking also forgets what the frame let go since the last look.
            below = below.f_back
    gc.unfreeze()  # What tests keep from being collected is looked at, too.
    gc.collect()
    todo: list[Any] = [*gc.get_objects(), *running]
    seen = {id(todo), id(running)}
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if not isinstance(one, LEAVES):
            todo.extend(gc.get_referents(one))


def secrets_in(one: Any) -> Iterator[bytes]:
    """Give what may be a secret of 32 bytes in an object: raw, in hexadecimal, or in a key of the library."""
    if isinstance(one, KEYS):
        yield one.private_bytes_raw()
    elif isinstance(one, BYTES):
        if len(one) == 32:
            yield bytes(one)
        elif 64 <= len(one) < 100_000:
            yield from _written(bytes(one).decode("latin-1"))
    elif isinstance(one, str) and 64 <= len(one) < 100_000:
        yield from _written(one)


def _written(text: str) -> Iterator[bytes]:
    for found in HEX.findall(text):
        for at in range(min(len(found) - 63, 200)):
            yield bytes.fromhex(found[at : at + 64])


def found_in_memory(sought: Iterable[str]) -> list[str]:
    """Return the kinds of objects that hold one of the secrets now."""
    wanted = set(sought)
    return [type(one).__name__ for one in live_objects() for secret in secrets_in(one) if digest(secret) in wanted]


def digest_word(word: str) -> str:
    """Return what is remembered of a word of somebody's name, however it is written."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("ё", "е")
    return hashlib.sha256(b"word|" + folded.encode()).hexdigest()


def words_in_memory(sought: Iterable[str]) -> list[str]:
    """Return the kinds of objects that hold one of the words now, alone or among others."""
    wanted = set(sought)
    return [type(one).__name__ for one in live_objects() for word in _words_of(one) if digest_word(word) in wanted]


def _words_of(one: Any) -> Iterator[str]:
    if isinstance(one, BYTES) and len(one) < 100_000:
        one = bytes(one).decode("utf-8", "ignore")
    if isinstance(one, str) and len(one) < 100_000 and not one.isascii():
        yield from set(CYRILLIC.findall(one))
