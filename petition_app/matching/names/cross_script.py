"""Words in scripts that no table turns letter by letter into Latin: read on both sides, compared mostly by consonants.

Hebrew and Arabic leave vowels out, Indic scripts imply them, Chinese and Korean names are written in Latin letters by
several schools. So a word and a Latin spelling are read by the same rules of the script's group; what is read is `fine`
(with vowels) and a `skeleton` (without, and with what the schools confuse merged).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from anyascii import anyascii

from petition_app.matching.names import abjads, east_asian, indic, southeast_asian
from petition_app.matching.names.latin_marks import bare
from petition_app.matching.names.word_cache import remembering

_RANGES = (
    (0x0590, 0x05FF, "hebrew"), (0x0600, 0x077F, "arabic"), (0x08A0, 0x08FF, "arabic"), (0x0900, 0x0B7F, "indic"),
    (0x0B80, 0x0BFF, "tamil"), (0x0C00, 0x0CFF, "indic"), (0x0D00, 0x0D7F, "tamil"), (0x0D80, 0x0DFF, "indic"),
    (0x0E00, 0x0EFF, "thai"), (0x1000, 0x109F, "burmese"), (0x1780, 0x17FF, "thai"), (0x1100, 0x11FF, "hangul"),
    (0x3005, 0x3007, "han"), (0x3040, 0x30FF, "kana"), (0x3400, 0x9FFF, "han"), (0xAC00, 0xD7A3, "hangul"),
    (0xF900, 0xFAFF, "han"), (0x20000, 0x323AF, "han"),
)  # fmt: skip
FIRST = "\u0590"
_NO_LETTER = re.compile("[^a-z]+")
_TWICE = re.compile(r"(.)\1+")
_ARTICLE = re.compile("^(?:al|el|ul|a[dnrstz]|e[dnrstz]|ash|esh)[-' ]+(?=..)")
# Latin letters for the sounds of a word from the Cyrillic, as `spelling` writes them.
_SOUNDS = str.maketrans({"c": "ts", "h": "kh", "j": "zh", "q": "ch", "w": "sh", "x": "shch"})
_SPOKEN = str.maketrans(
    {"č": "ch", "ć": "ch", "ç": "ch", "š": "sh", "ş": "sh", "ș": "sh", "ž": "zh", "ţ": "ts", "ț": "ts"}
)


def script_of(word: str) -> str:
    """Return the group that a folded word's script belongs to; nothing for alphabets that are spelled by sound."""
    if max(word[:1], word[-1:]) < FIRST:
        return ""
    found = {name for letter in word for first, last, name in _RANGES if first <= ord(letter) <= last}
    return "han" if "han" in found else next(iter(sorted(found)), "")


@dataclass(frozen=True)
class Reader:
    """How Latin spellings of one group of scripts are read: clusters, what the skeleton merges, what it leaves out."""

    rules: dict[str, str]
    merged: dict[int, str]
    dropped: str
    romanize: Callable[[str], tuple[str, ...]]
    endings: tuple[tuple[str, str], ...] = ()

    def fine(self, latin: str) -> str:
        """Return a Latin word as it is read; double letters once."""
        pattern = _pattern(tuple(sorted(self.rules, key=len, reverse=True)))
        word = _TWICE.sub(r"\1", pattern.sub(lambda found: self.rules[found.group()], latin))
        for ending, by in self.endings:
            word = re.sub(ending, by, word)
        return _NO_LETTER.sub("", word) or _NO_LETTER.sub("", latin)

    def skeleton(self, fine: str) -> str:
        """Return the consonants of what was read, coarsely; a first vowel is a."""
        word = fine.translate(self.merged)
        first = "a" if word[:1] in tuple("aeiou") else word[:1]
        return first + "".join(letter for letter in word[1:] if letter not in self.dropped)


@remembering(64)
def _pattern(clusters: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(clusters))


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":", 1) for pair in text.split())


_COMMON = _pairs(
    "sch:w sh:w tch:q ch:q zh:j dj:j ph:f ck:k oo:u ee:i ou:u ie:i ei:e ai:ay x:ks w:v ce:se ci:si c:k tz:ts"
)
_INDIC = _COMMON | _pairs("chh:q kh:k gh:g jh:j th:t dh:d bh:b x:ks q:k ph:p ew:iu nh:ng f:p y:i ai:e ay:e")
_ARABIC = _COMMON | _pairs("kh:k gh:k dh:d th:t q:k y:i ai:i ay:i ei:i ee:i aa:a")
_HEBREW = _COMMON | _pairs("kh:k ch:k th:t q:k tz:z ts:z y:i ai:i ay:i ei:i ee:e aa:a")
_THAI = _COMMON | _pairs("kh:k th:t ph:p ch:q bh:p dh:t v:w w:w j:q b:p d:t g:k sh:s aew:ao y:i f:p orn:on")
_BURMESE = _COMMON | _pairs(
    "ht:t hk:k hp:p kh:k ph:p th:t hs:s hl:l hm:m hn:n gy:j ky:q hla:la w:w au:ao aw:ao oe:o ng:n nt:n oo:u ar:a "
    "ei:ai wa:wa"
)
_KANA = _COMMON | _pairs(
    "shi:si chi:ti tsu:tu fu:hu ji:zi sh:sy ch:ty j:zy ou:o oo:o uu:u oh:o l:r v:b th:s w:w ai:ai ei:e ee:e ii:i"
)
_HANGUL = _pairs(
    "kk:k tt:t pp:p jj:j ss:s sh:s ch:j eo:u eu:u oo:u ee:i ae:e ou:u yeo:yu wu:u f:p l:r woo:u young:yung"
)
_HAN = _pairs(
    "zh:j ch:j q:j hs:x sh:x ts:z tz:z c:z yi:i yu:u wu:u ung:ong ieh:ie ueh:ue uei:ui ien:ian ueng:ong szu:si "
    "ssu:si tzu:zi ih:i eh:e ü:u"
)
VOWELS = "aeiou"


