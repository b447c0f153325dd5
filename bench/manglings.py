"""How people type a name: schools of transliteration, order, short forms, slips."""

from __future__ import annotations

import random
from collections.abc import Callable

from roster_names import Person


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":", 1) for pair in text.split())


PLAIN = dict(zip("абвгдезиклмнопрстуф", "abvgdeziklmnoprstuf", strict=True))
ENGLISH = PLAIN | dict(
    zip("ёжйхцчшщъыьэюя", ["yo", "zh", "y", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"], strict=True)
)
PASSPORT = PLAIN | dict(
    zip("ёжйхцчшщъыьэюя", ["e", "zh", "i", "kh", "ts", "ch", "sh", "shch", "ie", "y", "", "e", "iu", "ia"], strict=True)
)
FRENCH = PLAIN | dict(
    zip("уёжйхцчшщъыьэюя", ["ou", "io", "j", "ï", "kh", "ts", "tch", "ch", "chtch", "", "y", "", "e", "iou", "ia"],
        strict=True)
)  # fmt: skip
GERMAN = PLAIN | dict(
    zip("взёжйхцчшщъыьэюя",
        ["w", "s", "jo", "sch", "j", "ch", "z", "tsch", "sch", "schtsch", "", "y", "", "e", "ju", "ja"],
        strict=True)
)  # fmt: skip
SCHOLARLY = PLAIN | dict(
    zip("ёжйхцчшщъыьэюя", ["ë", "ž", "j", "ch", "c", "č", "š", "šč", "", "y", "’", "ė", "ju", "ja"], strict=True)
)
POLISH = PLAIN | dict(
    zip(
        "вёжйхцчшщъыьэюя",
        ["w", "io", "ż", "j", "ch", "c", "cz", "sz", "szcz", "", "y", "", "e", "ju", "ja"],
        strict=True,
    )
)
VOWELS = "аеёиоуыэюяьъ"


def _letters(word: str, table: dict[str, str]) -> str:
    written = "".join(table.get(letter, letter) for letter in word.casefold())
    return "-".join(part[:1].upper() + part[1:] for part in written.split("-"))


def english(word: str, rng: random.Random) -> str:
    word = word.casefold()
    if word.endswith(("ий", "ый")):
        word = word[:-2] + rng.choice(["y", "iy", "i"])
    table = ENGLISH | {"ё": rng.choice(["yo", "e", "io"]), "ц": rng.choice(["ts", "ts", "tz"])}
    written = _letters(word, table).replace("ks", rng.choice(["ks", "x"]))
    if word[:1] == "е":
        written = rng.choice(["E", "Ye"]) + written[1:]
    return written.replace("iya", rng.choice(["iya", "ia"])).replace("ey", rng.choice(["ey", "ei"]))


def passport(word: str, rng: random.Random) -> str:
    return _letters(word, PASSPORT)


def french(word: str, rng: random.Random) -> str:
    written = _letters(word, FRENCH).replace("ks", rng.choice(["ks", "x"]))
    for vowel in "ei":
        written = written.replace(f"g{vowel}", f"gu{vowel}").replace(f"G{vowel}", f"Gu{vowel}")
    return written + "e" if written.endswith("in") else written


def german(word: str, rng: random.Random) -> str:
    word = word.casefold()
    out = []
    for place, letter in enumerate(word):
        before, after = word[place - 1 : place], word[place + 1 : place + 2]
        if letter == "с" and before and before in VOWELS and after and after in VOWELS:
            out.append("ss")
        elif letter == "е" and (not before or before in VOWELS) and rng.random() < 0.5:
            out.append("je")
        elif letter == "й" and before in ("и", "ы"):
            out.append("")
        else:
            out.append(GERMAN.get(letter, letter))
    written = "".join(out).replace("ks", "x")
    return written[:1].upper() + written[1:]


def scholarly(word: str, rng: random.Random) -> str:
    written = _letters(word, SCHOLARLY)
    return written if rng.random() < 0.6 else written.replace("’", "").replace("ė", "e").replace("ë", "e")


def polish(word: str, rng: random.Random) -> str:
    written = _letters(word, POLISH)
    return written[:-2] + "ski" if written.endswith("skij") else written


SCHOOLS: dict[str, Callable[[str, random.Random], str]] = {
    "english": english, "passport": passport, "french": french, "german": german, "scholarly": scholarly,
}  # fmt: skip

SHORT = _pairs(
    "Александр:Саша Алексей:Лёша Андрей:Андрюша Дмитрий:Дима Михаил:Миша Евгений:Женя Владимир:Володя Иван:Ваня "
    "Николай:Коля Максим:Макс Павел:Паша Юрий:Юра Илья:Илюша Константин:Костя Анатолий:Толя Виктор:Витя "
    "Василий:Вася Валерий:Валера Станислав:Стас Геннадий:Гена Григорий:Гриша Борис:Боря Леонид:Лёня Фёдор:Федя "
    "Пётр:Петя Степан:Стёпа Елена:Лена Ольга:Оля Наталья:Наташа Татьяна:Таня Анна:Аня Ирина:Ира Екатерина:Катя "
    "Светлана:Света Мария:Маша Анастасия:Настя Юлия:Юля Людмила:Люда Галина:Галя Надежда:Надя Валентина:Валя "
    "Любовь:Люба Дарья:Даша Виктория:Вика Александра:Саша Евгения:Женя Полина:Поля Елизавета:Лиза Маргарита:Рита "
    "Антонина:Тоня София:Соня"
)
UKRAINIAN = _pairs(
    "Александр:Олександр Алексей:Олексій Андрей:Андрій Дмитрий:Дмитро Михаил:Михайло Евгений:Євген "
    "Владимир:Володимир Николай:Микола Павел:Павло Игорь:Ігор Юрий:Юрій Сергей:Сергій Пётр:Петро Василий:Василь "
    "Кирилл:Кирило Никита:Микита Анатолий:Анатолій Виталий:Віталій Григорий:Григорій Фёдор:Федір Елена:Олена "
    "Наталья:Наталія Татьяна:Тетяна Анна:Ганна Ирина:Ірина Екатерина:Катерина Светлана:Світлана Мария:Марія "
    "Анастасия:Анастасія Юлия:Юлія Виктория:Вікторія Надежда:Надія Евгения:Євгенія Вера:Віра Дарья:Дарія"
)
BELARUSIAN = _pairs(
    "Александр:Aliaksandr Алексей:Aliaksei Андрей:Andrei Дмитрий:Dzmitry Михаил:Mikhail Евгений:Yauhen "
    "Владимир:Uladzimir Николай:Mikalai Павел:Pavel Игорь:Ihar Юрий:Yury Сергей:Siarhei Пётр:Piotr Василий:Vasil "
    "Кирилл:Kiryl Никита:Mikita Виталий:Vital Григорий:Ryhor Олег:Aleh Елена:Alena Наталья:Natallia "
    "Татьяна:Tatsiana Анна:Hanna Ирина:Iryna Екатерина:Katsiaryna Светлана:Sviatlana Ольга:Volha Мария:Maryia"
)
FOREIGN = _pairs(
    "Александр:Alexander Андрей:Andrew Михаил:Michael Николай:Nicholas Павел:Paul Пётр:Peter Георгий:George "
    "Константин:Constantine Евгений:Eugene Екатерина:Catherine Елена:Helen Мария:Mary Ксения:Xenia София:Sophia "
    "Анна:Anne Юлия:Julia Максим:Maxim Виктор:Victor Филипп:Philip"
)
LOOKS = str.maketrans("аеорсухАЕОРСТХМНВК", "aeopcyxAEOPCTXMHBK")
ALPHABET = "абвгдежзиклмнопрстуфхцчшщыюя"


def slip(word: str, rng: random.Random) -> str:
    """Return a word with one slip of the fingers behind its first letter."""
    place = rng.randrange(1, len(word) - 1)
    kind = rng.choice(["swap", "drop", "double", "other"])
    if kind == "swap":
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "drop":
        return word[:place] + word[place + 1 :]
    if kind == "double":
        return word[: place + 1] + word[place:]
    return word[:place] + rng.choice(ALPHABET) + word[place + 1 :]


def ordered(surname: str, *names: str, rng: random.Random) -> str:
    """Return a name with the surname first or last."""
    parts = [name for name in names if name]
    return " ".join([surname, *parts] if rng.random() < 0.5 else [*parts, surname])


def _latin(person: Person, rng: random.Random, school: str, *, full: bool) -> str:
    write = SCHOOLS[school]
    father = write(person.patronymic, rng) if full and person.patronymic else ""
    return ordered(write(person.surname, rng), write(person.given, rng), father, rng=rng)


def typed(person: Person, kind: str, rng: random.Random) -> str:
    """Return the person's name as somebody types it."""
    surname, given, father = person.surname, person.given, person.patronymic
    if kind.startswith("latin "):
        _, school, length = kind.split()
        return _latin(person, rng, school, full=length == "full")
    if kind == "initials":
        dots = f"{given[0]}. {father[0]}." if father else f"{given[0]}."
        dots = dots if rng.random() < 0.6 else dots.replace(" ", "")
        return ordered(surname, dots, rng=rng)
    if kind == "latin-initials":
        return ordered(english(surname, rng), f"{english(given, rng)[0]}.", rng=rng)
    if kind == "capitals":
        return f"{surname} {given} {father}".replace("ё", "е").strip().upper()
    if kind == "no yo":
        return f"{surname} {given} {father}".replace("ё", "е").strip()
    if kind == "short form":
        return ordered(surname, SHORT.get(given, given), rng=rng)
    if kind == "slip":
        return f"{slip(surname, rng)} {given} {father}".strip()
    if kind == "slip, short":
        return ordered(slip(surname, rng), given, rng=rng)
    if kind == "look-alikes":
        return " ".join(
            word.translate(LOOKS) if rng.random() < 0.4 else word for word in (surname, given, father) if word
        )
    if kind == "ukrainian":
        return ordered(surname.replace("ё", "ьо").replace("и", rng.choice("иі")), UKRAINIAN.get(given, given), rng=rng)
    if kind == "belarusian":
        body = surname.casefold().replace("г", "h").replace("ё", "io")
        last = english(body, rng)
        last = last[:-1] + "u" if last.endswith(("ov", "ev")) else last
        return ordered(last, BELARUSIAN.get(given, english(given, rng)), rng=rng)
    if kind == "foreign form":
        return ordered(english(surname, rng), FOREIGN.get(given, english(given, rng)), rng=rng)
    if kind == "polish":
        return ordered(polish(surname, rng), polish(given, rng), rng=rng)
    if kind == "short":
        return ordered(surname, given, rng=rng)
    return ordered(surname, given, father, rng=rng)


KINDS = {
    "full": 12, "short": 10, "capitals": 5, "no yo": 4, "initials": 8, "latin-initials": 3, "short form": 5, "slip": 7,
    "slip, short": 2, "look-alikes": 3, "ukrainian": 4, "belarusian": 3, "foreign form": 3, "polish": 2,
    "latin english full": 6, "latin english short": 5, "latin passport full": 5, "latin passport short": 4,
    "latin french full": 3, "latin french short": 2, "latin german full": 3, "latin german short": 2,
    "latin scholarly full": 3, "latin scholarly short": 2,
}  # fmt: skip
TWO_PARTS = (
    "short", "short form", "slip, short", "ukrainian", "belarusian", "foreign form", "polish", "latin english short",
    "latin passport short", "latin french short", "latin german short", "latin scholarly short",
)  # fmt: skip
