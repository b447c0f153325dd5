"""Words in Thai and Burmese letters, in Latin letters as people write their names."""

from __future__ import annotations

import re

from anyascii import anyascii

from petition_app.matching.names.folding import letter_table

_THAI = letter_table(
    "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
    "k kh kh kh kh kh ng ch ch ch s ch y d t th th th n d t th th th n b p ph f ph f ph m y r l w s s s h l o h",
)
_THAI_VOWELS = {
    "ะ": "a", "ั": "a", "า": "a", "ำ": "am", "ิ": "i", "ี": "i", "ึ": "ue", "ื": "ue", "ุ": "u", "ู": "u", "เ": "e",
    "แ": "ae", "โ": "o", "ใ": "ai", "ไ": "ai", "ฤ": "ri", "ๅ": "a", "็": "", "่": "", "้": "", "๊": "", "๋": "", "ฺ": "",
    "ํ": "m",
}  # fmt: skip
_SILENT = re.compile("(?:[ทตดก]ร|.[ิุ]?)์|(?<=ต)ร$")
_YO_AS_N = re.compile("ญ(?![ะ-ฺเ-ไ])")
_LEADING = re.compile("([เแโใไ])([ก-ฮ])")
_BEFORE = re.compile("ห(?=[งญนมยรลว])")

_BURMESE = letter_table(
    "ကခဂဃငစဆဇဈဉညဋဌဍဎဏတထဒဓနပဖဗဘမယရလဝသဟဠအဿ", "k kh g g ng s s z z ny ny t t d d n t t d d n p p b b m y y l w th h l a th"
)
_BURMESE_OTHERS = {
    "ျ": "y", "ြ": "y", "ွ": "w", "ှ": "", "ာ": "a", "ါ": "a", "ိ": "i", "ီ": "i", "ု": "u", "ူ": "u", "ေ": "e", "ဲ": "e",
    "ံ": "n", "့": "", "း": "", "္": "", "ဣ": "i", "ဤ": "i", "ဥ": "u", "ဦ": "u", "ဧ": "e", "ဩ": "aw", "ဪ": "aw", "ဿ": "th",
}  # fmt: skip
_CLUSTERS = (
    ("ောင်", "aung"), ("ိုင်", "aing"), ("ော်", "aw"), ("ော", "aw"), ("ို", "o"), ("ွန်", "un"), ("ွင်", "win"), ("န်", "n"),
    ("မ်", "n"),
    ("င်", "in"), ("တ်", "t"), ("က်", "k"), ("ပ်", "t"), ("စ်", "t"), ("ည်", "i"), ("ဉ်", "in"), ("ယ်", "e"), ("ဏ်", "n"),
    ("ကျ", "ky"), ("ကြ", "ky"),
    ("ချ", "ch"), ("ခြ", "ch"), ("ဂျ", "j"), ("ဂြ", "j"), ("ငြ", "ny"), ("ရွှ", "shw"), ("လျှ", "sh"), ("ရှ", "sh"),
)  # fmt: skip
_TONES = re.compile("[့း]")
# A consonant without a vowel has a, and before an n or t that ends a syllable, too.
_INHERENT = re.compile("((?:[က-အ]|ky|ch)[ျြွှ]*)(?![ာ-ဲံ်ျြွှa-z])")


def romanize(word: str) -> tuple[str, ...]:
    """Return a folded word in Latin letters."""
    if "\u0e00" <= word[:1] <= "\u0e7f":
        return (_thai(word),)
    return (_burmese(word),) if "\u1000" <= word[:1] <= "\u109f" else (str(anyascii(word)).casefold(),)


def _thai(word: str) -> str:
    if word.endswith("กร"):
        word = word[:-1] + "อน"
    word = _YO_AS_N.sub("น", _LEADING.sub(r"\2\1", _SILENT.sub("", word))).replace("รร", "ัน")
    return "".join(_THAI.get(letter) or _THAI_VOWELS.get(letter, "") for letter in _BEFORE.sub("", word))


def _burmese(word: str) -> str:
    word = _TONES.sub("", word)
    for letters, sound in _CLUSTERS:
        word = word.replace(letters, sound)
    word = _INHERENT.sub(r"\1a", word).replace("်", "")
    return "".join(_BURMESE.get(letter) or _BURMESE_OTHERS.get(letter, letter) for letter in word)
