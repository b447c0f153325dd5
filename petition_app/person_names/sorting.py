"""The order in which names are listed: that of the language's alphabet, as a key that any database sorts.

The order of letters is that of CLDR 47 (its root in tables of letters, Unicode licence, and what languages have of
their own in `tailorings`, with the script of the language first); bases before accents before capitals (UCA).
Apostrophes and signs that are not seen do not count. Scripts without a table follow by code point, which is the order
of their own letters; Chinese signs stand by their reading where names are in Chinese, by JIS X 0208 where in Japanese.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from petition_app.person_names.letters import VIRAMA, script_of
from petition_app.person_names.tailorings import DOTTED, FIRST, MARKS, OTHER_MARKS, TAILORINGS, UPPER_FIRST

VERSION = 2  # Of the keys: those of an earlier one are made anew.
LONGEST_KEY = 600
# Letters in one word are told apart by accents alone.
_TABLES = {
    "LATIN": "a ɐ ɑ b ƀ ɓ c ƈ ɕ dđð ɖ ɗ e ǝ ə ɛ f ƒ g ɡ ǥ ɠ ɣ ƣ hħ ƕ i ı ɨ j k ƙ lł ƚ ɫ m n ɲ ŋ oø ɔ ɵ p ƥ q ĸ r ɽ s ʃ "
    "t ŧ ƫ ʈ u ʉ ɯ ʊ v ʋ ʌ w x y ƴ ȝ z ƶ ʒ þ ƿ ʔ ǀ ǁ ǂ ǃ",
    "GREEK": "α β γ δ ε ϝ ζ η θ ι κ λ μ ν ξ ο π ϻ ϙ ρ σϲ τ υ φ χ ψ ω ϡ ϸ",
    "CYRILLIC": "а ә ӕ б в гґ ғ ӻ ҕ ӷ д ԁ ђ ҙ е є ж җ з ѕ ӡ и ҋ і й ј к қ ӄ ҡ ҟ ҝ ԛ л ӆ ԯ љ м ӎ н ӊ ң ӈ ҥ њ о ө п ԥ ҧ "
    "р ҏ с ҫ т ҭ ћ у ү ұ ф х ӽ ӿ ҳ һ ѡ ц ҵ ч ҷ ӌ ҹ ҽ ҿ џ ш щ ъ ы ь ҍ ѣ э ю я ѥ ѧ ѫ ѩ ѭ ѯ ѱ ѳ ѵ ҩ ԝ ӏ",
    "ARMENIAN": "ա բ գ դ ե զ է ը թ ժ ի լ խ ծ կ հ ձ ղ ճ մ յ ն շ ո չ պ ջ ռ ս վ տ ր ց ւ փ ք օ ֆ",
    "HEBREW": "א ב ג ד ה ו ז ח ט י כך ל מם נן ס ע פף צץ ק ר ש ת",
    "ARABIC": "ء ٲ ٱ ا ب ٻ پ ڀ ة ت ث ٹ ٺ ټ ج ڄ ڃ چ ڇ ح خ څ د ذ ڈ ډ ر ز ڑ ړ ڕ ژ ږ س ش ښ ص ض ط ظ ع غ ف ڤ ق كک ڪ ګ ڭ گ ڱ "
    "ل ڵ م ن ںڻ ڼ ه ھ ہ ۃ ە و ۆ ۇ ۈ ۋ ىیي ۍ ێ ې ے",
}
_EXPANSIONS = "=æ:ae =œ:oe"
_ELEMENTS = re.compile("([<^=:]+)")
_APOSTROPHE = "ʻ"
_IGNORED = frozenset("'’‘ʼʻʹ՚׳`´ꞌʿʾ\"“”״ـ")
_HYPHENS = frozenset("-‐‑–־_")
_SPACE, _HYPHEN, _OTHER, _END = "\x10", "\x11", "\x12", "\x01"
_FIRST_LETTER, _STEP, _UNTABLED, _UNTABLED_FIRST = 0x3000, 0x200, "\ue000", "\u2f00"
_PLAIN, _CAPITAL = "\x02", "\x03"
_TURNED = str.maketrans(_PLAIN + _CAPITAL, _CAPITAL + _PLAIN)
_PART = re.compile(r"(?s).[\u0300-\u036f]*")  # A base with its marks.
_MARK = 0x20  # What the first of the marks weighs.
_BEFORE_CONSONANT = re.compile("([เ-ไ])([ก-ฮ])|([ເ-ໄ])([ກ-ຮ])")  # Vowels of Thai and Lao, spoken after it.
_TONES = frozenset("\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4e\u0ec8\u0ec9\u0eca\u0ecb\u0ecc")  # And what is not read.
_BELOW = (103, 118)  # The combining classes of vowels below letters, in Thai and Lao.
_INDIC = range(0x900, 0x1D00)
_KATAKANA = range(0x30A1, 0x30F7)
_SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎ")
_UNKNOWN_SIGN = "\uf000"


class _Element(NamedTuple):
    """What a letter, or several that count as one, weighs: as a base and by accents; and the letter it stands under."""

    base: str
    accents: str
    head: str


def sort_key(name: str, language: str) -> str:
    """Return a text whose order by code point is that of names in a language, at most 600 characters long."""
    weights = _weights(name, language)
    primary = "".join([element.base for element, _ in weights])
    accents = "".join([element.accents for element, _ in weights]).rstrip(_PLAIN)
    capitals = "".join([case for _, case in weights])
    if language in UPPER_FIRST:
        capitals = capitals.translate(_TURNED)
    return _END.join((primary, accents, capitals.rstrip(_PLAIN)))[:LONGEST_KEY]


def initial_of(name: str, language: str) -> str:
    """Return the small letter under which a name stands in a list: its first that counts, without accents."""
    for element, _ in _weights(name, language):
        if unicodedata.category(element.head[0])[0] == "L":
            return element.head
    return "#"


def _weights(name: str, language: str) -> list[tuple[_Element, str]]:
    """Return what counts in a name, letters or several that count as one, each with its capitals."""
    elements, starts, longest = _alphabet(language)
    text = _BEFORE_CONSONANT.sub(lambda found: "".join(reversed(list(filter(None, found.groups())))), name)
    parts = [part for letter in unicodedata.normalize("NFKC", text) for part in _parts(letter, language)]
    weights, place = list[tuple[_Element, str]](), 0
    while place < len(parts):
        part, case = parts[place]
        length = 1
        if part in starts:
            lengths = range(min(longest, len(parts) - place), 1, -1)
            joined = (size for size in lengths if "".join([one for one, _ in parts[place : place + size]]) in elements)
            length = next(joined, 1)
        if length > 1:
            several = parts[place : place + length]
            weights.append((elements["".join([one for one, _ in several])], "".join([each for _, each in several])))
        elif part != _APOSTROPHE:
            weights.append((_weigh(part, language), case))
        place += length
    return weights


@lru_cache(maxsize=4096)
def _parts(letter: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return a letter taken apart: each base with its accents, in small letters, and what its being a capital weighs.

    There is nothing of what does not count.
    """
    if letter in _IGNORED:
        return ((_APOSTROPHE, _PLAIN),)
    if unicodedata.category(letter) == "Cf":
        return ()
    dotted = {"I": "ı", "İ": "i"} if language in DOTTED else {}
    small = dotted.get(letter) or letter.casefold()
    if ord(letter) not in _INDIC:  # There vowels of two parts have a place of their own.
        small = unicodedata.normalize("NFD", small)
    case = _CAPITAL if letter.isupper() else _PLAIN
    return tuple((text, case) for text in _PART.findall(small))


