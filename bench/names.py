"""How many real names the rules refuse, by script: `python bench/names.py [FILE …] [--json] [--size N]`.

Names are made of the small tables below, which no rule was written by, in the ways in which people type and paste them.
Each FILE holds one real name a line and is measured apart; none of it is kept or shown, only how many were refused and
why.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rows import Row, row, table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from petition_app.person_names.letters import JOINERS
from petition_app.person_names.reading import UnfitTextError, read_name

SIZE, BAR = 40_000, 0.05  # Names; how many of a hundred may be refused.
# Given names and surnames as they are common in each script; every combination is of nobody in particular.
PARTS = {
    "Latin": (
        "Anna José Łucja Zoë Nguyễn Ọláyínká Þóra Ġużeppi Jean-Luc Mª Md.",
        "O’Brien d’Aubigné Müßig Żółć Åberg Țîru Peña a/l",
    ),
    "Cyrillic": (
        "Анна Юлія Айгүл Ђорђе Ольга Уладзь Хӏасан Цӕра Пётр Ў",
        "Петров Лук’янець Ґалич Әсел Нұрбекұлы Мамед-оглы П.С.Ким",
    ),
    "Greek": ("Γιώργος ΜΑΡΙΑ Ἀθηνᾶ Ζωή Οὐρανία", "Παπαδής ΚΟΥΡΤΕΛΟΣ Μπέλλος ᾨδής"),
    "Georgian": ("ნინო ᲜᲘᲜᲝ გიორგი", "აბაძე ᲐᲑᲐᲫᲔ ყიფიანი"),
    "Armenian": ("Անի Հովնան Դ՚Ար", "Սևանցյան Պետրոսեան"),
    "Hebrew": ("אלינע דָּוִד ג׳ורד שָׁ֛לוֹם", "בן־שחר לֵוִיָּה צ׳רנוב"),
    "Arabic": ("رامز مُحَمَّد أسامة عبد‌الله", "الأحمد بن‌علي أبو‌بكر"),
    "Persian": ("علی‌رضا مریم سیّد‌علی نور‌الدین", "کاظم‌پور نیک‌نام حسین‌زاده‌"),
    "Devanagari": ("राणी नर्‍स अक्‌षय ज्ञान फ़रज़िया", "शर्मा श्रेष्‍ठ कर्‌की"),
    "Bengali": ("মোঃ র‍্যান শ্‌রী রহিম", "উদ্‌দিন ব্যানার্জি র‍্যা"),
    "Tamil": ("கு. மாறன் ஶ்ரீ", "செல்வம் லக்‌ஷ்மி"),
    "Telugu": ("సాయి క్‌షమ", "రావ్‌ రెడ్డి"),
    "Kannada": ("ರಾಜ್‌ ಶ್ರೀ", "ಕ್‌ಷೀ ಗೌಡ"),
    "Malayalam": ("അന്‍ സുനില്‍ ക്‌ഷ", "കുമാര്‍ നായര്‍"),
    "Sinhala": ("ශ්‍රියන් ක්‍රිස් චන්ද්‍රා", "ප්‍රනාන්දු වික්‍රම"),
    "Thai": ("สุดา สีดา กิ่ง", "ใจดี ณ อยุธยา"),
    "Burmese": ("သီရိ မောင်", "ဖြူ ကျော်"),
    "Khmer": ("សុខា ច័ន្ទ", "គឹម រស្មី"),
    "Hangul": ("이복람 박소", "김 남궁"),
    "Han": ("文湃 佐々木 〇子", "李 欧阳 髙橋"),
    "Kana": ("スミス・ジョー たかし", "ヶ文 タナカ"),
    "Ethiopic": ("አበቡ ሰላም", "ተስፋዩ ከበደ"),
}
PASTED = ("{}", "{}", "{}", "{}", "\u200e{}", "{}\u200f", "\ufeff{}", "{}\u00ad", "{}\u200b", " {} ", "\u202b{}\u202c")
AFTER = ("", "", "", "", "", " II", " 2nd", " Ⅲ", " Jr.", " @ Ali")


def invented(size: int) -> Iterator[tuple[str, str]]:
    """Yield a script and a name in it, as it is typed or pasted."""
    chance = random.Random(39)
    for number in range(size):
        script = list(PARTS)[number % len(PARTS)]
        given, surnames = (part.split() for part in PARTS[script])
        words = [chance.choice(given), chance.choice(surnames)]
        chance.shuffle(words)
        if words[0] in ("a/l", "Md.") and len(words[1]) < 3:
            words.reverse()
        glue = chance.choice((" ", " ", " ", "-", "  "))
        name = chance.choice(PASTED).format(glue.join(words))
        name += chance.choice(AFTER) if script == "Latin" else ""
        yield script, unicodedata.normalize("NFD", name) if chance.random() < 0.2 else name


def measure(what: str, names: list[tuple[str, str]]) -> list[Row]:
    """Return how many of a hundred are refused without a way on, how many mended, how many with joiners refused."""
    refused: Counter[str] = Counter()
    mended = joined = 0
    for script, name in names:
        try:
            read_name(name)
        except UnfitTextError as error:
            mended += bool(error.suggestion)
            refused[f"{script}: {error}"] += not error.suggestion
            joined += not error.suggestion and any(joiner in name for joiner in JOINERS)
    for reason, number in (+refused).most_common(5):
        print(f"{number} {reason}", file=sys.stderr)
    wrong, asked = (100 * number / max(len(names), 1) for number in (refused.total(), mended))
    return [
        row(f"names refused wrongly, {what}, %", wrong, bar=BAR, holds=wrong <= BAR),
        row(f"names asked about (did you mean), {what}, %", asked, holds=True),
        row(f"names with joiners refused, {what}", joined, bar=0, holds=joined == 0),
    ]


def main() -> None:
    """Run from the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure("invented, all scripts", list(invented(options.size)))
    for path in options.files:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows += measure(path.name, [(path.stem, line) for line in lines if line.strip()])
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


if __name__ == "__main__":
    main()
