"""Greek, Georgian and Armenian letters by their sounds, as `spelling` writes sounds."""

from __future__ import annotations

GEORGIAN = dict(
    zip("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶ", "abgdevztiklmnopjrstupkgkwqczcqhjheivhof", strict=True)
) | {"ძ": "dz", "ჯ": "dj"}
ARMENIAN = dict(
    zip("աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ", "abgdezeetjilhckhdgqminwoqpdrsvtrcvpkof", strict=True)
) | {"ձ": "dz", "ջ": "dj", "և": "ev"}  # fmt: skip
GREEK = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", "avgdezitiklmnkoprstifhpo", strict=True)) | {"ξ": "ks", "ψ": "ps"}

_BOTH = (("γγ", "ng"), ("γξ", "nks"), ("γχ", "nh"), ("τσ", "c"), ("τζ", "dz"), ("ου", "u"), ("αι", "e"), ("ει", "i"),
         ("οι", "i"), ("υι", "i"))  # fmt: skip
_SPOKEN = (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("αυ", "av"), ("ευ", "ev"), ("ηυ", "iv"))
_LETTERED = (("μπ", "mp"), ("ντ", "nt"), ("γκ", "gk"), ("αυ", "au"), ("ευ", "eu"), ("γγ", "gg"))
_FULL = (("μπ", "mb"), ("ντ", "nd"), ("γκ", "ng"), ("αυ", "af"), ("ευ", "ef"))


def _greek(word: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for letters, sounds in (*pairs, *_BOTH):
        word = word.replace(letters, sounds)
    return "".join(GREEK.get(letter, letter) for letter in word)


def sounds_of(word: str) -> tuple[str, ...]:
    """Return the sounds of a folded word in one of the three alphabets, the likeliest first; nothing for others."""
    first = word[:1]
    if "\u10d0" <= first <= "\u10ff":
        plain = "".join(GEORGIAN.get(letter, letter) for letter in word)
        other = "".join("f" if letter == "ფ" else GEORGIAN.get(letter, letter) for letter in word)
        return tuple(dict.fromkeys((plain, other)))
    if "\u0561" <= first <= "\u0588":
        word = word.replace("ու", "u").replace("եւ", "ev").replace("եվ", "ev")
        plain = "".join(ARMENIAN.get(letter, letter) for letter in word)
        ways = {"ո": ("o", "vo"), "յ": ("i", "h")}.get(first, (plain[:1],))
        return tuple(dict.fromkeys(way + plain[1:] for way in ways))
    if "\u0370" <= first <= "\u03ff":
        return tuple(dict.fromkeys(_greek(word, pairs) for pairs in (_SPOKEN, _LETTERED, _FULL)))
    return ()
