"""Names of the world: marks belong to words, every school of Latin letters is read, parts are told only where known."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.matching import Entry, Match, Query, RosterIndex, phonetic_keys
from petition_app.matching.linkage.duplicates import Record, find_pairs
from petition_app.matching.names.folding import fold_letters, plain_words
from petition_app.matching.names.spelling import spellings, words
from petition_app.roster.rules import person_key, split_name
from petition_app.signatures.rules import fold_name
from petition_app.verification.matching_cases.measure import measure

REPORTS = Path(__file__).parents[1] / "data" / "reports"


def best(match: Match) -> str | None:
    return match.candidates[0].entry.name if match.candidates else None


# --- letters and marks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [("रीना", "रानी"), ("สุดา", "สีดา"), ("மீனா", "மானா"), ("မောင်", "မင်")])
def test_vowel_signs_tell_people_apart(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)
    assert person_key(one, "", "") != person_key(other, "", "")
    assert not set(spellings(words(one)[0].folded)) & set(spellings(words(other)[0].folded))
    assert len(words(one)) == len(plain_words(one)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كَمال", "كمال"),
        ("דָּוִד", "דוד"),
        ("علي", "علی"),
        ("رامـز", "رامز"),
        ("أسامة", "اسامه"),
        ("علی‌رضا", "علیرضا"),
        ("Γιώργης", "ΓΙΏΡΓΗΣ"),
        ("ᲑᲔᲠᲣᲚᲐᲕᲐᲫᲔ", "ბერულავაძე"),
        ("歐陽潤湃", "欧阳润湃"),
        ("髙橋", "高橋"),
        ("Мух1ажар", "Мухӏажар"),
    ],
)
def test_points_and_letters_of_other_keyboards_do_not(one: str, other: str) -> None:
    assert fold_letters(one) == fold_letters(other)
    assert person_key(one, "", "") == person_key(other, "", "")


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once_and_keys_follow_it(text: str) -> None:
    assert plain_words(" ".join(plain_words(text))) == plain_words(text)
    assert fold_name(fold_name(text)) == fold_name(text)
    assert isinstance(phonetic_keys(text), tuple)


# --- reports of people who do this ------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["marks", "apostrophes", "nicknames", "one-letter"])
def test_reported_signers_are_found_and_none_wrongly(folder: str) -> None:
    found = measure(REPORTS / f"match-{folder}")
    assert found.eligible_total == found.signatures
    assert found.eligible_top1 == 1.0
    assert found.strong_wrong == 0


def test_another_middle_name_is_at_most_possible() -> None:
    found = measure(REPORTS / "match-middle-name")
    assert (found.outsiders_total, found.strong_total) == (2, 0)


def test_every_pair_of_the_reported_duplicates_is_found_and_no_other() -> None:
    with (REPORTS / "duplicates-marks.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    records = [Record(f"{n:02}", row["name"], place=row["place"], mailbox=row["email"]) for n, row in enumerate(rows)]
    assert {(pair.left, pair.right) for pair in find_pairs(records)} == {
        (f"{n:02}", f"{n + 1:02}") for n in range(0, len(rows), 2)
    }


def test_a_mailbox_with_another_server_is_compared_where_nothing_else_is_alike() -> None:
    draw = random.Random(1)
    words = ["".join(draw.choices("abdegiklmnoprstuvz", k=7)).title() for _ in range(60)]
    others = [Record(f"{n}", f"{words[n]} {words[n + 20]}", place=words[n + 40]) for n in range(20)]
    one = Record("one", "", given="Darcie", place="Lyme", mailbox="djohnston@shaw-nguyen.example.org")
    other = Record("other", "", surname="Jhonston", mailbox="djohnston@shaw-nouyen.exampel.org")
    assert [(pair.left, pair.right) for pair in find_pairs([one, *others, other], at_least=0.1)] == [("one", "other")]


# --- schools of writing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "typed"),
    [
        ("Щёголев Хрущ", "Shhyogolev Xrushh"),  # GOST 7.79, system B.
        ("Цоев Чингиз", "Czoev Chingiz"),
        ("Юшин Яков", "Ûšin Âkov"),  # ISO 9, and system A.
        ("Щукин Эдуард", "Ŝukin Èduard"),
        ("Подъячев Игорь", "Pod\"yachev Igor'"),  # Passports of 1997.
        ("Гардзіевіч Сяржук", "Hardzievich Siarzhuk"),
        ("Гардзіевіч Сяржук", "Гардиевич Сергей"),
        ("Лукашонак Ціхан", "Lukashonak Tsikhan"),
        ("Şimşek Işıl", "Simsek Isil"),
        ("Müßlig Jörgel", "Muesslig Joergel"),
        ("Đorđević Đura", "Djordjevic Djura"),
        ("Őze Łucja", "Oze Lucja"),
        ("Cerny Josef", "Černý Josef"),
        ("Ευθυμίου Μπάμπης", "Efthymiou Babis"),
        ("ფირცხალავა ჭიჭიკო", "Pirtskhalava Chichiko"),
        ("כהן שרה", "Sara Cohen"),
        ("محمد حسن", "Hassan Mohamed"),
        ("علی‌رضا کاظم‌پور", "Ali Reza Kazempour"),
        ("शर्मा रीना", "Reena Sharma"),
        ("สมชาย ใจดี", "Somchai Jaidee"),
        ("박복람", "Bok-ram Park"),
        ("남궁복람", "Namgung Bokram"),
        ("曾文湃", "Zeng Wenpai"),
        ("欧阳文湃", "Ouyang Wen-pai"),
        ("たかはし ふみは", "Fumiha Takahashi"),
        ("田中太郎", "Tanaka Tarō"),
        ("佐々木 陽子", "Youko Sasaki"),
        ("髙橋健二", "Kenji Takahashi"),
        ("たなか たろう", "田中太郎"),
        ("Tamara Ben-Shaharoni", "תמרה בן־שחרוני"),
    ],
)
def test_one_person_is_found_across_schools_and_scripts(entry: str, typed: str) -> None:
    others = ("Соколов Пётр", "Cohen Miriam", "王小明", "김민수", "वर्मा सीता", "حسين خالد", "วิชัย มั่นคง", "Brown Ada")
    match = RosterIndex([Entry(str(n), name, "") for n, name in enumerate((entry, *others))]).match(Query(typed))
    assert best(match) == entry
    assert match.verdict in ("strong", "possible")


def test_a_last_u_of_malayalam_is_no_a() -> None:
    entries = [Entry("1", "ശോഭ കൃഷ്ണൻ", ""), Entry("2", "കൃഷ്ണൻ", "ഷിബു"), Entry("3", "ബാലൻ കുമാരി", "")]
    index = RosterIndex(entries)
    for typed, found in (("Shibu Krishnan", "2"), ("Shobha Krishnan", "1")):
        assert index.match(Query(typed)).candidates[0].entry.id == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("रीना शर्मा", "रानी शर्मा"),
        ("李文湃", "李文派"),
        ("สุดา ใจดี", "สีดา ใจดี"),
        ("Κούρτελος Ουράνης", "Κούρτελου Ουρανή"),
    ],
)
def test_people_whose_letters_differ_are_not_one(one: str, other: str) -> None:
    index = RosterIndex([Entry("1", one, ""), Entry("2", "Brown Ada", "")])
    assert index.match(Query(other)).verdict != "strong"
    assert best(RosterIndex([Entry("1", one, ""), Entry("2", other, "")]).match(Query(other))) == other


# --- how names are typed ----------------------------------------------------------------------------------------

PEOPLE = RosterIndex(
    [
        Entry("1", "Иванов", "Егор", "Петрович"),
        Entry("2", "Соколова", "Анна", "Ильинична"),
        Entry("3", "Smith", "John"),
        Entry("4", "Яковлев", "Олег"),
    ]
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("E. Ivanov", "Иванов Егор Петрович"),
        ("Y. Ivanov", "Иванов Егор Петрович"),
        ("А. Яковлев", "Яковлев Олег"),
        ("ИвановЕгор", "Иванов Егор Петрович"),
        ("ивановегор", "Иванов Егор Петрович"),
        ("JohnSmith", "Smith John"),
        ("Bdfyjd Tujh", "Иванов Егор Петрович"),
        ("Ыьшер Ощрт", "Smith John"),
        ("Кузькина Анна Ильинична", "Соколова Анна Ильинична"),
        ("Иванoв Eгop", "Иванов Егор Петрович"),
        ("Dr. John Smith", "Smith John"),
        ("Иванов Егор Петрович, к.ф.н.", "Иванов Егор Петрович"),
    ],
)
def test_slips_of_typing_still_find_the_person(typed: str, found: str) -> None:
    assert best(PEOPLE.match(Query(typed))) == found


# --- parts of whole names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Лев Ильич Рабинович", ("Рабинович", "Лев", "Ильич")),
        ("Рабинович Лев Ильич", ("Рабинович", "Лев", "Ильич")),
        ("Пётр Никитич Адамович", ("Адамович", "Пётр", "Никитич")),
        ("Адамович Пётр Лукич", ("Адамович", "Пётр", "Лукич")),
        ("Никита Кузьмич Зуйков", ("Зуйков", "Никита", "Кузьмич")),
        ("Фома Фомич Зуйков", ("Зуйков", "Фома", "Фомич")),
        ("Гардзіевіч Сяржук Алегавіч", ("Гардзіевіч", "Сяржук", "Алегавіч")),
        ("Быкава Алена Іванаўна", ("Быкава", "Алена", "Іванаўна")),
        ("Szymon de Lubicz", ("de Lubicz", "Szymon", "")),
        ("Anneka van der Velduin", ("van der Velduin", "Anneka", "")),
        ("LŒUVRAY-DUPRÉZ Zoé", ("LŒUVRAY-DUPRÉZ", "Zoé", "")),
        ("María José Garcés-Lorna y Núñoz", ("Garcés-Lorna y Núñoz", "María José", "")),
        ("П.С.Дорохин", ("Дорохин", "П.", "С.")),
        ("Anna O’Mallin", ("O’Mallin", "Anna", "")),
    ],
)
def test_a_whole_name_is_taken_apart_where_something_says_how(name: str, parts: tuple[str, str, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    "name",
    ["ბერულავაძე ნინია", "Ունանեցյան Հովնան", "Kovácsi Évike", "Nguyên Thị Hoà Ánh", "李文湃", "Алдияр Нұрбекұлы",
     "Anna “Nan” O’Mallin III"],
)  # fmt: skip
def test_a_whole_name_stays_whole_where_nothing_does_and_is_found_in_any_order(name: str) -> None:
    assert split_name(name) == (name, "", "")
    turned = " ".join(reversed(name.split()))
    index = RosterIndex([Entry("1", name, ""), Entry("2", "Brown Ada", "")])
    assert best(index.match(Query(turned))) == name
