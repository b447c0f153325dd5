"""Invented people for benches: names as they are distributed, and how one name is typed in many ways.

The tables here are written apart from those of the application, so that a bench does not measure a table with itself.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, replace
from pathlib import Path

SURNAMES = Path(__file__).with_name("data") / "surnames.txt"

MEN = (
    "Александр 110 Сергей 85 Алексей 80 Андрей 75 Дмитрий 78 Михаил 55 Евгений 46 Владимир 62 Иван 50 Николай 45 "
    "Максим 40 Денис 34 Павел 36 Игорь 38 Юрий 36 Артём 33 Антон 30 Роман 34 Олег 33 Виктор 30 Илья 30 Константин 28 "
    "Кирилл 26 Никита 27 Анатолий 25 Виталий 20 Вячеслав 18 Василий 20 Валерий 19 Станислав 14 Геннадий 14 Вадим 15 "
    "Егор 13 Владислав 15 Григорий 11 Борис 10 Леонид 10 Фёдор 8 Георгий 9 Пётр 9 Тимур 7 Руслан 10 Ярослав 6 Эдуард 7 "
    "Валентин 6 Тимофей 5 Степан 5 Семён 5 Глеб 5 Марат 4 Ринат 3 Ильдар 3 Рустам 4 Арсений 4 Даниил 7 Матвей 4 Лев 4 "
    "Яков 2 Богдан 3 Герман 2 Захар 2 Родион 2 Савелий 1 Филипп 2 Марк 3 Аркадий 2 Всеволод 2 Святослав 1 Иннокентий 1"
)
WOMEN = (
    "Елена 100 Ольга 82 Наталья 80 Татьяна 75 Анна 70 Ирина 70 Екатерина 68 Светлана 55 Мария 55 Анастасия 55 Юлия 50 "
    "Людмила 38 Галина 35 Марина 34 Оксана 26 Надежда 26 Валентина 24 Любовь 22 Дарья 28 Виктория 26 Алина 18 "
    "Александра 22 Евгения 22 Ксения 18 Вера 16 Нина 16 Лариса 18 Тамара 10 Полина 17 Вероника 10 Кристина 16 Яна 9 "
    "Елизавета 15 Маргарита 10 Жанна 6 Инна 10 Алла 9 Зинаида 6 Раиса 6 Лидия 8 Антонина 7 Эльвира 5 Гульнара 4 "
    "София 10 Диана 7 Регина 3 Римма 3 Альбина 5 Лилия 6 Ульяна 4 Варвара 5 Алёна 7 Снежана 2 Анжелика 3 Эмма 1"
)
ABROAD_MEN = (
    "Арам Ашот Геворг Тигран Гиорги Давит Зураб Вахтанг Нурлан Ержан Айдар Фарид Эльдар Рашад Милош Душан Айаал Эрчим "
    "Магомед Шамиль Ахмед Хасан Умар Бахтиёр Рустем Равиль Камиль Азамат Тенгиз Саркис"
)
ABROAD_WOMEN = (
    "Ануш Асмик Гаяне Нино Кетеван Манана Айгуль Динара Лейла Севинч Милица Сардана Туйаара Патимат Аминат Зарема "
    "Гузель Алсу Айсылу Фатима Мадина Зухра Гузаль Шушаник"
)
STEMS = (
    "Баран Борис Вол Гавр Гнат Голуб Гор Гриш Гус Дан Дем Дорон Дьяк Ерм Жар Жил Журавл Зайц Захар Зуб Игнат Калин "
    "Карп Кис Климент Кобыл Козл Колес Комар Корн Корол Кот Кузн Кур Лап Лебед Лис Лук Макар Мельник Мерк Мирон Мок "
    "Мороз Мур Назар Ник Нос Овчар Орл Осип Павл Панкрат Пет Пирог Плотник Пономар Поп Потап Прохор Рыбак Рыж Савель "
    "Сад Сам Селез Сид Скворц Смирн Соболь Сокол Солов Сорок Степан Сух Тарас Терех Тит Тихон Ткач Трофим Туман Ус "
    "Фед Фил Фом Фрол Хар Харлам Хохл Цвет Чеб Чекал Черн Чиж Шаров Шаш Швец Шевел Шерст Шиш Шуб Щегл Щуч "
    "Юдин Юрк Язык "
    "Якуш Ярем Бахт Бик Гайн Габ Ибраг Исмаг Мухам Сафиул Хайр Шайх Аракел Бабадж Варт Григор Карапет Петрос"
)
ENDINGS_RUSSIAN = (
    "ов ев ин кин ицын ичев овский инский ников арев унов аев ухин ушкин онов ейкин ёнков ышев ёв аков ычев ыгин "
    "ильников овцев ащин анцев"
)
ENDINGS_ABROAD = "енко чук янко ишин уллин яев етдинов ян ашвили адзе оян ич юк овец аускас"
HEADS = "Ба Бо Ва Ве Го Да До За Зе Ка Ко Ку Ла Ло Ма Ме Му На Но Па По Ра Ро Са Се Со Та То Фи Ха Че Ша Ши"
MIDDLES = "бан верд гал дор жен зар кол лам мак нет пал рок сев тол фан хам цеп чал шал ден руб вил гур сим"
BODIES = "Северное Южное Лесное Озёрное Заречное Луговое Речное Горское Береговое Полевое Садовое Новое Старое Верхнее"
SECOND = "Поле Село Устье Взморье Займище Угодье Раздолье Подворье Предместье Заозёрье Приволье Заполье Межгорье"


@dataclass(frozen=True)
class Person:
    """An invented person: in Cyrillic as in a passport, with a body."""

    surname: str
    given: str
    patronymic: str
    body: str


class Population:
    """People drawn from one distribution, on the roster or not."""

    def __init__(self, seed: int, *, surnames: int = 34_000, bodies: int = 150) -> None:
        self.random = random.Random(seed)
        self.men, self.women = _weighted(MEN), _weighted(WOMEN)
        pool = self._pool(surnames)
        self.surnames = pool
        self.steps = list(itertools.accumulate(1 / (rank + 40) ** 0.82 for rank in range(len(pool))))
        pairs = [f"{one} {two}" for one in BODIES.split() for two in SECOND.split()]
        self.bodies = [f"МО {name}" for name in self.random.sample(pairs, bodies)]

    def _pool(self, size: int) -> list[str]:
        real = [line for line in SURNAMES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        russian = [stem + ending for stem in STEMS.split() for ending in ENDINGS_RUSSIAN.split()]
        abroad = [stem + ending for stem in STEMS.split() for ending in ENDINGS_ABROAD.split()]
        pool = list(dict.fromkeys((*real, *russian, *abroad)))
        made = [
            head + middle + ending
            for head in HEADS.split()
            for middle in MIDDLES.split()
            for ending in ENDINGS_RUSSIAN.split()
        ]
        self.random.shuffle(made)
        pool = list(dict.fromkeys((*pool, *made)))[:size]
        self.random.shuffle(pool)
        return pool

    def person(self) -> Person:
        """Return a person."""
        rng = self.random
        woman = rng.random() < 0.52
        surname = rng.choices(self.surnames, cum_weights=self.steps)[0]
        if rng.random() < 0.06:
            given = rng.choice((ABROAD_WOMEN if woman else ABROAD_MEN).split())
            patronymic = "" if rng.random() < 0.6 else patronymic_of(rng.choice(ABROAD_MEN.split()), woman=woman)
        else:
            names, steps = self.women if woman else self.men
            given = rng.choices(names, cum_weights=steps)[0]
            father = rng.choices(self.men[0], cum_weights=self.men[1])[0]
            patronymic = patronymic_of(father, woman=woman)
        return Person(feminine(surname) if woman else surname, given, patronymic, rng.choice(self.bodies))


def _weighted(text: str) -> tuple[list[str], list[int]]:
    words = text.split()
    return words[::2], list(itertools.accumulate(int(each) for each in words[1::2]))


def feminine(surname: str) -> str:
    """Return a surname as a woman bears it."""
    if surname.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return surname + "а"
    return surname[:-2] + "ая" if surname.endswith(("кий", "ый")) else surname


FATHERS = {
    "Илья": "Ильи", "Никита": "Никити", "Павел": "Павло", "Лев": "Льво", "Пётр": "Петро", "Яков": "Яковле",
    "Михаил": "Михайло", "Даниил": "Данило", "Савелий": "Савелье",
}  # fmt: skip


def patronymic_of(father: str, *, woman: bool) -> str:
    """Return the patronymic of a father's name."""
    if father in FATHERS:
        stem = FATHERS[father]
    elif father.endswith("ий"):
        stem = father[:-2] + ("ье" if father[-3] not in "рмл" or father.endswith("лий") else "ие")
    elif father.endswith(("й", "ь")):
        stem = father[:-1] + "е"
    elif father.endswith(("а", "я", "и", "у")):
        stem = father[:-1] + "о"
    else:
        stem = father + "о"
    if stem.endswith("и"):
        return stem + ("нична" if woman else "ч")
    return stem + ("вна" if woman else "вич")


def in_body(person: Person, body: str) -> Person:
    """Return the person with another body."""
    return replace(person, body=body)
