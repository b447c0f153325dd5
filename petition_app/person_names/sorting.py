"""The order in which names are listed: that of the language's alphabet, as a key that any database sorts.

The order of letters is that of CLDR 47 (root, with the script of the language first, as CLDR has it), in tables of its
letters (Unicode licence); bases before accents before capitals (UCA). Apostrophes and signs that are not seen do not
count. Scripts without a table follow by code point, which is the order of their own letters, and for Chinese that of
the signs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

VERSION = 1  # Of the keys: those of an earlier one are made anew.
LONGEST_KEY = 600
# Letters in one word are told apart by accents alone.
_TABLES = {
    "LATIN": "a ɐ ɑ b ƀ ɓ c ƈ ɕ dđð ɖ ɗ e ǝ ə ɛ f ƒ g ɡ ǥ ɠ ɣ ƣ hħ ƕ i ı ɨ j k ƙ lł ƚ ɫ m n ɲ ŋ oø ɔ ɵ p ƥ q ĸ r ɽ s ʃ "
    "t ŧ ƫ ʈ u ʉ ɯ ʊ v ʋ ʌ w x y ƴ ȝ z ƶ ʒ þ ƿ ʔ ǀ ǁ ǂ ǃ",
    "GREEK": "α β γ δ ε ϝ ζ η θ ι κ λ μ ν ξ ο π ϻ ϙ ρ σϲ τ υ φ χ ψ ω ϡ ϸ",
    "CYRILLIC": "а ә ӕ б в гґ ғ ӻ ҕ ӷ д ԁ ђ ҙ е є ж җ з ѕ ӡ и ҋ і й ј к қ ӄ ҡ ҟ ҝ ԛ л ӆ ԯ љ м ӎ н ӊ ң ӈ ҥ њ о ө п ԥ ҧ "
    "р ҏ с ҫ т ҭ ћ у ү ұ ф х ӽ ӿ ҳ һ ѡ ц ҵ ч ҷ ӌ ҹ ҽ ҿ џ ш щ ъ ы ь ҍ ѣ э ю я ѥ ѧ ѫ ѩ ѭ ѯ ѱ ѳ ѵ ҩ ԝ ӏ",
    "ARABIC": "ء ٲ ٱ ا ب ٻ پ ڀ ة ت ث ٹ ٺ ټ ج ڄ ڃ چ ڇ ح خ څ د ذ ڈ ډ ر ز ڑ ړ ڕ ژ ږ س ش ښ ص ض ط ظ ع غ ف ڤ ق كک ڪ ګ ڭ گ ڱ "
    "ل ڵ م ن ںڻ ڼ ه ھ ہ ۃ ە و ۆ ۇ ۈ ۋ ىیي ۍ ێ ې ے",
}
FIRST = {"ru": "CYRILLIC"}
_EXPANDED = {"æ": "ae", "œ": "oe"}
_ORDERS = {
    script: [
        (letter, number, variant)
        for number, group in enumerate(table.split())
        for variant, letter in enumerate(group)
    ]
    for script, table in _TABLES.items()
}  # fmt: skip
_IGNORED = frozenset("'’‘ʼʻʹ՚׳`´ꞌʿʾ\"“”״ـ")
_HYPHENS = frozenset("-‐‑–־_")
_SPACE, _HYPHEN, _OTHER, _END = "\x10", "\x11", "\x12", "\x01"
_FIRST_LETTER, _STEP, _UNTABLED = 0x3000, 0x200, "\ue000"


def sort_key(name: str, language: str) -> str:
    """Return a text whose order by code point is that of names in a language, at most 600 characters long."""
    primary, accents, capitals = list[str](), list[str](), list[str]()
    for letter in unicodedata.normalize("NFKC", name):
        for part in _parts(letter):
            weight = _weight(part, language)
            primary.append(weight[0])
            accents.append(weight[1])
            capitals.append("\x03" if letter.isupper() else "\x02")
    levels = ("".join(primary), "".join(accents).rstrip("\x02"), "".join(capitals).rstrip("\x02"))
    return _END.join(levels)[:LONGEST_KEY]


def initial_of(name: str, language: str) -> str:
    """Return the small letter under which a name stands in a list: its first that counts, without accents."""
    for letter in unicodedata.normalize("NFKC", name):
        for part in _parts(letter):
            if unicodedata.category(part[0])[0] == "L":
                return _head(part[0], language)
    return "#"


@lru_cache(maxsize=4096)
def _parts(letter: str) -> tuple[str, ...]:
    """Return a letter taken apart: each base with its accents, in small letters; nothing of what does not count."""
    if letter in _IGNORED or unicodedata.category(letter) == "Cf":
        return ()
    folded = letter.casefold()
    if folded == "й":
        return ("й",)
    plain = "".join(_EXPANDED.get(each, each) for each in folded)
    return tuple(re.findall(r"(?s).[\u0300-\u036f]*", unicodedata.normalize("NFD", plain)))


@lru_cache(maxsize=4096)
def _weight(part: str, language: str) -> tuple[str, str]:
    base, accents = part[0], part[1:]
    if unicodedata.combining(base) or unicodedata.category(base) == "Mn":
        is_vowel = unicodedata.combining(base) == 0 or 0x900 <= ord(base) <= 0x1CFF
        return (_UNTABLED + base, "\x02") if is_vowel else ("", base)
    if base.isspace():
        return _SPACE, "\x02"
    if base in _HYPHENS:
        return _HYPHEN, "\x02"
    if base.isdecimal():
        return chr(0x30 + int(base)), "\x02"
    if unicodedata.category(base)[0] not in "LM":
        return _OTHER, "\x02"
    known = _orders(language).get(base)
    if known is None:
        return _UNTABLED + base, accents or "\x02"
    number, variant, _ = known
    return chr(_FIRST_LETTER + number), (chr(0x03 + variant) if variant else "") + accents or "\x02"


def _head(base: str, language: str) -> str:
    known = _orders(language).get(base)
    return known[2] if known else base


@lru_cache(maxsize=8)
def _orders(language: str) -> dict[str, tuple[int, int, str]]:
    """Return for each letter of the tables its number, which of the letters of one number it is, and their first."""
    scripts = sorted(_ORDERS, key=lambda script: script != FIRST.get(language))
    found = dict[str, tuple[int, int, str]]()
    for place, script in enumerate(scripts):
        head = ""
        for letter, number, variant in _ORDERS[script]:
            head = head if variant else letter
            found[letter] = (place * _STEP + number, variant, head)
    return found
