"""Secrets that people type: codes of letters, and words of BIP-39."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache

from mnemonic import Mnemonic

from petition_app.random_pool import random_bytes

# Crockford's alphabet: no I, L, O, U, so that a code survives being read aloud.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("ILOАВЕКМНРСТХ", "110ABEKMHPCTX")
LONGEST_WORDS = 2000  # Letters of typed words, with whatever stands between them.
WORDLISTS = {"en": "english", "ru": "russian"}


def new_mail_code(groups: int = 2) -> str:
    """Return a code of 20 random bits a group: `4F7K-92QX` lives for minutes, `4F7K-92QX-K3M9` for a month."""
    return "-".join("".join(ALPHABET[byte % 32] for byte in random_bytes(4)) for _ in range(groups))


def read_mail_code(typed: str) -> str:
    """Return the code that was meant: any case, spaces and dashes, look-alike letters."""
    letters = unicodedata.normalize("NFKC", typed).upper().translate(_LOOKALIKES)
    return "".join(letter for letter in letters if letter in ALPHABET)


def new_secret_code(language: str) -> tuple[str, bytes]:
    """Return a code of 12 words (128 random bits and a checksum, BIP-39) and the bits themselves."""
    entropy = secrets.token_bytes(16)
    return write_secret_code(entropy, language), entropy


def write_secret_code(entropy: bytes, language: str) -> str:
    """Return 16 bytes as 12 words, in English where there is no list of words of the language."""
    return unicodedata.normalize("NFC", _words(language).to_mnemonic(entropy))


def read_secret_code(typed: str) -> bytes | None:
    """Return the 16 bytes behind 12 typed words in either language, or nothing when they are no code."""
    return _read_words(typed, 12)


def split_words(typed: str) -> list[str]:
    """Return the words that were typed, in small letters; numbers, full stops, quotes and line breaks only part them.

    What has no width (soft hyphens, marks of direction) is left out, as it comes with what is copied.
    """
    plain = unicodedata.normalize("NFKC", typed[:LONGEST_WORDS]).casefold().replace("ё", "е")
    return "".join(_letter_or_gap(sign) for sign in unicodedata.normalize("NFC", plain)).split()


def _letter_or_gap(sign: str) -> str:
    kind = unicodedata.category(sign)
    return sign if kind[0] in "LM" else "" if kind == "Cf" else " "


def unknown_positions(words: list[str]) -> list[int]:
    """Return which of the words, counted from 1, stand in no list, by the list that most of them stand in."""
    plain = [unicodedata.normalize("NFKD", word) for word in words]
    each = [
        [position for position, word in enumerate(plain, 1) if word not in _list_of(language)] for language in WORDLISTS
    ]
    return min(each, key=len)


def _read_words(typed: str, number: int) -> bytes | None:
    words = split_words(typed)
    if len(words) != number:
        return None
    line = unicodedata.normalize("NFKD", " ".join(words))
    for language in WORDLISTS:
        book = _words(language)
        if book.check(line):
            return bytes(book.to_entropy(line))
    return None


def new_recovery_words(language: str) -> tuple[str, bytes]:
    """Return 24 words (256 random bits and a checksum, BIP-39) and the bits themselves, for a printed sheet."""
    entropy = secrets.token_bytes(32)
    return unicodedata.normalize("NFC", _words(language).to_mnemonic(entropy)), entropy


def read_recovery_words(typed: str) -> bytes | None:
    """Return the 32 bytes behind 24 typed words in either language, or nothing when they are none."""
    return _read_words(typed, 24)


_REPAIRED = {"сно\ufffd\ufffdа": "снова"}


@lru_cache(maxsize=4)
def _words(language: str) -> Mnemonic:
    # The library looks words up in NFKD, but ships the Russian ones in NFC, so that every «й» would be unknown; and
    # one of its Russian words is damaged.
    name = WORDLISTS.get(language, "english")
    words = [_REPAIRED.get(word, word) for word in Mnemonic(name).wordlist]
    return Mnemonic(name, [unicodedata.normalize("NFKD", word) for word in words])


@lru_cache(maxsize=4)
def _list_of(language: str) -> frozenset[str]:
    return frozenset(_words(language).wordlist)
