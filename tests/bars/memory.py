"""Searches the memory of this process for secrets, which it knows by their digests alone."""

from __future__ import annotations

import gc
import hashlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from types import CodeType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

HEX = re.compile(r"[0-9a-fA-F]{64,}")
CYRILLIC = re.compile("[а-яёА-ЯЁ]{5,}")
BYTES = (bytes, bytearray)
KEYS = (X25519PrivateKey, Ed25519PrivateKey)
# What leads to nothing else.
LEAVES = frozenset({bytes, bytearray, str, int, float, bool, type(None), CodeType})
# So many objects are followed at once.
STEP = 100_000


class Kinds(dict[type, bool]):
    """Whether a kind of object may hold something: asked once of each kind, since there are millions of objects."""

    def __init__(self, *kinds: type) -> None:
        self.kinds = kinds

    def __missing__(self, kind: type) -> bool:
        self[kind] = issubclass(kind, self.kinds)
        return self[kind]


OF_SECRETS = Kinds(str, *BYTES, *KEYS)
OF_WORDS = Kinds(str, *BYTES)


def digest(secret: bytes) -> str:
    """Return what is remembered of a secret of 32 bytes."""
    return hashlib.sha256(b"sought|" + secret).hexdigest()


def live_objects(kinds: Kinds) -> list[Any]:
    """Return every object of some kinds that can be reached: what the collector knows, running frames, where they lead.

    The collector knows every object that leads to others but tuples and dicts of what leads nowhere.
    """
    running: list[Any] = []
    for frame in sys._current_frames().values():
        one: Any = frame
        while one:
            running.append(dict(one.f_locals))  # Looking also forgets what the frame let go since the last look.
            one = one.f_back
    gc.unfreeze()  # What tests keep from being collected is looked at, too.
    gc.collect()
    todo: list[Any] = [*gc.get_objects(), *running]
    found = {id(one): one for one in todo if kinds[type(one)]}
    followed: dict[int, Any] = {}
    while todo:
        some = todo[-STEP:]
        del todo[-STEP:]
        for one in gc.get_referents(*some):
            if kinds[type(one)]:
                found[id(one)] = one
            elif type(one) not in LEAVES and not gc.is_tracked(one) and id(one) not in followed:
                followed[id(one)] = one
                todo.append(one)
    return list(found.values())


def secrets_in(one: Any) -> Iterator[bytes]:
    """Give what may be a secret of 32 bytes in an object: raw, in hexadecimal, or in a key of the library."""
    if isinstance(one, str):
        if 64 <= len(one) < 100_000:
            yield from _written(one)
    elif isinstance(one, BYTES):
        if len(one) == 32:
            yield bytes(one)
        elif 64 <= len(one) < 100_000:
            yield from _written(bytes(one).decode("latin-1"))
    else:
        yield one.private_bytes_raw()


def _written(text: str) -> Iterator[bytes]:
    for found in HEX.findall(text):
        for at in range(min(len(found) - 63, 200)):
            yield bytes.fromhex(found[at : at + 64])


def found_in_memory(sought: Iterable[str]) -> list[str]:
    """Return the kinds of objects that hold one of the secrets now."""
    wanted = set(sought)
    return [
        type(one).__name__ for one in live_objects(OF_SECRETS) for secret in secrets_in(one) if digest(secret) in wanted
    ]


def digest_word(word: str) -> str:
    """Return what is remembered of a word of somebody's name, however it is written."""
    folded = unicodedata.normalize("NFKC", word).casefold().replace("ё", "е")
    return hashlib.sha256(b"word|" + folded.encode()).hexdigest()


def words_in_memory(sought: Iterable[str]) -> list[str]:
    """Return the kinds of objects that hold one of the words now, alone or among others."""
    wanted = set(sought)
    return [
        type(one).__name__ for one in live_objects(OF_WORDS) for word in _words_of(one) if digest_word(word) in wanted
    ]


def _words_of(one: Any) -> Iterator[str]:
    if isinstance(one, BYTES) and len(one) < 100_000:
        one = bytes(one).decode("utf-8", "ignore")
    if isinstance(one, str) and len(one) < 100_000 and not one.isascii():
        yield from set(CYRILLIC.findall(one))