def _plain(word: str) -> tuple[str, ...]:
    return (str(anyascii(word)).casefold(),)


def _merge(*pairs: str) -> dict[int, str]:
    return {ord(letter): pair[0] for pair in pairs for letter in pair[1:]}


# Short vowels, which these letters leave out.
_SHORT = (("[ae]?'?h$", "a"), ("o", "u"), ("(?<=.)[ae]+", ""))
READERS = {
    "hebrew": Reader(_HEBREW, _merge("kh", "pf", "bv", "sw", "zc", "gj"), VOWELS + "y", abjads.romanize, _SHORT),
    "arabic": Reader(_ARABIC, _merge("bp", "wq", "jg", "tT"), VOWELS + "yv", abjads.romanize, (("ov$", "o"), *_SHORT)),
    "indic": Reader(_INDIC, _merge("swq", "jz", "bv"), VOWELS + "yh", indic.romanize, (("(?<=..)[aeo]+$", "a"),)),
    "tamil": Reader(
        _INDIC, _merge("swqjz", "bvp", "td", "kg"), VOWELS + "yh", indic.romanize, (("(?<=..)[aeo]+$", "a"),)
    ),
    "thai": Reader(_THAI, _merge("nrl"), VOWELS + "yhw", southeast_asian.romanize),
    "burmese": Reader(_BURMESE, _merge("td", "sz", "pb", "kg"), VOWELS + "h", southeast_asian.romanize),
    "kana": Reader(_KANA, _merge("bv", "rl", "td", "hf", "sz", "kg"), VOWELS + "yw", _plain),
    "hangul": Reader(_HANGUL, _merge("kg", "td", "pb", "jz", "rl"), VOWELS + "wyh", east_asian.romanize),
    "han": Reader(_HAN, _merge("bp", "dt", "gk", "jr", "xs", "fh"), VOWELS + "wy", east_asian.romanize),
}  # fmt: skip
"""By group of scripts. Set on training slices of names of Wikidata (Merhav and Ash 2018, CC0), which no bench uses."""


# What may be Japanese in Latin letters, or its initial.
_ROMAJI = re.compile("(?:(?:[bdfghjkmnprstwyz]|ch|sh|ts|[bghjkmnpr]y)?[aeiou]h?|n|m(?=[bmp])|[kstp](?=[kstpc]))+|[a-z]")


@remembering(8192)
def read_native(word: str, script: str) -> tuple[tuple[str, str], ...]:
    """Return fine and skeleton of a folded word in its own script, in each way that may be meant.

    Of Chinese signs the ways of Japanese stand in capitals, so that only what may be Japanese agrees with them.
    """
    reader = READERS[script]
    fines = dict.fromkeys(reader.fine(latin) for latin in reader.romanize(word))
    japanese = _as_japanese(east_asian.read_japanese(word)) if script == "han" else ()
    return (*((fine, reader.skeleton(fine)) for fine in fines if fine), *japanese)


def _as_japanese(latin: Iterable[str]) -> Iterator[tuple[str, str]]:
    reader = READERS["kana"]
    for fine in dict.fromkeys(map(reader.fine, latin)):
        yield fine.upper(), reader.skeleton(fine).upper()


@remembering(8192)
def read_latin(word: str, sounds: tuple[str, ...], script: str) -> tuple[tuple[str, str], ...]:
    """Return fine and skeleton of a folded word in Latin letters, as another script spells it; else by its `sounds`."""
    reader = READERS[script]
    latin = bare(word)
    written = [latin, bare(word.translate(_SPOKEN))]
    if not latin.isascii():
        written = [each.translate(_SOUNDS) for each in sounds[:2]]
    if script == "arabic":
        written += [_ARTICLE.sub("", each) for each in written]
        written += [each.replace("v", "f") for each in written if "v" in each]
    joined = [each.replace("-", "").replace(" ", "") for each in written]
    fines = dict.fromkeys(map(reader.fine, joined))
    japanese = _as_japanese(each for each in joined if _ROMAJI.fullmatch(each)) if script == "han" else ()
    return (*((fine, reader.skeleton(fine)) for fine in fines if fine), *japanese)
