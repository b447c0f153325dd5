"""What follows from the decisions of several reviewers."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.verification.rules import VERDICTS, Verdict, effective_verdicts, outcome, was_contacted

ANN, BEN, CID = (UUID(int=number) for number in (1, 2, 3))
ORIGINAL, OTHER = UUID(int=10), UUID(int=11)


def says(
    reviewer: UUID,
    verdict: str = "verified",
    of: UUID | None = None,
    *,
    contact: str | None = None,
    back: UUID | None = None,
) -> Verdict:
    return Verdict(uuid4(), reviewer, verdict, of, contact, back)


verdicts = st.lists(
    st.builds(says, st.sampled_from([ANN, BEN, CID]), st.sampled_from(["verified", "rejected"])), max_size=6
)


def test_nobody_has_decided_where_nobody_spoke() -> None:
    assert outcome([], reviewers=1) is None


@pytest.mark.parametrize("reviewers", [1, 2, 3])
def test_as_many_reviewers_as_the_policy_asks_for_decide(reviewers: int) -> None:
    said = [says(who) for who in (ANN, BEN, CID)[:reviewers]]
    assert outcome(said, reviewers=reviewers) == ("verified", None)
    assert outcome(said[:-1], reviewers=reviewers) is None


def test_one_reviewer_has_one_voice_however_often_they_speak() -> None:
    assert outcome([says(ANN), says(ANN), says(ANN)], reviewers=2) is None


def test_where_two_differ_a_third_one_tips_the_scale() -> None:
    said = [says(ANN, "verified"), says(BEN, "rejected")]
    assert outcome(said, reviewers=2) is None
    assert outcome([*said, says(CID, "rejected")], reviewers=2) == ("rejected", None)


def test_duplicates_of_different_originals_do_not_agree() -> None:
    said = [says(ANN, "duplicate", ORIGINAL), says(BEN, "duplicate", OTHER)]
    assert outcome(said, reviewers=2) is None
    assert outcome([*said, says(CID, "duplicate", OTHER)], reviewers=2) == ("duplicate", OTHER)


@given(verdicts, st.integers(1, 3), st.randoms())
def test_the_order_of_reviewers_does_not_matter_until_they_agree(
    said: list[Verdict], reviewers: int, random: object
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # Hypothesis makes it.
    voices = {word: {v.reviewer for v in said if v.outcome == word} for word in VERDICTS}
    agreed = {word for word, who in voices.items() if len(who) >= reviewers}
    for order in (said, shuffled):
        result = outcome(order, reviewers=reviewers)
        assert (result is None) == (not agreed)
        assert result is None or result[0] in agreed
    if len(agreed) == 1:
        assert outcome(said, reviewers=reviewers) == outcome(shuffled, reviewers=reviewers)


@given(verdicts, st.integers(1, 3))
def test_a_reopened_case_begins_with_nothing(said: list[Verdict], reviewers: int) -> None:
    again = [*said, says(CID, "reopened")]
    assert effective_verdicts(again) == []
    assert outcome(again, reviewers=reviewers) is None
    if reviewers == 1:
        assert outcome([*again, says(ANN, "rejected")], reviewers=1) == ("rejected", None)


@given(verdicts.filter(bool), st.data())
def test_a_verdict_taken_back_is_as_if_never_given(said: list[Verdict], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(said))
    after = [*said, says(ANN, "undone", back=gone.id)]
    assert effective_verdicts(after) == [verdict for verdict in said if verdict.id != gone.id]


def test_contact_counts_only_while_its_verdict_stands() -> None:
    reached = says(ANN, contact="in_person")
    assert not was_contacted([says(ANN)])
    assert was_contacted([says(BEN), reached])
    assert not was_contacted([reached, says(BEN, "undone", back=reached.id)])
    assert not was_contacted([reached, says(BEN, "reopened")])
    assert not was_contacted([says(ANN, "rejected", contact="in_person")])
