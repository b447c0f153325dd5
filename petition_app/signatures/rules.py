"""Rules of signatures: the states and what leads from one to another, names, publication on a condition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from petition_app.i18n import N_
from petition_app.joiners import is_joiner_in_place
from petition_app.mailer.addresses import address_key
from petition_app.matching.names.folding import plain_words

STATES = (
    "unconfirmed",
    "discarded",
    "received",
    "checking",
    "needs_info",
    "verified",
    "rejected",
    "duplicate",
    "withdrawn",
    "retracted",
)
LIVE = ("received", "checking", "needs_info", "verified")
DECIDED = ("verified", "rejected", "duplicate", "retracted")
MOVES: dict[str, tuple[str, ...]] = {
    "unconfirmed": ("received", "discarded"),
    "received": ("checking", "withdrawn"),
    "checking": ("needs_info", "verified", "rejected", "duplicate", "withdrawn"),
    "needs_info": ("checking", "verified", "rejected", "duplicate", "withdrawn"),
    "verified": ("checking", "withdrawn", "retracted"),
    "rejected": ("checking",),
    "duplicate": ("checking",),
    "retracted": ("checking",),
    "withdrawn": (),
    "discarded": (),
}
CONSENT = {"count": 0, "role": 1, "addressee": 2, "name": 3}

NAME_LENGTH, LINE_LENGTH = 120, 200
# Ordinary letters, digits and marks, in which nothing hides and which are in NFC as they stand.
_ORDINARY = re.compile(r"[A-Za-zА-Яа-яЁё0-9 .,'’()«»№/–-]*")
# A dot without a space, as in Dr.Anna or Yu.Petrov, is no address unless small letters alone follow it.
_ADDRESS = re.compile(r"://|(?i:www\.)|(?i:[a-z0-9-]{2,})\.[a-z]{2,}\b(?![.\w])")
_GENERATION = re.compile(r"\s(?:2nd|3rd|[4-9]th)(?=[\s,.]|$)", re.IGNORECASE)
_ONE_ALPHABET = re.compile(r"(?:[A-Za-z]+|[А-Яа-яЁё]+)(?:[ -](?:[A-Za-z]+|[А-Яа-яЁё]+))*")


class UnfitTextError(ValueError):
    """A name, role or place that cannot be taken; `args[0]` is the translatable reason."""


def read_name(typed: str) -> str:
    """Return a person's name as typed, in NFC with single spaces.

    Raises:
        UnfitTextError: it is empty, too long, holds what no name holds, or could pass for something else.
    """
    name = read_line(typed, longest=NAME_LENGTH)
    if _ONE_ALPHABET.fullmatch(name):
        return name
    if not any(unicodedata.category(letter).startswith("L") for letter in name):
        raise UnfitTextError(N_("Please write the name in letters."))
    if any(unicodedata.category(letter).startswith("N") for letter in _GENERATION.sub("", name)):
        raise UnfitTextError(N_("Please write the name without digits."))
    if "@" in name or _ADDRESS.search(name):
        raise UnfitTextError(N_("Please write a name here, not an address."))
    for word in re.split(r"[\s\-‐‑–]", name):
        if len({script for letter in word if (script := _script(letter))}) > 1:
            raise UnfitTextError(N_("One word mixes Cyrillic and Latin letters. Please type it in one alphabet."))
    return name


def read_line(typed: str, *, longest: int = LINE_LENGTH) -> str:
    """Return one line of text (a role, a place) in NFC with single spaces; it may be empty.

    Raises:
        UnfitTextError: too long, or it holds characters that hide or disguise text.
    """
    if len(typed) > 4 * longest:
        raise UnfitTextError(N_("This is too long."))
    if _ORDINARY.fullmatch(typed):
        return _begun(" ".join(typed.split()), longest)
    for place, letter in enumerate(typed):
        hides = unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") and letter not in "\t\r\n"
        if hides and not is_joiner_in_place(typed, place):
            raise UnfitTextError(N_("This holds invisible characters. Please type it anew."))
    line = " ".join(unicodedata.normalize("NFC", typed).split())
    if len(line) > longest:
        raise UnfitTextError(N_("This is too long."))
    marks = 0
    for letter in unicodedata.normalize("NFD", line):
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > 2:
            raise UnfitTextError(N_("One letter carries too many marks. Please type it anew."))
    return _begun(line, longest)


def _begun(line: str, longest: int) -> str:
    if len(line) > longest:
        raise UnfitTextError(N_("This is too long."))
    if unicodedata.normalize("NFKC", line)[:1] in ("=", "+", "-", "@"):
        raise UnfitTextError(N_("Please begin with a letter."))
    return line


def _script(letter: str) -> str | None:
    kind = unicodedata.name(letter, "").split(" ")[0]
    return kind if kind in ("LATIN", "CYRILLIC") else None


def fold_name(name: str) -> str:
    """Return the name for comparison: its words, as `fold_letters` folds them, in alphabetical order."""
    return " ".join(sorted(plain_words(name)))


def fold_mailbox(address: str) -> str:
    """Return the mailbox an address leads to: its key, without `+tag`."""
    local, _, domain = address_key(address).rpartition("@")
    return f"{local.split('+')[0]}@{domain}"


def may_move(state: str, to: str) -> bool:
    """Return whether a signature may go from one state to the other."""
    return to in MOVES[state]


def quarter_after(moment: datetime) -> datetime:
    """Round up to a quarter of an hour, so that a row does not tell the minute of signing."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start + timedelta(minutes=15 * (-(-(moment - start).total_seconds() // 900)))


def publishable(conditions: Sequence[int], *, unconditional: int = 0) -> int:
    """Return the size of the largest set of names in which every "publish me once N others agree" holds.

    `conditions` holds the N of each person who has one; `unconditional` is how many have none. In a set of k people
    nobody asks for more than k - 1 others, so it is those with N < k.
    """
    size = unconditional
    for count, needed in enumerate(sorted(conditions), start=unconditional + 1):
        if needed < count:
            size = count
    return size
