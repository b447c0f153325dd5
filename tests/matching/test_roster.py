"""Who on a roster may be the signer, and why: suggestions whose score is the sum of their evidence."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petition_app.matching import RELATIONS, VERDICTS, Entry, Match, Query, RosterIndex, compare_names, phonetic_keys
from petition_app.matching.names.spelling import consonant_key, fold, spellings, unmask, words

DATA = Path(__file__).parents[1] / "data"
PAIRS = json.loads((DATA / "names.json").read_text(encoding="utf-8"))


def roster() -> list[Entry]:
    with (DATA / "roster.csv").open(encoding="utf-8") as file:
        return [
            Entry(row["id"], row["surname"], row["first_name"], row["patronymic"], row["council"])
            for row in csv.DictReader(file)
        ]


ENTRIES = roster()
INDEX = RosterIndex(ENTRIES)
ABROAD = RosterIndex(
    [
        Entry("Ahm", "Ахмадуллина", "Гөлнара", "Рөстәм кызы", "Казань"),
        Entry("Ngu", "Nguyễn", "Thị Minh", "", "Hanoi"),
        Entry("Kim", "Ким", "Ен-Су"),
        Entry("Sal", "Салтыков-Петровский", "Илья", "Ильич"),
        Entry("Aub", "d'Aubigné", "Jean-Luc"),
        Entry("Ess", "фон Эссен", "Ирина"),
        Entry("Dju", "Ђурић", "Ђорђе"),
        Entry("Li", "Li", ""),
        Entry("She", "Шевченко", "Володимир", "Миколайович"),
        Entry("Byk", "Быкаў", "Уладзімір", "Іванавіч"),
        Entry("Dav", "Давиташвили", "Гиорги"),
        Entry("Nik", "Никифоров", "Айаал", "Сэмэнович"),
        Entry("Fom", "Фомич", "Василий", "Антонович"),
        Entry("Cel", "Çelik", "Ömer"),
        Entry("Ali", "Алиев", "Расим", "Мамед оглы"),
        Entry("Har", "Հարությունյան", "Արամ"),
    ]
)

people = st.sampled_from(ENTRIES)
places = st.sampled_from([*sorted({entry.body for entry in ENTRIES}), "", "МО Нигде", "Лесное"])
letters = st.text("абвгдеёжзиклмнопрстуфхцчшщыьэюя АБВИСЮ.-'abcdefz", max_size=30)


def best(match: Match) -> str | None:
    return match.candidates[0].entry.id if match.candidates else None


@pytest.mark.parametrize(("left", "right"), PAIRS["same_person"])
def test_names_of_one_person_are_at_least_possible(left: str, right: str) -> None:
    assert compare_names(left, right).verdict in ("strong", "possible")
    assert compare_names(right, left).verdict in ("strong", "possible")


@pytest.mark.parametrize(("left", "right"), PAIRS["different_people"])
def test_names_of_two_people_are_never_strong(left: str, right: str) -> None:
    assert compare_names(left, right).verdict != "strong"
    assert compare_names(right, left).verdict != "strong"


def test_a_whole_name_twice_is_strong() -> None:
    assert compare_names("Аксёнова Ирина Владимировна", "Irina Vladimirovna Aksyonova").verdict == "strong"


@pytest.mark.parametrize(
    "spelled",
    [
        "Аксёнов АКСЕНОВ Aksyonov Aksenov Aksionov Axionov Aksjonow",
        "Щёголев Shchegolev Schegolev Chtchegolev Ščegolev Schtschegolew Szczegolew",
        "Жуков Joukov Zhukov Žukov Schukow Żukow",
        "Хрущинский Chruschtschinskij Khrushchinskii Khrouchtchinski Chruščinskij",
        "Евгений Evgeny Yevgeniy Evgenii Jewgenij Evgueni Evgenij",
        "Юлия Julia Yuliya Iuliia Ioulia Julija",
        "Зайцев Zaytsev Zaitsev Zajcev Saizew Zaïtsev",
        "Пётр Petr Pyotr Piotr Pjotr",
        "Халилов Khalilov Xəlilov Chalilow Halilov",
    ],
)
def test_schools_of_transliteration_share_a_spelling(spelled: str) -> None:
    first, *others = [set(spellings(words(word)[0].folded)) for word in spelled.split()]
    assert all(first & other for other in others)


def test_look_alikes_of_the_other_alphabet_are_put_back() -> None:
    assert fold("Пeтpoвa") == "петрова"
    assert fold("Hoдopyнoв") == "нодорунов"
    assert unmask("Smirnоv") == "Smirnov"


def test_initials_and_fathers_names_are_told_from_words() -> None:
    assert [word.initial for word in words("М.И. Петрова")] == [True, True, False]
    assert [word.typed for word in words("Ахмадуллина Гөлнара Рөстәм кызы")][-1] == "Рөстәм кызы"


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("Golnara Akhmadullina", "Ahm"),
        ("Гульнара Рустамовна Ахмадуллина", "Ahm"),
        ("Nguyen Minh", "Ngu"),
        ("Nguyen Thi Minh", "Ngu"),
        ("Kim En Su", "Kim"),
        ("Ensu Kim", "Kim"),
        ("Салтыков Илья", "Sal"),
        ("Jean Luc Daubigne", "Aub"),
        ("Irina von Essen", "Ess"),
        ("Ирина Эссен", "Ess"),
        ("Djordje Djuric", "Dju"),
        ("Li", "Li"),
        ("Vladimir Shevchenko", "She"),
        ("Uladzimir Bykau", "Byk"),
        ("Быков Владимир Иванович", "Byk"),
        ("Георгий Давиташвили", "Dav"),
        ("Семёнович Айаал Никифоров", "Nik"),
        ("Василий Антонович Фомич", "Fom"),
        ("Omer Celik", "Cel"),
        ("Мамед оглы Расим Алиев", "Ali"),
        ("Rəsim Əliyev", "Ali"),
        ("Арам Арутюнян", "Har"),
    ],
)
def test_names_of_many_peoples_are_found(typed: str, entry: str) -> None:
    match = ABROAD.match(Query(typed))
    assert best(match) == entry
    assert match.verdict in ("strong", "possible")


@pytest.mark.parametrize(
    ("column", "typed"),
    [
        ("Иванов Сергей Петрович", "Sergey Ivanov"),
        ("Анна Ильинична Петрова", "Петрова Анна"),
        ("Sergey Kovalenko", "Коваленко Сергей"),
        ("Петров А. В.", "Андрей Владимирович Петров"),
        ("Ким Ен Су", "Kim En-Su"),
    ],
)
def test_a_roster_with_names_in_one_column_is_understood(column: str, typed: str) -> None:
    index = RosterIndex([Entry("1", column, ""), Entry("2", "Сидоров Пётр Ильич", "")])
    assert best(index.match(Query(typed))) == "1"


def test_namesakes_are_all_shown_and_never_strong_without_a_place() -> None:
    match = INDEX.match(Query("Исакова Ирина Михайловна"))
    assert match.verdict == "possible"
    assert match.fit == 2
    assert {each.entry.name for each in match.candidates[:2]} == {"Исакова Ирина Михайловна"}


def test_the_place_tells_namesakes_apart() -> None:
    match = INDEX.match(Query("Колчина Валентина Борисовна", place="Берёзовое"))
    assert (match.verdict, best(match)) == ("strong", "R0421")
    assert match.candidates[1].entry.name == "Колчина Валентина Борисовна"


def test_another_patronymic_speaks_against() -> None:
    entry = ENTRIES[0]
    match = INDEX.match(Query(f"{entry.surname} {entry.given} Аристарховна", place=entry.body))
    row = next(row for row in match.candidates[0].rows if row.part == "patronymic")
    assert row.relation == "different"
    assert row.bits < 0
    assert match.verdict != "strong"


def test_a_father_shared_by_brother_and_sister_does_not_make_them_one() -> None:
    index = RosterIndex([Entry("1", "Ким", "Саша", "Иванович"), *ENTRIES])
    assert index.match(Query("Ким Саша Ивановна")).verdict != "strong"


def test_a_term_that_does_not_cover_the_day_speaks_against() -> None:
    term = {"term_from": date(2019, 9, 8), "term_to": date(2022, 1, 1)}
    index = RosterIndex([Entry("1", "Жилин", "Олег", "Юрьевич", "МО Лесное", **term), *ENTRIES])  # type: ignore[arg-type] # Its terms.
    inside = index.match(Query("Жилин Олег Юрьевич", "МО Лесное", on=date(2021, 1, 1)))
    after = index.match(Query("Жилин Олег Юрьевич", "МО Лесное", on=date(2022, 9, 7)))
    assert (inside.verdict, best(inside)) == ("strong", "1")
    assert best(after) == "1"
    assert after.verdict != "strong"
    assert after.candidates[0].rows[-1].relation == "out_of_term"


def test_known_names_that_look_alike_are_different() -> None:
    index = RosterIndex([Entry("1", "Ким", "Александра", "", "МО Лесное"), *ENTRIES])
    row = next(row for row in index.match(Query("Ким Александр")).candidates[0].rows if row.part == "given")
    assert row.relation == "different"


def test_evidence_can_be_told_in_words() -> None:
    rows = {row.part: row for row in compare_names("Торстин Аксинья Юрьевна", "Ksenia Thorstein").rows}
    assert (rows["given"].relation, rows["surname"].relation) == ("known_form", "similar")
    assert 0.8 < rows["surname"].similarity < 1
    assert (rows["patronymic"].relation, rows["patronymic"].bits) == ("missing", 0.0)


def test_bare_initials_are_never_strong_by_themselves() -> None:
    index = RosterIndex([Entry("1", "Жилин", "Олег", "Юрьевич", "МО Лесное")])
    assert index.match(Query("Жилин О. Ю.")).verdict == "possible"
    assert INDEX.match(Query("Пыжов П. В.", "МО Красная Горка")).verdict == "strong"


@pytest.mark.parametrize(
    ("typed", "body", "verdict"),
    [
        ("Горбунова Л.", "МО Ямская Слобода", "strong"),
        ("Пыжев Павел", "МО Красная Горка", "strong"),
        ("Пыжоф П. В.", "МО Красная Горка", "possible"),
    ],
)
def test_a_surname_that_is_only_alike_asks_for_more_than_an_initial_does(typed: str, body: str, verdict: str) -> None:
    assert INDEX.match(Query(typed, body)).verdict == verdict


def test_nobody_is_found_where_there_is_nobody() -> None:
    assert RosterIndex([]).match(Query("Иванов Иван")) == Match("none", (), 0)
    assert INDEX.match(Query("")).verdict == "none"
    assert INDEX.match(Query("Зюзюкин Геннадий")).verdict == "none"
    assert len(INDEX) == len(ENTRIES)


def test_the_share_of_signers_on_the_roster_counts() -> None:
    query = Query("Denis Zolotarev")
    chances = [INDEX.match(query, prior=prior).candidates[0].probability for prior in (0.0, 0.01, 0.5, 0.99, 1.0)]
    assert chances == sorted(chances)
    assert chances[0] < 0.001


def test_similar_names_share_a_rough_key() -> None:
    for left, right in PAIRS["same_person"]:
        assert set(phonetic_keys(left)) & set(phonetic_keys(right))
    assert not set(phonetic_keys("Жуков Пётр")) & set(phonetic_keys("Смирнов Олег"))


@settings(max_examples=150, deadline=None)
@given(letters | people.map(lambda entry: entry.name), places)
def test_every_score_is_the_sum_of_its_rows(name: str, place: str) -> None:
    match = INDEX.match(Query(name, place))
    assert match.verdict in VERDICTS
    assert sum(each.probability for each in match.candidates) <= 1.000001
    assert [each.score for each in match.candidates] == sorted((each.score for each in match.candidates), reverse=True)
    for each in match.candidates:
        assert each.score == sum(row.bits for row in each.rows)
        assert {row.relation for row in each.rows} <= set(RELATIONS)


@settings(max_examples=80, deadline=None)
@given(people, places, st.permutations([0, 1, 2]), st.booleans())
def test_the_order_of_words_does_not_change_the_verdict(
    entry: Entry, place: str, order: list[int], father: bool
) -> None:
    parts = [entry.surname, entry.given, entry.patronymic]
    straight = INDEX.match(Query(" ".join(parts if father else parts[:2]), place))
    turned = INDEX.match(Query(" ".join(parts[at] for at in order if father or at < 2), place))
    assert (turned.verdict, turned.fit, best(turned)) == (straight.verdict, straight.fit, best(straight))


@settings(max_examples=80, deadline=None)
@given(people, places, st.sampled_from([str.upper, str.lower, lambda name: name.replace("ё", "е")]))
def test_capitals_and_yo_do_not_change_the_verdict(entry: Entry, place: str, change) -> None:  # type: ignore[no-untyped-def] # Of the strategy.
    straight, changed = INDEX.match(Query(entry.name, place)), INDEX.match(Query(change(entry.name), place))
    assert (changed.verdict, best(changed)) == (straight.verdict, best(straight))
    assert changed.candidates[0].score == straight.candidates[0].score


@settings(max_examples=40, deadline=None)
@given(people, st.sampled_from(["Зюзюкин", "Рабинович", "Чкония", "Smith"]), st.sampled_from(["Эраст", "Нонна"]))
def test_an_unrelated_entry_does_not_make_another_best(entry: Entry, surname: str, given_name: str) -> None:
    query = Query(f"{entry.given} {entry.surname}", entry.body)
    few = [each for each in ENTRIES[:60] if each != entry] + [entry]
    without = RosterIndex(few).match(query)
    with_one = RosterIndex([*few, Entry("new", surname, given_name)]).match(query)
    assert best(with_one) == best(without)


@given(letters)
def test_any_word_has_a_skeleton(text: str) -> None:
    for word in words(text):
        assert all(consonant_key(each) for each in spellings(word.folded))
