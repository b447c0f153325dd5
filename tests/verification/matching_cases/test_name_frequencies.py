"""Pairs at the desk are ranked by how common names are in the petition's list: strangers who share one fall below."""

from __future__ import annotations

from secrets import token_hex
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.matching.linkage.duplicates import Frequencies, Record, compare
from petition_app.signatures import sealing
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.matching_cases import candidates, name_frequencies, pairs
from petition_app.verification.matching_cases.candidates import DuplicateCandidate
from petition_app.verification.matching_cases.name_frequencies import compare_within, part_of
from tests import factories as make
from tests.verification.bulk.test_services import admit_roster, match_all

NAMES = ("Иванов Иван", "Петрова Анна Сергеевна", "Anna Petrova", "Якушевич Ефросинья", "Иванова Иванна", "И. Иванов")
shares = st.floats(0.0001, 0.5)


def likely(one: Record, other: Record, **common: float) -> float:
    """Return how likely a pair is in a list of three thousand, with some shares of surname and given name."""
    held = {(part, value): share for part, share in common.items() for value in ("ivanov", "ivan", "kamenka")}
    return compare(one, other, frequencies=Frequencies(3_000, held)).probability


# --- the rule -----------------------------------------------------------------------------------------------------


def test_who_shares_a_common_name_is_a_stranger_and_who_shares_a_rare_one_is_not() -> None:
    one, other = Record("1", "Иванов Иван"), Record("2", "Иванов Иван")
    assert likely(one, other, surname=0.01, given=0.02) < 0.1
    assert likely(one, other, surname=0.0003, given=0.003) > 0.7
    apart = (Record("1", "Иванов Иван", place="Каменка"), Record("2", "Иванов Иван", place="Сосновое"))
    assert likely(*apart, surname=0.01, given=0.02) < 0.01
    same = (Record("1", "Иванов Иван", place="Каменка"), Record("2", "Иванов Иван", place="Каменка"))
    assert likely(*same, surname=0.01, given=0.02, place=0.002) > 0.8
    assert likely(*same, surname=0.01, given=0.02, place=0.9) < 0.2


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(NAMES), shares, shares, shares, st.integers(2, 10**6))
def test_commoner_is_never_likelier_and_the_order_of_the_two_changes_nothing(
    one: str, other: str, surname: float, given_name: float, more: float, size: int
) -> None:
    left, right = Record("1", one), Record("2", other)

    def chance(surname: float, given_name: float) -> float:
        values = ("ivanov", "ivan", "petrova", "anna", "ivanova")
        held = {("surname", value): surname for value in values} | {("given", value): given_name for value in values}
        there, back = (compare(*pair, frequencies=Frequencies(size, held)) for pair in ((left, right), (right, left)))
        assert there.score == pytest.approx(back.score)
        assert there.score == pytest.approx(sum(row.bits for row in there.rows))
        return there.probability

    assert chance(min(surname + more, 1.0), given_name) <= chance(surname, given_name) + 1e-9
    assert chance(surname, min(given_name + more, 1.0)) <= chance(surname, given_name) + 1e-9


@pytest.mark.parametrize(
    ("one", "other", "within"),
    [
        ("МО Каменка", "Депутат, МО Каменка", True),
        ("Deputy, Kamenka", "Каменка", True),
        ("Каменка", "Каменка", False),
        ("Омск", "Томск", False),
        ("Каменка", "Новая", False),
        ("МО", "МО Каменка", False),
        ("", "МО Каменка", False),
    ],
)
def test_a_place_is_part_of_another_by_whole_words(one: str, other: str, within: bool) -> None:
    assert part_of(one, other) is within
    assert part_of(other, one) is within


@pytest.mark.parametrize(
    ("here", "there", "like"),
    [
        ("МО Новое Приволье", "МО Южное Приволье", False),
        ("МО Садовое Заполье", "МО Садовое Подворье", False),
        ("журналист, МО Луговое Поле", "журналист, МО Степное Взморье", False),
        ("New Field, Kent", "New Hill, Kent", False),
        ("МО Садовое Заполье", "МО Садовое Запольё", True),
        ("МО Каменка", "МО Каменкка", True),
        ("Kamenka, Tver", "Каменка, Твер", True),
    ],
)
def test_places_are_told_apart_by_the_words_that_they_do_not_share(here: str, there: str, like: bool) -> None:
    one, other = Record("1", "Иванов Иван", place=here), Record("2", "Иванов Иван", place=there)
    for pair in ((one, other), (other, one)):
        (place,) = [row for row in compare_within(Frequencies(3_000), *pair).rows if row.part == "place"]
        assert (place.bits > 0) is like
        assert (place.left, place.right) == (pair[0].place, pair[1].place)


# --- at the desk --------------------------------------------------------------------------------------------------

COMMON = "Иванов Иван"
PLACES = ("Сосновое", "Озёрное", "Лесное", "Речное", "Песчаное", "Луговое", "Северное", "Горное", "Степное", "Заречное")


