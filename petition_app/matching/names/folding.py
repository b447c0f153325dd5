"""Letters as they are compared: marks that belong to letters stay, points, joiners and signs that do not count go.

Pure functions for everything that asks whether two names are written alike: matching, duplicates, keys of rosters,
exact names, public search. Scripts and marks after the Unicode Character Database that Python brings.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby


def _ranges(kinds: str) -> str:
    """Return all characters of these kinds (first letters of general categories) as ranges of a character class."""
    places = [place for place in range(0x300, 0x1F000) if unicodedata.category(chr(place))[0] in kinds]
    runs = groupby(enumerate(places), lambda pair: pair[1] - pair[0])
    ends = [(found[0][1], found[-1][1]) for found in (list(run) for _, run in runs)]
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ends)


LETTER = r"[^\W\d_]"
MARKS = _ranges("M")
"""Every combining mark, as ranges of a character class: vowel signs, viramas, points, accents."""
PLAIN_WORD = re.compile(f"{LETTER}(?:{LETTER}|[{MARKS}])*")

_APOSTROPHE_SIGNS = "'’‘‛ʼʻʽʹʺ`´′‵ʿʾˈ՚׳״ꞌꞋ＇΄᾽"
_TO_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHE_SIGNS, "'"))
# What people type in its place; elsewhere these signs are quotation marks.
_TYPED_FOR_APOSTROPHE = re.compile(f'(?<={LETTER})["“”„″*](?={LETTER})')
# Direction marks, joiners, soft hyphens, the stretching stroke of Arabic.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_HEBREW_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
_ARABIC_POINTS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
_POINTS = re.compile(f"[{_HEBREW_POINTS}{_ARABIC_POINTS}]")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_ACCENTS = re.compile("[\u0300-\u036f]")
# Letters of which one name has now this, now that: Arabic, Persian and Urdu keyboards; older forms of Chinese signs.
_PAIRS = (
    "أا إا آا ٱا ىی يی ئی كک ةه ۀه ہه ھه ۃه "
    "ؤو 髙高 﨑崎 濵浜 邉辺 邊辺 德徳 來来 龍龙 國国 陳陈 張张 劉刘 "
    "楊杨 黃黄 吳吴 趙赵 鄭郑 許许 鄧邓 馮冯 蔣蒋 葉叶 蘇苏 盧卢 蕭萧 "
    "鄒邹 羅罗 謝谢 孫孙 馬马 寶宝 華华 東东 偉伟 麗丽 賢贤 傑杰 榮荣 "
    "貴贵 蘭兰 鳳凤 歐欧 陽阳 潤润 強强 軍军 衛卫 輝辉 曉晓 韋韦 譚谭 "
    "賴赖 鐘钟 鍾钟 閻阎 顧顾 龔龚 嚴严 呂吕 溫温 湯汤 喬乔 齊齐 樂乐 "
    "慶庆 雲云 飛飞 愛爱 澤沢 泽沢 齋斎 齊斉 櫻桜 廣広 濱浜 眞真 惠恵"
)
_VARIANTS = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()} | {"ء": ""})
_PALOCHKA = re.compile("(?<=[\u0400-\u052f])[1|](?=[\u0400-\u052f])")
_ORDINARY = re.compile("[A-Za-zА-Яа-яЁё. -]*")  # In which nothing is to be done.
_FIRST_UNUSUAL = "\u02af"


def letter_table(letters: str, latin: str) -> dict[str, str]:
    """Return what each letter is in Latin letters; those stand in the same order, split by spaces."""
    return dict(zip(letters, latin.split(), strict=True))


def tidy(text: str) -> str:
    """Return text in NFKC with one apostrophe for all, without signs that nobody sees."""
    if _ORDINARY.fullmatch(text):
        return text
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text.translate(_TO_APOSTROPHE)))
        text = _PALOCHKA.sub("ӏ", text)
    return _TYPED_FOR_APOSTROPHE.sub("'", text.replace("`", "'"))


def fold_letters(text: str) -> str:
    """Return tidy text case-folded, ё as е, without the points of Arabic and Hebrew and the accents of Greek.

    Letters that one keyboard has and another lacks (ي ی, ك ک, 髙 高) are one. Marks of all other scripts stay: they are
    vowels there. Accents of Latin letters stay as well.
    """
    folded = tidy(text).casefold().replace("ё", "е").replace("i̇", "i")
    if _ORDINARY.fullmatch(folded) or folded.isascii() or max(folded) <= _FIRST_UNUSUAL:
        return folded
    folded = _POINTS.sub("", folded).translate(_VARIANTS)
    if _GREEK.search(folded):
        folded = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", folded)


def plain_words(text: str) -> list[str]:
    """Return the words of a text as they are compared, in their order: letters with the marks on them, nothing else."""
    return PLAIN_WORD.findall(fold_letters(text))
