"""The adversary's dictionary: who may have signed, and every way in which they could stand on a disk."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from anyascii import anyascii
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from petition_app.crypto.fingerprints import fingerprint
from petition_app.drill.search import SHORTEST
from petition_app.matching import phonetic_keys
from petition_app.roster.rules import split_name
from petition_app.signatures.rules import fold_mailbox, fold_name

NAME, ADDRESS, LINK = "a name", "an address", "a link to the roster"
PURPOSES = ("name", "mailbox", "near", "entry", "ref", "mail-code", "pending", "form")
_URLSAFE = bytes.maketrans(b"+/", b"-_")
CUT = 12  # Bytes of a digest that are looked for, so that a shortened one is found too.

_PASSPORT = dict(zip("абвгдеёзийклмнопрстуфы", "abvgdeeziiklmnoprstufy", strict=True))
_PASSPORT |= {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch"}
_PASSPORT |= {"ъ": "ie", "ь": "", "э": "e", "ю": "iu", "я": "ia"}
_ENGLISH = _PASSPORT | {"й": "y", "ё": "yo", "ю": "yu", "я": "ya", "ъ": ""}


@dataclass
class Person:
    """Somebody who may have signed: on the rosters of `petitions`, or, with `named`, in the file of names."""

    name: str
    addresses: set[str] = field(default_factory=set)
    petitions: set[UUID] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    named: bool = False


@dataclass(frozen=True)
class Clue:
    """What a needle gives away: about whom (a number in the dictionary), which kind of thing, and how it is written."""

    person: int
    what: str
    how: str


@dataclass(frozen=True)
class Keys:
    """The keys under which digests are tried: those found on the server, and those derived from them by purpose."""

    found: tuple[bytes, ...]
    derived: tuple[bytes, ...]


class Dictionary:
    """People by their folded names."""

    def __init__(self) -> None:
        self._by_name: dict[str, Person] = {}

    def add(self, name: str, *addresses: str) -> Person:
        """Add a person, or find them again under another spelling of the same name."""
        name = " ".join(name.split())
        person = self._by_name.setdefault(fold_name(name) or name, Person(name))
        person.addresses |= {address.strip() for address in addresses if "@" in address}
        return person

    @property
    def people(self) -> list[Person]:
        """Everybody, in the order in which they were added."""
        return list(self._by_name.values())


# --- spellings --------------------------------------------------------------------------------------------------


def spell_name(name: str) -> list[str]:
    """Return the ways to write a name: orders, with and without the father's name, capitals, ё, Latin letters."""
    surname, given, patronymic = split_name(name)
    orders = [name]
    if given:
        orders += [f"{surname} {given} {patronymic}".strip(), f"{given} {patronymic} {surname}".replace("  ", " ")]
        orders += [f"{surname} {given}", f"{given} {surname}", f"{surname}, {given} {patronymic}".strip()]
    written = list(dict.fromkeys(orders))
    written += [order.replace("ё", "е").replace("Ё", "Е") for order in written]
    written += [latin for order in orders for latin in _in_latin(order)]
    cases = [case for order in written for case in (order, order.casefold(), order.upper())]
    return list(dict.fromkeys([*cases, fold_name(name)]))


def _in_latin(name: str) -> Iterator[str]:
    if not name.isascii():
        yield str(anyascii(name))
        for table in (_PASSPORT, _ENGLISH):
            yield " ".join(
                "".join(table.get(letter, letter) for letter in word.casefold()).title() for word in name.split()
            )


def spell_address(address: str) -> list[str]:
    """Return the ways to write a mail address."""
    return list(dict.fromkeys((address, address.casefold(), address.upper(), fold_mailbox(address))))


