"""Words in Hebrew and Arabic letters (Arabic, Persian, Urdu), in Latin letters with the vowels that are written."""

from __future__ import annotations

import re

from petition_app.matching.names.folding import letter_table

_ARABIC = letter_table(
    "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیٹڈڑںے",
    "a b p t th j ch h kh d dh r z zh s sh s d t z a gh f q k g l m n u h i t d r n e",
)
_PERSIAN = _ARABIC | {"ث": "s", "ذ": "z", "ض": "z"}
_HEBREW = letter_table("אבגדהוזחטיכךלמםנןסעפףצץקרשת", "a b g d h u z h t i k k l m m n n s a p f ts ts k r sh t")
_GERESH = {"ג'": "j", "צ'": "ch", "ץ'": "ch", "ז'": "zh", "ת'": "th", "ד'": "dh"}
_ARTICLE = re.compile("^(?:و?ال)(?=...)")


def romanize(word: str) -> tuple[str, ...]:
    """Return a folded word in Latin letters, in each way that may be meant; the likeliest first."""
    return _hebrew(word) if word[:1] < "\u0600" else _arabic(word)


def _arabic(word: str) -> tuple[str, ...]:
    bare = _ARTICLE.sub("", word)
    ways = [_written(form, table) for form in dict.fromkeys((word, bare)) for table in (_ARABIC, _PERSIAN)]
    return tuple(dict.fromkeys(ways))


def _written(word: str, table: dict[str, str]) -> str:
    first = {"و": "w", "ی": "y"}.get(word[:1], "")
    rest = word[1:] if first else word
    return first + "'".join(table.get(letter, "") for letter in rest)  # Two letters are no cluster, as in سه.


def _hebrew(word: str) -> tuple[str, ...]:
    for letters, sound in _GERESH.items():
        word = word.replace(letters, sound)
    word = word.replace("וו", "v").replace("יי", "i").replace("'", "")
    first = {"ו": "v", "י": "y"}.get(word[:1], "")
    rest = word[1:] if first else word
    ways = (
        _HEBREW,
        _HEBREW | {"ח": "kh"},
        _HEBREW | {"ו": "v"},
        _HEBREW | {"פ": "f"},
    )
    return tuple(dict.fromkeys(first + "'".join(way.get(letter, letter) for letter in rest) for way in ways))