def seen_from(app: Any, case: UUID) -> list[DuplicateCandidate]:
    """Return the pairs that the desk shows with a case."""
    with make.acting(app):
        return candidates.list_candidates(db.session.get_one(Signature, case))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every list be one of three thousand."""
    monkeypatch.setattr(name_frequencies, "_size", lambda _petition: 3_000)


def signed(app: Any, world: make.World, *people: tuple[str, str]) -> list[UUID]:
    """Have people sign and be matched; return their cases."""
    boxes = (f"{token_hex(6)}@{token_hex(4)}.example.org" for _ in people)
    made = [
        make.make_signature(app, world.petition_id, name, place=place, email=box).id
        for (name, place), box in zip(people, boxes, strict=True)
    ]
    make.seal(app, world.petition_id, by=world.organizer)
    match_all(app, world)
    return made


@pytest.mark.standard("In a sealed petition the same pairs come from its notes.")
def test_the_same_person_comes_first_and_namesakes_of_other_places_are_faint(app: Any, large: None) -> None:
    world = make.make_world(app)
    people = [(COMMON, place) for place in PLACES[:7]]
    first, *_, twin = signed(app, world, *people, (COMMON, f"Депутат, {PLACES[0]}"))
    shown = seen_from(app, first)
    assert shown[0].id == twin
    assert not shown[0].faint
    assert [one.faint for one in shown[1:]] == [True] * 4
    (place,) = [row for row in shown[0].rows if row.part == "place"]
    assert (place.left, place.right, place.relation) == (PLACES[0], f"Депутат, {PLACES[0]}", "within")
    assert place.bits > 0


@pytest.mark.standard("In a sealed petition the same pairs come from its notes.")
def test_a_rare_name_signed_again_is_likely_whatever_the_place(app: Any, large: None) -> None:
    world = make.make_world(app)
    one, other, *_ = signed(app, world, ("Якушевич Ефросинья", "Сосновое"), ("Ефросинья Якушевич", ""))
    (shown,) = seen_from(app, one)
    assert shown.id == other
    assert not shown.faint


@pytest.mark.standard("In a sealed petition the same pairs come from its notes.")
def test_a_shared_mailbox_comes_before_any_name(app: Any, large: None) -> None:
    world = make.make_world(app)
    first = make.make_signature(app, world.petition_id, COMMON, place=PLACES[0], email="one@example.org").id
    shared = make.make_signature(app, world.petition_id, "Якушевич Вера", place="", email="one@example.org").id
    signed(app, world, *((COMMON, place) for place in PLACES[:6]))
    shown = seen_from(app, first)
    assert shown[0].id == shared
    assert shown[0].sure


@pytest.mark.standard("In a sealed petition the same pairs come from its notes.")
def test_namesakes_whom_the_roster_does_not_know_are_faint_all_the_same(app: Any, large: None) -> None:
    world = make.make_world(app, roster=True)
    admit_roster(app, world, ("Якушевич", "Ефросинья", "Павловна"))
    first, *_ = signed(app, world, *((COMMON, place) for place in PLACES[:6]))
    assert all(one.faint for one in seen_from(app, first))


@pytest.mark.everywhere
def test_where_a_roster_is_in_use_it_says_what_is_common(app: Any) -> None:
    common = [("Иванов", "Иван", f"{father}ович") for father in ("Пётр", "Иван", "Марк", "Олег", "Юр", "Фёдор")]
    rare = [("Якушевич", "Ефросинья", "Павловна")]
    world = make.make_world(app, roster=True)
    admit_roster(app, world, *common, *rare)
    with make.acting(app):
        petition = make.petition(world.petition_id)
        often = name_frequencies.frequencies_of(petition, "Иванов Иван", "").shares
        seldom = name_frequencies.frequencies_of(petition, "Якушевич Ефросинья", "").shares
    assert often["surname", "ivanov"] > 3 * min(share for (part, _), share in seldom.items() if part == "surname")


def test_a_run_notes_who_sounds_alike_where_the_name_is_rare_in_the_list(app: Any, large: None) -> None:
    world = make.make_sealed_world(app, reviewers=1, roster=True)
    fathers = ("Петрович", "Иванович", "Маркович", "Олегович", "Юрьевич", "Фёдорович")
    givens = ("Иван", "Пётр", "Марк", "Олег", "Юрий", "Фёдор", "Павел", "Семён", "Лев", "Борис", "Илья", "Глеб")
    admit_roster(app, world, *(("Иванов", given_name, father) for given_name in givens for father in fathers))
    rare = ("Якушевич Вера", "Vera Yakushevich")
    people = ((COMMON, PLACES[0]), ("Ivanov Ivan", PLACES[1]), *((name, PLACES[2]) for name in rare))
    ids = [make.make_signature(app, world.petition_id, name, place=place).id for name, place in people]
    make.seal(app, world.petition_id, by=world.organizer)
    with make.acting(app):
        pairs.catch_up(
            make.petition(world.petition_id), access=make.ACCESS, by=make.account(world.organizer), at=utcnow()
        )
        cases = [sealing.open_case(db.session.get_one(Signature, one)) for one in ids]
    alike = [[other for note in case if note.get("kind") == "alike" for other in note["others"]] for case in cases]
    assert alike == [[], [], [str(ids[3])], [str(ids[2])]]
