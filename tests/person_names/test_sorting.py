"""Names stand in the order of the language's alphabet, by a key that every database sorts alike."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.person_names.sorting import LONGEST_KEY, initial_of, sort_key
from petition_app.person_names.tailorings import LANGUAGES

WORLD = json.loads((Path(__file__).parent.parent / "data" / "names_world.json").read_text())["names"]
# Two surnames with a space between them are one line to a list, so that the second counts before accents of the first.
SURNAMES = ("Roblés Lugor Mª José",)
ORDERS = [(each["language"], each["order"]) for each in WORLD if not {*SURNAMES} & {*each.get("order", SURNAMES)}]


@pytest.mark.parametrize(("language", "order"), ORDERS)
def test_names_of_the_world_stand_among_their_neighbours(language: str, order: list[str]) -> None:
    for turned in itertools.permutations(order):
        assert sorted(turned, key=lambda name: sort_key(name, language)) == order


@pytest.mark.parametrize(
    ("language", "order"),
    [
        ("ru", ["Галина", "Ґалина", "Ємець", "Жанна", "Иван", "Іван", "Йосиф", "Яна", "Ann"]),
        ("en", ["Éva", "Zoe", "Анна", "Яна"]),
        ("en", ["Cech", "Čech", "Cecha", "Dan", "Œuvray", "Ofer"]),
        ("ru", ["Ёлкин", "Ельцов", "Ехов"]),
        ("ru", ["Асан", "Әсел", "Баян", "Кайрат", "Қайрат", "Лев"]),
        # As ICU 77 sorts by CLDR 47.
        ("cs", ["Cuba Jan", "Čech Jan", "Dan Jan", "Hus Jan", "Chalupa Jan", "Ivan Jan", "Rys Jan", "Řehoř Jan"]),
        ("sk", ["Azyl Ján", "Äva Ján", "Bok Ján", "Hus Ján", "Chorý Ján", "Ozor Ján", "Ôsmy Ján", "Pes Ján"]),
        ("uk", ["Гук Ян", "Ґалич Ян", "Дуб Ян", "Ехо Ян", "Єва Ян", "Іщук Ян", "Їжак Ян", "Йова Ян", "Zapp Jan"]),
        ("be", ["Ехін Ян", "Ёлкін Ян", "Жук Ян", "Уша Ян", "Ўсен Ян", "Фін Ян"]),
        ("kk", ["Аян", "Әсел", "Баян", "Ғани", "Дана", "Ерлан", "Ёлка", "Қайрат", "Лаура", "Ұлан", "Үміт", "Фая"]),
        ("kk", ["Ыбырай", "Ілияс", "Эрик"]),
        ("sv", ["Yng Jan", "Zorn Jan", "Åberg Jan", "Ärling Jan", "Öberg Jan"]),
        ("fi", ["Virta Jan", "Wasa Jan", "Zorn Jan", "Åberg Jan", "Äijö Jan", "Öhman Jan"]),
        ("da", ["Zorn Jan", "Ærø Jan", "Øst Jan", "Aagaard Jan", "Åkær Jan"]),
        ("nb", ["Zorn Jan", "Ærø Jan", "Øst Jan", "Aaby Jan", "Åsen Jan"]),
        ("de", ["Ober Jan", "Öchsle Jan", "Ode Jan", "Zorn Jan"]),
        ("es", ["Nuza Ana", "Ñuflo Ana", "Oca Ana", "Peza Ana"]),
        ("pl", ["Lyk Jan", "Łaz Jan", "Mak Jan", "Zyl Jan", "Źreb Jan", "Żak Jan"]),
        ("az", ["Eyvaz", "Əsgər", "Fuad", "Həsən", "Xalid", "Isa", "İlqar", "Kamal", "Qurban", "Lalə"]),
        ("tr", ["Hınçer Can", "Isparta Can", "İnce Can", "Jale Can", "Suna Can", "Şen Can", "Tan Can"]),
        ("hu", ["Cuba Jan", "Csaba Jan", "Dan Jan", "Gyula Jan", "Hun Jan", "Szabó Jan", "Tar Jan", "Zsolt Jan"]),
        ("lt", ["Yla Jan", "Ivas Jan", "Iza Jan", "Jonas Jan", "Šatas Jan", "Tas Jan"]),
        ("et", ["Saar Jan", "Šuba Jan", "Zorn Jan", "Žuk Jan", "Tamm Jan", "Õun Jan", "Ülle Jan"]),
        ("vi", ["Dũng Y", "Đặng Y", "Êban Y", "Gia Y", "Hòa Y", "Hỏa Y", "Hõa Y", "Hóa Y", "Họa Y"]),
        ("fa", ["آبان", "ابراهیم", "پروانه", "تابان", "وحید", "هاشم", "یاسر", "Anna"]),
        ("hy", ["Սեդա", "Սևան", "Սերան"]),
        ("th", ["กมล", "เกษม", "ขวัญ", "แขก"]),
        ("zh", ["阿依古琳", "岑文湃", "查文湃", "李文湃", "欧阳润湃", "张文湃", "Anna"]),
        ("ja", ["Anna", "あき", "イチロー", "かおり", "ガク", "阿部", "伊藤", "佐藤"]),
        ("mk", ["Дан", "Ѓорѓи", "Ема", "Тан", "Ќемал", "Уна"]),
        ("uz", ["Olim", "Zafar", "Oʻktam", "O‘lmas", "Gʻani", "Shavkat", "Chori"]),
        ("br", ["Cuz", "Chal", "C’hwez", "Dan"]),
    ],
)
def test_names_stand_in_the_order_of_the_languages_alphabet(language: str, order: list[str]) -> None:
    assert sorted(set(order), key=lambda name: sort_key(name, language)) == order


@pytest.mark.parametrize(
    ("name", "initial"),
    [
        ("Ёлкина", "е"),
        ("Čech", "c"),
        ("Ґалич", "г"),
        ("Әсел", "ә"),
        ("’t Hartog", "t"),
        ("ʻAlohani", "a"),
        ("Øst", "o"),
        ("ᲜᲘᲜᲘᲐ", "ნ"),
        ("أسامة", "ا"),
        ("李文湃", "李"),
        ("「」", "#"),
        ("“Nan” Berg", "n"),
        ("Йосиф", "й"),
        ("Ệ", "e"),
        ("Ƃ", "ƃ"),
    ],
)
def test_a_name_is_found_under_its_first_letter(name: str, initial: str) -> None:
    assert initial_of(name, "en") == initial_of(name, "ru") == initial


@pytest.mark.parametrize(
    ("name", "language", "initial"),
    [
        ("Chalupa", "cs", "ch"),
        ("Čech", "cs", "č"),
        ("Ґалич", "uk", "ґ"),
        ("Žuk", "et", "ž"),
        ("Aagaard", "da", "å"),
        ("İnce", "tr", "i"),
        ("Ilıca", "tr", "ı"),
        ("Dzsida", "hu", "dzs"),
        ("เกษม", "th", "ก"),
    ],
)
def test_a_name_is_found_under_its_first_letter_in_a_language(name: str, language: str, initial: str) -> None:
    assert initial_of(name, language) == initial


@given(st.text(max_size=240), st.sampled_from(LANGUAGES))
def test_a_key_fits_its_column_and_is_the_same_for_signs_that_do_not_count(name: str, language: str) -> None:
    key = sort_key(name, language)
    assert len(key) <= LONGEST_KEY
    assert "\x00" not in key.replace("\ue000\x00", "")
    assert key == sort_key(f"\u200f{name}\u2019", language)
    assert len(initial_of(name, language)) <= 4
    assert "\ud800" not in "".join("\ud800" for sign in key if 0xD800 <= ord(sign) < 0xE000)


@given(
    st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=8),
    st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=8),
)
def test_capitals_decide_only_between_equals(one: str, other: str) -> None:
    if one.replace("ё", "е") != other.replace("ё", "е"):
        assert (sort_key(one, "ru") < sort_key(other, "ru")) is (sort_key(one.upper(), "ru") < sort_key(other, "ru"))
