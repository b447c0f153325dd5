"""How a name and other lines of text are read: what is taken as it stands, what is refused, and what may be mended.

Whoever types a name and whatever file brings it, these rules decide. A refusal says why and, where there is one way to
mend the name, how it would read; nothing is mended without its owner's word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from petition_app.i18n import N_
from petition_app.person_names.addresses import holds_address
from petition_app.person_names.letters import hides_something, script_of, strip_unseen, without_hidden
from petition_app.person_names.lookalikes import find_strays, is_mixed, mend, spell_out

NAME_LENGTH, LINE_LENGTH = 240, 200
NO_LETTERS = N_("Please write the name in letters.")
DIGITS = N_("Please write the name without digits; only what tells generations apart (2nd, 3rd, III) stays.")
ADDRESS = N_("This looks like an address on the internet. Please write the name alone.")
MIXED = N_("One word mixes letters of two alphabets that look alike. Please type the word in one alphabet.")
STRAY = N_(
    "A word is written in letters of another alphabet that look just like those of the other words. If it is meant so, "
    "send it again as it stands."
)
INVISIBLE = N_("Inside a word stands a sign that cannot be seen. Please type the word anew instead of pasting it.")
TOO_LONG = N_("This is too long.")
TOO_MANY_MARKS = N_("One letter carries more marks than its alphabet has. Please type it anew.")
BEGIN = N_("Please begin with a letter, not with =, +, - or @.")
# Ordinary letters, digits and marks, in which nothing hides and which are in NFC as they stand.
_ORDINARY = re.compile(r"[A-Za-zА-Яа-яЁё0-9 .,'’()«»№/–-]*")
_ONE_ALPHABET = re.compile(r"(?:[A-Za-z]+|[А-Яа-яЁё]+)(?:[ -](?:[A-Za-z]+|[А-Яа-яЁё]+))*")
_GENERATION = re.compile(r"\s(?:2nd|3rd|[4-9]th)(?=[\s,.]|$)", re.IGNORECASE)
_ALIAS = re.compile(r"(?<=[\w.]) @ (?=\w)")
# Signs that count as numbers in Unicode and belong to names: Ⅲ at their end, 〇 in Chinese ones.
_ROMAN, _ZERO = re.compile("[\u2160-\u217f]"), "〇"
# How many marks one letter carries at most, once it is taken apart: points and accents in Hebrew, vowels in Arabic.
MOST_MARKS = {"CYRILLIC": 2, "LATIN": 3, "HEBREW": 5, "TIBETAN": 6}
OTHER_MARKS = 4


class UnfitTextError(ValueError):
    """A name, role or place that cannot be taken; `args[0]` is the translatable reason.

    `suggestion` is how it could read instead, where there is one way only; else it is empty.
    """

    def __init__(self, reason: str, suggestion: str = "") -> None:
        super().__init__(reason)
        self.suggestion = suggestion


class StrayWordError(UnfitTextError):
    """Another name may be meant; `name`, as typed, is taken once its owner was asked."""

    def __init__(self, name: str, suggestion: str) -> None:
        super().__init__(STRAY, suggestion)
        self.name = name


def read_name(typed: str) -> str:
    """Return a person's name as typed, in NFC with single spaces.

    Raises:
        UnfitTextError: it is empty, too long, holds what no name holds, or could pass for something else.
    """
    if len(typed) <= NAME_LENGTH and _ONE_ALPHABET.fullmatch(typed):
        return typed
    name = spell_out(read_line(typed, longest=NAME_LENGTH))
    if _ONE_ALPHABET.fullmatch(name):
        return name
    if not any(unicodedata.category(letter).startswith("L") for letter in name):
        raise UnfitTextError(NO_LETTERS)
    if holds_address(name) or "@" in _ALIAS.sub(" ", name):
        raise UnfitTextError(ADDRESS)
    if any(_is_digit(letter) for letter in _GENERATION.sub("", name)):
        raise UnfitTextError(DIGITS)
    if is_mixed(name):
        raise UnfitTextError(MIXED, _suggest(mend(name)))
    return name


def read_line(typed: str, *, longest: int = LINE_LENGTH) -> str:
    """Return one line of text (a role, a place) in NFC with single spaces; it may be empty.

    Raises:
        UnfitTextError: too long, or it holds characters that hide or disguise text.
    """
    line = clean_line(typed, longest=longest)
    if not line.isascii() and _has_too_many_marks(line):
        raise UnfitTextError(TOO_MANY_MARKS)
    if unicodedata.normalize("NFKC", line)[:1] in ("=", "+", "-", "@"):
        raise UnfitTextError(BEGIN)
    return line


def clean_line(typed: str, *, longest: int) -> str:
    """Return what was typed in NFC with single spaces, without what is not seen at the ends of words.

    Raises:
        UnfitTextError: too long, or something inside a word hides or disguises it.
    """
    if len(typed) > 4 * longest:
        raise UnfitTextError(TOO_LONG)
    if not _ORDINARY.fullmatch(typed):
        typed = strip_unseen(typed)
        if hides_something(typed):
            raise UnfitTextError(INVISIBLE, _suggest(" ".join(without_hidden(typed).split())))
        typed = unicodedata.normalize("NFC", typed)
    line = " ".join(typed.split())
    if len(line) > longest:
        raise UnfitTextError(TOO_LONG)
    return line


def suggest_name(typed: str, *, beside: str = "") -> str:
    """Return how a name could read instead; nothing where no one way is plain.

    It is refused as it stands, or taken though a whole word looks like one in the alphabet of the other words, or of
    those `beside` it: other parts of the same name.
    """
    try:
        return find_strays(read_name(typed), beside=beside)
    except UnfitTextError as error:
        return error.suggestion


def read_meant(typed: str, *, agreed: Collection[str] = (), kept: Collection[str] = ()) -> str:
    """Return a name as it was meant where that is one of `agreed`, else as typed.

    Raises:
        StrayWordError: a whole word looks like one of another alphabet, and the name is none of those `kept`.
        UnfitTextError: as `read_name`.
    """
    meant = suggest_name(typed)
    if meant and meant in agreed:
        return meant
    name = read_name(typed)
    if meant and name not in kept:
        raise StrayWordError(name, meant)
    return name


def _suggest(mended: str) -> str:
    """Return a mended name if it is taken as it stands, or what is still to be mended in it."""
    try:
        return mended and (find_strays(name := read_name(mended)) or name)
    except UnfitTextError as error:
        return error.suggestion


def _is_digit(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "N" and letter != _ZERO and not _ROMAN.match(letter)


def _has_too_many_marks(line: str) -> bool:
    marks, most = 0, OTHER_MARKS
    for letter in unicodedata.normalize("NFD", line):
        if unicodedata.combining(letter):
            marks += 1
            if marks > most:
                return True
        elif not unicodedata.category(letter).startswith("M"):
            marks, most = 0, MOST_MARKS.get(script_of(letter), OTHER_MARKS)
    return False
