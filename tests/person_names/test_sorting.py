"""Names stand in the order of the language's alphabet, by a key that every database sorts alike."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.person_names.sorting import LONGEST_KEY, initial_of, sort_key

WORLD = json.loads((Path(__file__).parent.parent / "data" / "names_world.json").read_text())["names"]
# Languages whose alphabet is that of their script: no letter stands elsewhere than among all letters of it.
PLAIN = (
    "ru",
    "be",
    "en",
    "fr",
    "de",
    "it",
    "ca",
    "nl",
    "ga",
    "id",
    "ms",
    "pt",
    "az",
    "ka",
    "he",
    "el",
    "ar",
    "fa",
    "th",
    "ta",
    "ko",
    "am",
    "yo",
    "haw",
    "mn",
    "os",
    "tr",
)
ORDERS = [(each["language"], each["order"]) for each in WORLD if "order" in each and each["language"] in PLAIN]


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
    ],
)
def test_marked_letters_stand_beside_the_others_and_not_at_the_end(language: str, order: list[str]) -> None:
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


@given(st.text(max_size=240), st.sampled_from(["en", "ru"]))
def test_a_key_fits_its_column_and_is_the_same_for_signs_that_do_not_count(name: str, language: str) -> None:
    key = sort_key(name, language)
    assert len(key) <= LONGEST_KEY
    assert "\x00" not in key.replace("\ue000\x00", "")
    assert key == sort_key(f"\u200f{name}\u2019", language)
    assert len(initial_of(name, language)) <= 4


@given(
    st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=8),
    st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=8),
)
def test_capitals_decide_only_between_equals(one: str, other: str) -> None:
    if one.replace("ё", "е") != other.replace("ё", "е"):
        assert (sort_key(one, "ru") < sort_key(other, "ru")) is (sort_key(one.upper(), "ru") < sort_key(other, "ru"))
