"""Tables of letters: Cyrillic to sounds, Latin to sounds by school of transliteration, look-alikes."""

from __future__ import annotations

import re
from collections.abc import Callable

from anyascii import anyascii

# Russian, Ukrainian, Belarusian, Serbian, Macedonian, Kazakh, Tatar, Bashkir, Yakut, Tajik, Chuvash, Ossetian.
CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщыэіїйєґўјѓќѕәғқңөұүһҙҫҡҥҕӣӯҳӑӗӳӕѳѣѵӈҝҹӄ",
        "abvgdeejziiklmnoprstufhcqwxieiiiegvigkzagknouuhzskngiuhaeuafeinkqk",
        strict=True,
    )
)
CYRILLIC |= {
    "ю": "iu", "я": "ia", "ъ": "", "ь": "", "ђ": "dj", "ћ": "q", "љ": "l", "њ": "n", "џ": "dj", "җ": "dj", "ҷ": "dj",
    "ӂ": "dj", "ӏ": "", "ӊ": "n",
}  # fmt: skip

# Letters with marks, and what they sound like everywhere; capitals are ours, so that no school reads them again.
MARKED = {
    "š": "W", "č": "Q", "ž": "J", "ć": "Q", "đ": "DJ", "ż": "J", "ź": "z", "ś": "s", "ş": "W", "ș": "W", "ț": "C",
    "ţ": "C", "ŝ": "X", "ĝ": "g", "ğ": "g", "ı": "i", "ə": "a", "ł": "l", "ø": "o", "æ": "e", "œ": "e", "å": "o",
    "ß": "ss", "ð": "d", "þ": "t", "ŭ": "V", "ň": "n", "ń": "n", "ñ": "n", "ř": "r", "ľ": "l", "ķ": "k", "ņ": "n",
    "ļ": "l", "ë": "e", "ï": "i", "ě": "e", "ě́": "e",
}  # fmt: skip

_EVERYWHERE = {
    "shch": "X", "chtch": "X", "schtsch": "X", "szcz": "X", "tsch": "Q", "tch": "Q", "dzh": "DJ", "dsch": "DJ",
    "zh": "J", "kh": "H", "sh": "W", "ts": "C", "tz": "C", "ph": "f", "th": "t", "ck": "k", "w": "v", "y": "i",
    "ou": "u", "qu": "kv", "gh": "g", "shh": "X",
}  # fmt: skip


def _school(rules: dict[str, str], *endings: tuple[str, str]) -> Callable[[str], str]:
    """Return a reader of Latin words: the longest rule first, endings before."""
    table = _EVERYWHERE | rules
    pattern = re.compile("|".join(sorted(table, key=len, reverse=True)))
    tails = [(re.compile(ending), by) for ending, by in (*endings, ("off$", "ov"), ("eff$", "ev"), ("ij$", "i"))]

    def read(word: str) -> str:
        for tail, by in tails:
            word = tail.sub(by, word)
        return _plain(pattern.sub(lambda found: table[found.group()], word))

    return read


def _plain(word: str) -> str:
    """Return what is left after a school's rules as ASCII; other alphabets by anyascii."""
    return word if word.isascii() else str(anyascii(word))


SOFT_C = {"ce": "Ce", "ci": "Ci", "cy": "Ci", "c": "k", "ç": "Q"}
SCHOOLS: tuple[Callable[[str], str], ...] = (
    # English, and passports.
    _school({"sch": "X", "ch": "Q", "x": "ks", "j": "DJ", "q": "k"} | SOFT_C),
    # Scholarly, Serbian, Czech, Polish.
    _school({"sz": "W", "cz": "Q", "rz": "J", "ch": "H", "c": "C", "j": "i", "x": "H", "sch": "X", "q": "k"}),
    # French.
    _school(
        {"ch": "W", "sch": "W", "x": "ks", "j": "J", "dj": "DJ", "gue": "ge", "gui": "gi", "guy": "gi", "ç": "s"}
        | {"ce": "se", "ci": "si", "cy": "si", "c": "k", "q": "k"},
        ("ine$", "in"),
    ),
    # German, s as written and as z.
    _school({"sch": "W", "ch": "H", "z": "C", "j": "i", "x": "ks", "c": "k", "q": "k", "ä": "e"}),
    _school(
        {"sch": "J", "ch": "H", "z": "C", "j": "i", "x": "ks", "c": "k", "q": "k", "ss": "s"}
        | {f"s{vowel}": f"z{vowel}" for vowel in "aeiouy"}
    ),
    # Ukrainian and Belarusian: h is г, a last u after a vowel is в.
    _school({"h": "g", "ch": "Q", "x": "ks", "j": "i", "c": "C", "q": "k", "dz": "d"}, ("(?<=[aoe])u$", "v")),
    # Turkish, Azerbaijani, Uzbek.
    _school({"c": "DJ", "ç": "Q", "x": "H", "q": "g", "ch": "Q", "j": "DJ"}),
)
# GOST 7.79, system B (cz, x, shh, y', e'), where a word shows it; Belarusian words whose soft т and д became ц and дз.
GOST = _school({"cz": "C", "c": "C", "x": "H", "j": "i", "ch": "Q", "q": "k"})
BELARUSIAN = _school(
    {"h": "g", "ch": "Q", "j": "i", "c": "C", "q": "k", "dz": "d", "ts": "t"},
    ("(?<=[ao])u$", "v"),
    ("(?<=[bvdklmnprst])ou$", "ov"),
)
SHOWS_GOST = re.compile("cz|x|shh")
SHOWS_BELARUSIAN = re.compile("(?:ts|dz)[iey]|[ao]u$")
# ISO 9 and GOST 7.79, system A: letters that no orthography of a language shares with them.
ISO_9 = str.maketrans({"û": "iu", "â": "ia", "ŝ": "X", "è": "e", "ʹ": "", "ʺ": ""})
SHOWS_ISO_9 = frozenset("ûâŝ")
BELARUSIAN_LETTERS = frozenset("ўі")
# Belarusian letters and what Russian has in their place, softness above all.
TO_RUSSIAN = (
    ("дз", "д"),
    ("ці", "ти"),
    ("це", "те"),
    ("ця", "тя"),
    ("цё", "те"),
    ("ць", "ть"),
    ("ўж", "вж"),
    ("ў", "в"),
    ("аво", "ово"),
)

