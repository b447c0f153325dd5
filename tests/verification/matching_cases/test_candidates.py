"""The search for duplicates: what it finds where the truth is known, and what always holds."""

from __future__ import annotations

import importlib.util
import json
import sys
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petition_app.app import create_app
from petition_app.matching.linkage.duplicates import Pair, Record, cluster, columns_of, compare, find_pairs, scan
from petition_app.matching.linkage.weights import CHANCE, SAME, SWAPPED
from petition_app.verification.matching_cases.linkage_truth import NotLabelledError, measure, read_labelled

DATA = Path(__file__).parents[2] / "data" / "matching"
BENCH = Path(__file__).parents[3] / "bench" / "duplicates.py"

names = st.sampled_from(
    ["", "Иванов Иван Иванович", "Ivan Ivanov", "Мария Ким", "M. Kim", "Ли", "O'Neil Sean", "Пётр Жук", "Әлия Нұр"]
)
records = st.lists(
    st.builds(
        Record,
        id=st.just(""),
        name=names,
        place=st.sampled_from(["", "Riverside", "МО Речное"]),
        mailbox=st.sampled_from(["", "a@example.org", "b@example.org"]),
        entry=st.sampled_from(["", "R1", "R2"]),
    ),
    max_size=12,
).map(
    lambda made: [Record(str(n), one.name, "", "", one.place, "", one.mailbox, one.entry) for n, one in enumerate(made)]
)