def encode(text: str) -> Iterator[tuple[str, bytes]]:
    """Give the encodings of a text, at least eight bytes long each."""
    plain = text.encode()
    found = [
        ("as text", plain),
        ("as UTF-16", text.encode("utf-16-le")),
        ("as UTF-16", text.encode("utf-16-be")),
        ("as JSON", json.dumps(text)[1:-1].encode()),
        ("in a URL", quote(text).encode()),
        ("in a URL", quote(text).replace("%20", "+").encode()),
        ("as hex", plain.hex().encode()),
        ("as hex", plain.hex().upper().encode()),
    ]
    # Whole groups of three bytes look the same in base64 wherever they begin.
    for shift in range(3):
        found.append(("as base64", base64.b64encode(plain[shift : shift + (len(plain) - shift) // 3 * 3])))
        found.append(("as base64", base64.urlsafe_b64encode(plain[shift : shift + (len(plain) - shift) // 3 * 3])))
    return ((how, needle) for how, needle in dict.fromkeys(found) if len(needle) >= SHORTEST)


def digests(text: str, keys: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Give the digests of a text: MD5, SHA-1, SHA-256, SHA-512, and HMAC-SHA256 under each key found on the server."""
    plain = text.encode()
    for name in ("md5", "sha1", "sha256", "sha512"):
        yield f"as {name.upper()}", hashlib.new(name, plain, usedforsecurity=False).digest()
    for key in keys:
        yield "as HMAC under a key found on the server", hmac.digest(key, plain, "sha256")


def _written(digest: bytes) -> set[bytes]:
    cut = digest[:CUT]
    in_hex = cut.hex()
    in_base64 = base64.b64encode(cut)
    return {cut, in_hex.encode(), in_hex.upper().encode(), in_base64, in_base64.translate(_URLSAFE)}


def keys_from(texts: Iterable[str], random: Iterable[bytes]) -> Keys:
    """Return the keys to try: texts such as SECRET_KEY, what this product derives from them, and random keys."""
    texts = sorted(texts)
    derived = (
        HKDF(SHA256(), 32, salt=None, info=name.encode()).derive(text.encode()) for text in texts for name in PURPOSES
    )
    return Keys((*(text.encode() for text in texts), *sorted(random)), tuple(derived))


# --- needles ----------------------------------------------------------------------------------------------------


def needles(
    people: Sequence[Person], *, first: int, keys: Keys, petitions: Iterable[UUID]
) -> tuple[list[bytes], list[Clue]]:
    """Return all that is looked for about some people, numbered from `first`, and what each would give away."""
    found: dict[bytes, Clue] = {}
    petitions = tuple(petitions)
    for number, person in enumerate(people, first):
        for what, how, needle in _about(person, keys, petitions):
            found.setdefault(needle, Clue(number, what, how))
    return list(found), list(found.values())


def _about(person: Person, keys: Keys, petitions: Sequence[UUID]) -> Iterator[tuple[str, str, bytes]]:
    names = spell_name(person.name)
    texts = [(NAME, text) for text in names if " " in text or len(text) > 9]
    texts += [(ADDRESS, text) for address in person.addresses for text in spell_address(address)]
    for what, text in texts:
        for how, needle in encode(text):
            yield what, how, needle
    plainest = {person.name, person.name.casefold(), names[-1], *person.addresses, *person.keys}
    for what, text in [*texts, *((LINK, key) for key in person.keys)]:
        if not text.isupper() or text in plainest:
            under = keys.found + keys.derived if text in plainest else keys.found
            for how, digest in digests(text, under):
                for needle in _written(digest):
                    yield what, how, needle
    for what, digest in _own_indexes(person, petitions):
        for needle in _written(digest):
            yield what, "as an index of this product under SECRET_KEY", needle


def _own_indexes(person: Person, petitions: Sequence[UUID]) -> Iterator[tuple[str, bytes]]:
    """Give the fingerprints that this product itself would make; whoever has the source tries them first."""
    for petition in petitions:
        yield NAME, fingerprint("name", petition, fold_name(person.name))
        for key in phonetic_keys(person.name):
            yield NAME, fingerprint("near", petition, key)
        for address in person.addresses:
            yield ADDRESS, fingerprint("mailbox", petition, fold_mailbox(address))
        for key in person.keys:
            yield LINK, fingerprint("entry", petition, key)
            yield LINK, fingerprint("ref", petition, key)
