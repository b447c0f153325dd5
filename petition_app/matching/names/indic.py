"""Words in scripts of South Asia, in Latin letters as people write their names.

The blocks of nine scripts lie alike in Unicode (after ISCII): each is read as Devanagari. Sinhala has its own tables.
"""

from __future__ import annotations

from petition_app.matching.names.folding import letter_table

BLOCK, FIRST, LAST, DEVANAGARI = 0x80, 0x0900, 0x0D7F, 0x0900
TAMIL, MALAYALAM = 0x0B80, 0x0D00
ENDS_IN_A = (0x0B80, 0x0C00, 0x0C80, 0x0D00)  # Scripts of the south, whose last vowel is spoken.

_CONSONANTS = letter_table(
    "कखगघङचछजझञटठडढणतथदधनऩपफबभमयरऱलळऴवशषसह",
    "k kh g gh ng ch chh j jh n t th d dh n t th d dh n n p ph b bh m y r r l l zh v sh sh s h",
)
_NUKTA = {"क": "q", "ख": "kh", "ग": "gh", "ज": "z", "ड": "r", "ढ": "rh", "फ": "f", "य": "y"}
_VOWELS = letter_table("अआइईउऊऋएऐओऔऎऒऍऑ", "a a i i u u ri e ai o au e o e o")
_SIGNS = letter_table("ािीुूृेैोौॆॊॅॉ", "a i i u u ri e ai o au e o e o")
_NASALS = {"ं": "n", "ँ": "n", "ः": "h", "ං": "ng", "ඃ": "h"}
_OWN = {
    "ৎ": "t", "ৰ": "r", "ৱ": "w", "ੰ": "n", "ੱ": "", "ൺ": "n", "ൻ": "n", "ർ": "r", "ൽ": "l", "ൾ": "l", "ൿ": "k",
    "ஜ": "j", "ஷ": "sh", "ஸ": "s", "ஹ": "h",
}  # fmt: skip
VIRAMA, NUKTA = "्", "़"

_SINHALA_CONSONANTS = letter_table(
    "කඛගඝඞඟචඡජඣඤඥටඨඩඪණඬතථදධනඳපඵබභමඹයරලවශෂසහළෆ",
    "k kh g gh ng ng ch ch j jh n gn t th d dh n nd th th d dh n nd p ph b bh m mb y r l w sh sh s h l f",
)
_SINHALA_VOWELS = letter_table("අආඇඈඉඊඋඌඍඑඒඓඔඕඖ", "a a a a i i u u ru e e ai o o au")
_SINHALA_SIGNS = letter_table("ාැෑිීුූෘෙේෛොෝෞ", "a a a i i u u ru e e ai o o au")
_SINHALA_VIRAMA = "්"


def romanize(word: str) -> tuple[str, ...]:
    """Return a folded word in Latin letters."""
    if word[:1] > chr(LAST):
        return (_join(word, _SINHALA_CONSONANTS, _SINHALA_VOWELS, _SINHALA_SIGNS, _SINHALA_VIRAMA, ends=True),)
    block = (ord(word[0]) - FIRST) // BLOCK * BLOCK + FIRST
    plain = "".join(_OWN.get(letter) or _aligned(letter, block) for letter in word)
    return (_join(plain, _CONSONANTS, _VOWELS, _SIGNS, VIRAMA, ends=block in ENDS_IN_A),)


def _aligned(letter: str, block: int) -> str:
    place = ord(letter)
    return chr(place - block + DEVANAGARI) if block <= place < block + BLOCK else letter


def _join(
    word: str, consonants: dict[str, str], vowels: dict[str, str], signs: dict[str, str], virama: str, *, ends: bool
) -> str:
    out: list[str] = []
    open_vowel = False  # Whether the last consonant still has the vowel that is not written.
    for place, letter in enumerate(word):
        if letter in consonants:
            out += ["a"] * open_vowel
            dotted = word[place + 1 : place + 2] == NUKTA
            out.append(_NUKTA.get(letter, consonants[letter]) if dotted else consonants[letter])
            open_vowel = True
        elif letter == NUKTA:
            continue
        elif letter == virama:
            open_vowel = False
        elif letter in signs:
            out.append(signs[letter])
            open_vowel = False
        else:
            out += ["a"] * open_vowel
            out.append(vowels.get(letter) or _NASALS.get(letter) or (letter if letter.isascii() else ""))
            open_vowel = False
    return "".join(out) + "a" * (open_vowel and (ends or len(out) < 2))