@lru_cache(maxsize=8192)
def _weigh(part: str, language: str) -> _Element:
    """Weigh a base with its accents; of these one may belong to the letter, as in Vietnamese ệ, and others not."""
    elements = _alphabet(language)[0]
    base, accents = part[0], part[1:]
    for own in (accents, *accents, ""):
        if element := elements.get(base + own):
            rest = accents.replace(own, "", 1)
            return element._replace(accents=_weigh_accents(rest, language, element.accents))
    if unicodedata.combining(base) or unicodedata.category(base) == "Mn":
        is_vowel = unicodedata.combining(base) in (0, VIRAMA, *_BELOW) and base not in _TONES
        return _Element(_weigh_untabled(base, language) if is_vowel else "", _PLAIN if is_vowel else base, base)
    if base.isspace():
        return _Element(_SPACE, _PLAIN, base)
    if base in _HYPHENS:
        return _Element(_HYPHEN, _PLAIN, base)
    if base.isdecimal():
        return _Element(chr(0x30 + int(base)), _PLAIN, base)
    if unicodedata.category(base)[0] not in "LM":
        return _Element(_OTHER, _PLAIN, base)
    return _Element(_weigh_untabled(base, language), _weigh_accents(accents, language, _PLAIN), base)


def _weigh_accents(accents: str, language: str, variant: str) -> str:
    order = _marks(language)
    weights = "".join(chr(_MARK + order[mark]) if mark in order else mark for mark in accents)
    return (variant + weights) if variant != _PLAIN else weights or _PLAIN


