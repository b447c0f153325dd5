"""What columns mean, and how names, days and words of consent are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.roster.rules import (
    UnfitCellError,
    person_key,
    read_cell,
    read_contact,
    read_truth,
    split_name,
)
from petition_app.tables.titles import ROSTER, guess_columns


@pytest.mark.parametrize(
    ("titles", "columns"),
    [
        (
            "id,surname,first_name,patronymic,council,term_from,term_to",
            "id,surname,given,patronymic,body,term_from,term_to",
        ),
        ("Full name,City,Position,Since,Until", "name,place,role,term_from,term_to"),
        ("Last name,First name,Middle name,Contact safe?", "surname,given,patronymic,contact_safe"),
        ("Surname,Name,E-mail", "surname,given,contact"),
        ("NAME,Phone number of the office,Shoe size", "name,contact,"),
        ("ФИО,Совет,Должность", "name,body,role"),
        ("Ф.И.О. депутата,Наименование совета,Избирательный округ", "name,body,place"),
        ("Фамилия,Имя,Отчество,МО,Место", "surname,given,patronymic,body,place"),
        ("Имя,Орган,с,по", "name,body,term_from,term_to"),
        (
            "Срок полномочий с,Срок полномочий по,Электронная почта,Можно писать?",
            "term_from,term_to,contact,contact_safe",
        ),
        ("Начало полномочий,Окончание полномочий,Телефон", "term_from,term_to,contact"),
        ("№,ФИО,ФИО полностью", "id,name,"),
        # EveryPolitician, Wikidata's query service, OpenSanctions.
        (
            "id,name,sort_name,email,group,group_id,area_id,area,chamber,term,start_date,end_date,image,gender",
            "id,name,,contact,,,,place,body,,term_from,term_to,,",
        ),
        ("personLabel,positionLabel,districtLabel,start,end", "name,role,place,term_from,term_to"),
        ("id,schema,name,aliases,birth_date,countries", "id,,name,,,"),
        ("id,caption,firstName,fatherName,lastName,position,startDate", "id,,given,patronymic,surname,role,term_from"),
        ("id,caption,periodStart,periodEnd", "id,name,term_from,term_to"),
        ("Last name,Second surname,First name,Chamber", "surname,second_surname,given,body"),
        ("№ п/п,ФИО", ",name"),
    ],
)
def test_columns_are_guessed_from_english_and_russian_titles(titles: str, columns: str) -> None:
    assert [guess.field for guess in guess_columns(titles.split(","), ROSTER)] == columns.split(",")


@given(st.lists(st.text(max_size=30), max_size=20))
def test_a_guess_names_each_field_at_most_once(titles: list[str]) -> None:
    guessed = [guess.field for guess in guess_columns(titles, ROSTER)]
    used = [field for field in guessed if field]
    assert len(guessed) == len(titles)
    assert len(set(used)) == len(used)
    assert set(used) <= set(ROSTER.fields)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Колчина Валентина Борисовна", ("Колчина", "Валентина", "Борисовна")),
        ("Валентина Борисовна Колчина", ("Колчина", "Валентина", "Борисовна")),
        ("Колчина Валентина", ("Колчина", "Валентина", "")),
        ("Колчина В.Б.", ("Колчина", "В.", "Б.")),
        ("Мамедов Али Гасан оглы", ("Мамедов", "Али", "Гасан оглы")),
        ("Ada Sample", ("Sample", "Ada", "")),
        ("Ada M. Sample", ("Sample", "Ada", "M.")),
        ("Sample, Ada M.", ("Sample", "Ada", "M.")),
        ("Sample, ", ("Sample", "", "")),
        ("Ада", ("Ада", "", "")),
        ("", ("", "", "")),
    ],
)
def test_a_whole_name_is_split(name: str, parts: tuple[str, str, str]) -> None:
    assert split_name(name) == parts


def test_whether_a_contact_is_safe_is_yes_no_or_not_known() -> None:
    assert [read_truth(word) for word in ("yes", "ДА", "1", "можно")] == [True] * 4
    assert [read_truth(word) for word in ("no", "Нет", "0", "нельзя")] == [False] * 4
    assert read_truth("") is None
    with pytest.raises(UnfitCellError):
        read_truth("perhaps")


def test_cells_that_hide_something_are_refused() -> None:
    assert read_cell("  Анна \n Мария ", 20) == "Анна Мария"
    for typed in ("Ada\u202eB", "Ad\u200ba", "Ada\x00", "x" * 21):
        with pytest.raises(UnfitCellError):
            read_cell(typed, 20)


def test_a_contact_is_an_address_or_whatever_else_is_written() -> None:
    assert read_contact("a.b@example.org") == "a.b@example.org"
    assert read_contact("+7 000 000-00-00") == "+7 000 000-00-00"
    for typed in ("a@b", "a b@example.org", "@example.org", "a@example..org"):
        with pytest.raises(UnfitCellError):
            read_contact(typed)


def test_a_person_without_an_id_is_known_by_name_body_and_place() -> None:
    key = person_key("Колчина Валентина Борисовна", "МО Берёзовое", "")
    assert len(key) == 64
    assert key == person_key("Валентина Борисовна  КОЛЧИНА", "МО Березовое", "")
    assert key != person_key("Колчина Валентина Борисовна", "", "МО Берёзовое")
    assert key != person_key("Колчина Валентина Борисовна", "МО Лесное", "")