LOOKS_CYRILLIC = str.maketrans("aeopcxykmtinAEOPCXYKMTHBIëËi0ĸbæəɵ", "аеорсхукмтіпАЕОРСХУКМТНВІёЁіокьӕәө")
LOOKS_LATIN = str.maketrans("аеорсхукмтіАЕОРСХУКМТНВІ", "aeopcxykmtiAEOPCXYKMTHBI")

# What a single Latin letter may begin; other letters stand for their own sound.
INITIALS = {
    "c": ("c", "q", "k", "s", "dj"), "s": ("s", "w", "x", "z"), "k": ("k", "h"), "t": ("t", "c"), "z": ("z", "j", "c"),
    "h": ("h", "g"), "j": ("i", "j", "d", "e"), "y": ("i", "e"), "i": ("i", "e"), "x": ("k", "h"), "w": ("v",),
    "g": ("g", "j"), "q": ("k", "g"), "f": ("f",), "e": ("e", "a"), "a": ("a",), "p": ("p", "f"), "d": ("d",),
    "ю": ("iu",), "я": ("ia",), "щ": ("x",), "й": ("i", "e"), "e\u0301": ("e",),
}  # fmt: skip

PATRONYMIC_WORDS = frozenset(
    [
        "оглы",
        "оглу",
        "углы",
        "улы",
        "уулу",
        "угли",
        "улу",
        "кызы",
        "кизи",
        "гызы",
        "қызы",
        "ұлы",
        "кыз",
        "ogly",
        "oglu",
        "ogli",
        "oglı",
        "oğlu",
        "uly",
        "ulu",
        "uulu",
        "ugli",
        "kyzy",
        "kizi",
        "qizi",
        "qızı",
        "gyzy",
        "kızı",
        "qyzy",
        "uli",
    ]
)
# Little words before a surname: kept out where enough is left without them.
PARTICLES = frozenset(
    [
        "фон",
        "ван",
        "дер",
        "ден",
        "де",
        "ди",
        "да",
        "дос",
        "дель",
        "ла",
        "ле",
        "аль",
        "эль",
        "ибн",
        "бен",
        "бинт",
        "von",
        "van",
        "der",
        "den",
        "de",
        "di",
        "da",
        "dos",
        "del",
        "la",
        "le",
        "al",
        "el",
        "ibn",
        "ben",
        "bin",
        "bint",
        "du",
        "des",
        "af",
        "av",
        "zu",
        "zum",
        "zur",
        "und",
        "y",
        "e",
        "i",
        "t",
        "d",
        "las",
        "los",
        "ter",
        "binti",
        "abu",
        "bint",
        "ال",
        "بن",
        "ابن",
        "بنت",
        "ابو",
        "و",
        "de'",
        "д",
        "і",
    ]
)
# One letter alone that is such a word where it is written small.
SMALL_PARTICLES = frozenset("yeitdі")
# No part of a name: they are left out where a name is left without them. Some stand behind a dot.
_TITLES = (
    "dr prof professor mr mrs ms mx miss sir dame lord lady hon rev fr ing mag dipl herr frau mme mlle monsieur madame "
    "sr sra srta dott avv phd msc bsc mba mphil dphil llm llb esq jr jnr snr ii iii iv freiherr freiherrin graf "
    "др проф профессор акад академик доц доцент кфн дфн дмн кмн дтн ктн дэн кэн дюн кюн дин кин дбн кбн дхн кхн "
    "г-н г-жа господин госпожа д-р"
)
TITLES = frozenset(_TITLES.split())
# Written short as a rule, and no initials.
SHORT_FOR = {"md": "mohammad", "mohd": "mohammad", "muhd": "mohammad", "mª": "maria", "st": "saint",
             "wm": "william", "chas": "charles", "geo": "george", "jas": "james", "jos": "joseph", "thos": "thomas",
             "মোঃ": "মোহাম্মদ", "মো": "মোহাম্মদ", "মোছাঃ": "মোছাম্মৎ"}  # fmt: skip
