"""What a sample says: the worked examples to the printed digit, the bounds against enumeration, refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.estimation.bounds import ContradictionError, check_breakdown, recheck
from petition_app.estimation.methods import make_estimate
from petition_app.estimation.state_rules import california, colorado, oregon, washington
from tests.conftest import DATA, settings_for, start_app, stop_app

CASES = json.loads((DATA / "sampling.json").read_text())


def cases(rule: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = CASES[rule]["cases"]
    return found


# --- California ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("california"))
def test_california_reproduces_its_example_to_the_digit(case: dict[str, Any]) -> None:
    figures = california(**{name: case[name] for name in ("raw", "sample", "valid", "duplicates")}).as_json()
    for name in ("rate", "uncorrected", "A", "weight", "correction", "result"):
        assert figures[name] == case[name], name
    assert (figures["valid_total"], figures["decision"]) == (15028, None)


@pytest.mark.parametrize(
    ("required", "decision"),
    [
        (15028, "full count"), (16000, "fails"), (13000, "qualifies"),
        (15819, "fails"), (15818, "full count"), (13662, "full count"), (13661, "qualifies"),
    ],
)  # fmt: skip
def test_california_compares_with_95_and_110_percent(required: int, decision: str) -> None:
    assert california(raw=24034, sample=722, valid=516, duplicates=2, required=required).decision == decision


def test_california_counts_in_full_at_exactly_95_and_110_percent() -> None:
    # 10,000 signatures, half of the sample valid, no repeats: exactly 5,000 are estimated.
    half = {"raw": 10_000, "sample": 500, "valid": 250, "duplicates": 0}
    assert california(**half).valid_total == 5000
    nearly = {**half, "valid": 475, "raw": 10_000}
    assert california(**nearly, required=10_000).decision == "full count"  # 9,500 are exactly 95 %.
    assert california(**nearly, required=10_001).decision == "fails"
    more = {**half, "valid": 440}
    assert california(**more, required=8_000).decision == "full count"  # 8,800 are exactly 110 %.
    assert california(**more, required=7_999).decision == "qualifies"


def test_california_takes_nothing_off_without_repeats() -> None:
    plain = california(raw=24034, sample=722, valid=516, duplicates=0)
    assert (plain.correction, plain.result, plain.weight) == (0, 17178, "1074.8095")


def test_california_projects_nothing_where_every_signature_was_checked() -> None:
    # 516 of 722 are 71.47 %, which rounded up would make 517 out of 516.
    full = california(raw=722, sample=722, valid=516, duplicates=2, required=516)
    assert (full.valid_total, full.A, full.weight, full.correction) == (516, "1.0000", "0.0000", 0)
    assert full.decision == "qualifies"
    assert california(raw=722, sample=722, valid=516, duplicates=2, required=517).decision == "fails"


# --- Oregon -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("oregon"))
def test_oregon_reproduces_its_example_to_the_digit(case: dict[str, Any]) -> None:
    found = oregon(stage=case["stage"], raw=case["N"], sample=case["n"], valid=case["valid"], required=case["required"])
    assert (found.result, found.valid_total, found.decision) == (case["result"], case["result"], case["decision"])


def test_oregons_first_stage_never_refuses_and_the_second_may() -> None:
    whole = {"raw": 152127, "required": 110_000}
    assert oregon(stage=1, sample=1000, valid=768, **whole).decision == "second sample"
    assert oregon(stage=1, sample=1000, valid=0, **whole).decision == "second sample"
    assert oregon(stage=2, sample=7606, valid=5841, duplicates=20, **whole).decision == "fails"
    assert oregon(stage=2, sample=7606, valid=5841, duplicates=0, **whole).decision == "qualifies"


def test_oregon_decides_at_the_required_number_itself() -> None:
    first = {"stage": 1, "raw": 152127, "sample": 1000, "valid": 768}
    assert oregon(**first, required=101_332).decision == "qualifies"
    assert oregon(**first, required=101_333).decision == "second sample"


def test_oregons_second_stage_takes_a_pair_for_about_400_signatures() -> None:
    second = {"stage": 2, "raw": 152127, "sample": 7606, "valid": 5841}
    without, with_one = (oregon(**second, duplicates=pairs).result for pairs in (0, 1))
    assert without == 152127 * 5841 // 7606
    assert 399 <= without - with_one <= 401


def test_oregons_second_stage_is_exact_where_every_signature_was_checked() -> None:
    assert oregon(stage=2, raw=5000, sample=5000, valid=4000, duplicates=30).valid_total == 3970


# --- Washington ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("washington"))
def test_washington_reproduces_its_example_to_the_digit(case: dict[str, Any]) -> None:
    found = washington(
        raw=case["N"],
        sample=case["n"],
        invalid=case["invalid"],
        duplicates=case["pairs"],
        required=case["required"],
    )
    for name in ("allowed_pairs", "error_rate", "decision"):
        assert getattr(found, name) == case[name], name


def test_washington_allows_as_many_pairs_as_it_says_and_not_one_more() -> None:
    known = {"raw": 361339, "sample": 11035, "invalid": 1314, "required": 241153}
    assert washington(**known, duplicates=56).decision == "qualifies"
    assert washington(**known, duplicates=57).decision == "full count"


@pytest.mark.parametrize("required", [316531, 316532, 400_000])
def test_washington_may_allow_no_pairs_at_all(required: int) -> None:
    found = washington(raw=361339, sample=11035, invalid=1314, duplicates=0, required=required)
    assert (found.allowed_pairs, found.decision) == (None, "full count")


def test_washington_counts_where_every_signature_was_checked() -> None:
    full = {"raw": 1000, "sample": 1000, "invalid": 90, "duplicates": 10}
    assert washington(**full, required=900).valid_total == 900
    assert washington(**full, required=900).decision == "qualifies"
    assert washington(**full, required=901).decision == "fails"


def test_washington_expects_all_to_be_well_where_nothing_is_invalid() -> None:
    found = washington(raw=300_000, sample=9000, invalid=0, duplicates=0, required=200_000)
    assert (found.error_rate, found.valid_total, found.decision) == ("0.00%", 300_000, "qualifies")
    assert found.expected_pairs == "90.00"
    assert found.allowed_pairs == 74  # 90 - 1.65·√90 = 74.35.


# --- Colorado -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("colorado"), ids=lambda case: case["name"])
def test_colorado_reproduces_its_examples_to_the_digit(case: dict[str, Any]) -> None:
    found = colorado(raw=case["N"], sample=case["n"], valid=case["accepted"], required=case["required"])
    for name in ("projected", "percent", "decision"):
        assert getattr(found, name) == case[name], name


@pytest.mark.parametrize(
    ("valid", "decision"),
    [(3600, "insufficient"), (3601, "line by line"), (4399, "line by line"), (4400, "sufficient")],
)
def test_colorado_decides_at_exactly_90_and_110_percent(valid: int, decision: str) -> None:
    assert colorado(raw=100_000, sample=5000, valid=valid, required=80_000).decision == decision


def test_colorado_decides_before_it_rounds() -> None:
    barely = colorado(raw=1_000_000, sample=50_000, valid=45_001, required=1_000_000)
    assert (barely.percent, barely.decision) == (90.0, "line by line")


def test_colorado_counts_where_every_signature_was_checked() -> None:
    assert colorado(raw=5000, sample=5000, valid=4600, required=4600).decision == "sufficient"
    assert colorado(raw=5000, sample=5000, valid=4599, required=4600).decision == "insufficient"


# --- the re-check -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("recheck"))
def test_the_recheck_reproduces_its_example(case: dict[str, Any]) -> None:
    found = recheck(raw=case["N"], sample=case["n"], wrong=case["wrong"])
    assert found.at_least_right == case["at_least_right"]
    assert found.explanation == "84 verified, 20 re-checked, none wrong: at least 74 are right."


def chance_of_so_few(raw: int, sample: int, wrong: int, errors: int) -> Fraction:
    """Draw every possible sample and count those with so few errors."""
    drawn = [sum(member < errors for member in group) for group in combinations(range(raw), sample)]
    return Fraction(sum(seen <= wrong for seen in drawn), len(drawn))


@given(st.integers(1, 10).flatmap(lambda raw: st.tuples(st.just(raw), st.integers(0, raw))), st.data())
def test_the_bound_is_what_enumerating_every_sample_gives(sizes: tuple[int, int], data: Any) -> None:
    raw, sample = sizes
    wrong = data.draw(st.integers(0, sample))
    possible = range(wrong, raw - sample + wrong + 1)
    plausible = [errors for errors in possible if chance_of_so_few(raw, sample, wrong, errors) > Fraction(1, 20)]
    assert recheck(raw=raw, sample=sample, wrong=wrong).at_most_wrong == max(plausible)


@given(st.integers(1, 60), st.data())
def test_the_truth_lies_above_the_bound_in_95_of_100_samples(raw: int, data: Any) -> None:
    sample, errors = data.draw(st.integers(1, raw)), data.draw(st.integers(0, raw))
    missed = sum(
        comb(errors, seen) * comb(raw - errors, sample - seen)
        for seen in range(max(0, sample - raw + errors), min(sample, errors) + 1)
        if recheck(raw=raw, sample=sample, wrong=seen).at_most_wrong < errors
    )
    assert Fraction(missed, comb(raw, sample)) <= Fraction(1, 20)


@given(st.integers(2, 400), st.data())
def test_more_looking_never_lowers_the_bound_and_more_errors_never_raise_it(raw: int, data: Any) -> None:
    sample = data.draw(st.integers(1, raw - 1))
    wrong = data.draw(st.integers(0, sample))
    here = recheck(raw=raw, sample=sample, wrong=wrong).at_least_right
    assert recheck(raw=raw, sample=sample + 1, wrong=wrong).at_least_right >= here
    assert recheck(raw=raw, sample=sample + 1, wrong=wrong + 1).at_least_right <= here
    assert sample - wrong <= here <= raw - wrong


@pytest.mark.parametrize("wrong", [0, 3, 84])
def test_who_looks_at_all_knows(wrong: int) -> None:
    assert recheck(raw=84, sample=84, wrong=wrong).at_least_right == 84 - wrong


def test_who_looks_at_none_knows_nothing() -> None:
    assert recheck(raw=84, sample=0, wrong=0).at_least_right == 0


# --- refusals -----------------------------------------------------------------------------------------------------


def test_a_breakdown_that_does_not_add_up_is_refused() -> None:
    case = CASES["identity_violation"]
    with pytest.raises(ContradictionError, match="The reasons sum to 10574, but 10554 were rejected"):
        check_breakdown(**{name: case[name] for name in ("checked", "accepted", "rejected", "reasons")})
    mended = {**case["reasons"], "not_found": 8802}
    check_breakdown(checked=88191, accepted=77637, rejected=10554, reasons=mended)
    with pytest.raises(ContradictionError, match="sum to 88192, but 88191 were checked"):
        check_breakdown(checked=88191, accepted=77638, rejected=10554, reasons=mended)


@pytest.mark.parametrize(
    ("rule", "numbers"),
    [
        ("california", {"raw": 100, "sample": 10, "valid": 5}),
        ("california", {"raw": 100, "sample": 101, "valid": 5, "duplicates": 0}),
        ("california", {"raw": 100, "sample": 10, "valid": 11, "duplicates": 0}),
        ("california", {"raw": 100, "sample": 0, "valid": 0, "duplicates": 0}),
        ("california", {"raw": 100, "sample": 10, "valid": -1, "duplicates": 0}),
        ("california", {"raw": 100, "sample": 10, "valid": 5, "duplicates": 0, "required": 0}),
        ("california", {"raw": 100, "sample": 10, "valid": 5, "duplicates": 0, "wrong": 1}),
        ("oregon", {"raw": 100, "sample": 10, "valid": 5}),
        ("oregon", {"stage": 3, "raw": 100, "sample": 10, "valid": 5}),
        ("oregon", {"stage": 2, "raw": 100, "sample": 10, "valid": 5}),
        ("oregon", {"stage": 2, "raw": 100, "sample": 10, "valid": 5, "duplicates": 3}),
        ("oregon", {"stage": 1, "raw": 100, "sample": 1, "valid": 1}),
        ("washington", {"raw": 100, "sample": 10, "invalid": 5, "duplicates": 0}),
        ("washington", {"raw": 100, "sample": 10, "invalid": 5, "duplicates": 6, "required": 50}),
        ("colorado", {"raw": 100, "sample": 10, "valid": 5, "stage": 1}),
        ("colorado", {"raw": 100, "sample": 10, "valid": 5, "invalid": 6}),
        ("recheck", {"raw": 100, "sample": 10}),
        ("recheck", {"raw": 100, "sample": 10, "wrong": 11}),
        ("recheck", {"raw": 10, "sample": 11, "wrong": 0}),
        ("recheck", {"raw": 100_000, "sample": 10_001, "wrong": 0}),
    ],
)
def test_numbers_that_cannot_be_true_are_refused(rule: str, numbers: dict[str, int]) -> None:
    with pytest.raises(ContradictionError) as refused:
        make_estimate(rule, **numbers)
    assert "\n" not in str(refused.value)
    assert "%(" not in str(refused.value)


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def flask_command(tmp_path: Path) -> Any:
    """Call the command in an application whose database does not exist."""
    app = start_app(settings_for(tmp_path, f"sqlite:///{tmp_path / 'nowhere' / 'none.db'}"))

    def call(*words: object) -> Any:
        return app.test_cli_runner().invoke(args=["verification", "estimate", *(str(word) for word in words)])

    yield call
    stop_app(app)


COMMANDS = [
    ("california", "--raw 24034 --sample 722 --valid 516 --duplicates 2", cases("california")[0]),
    ("oregon", "--stage 1 --raw 152127 --sample 1000 --valid 768 --required 100840", cases("oregon")[0]),
    (
        "washington",
        "--raw 361339 --sample 11035 --invalid 1314 --duplicates 7 --required 241153",
        cases("washington")[0],
    ),
    ("colorado", "--raw 106119 --sample 5306 --valid 4290 --required 86105", cases("colorado")[0]),
    ("colorado", "--raw 163598 --sample 8180 --valid 4436 --required 86105", cases("colorado")[1]),
    ("recheck", "--raw 84 --sample 20 --wrong 0", cases("recheck")[0]),
]
PRINTED = (
    "rate", "uncorrected", "A", "weight", "correction", "result", "allowed_pairs", "error_rate", "projected",
    "percent", "at_least_right", "decision",
)  # fmt: skip


@pytest.mark.parametrize(("rule", "words", "case"), COMMANDS)
def test_the_command_prints_every_figure_of_the_worked_examples(
    flask_command: Any, rule: str, words: str, case: dict[str, Any]
) -> None:
    done = flask_command(rule, *words.split(), "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert {"valid_total", "allowed_pairs", "at_least_right", "decision"} <= set(figures)
    for name in PRINTED:
        if name in case:
            assert figures[name] == case[name], name


def test_the_command_says_in_a_sentence_what_the_numbers_mean(flask_command: Any) -> None:
    done = flask_command("recheck", "--raw", 84, "--sample", 20, "--wrong", 0)
    assert done.stdout.startswith("84 verified, 20 re-checked, none wrong: at least 74 are right.\n")
    done = flask_command("oregon", *COMMANDS[1][1].split())
    assert "an estimated 101332 of all are valid.\nThis is enough: the petition qualifies.\n" in done.stdout
    small = flask_command("colorado", "--raw", 100000, "--sample", 100, "--valid", 90)
    assert "The law asks for a sample of at least 5000." in small.stdout


@pytest.mark.parametrize("words", ["california --raw 100", "recheck --raw 10 --sample 11 --wrong 0 --json"])
def test_the_command_refuses_in_one_line(flask_command: Any, words: str) -> None:
    done = flask_command(*words.split())
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