def people(*extra: Record) -> list[Record]:
    """Return forty people who have nothing to do with each other, and more."""
    given_names = ["Анна", "Борис", "Вера", "Глеб", "Дина", "Егор", "Жанна", "Захар"]
    surnames = ["Крылатов", "Садовникова", "Богачёв", "Волошина", "Озеров"]
    places = ["Северное", "Речное", "Озёрное", "Каменка", "Песчаное"]
    crowd = [
        Record(
            f"s{i}",
            f"{given_names[i % 8]} {surnames[i % 5]}",
            place=places[i // 3 % 5],
            mailbox=f"p{i * 37}@example.org",
        )
        for i in range(40)
    ]
    return [*crowd, *extra]


def found(pairs: list[Pair]) -> set[frozenset[str]]:
    return {frozenset((pair.left, pair.right)) for pair in pairs}


@pytest.mark.parametrize(("file", "bar"), [("febrl3.csv", 0.94), ("fake_20000.csv", 0.80)])
def test_pairs_of_people_never_seen_before_are_found(file: str, bar: float) -> None:
    assert measure(DATA / file).f1 >= bar


def test_the_constants_are_those_of_the_first_two_lists(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("bench_duplicates", BENCH)
    assert spec
    assert spec.loader
    bench = importlib.util.module_from_spec(spec)
    path = list(sys.path)
    sys.path.insert(0, str(BENCH.parent))
    spec.loader.exec_module(bench)
    sys.path[:] = path
    bench.fit([DATA / "febrl1.csv", DATA / "febrl2.csv"])
    fitted: dict[str, object] = {}
    exec(capsys.readouterr().out, fitted)  # noqa: S102 - the printed constants are Python.
    assert fitted["SWAPPED"] == pytest.approx(SWAPPED, abs=0.001)
    for table, printed in ((SAME, fitted["SAME"]), (CHANCE, fitted["CHANCE"])):
        assert isinstance(printed, dict)
        for part, shares in printed.items():
            assert table[part] == pytest.approx(shares, abs=0.001)


@settings(max_examples=25, deadline=None)
@given(records)
def test_a_score_is_the_sum_of_its_rows(several: list[Record]) -> None:
    for pair in find_pairs(several, at_least=0.01):
        assert pair.score == pytest.approx(sum(row.bits for row in pair.rows))
        assert 0 <= pair.probability <= 1


@settings(max_examples=25, deadline=None)
@given(records)
def test_the_order_of_the_list_changes_nothing(several: list[Record]) -> None:
    there, back = find_pairs(several, at_least=0.01), find_pairs(several[::-1], at_least=0.01)
    chances = {frozenset((pair.left, pair.right)): pair.probability for pair in there}
    assert chances.keys() == found(back)
    for pair in back:
        assert pair.probability == pytest.approx(chances[frozenset((pair.left, pair.right))], abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(records)
def test_comparing_is_symmetric(several: list[Record]) -> None:
    for left, right in list(permutations(several, 2))[:6]:
        assert compare(left, right).score == pytest.approx(compare(right, left).score)


def test_a_record_pairs_with_its_own_copy_and_nobody_else() -> None:
    twice = people()
    twice.append(Record("copy", twice[7].name, place=twice[7].place, mailbox=twice[7].mailbox))
    assert found(find_pairs(twice)) == {frozenset(("s7", "copy"))}


@pytest.mark.parametrize(
    "other",
    [
        "Соболевская Ксения Юрьевна",
        "Ksenia Sobolevskaya",
        "SOBOLEVSKAIA KSENIIA YURIEVNA",
        "Соболевская К. Ю.",
        "Оксана Соболевская",
        "Ксения Соболевскоя",
    ],
)
def test_another_spelling_of_the_name_is_found(other: str) -> None:
    first = Record("first", "Ксения Юрьевна Соболевская", place="Каменка", mailbox="k@example.org")
    second = Record("second", other, place="Каменка", mailbox="other@example.org")
    assert frozenset(("first", "second")) in found(find_pairs(people(first, second)))


def test_swapped_names_are_found_and_said_to_be_swapped() -> None:
    first = Record("first", given="wilkins", surname="zane", place="coolaroo")
    second = Record("second", given="zane", surname="wilkins", place="coolaroo")
    pair = next(pair for pair in find_pairs(people(first, second)) if pair.left == "first")
    assert "swapped" in {row.relation for row in pair.rows}


def test_a_shared_mailbox_alone_does_not_make_a_family_one_person() -> None:
    wife = Record("wife", "Тамара Зимина", place="Каменка", mailbox="family@example.org")
    husband = Record("husband", "Никодим Погорелов", place="Каменка", mailbox="family@example.org")
    assert not cluster(find_pairs(people(wife, husband)))


def test_the_same_roster_entry_speaks_for_one_person() -> None:
    first, second = Record("1", "Т. Зимина"), Record("2", "Тамара Зимина")
    same = [Record(one.id, one.name, entry="R7") for one in (first, second)]
    different = [Record(one.id, one.name, entry=f"R{one.id}") for one in (first, second)]
    plain = compare(first, second, among=people()).score
    assert compare(*different, among=people()).score < plain < compare(*same, among=people()).score


def test_what_differs_is_shown_beside_what_agrees() -> None:
    left = Record("a", "Тамара Игоревна Зимина", place="Каменка", mailbox="a@example.org")
    right = Record("b", "Zimina Tamara", place="Речное")
    rows = {row.part: row.relation for row in compare(left, right, among=people()).rows}
    assert rows == {
        "given": "exact", "surname": "exact", "patronymic": "missing", "place": "different", "mailbox": "missing",
    }  # fmt: skip


def test_clusters_hold_together_by_sure_pairs_only() -> None:
    def pair(left: str, right: str, probability: float) -> Pair:
        return Pair(left, right, 0.0, probability, ())

    pairs = [pair("a", "b", 0.99), pair("b", "c", 0.96), pair("c", "d", 0.94), pair("e", "f", 1.0)]
    assert cluster(pairs) == [{"a", "b", "c"}, {"e", "f"}]


def test_copies_of_one_record_are_copies_of_each_other() -> None:
    whole = Record("whole", "Тамара Зимина", place="Каменка", mailbox="zimina.tamara@example.org")
    by_name = Record("name", "Тамара Зимина", place="Каменка")
    by_mail = Record("mail", "", place="", mailbox="zimina.tamara@example.org")
    third = [row for pair in find_pairs(people(whole, by_name, by_mail)) for row in pair.rows if row.part == "third"]
    assert [row.left for row in third] == ["whole"]


@pytest.mark.parametrize("several", [[], [Record("only", "Ли")], [Record("1"), Record("2")]])
def test_a_list_with_nothing_to_compare_has_no_pairs(several: list[Record]) -> None:
    assert find_pairs(several) == []
    assert len(scan(columns_of(several)).found) == 0


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    for content in (b"name,place\nA,B\n", b"\xff\xfe\x00", b""):
        file.write_bytes(content)
        with pytest.raises(NotLabelledError):
            read_labelled(file)


def test_the_command_prints_the_figures_of_each_file(tmp_path: Path) -> None:
    shell = create_app().test_cli_runner()
    answer = shell.invoke(args=["verification", "duplicates", str(DATA / "febrl1.csv"), "--json"])
    assert answer.exit_code == 0
    figures = json.loads(answer.stdout)
    assert figures["true_pairs"] == 500
    assert figures["files"][0]["file"] == "febrl1.csv"
    assert figures["f1"] >= 0.96
    refused = shell.invoke(args=["verification", "duplicates", str(tmp_path / "none.csv")])
    assert refused.exit_code == 1
    assert refused.stderr.splitlines()[-1].startswith("Error: none.csv")