@cache
def _marks(language: str) -> dict[str, int]:
    return {mark: number for number, mark in enumerate(dict.fromkeys(OTHER_MARKS.get(language, "") + MARKS))}


def _weigh_untabled(base: str, language: str) -> str:
    script = script_of(base)
    group = _UNTABLED_FIRST if script == FIRST.get(language) else _UNTABLED
    if ord(base) in _KATAKANA:
        base = chr(ord(base) - 0x60)
    if base in _SMALL_KANA:
        base = chr(ord(base) + 1)
    if unicodedata.combining(base) == VIRAMA:  # After all vowels.
        base = chr(ord(base) | 0x7F)
    if script != "CJK" or language not in ("zh", "ja"):
        return group + base
    if language == "ja":
        signs = base.encode("euc_jp", "ignore")
        is_known = len(signs) == 2
        return f"{group}\u4000{signs.decode('latin-1')}" if is_known else group + _UNKNOWN_SIGN + base
    number = _readings().get(base)
    return group + (_UNKNOWN_SIGN + base if number is None else chr(0x100 + number))


@cache
def _readings() -> dict[str, int]:
    """Return the place of each Chinese sign among all by its reading, pinyin, and its strokes (CLDR 47)."""
    text = Path(__file__).with_name("signs_by_pinyin.txt").read_text(encoding="utf-8")
    return {sign: number for number, sign in enumerate(text.replace("\n", ""))}


@lru_cache(maxsize=8)
def _alphabet(language: str) -> tuple[dict[str, _Element], frozenset[str], int]:
    """Return what each letter of the tables weighs, those that several make included.

    Of these there are the parts with which one begins, and how many parts one has at most.
    """
    elements = dict[str, _Element]()
    rules = [*_EXPANSIONS.split(), *TAILORINGS.get(language, "").split()]
    scripts = sorted(_TABLES, key=lambda script: script != FIRST.get(language))
    for place, script in enumerate(scripts):
        groups = [[_plain(letter) for letter in group] for group in _TABLES[script].split()]
        for rule in rules:
            _tailor(groups, rule)
        for number, group in enumerate(groups):
            head = unicodedata.normalize("NFC", group[0])
            for variant, letter in enumerate(group):
                weight = chr(_FIRST_LETTER + place * _STEP + number)
                elements[letter] = _Element(weight, chr(0x03 + variant) if variant else _PLAIN, head)
    for rule in rules:
        if rule.startswith("="):
            letter, _, meant = rule[1:].partition(":")
            if (plain := _plain(letter)) not in elements:
                elements[plain] = _spell(_plain(meant), elements)
    several = [parts for letter in elements if len(parts := _PART.findall(letter)) > 1]
    return elements, frozenset(parts[0] for parts in several), max(map(len, several), default=1)


def _tailor(groups: list[list[str]], rule: str) -> None:
    """Carry out one rule on the letters of a script, if it is about them; see `tailorings`."""
    anchor, *more = _ELEMENTS.split(rule.lstrip("^"))
    found = [number for number, group in enumerate(groups) if _plain(anchor) in group]
    if not found or rule.startswith("="):
        return
    place = found[0] - rule.startswith("^")
    for sign, letter in zip(more[::2], map(_plain, more[1::2]), strict=True):
        for number, group in enumerate(groups):
            if letter in group:
                group.remove(letter)
                if not group:
                    del groups[number]
                    place -= number <= place
                break
        if sign == "<":
            place += 1
            groups.insert(place, [letter])
        else:
            groups[place].append(letter)


def _spell(letters: str, elements: dict[str, _Element]) -> _Element:
    """Return what several letters weigh together, the longer ones that are one taken first."""
    weights, place = list[_Element](), 0
    while place < len(letters):
        length = next(size for size in range(len(letters) - place, 0, -1) if letters[place : place + size] in elements)
        weights.append(elements[letters[place : place + length]])
        place += length
    return _Element("".join(each.base for each in weights), _PLAIN * len(weights), weights[0].head)


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)
