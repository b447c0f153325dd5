"""Names in comparison, mailboxes, the states, and publication on a condition."""

from __future__ import annotations

import itertools

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from petition_app.mailer.addresses import read_address
from petition_app.signatures import rules
from petition_app.signatures.rules import (
    MOVES,
    STATES,
    fold_mailbox,
    fold_name,
)


@given(st.text(alphabet="абвгдёжзЁ АБВ-'", min_size=1, max_size=60))
def test_folding_a_name_forgets_case_order_and_yo(name: str) -> None:
    turned = " ".join(reversed(name.split(" ")))
    assert fold_name(name) == fold_name(turned) == fold_name(name.upper()) == fold_name(name.replace("ё", "е"))


@given(st.emails())
def test_a_tag_and_capitals_lead_to_the_same_mailbox(address: str) -> None:
    local, _, domain = address.rpartition("@")
    plain = local.split("+")[0]
    assert fold_mailbox(f"{plain}@{domain}") == fold_mailbox(f" {plain}+tag@{domain}".swapcase())


# --- the states -------------------------------------------------------------------------------------------------

# Written down anew from the drawing of a signature's life, so that a change of either is seen.
ALLOWED = {
    ("unconfirmed", "received"),
    ("unconfirmed", "discarded"),
    ("received", "checking"),
    ("received", "withdrawn"),
    ("checking", "needs_info"),
    ("checking", "verified"),
    ("checking", "rejected"),
    ("checking", "duplicate"),
    ("checking", "withdrawn"),
    ("needs_info", "checking"),
    ("needs_info", "verified"),
    ("needs_info", "rejected"),
    ("needs_info", "duplicate"),
    ("needs_info", "withdrawn"),
    ("verified", "checking"),
    ("verified", "withdrawn"),
    ("verified", "retracted"),
    ("rejected", "checking"),
    ("duplicate", "checking"),
    ("retracted", "checking"),
}


def test_only_the_moves_of_the_drawing_are_allowed() -> None:
    assert {(state, to) for state in STATES for to in STATES if rules.may_move(state, to)} == ALLOWED


def test_nothing_leads_out_of_withdrawn_and_discarded() -> None:
    assert not MOVES["withdrawn"]
    assert not MOVES["discarded"]
    assert set(rules.LIVE) == {state for state in STATES if "withdrawn" in MOVES[state]}


# --- publish me once N others agree -----------------------------------------------------------------------------


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(0, 6))
def test_the_largest_set_in_which_every_condition_holds_is_found(conditions: list[int], unconditional: int) -> None:
    largest = unconditional
    for size in range(1, len(conditions) + 1):
        for chosen in itertools.combinations(conditions, size):
            together = unconditional + len(chosen)
            if all(needed <= together - 1 for needed in chosen):
                largest = max(largest, together)
    assert rules.publishable(conditions, unconditional=unconditional) == largest


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(0, 6))
def test_those_who_ask_for_fewer_than_the_size_are_exactly_the_set(conditions: list[int], unconditional: int) -> None:
    size = rules.publishable(conditions, unconditional=unconditional)
    named = [needed for needed in conditions if needed < size]
    assert len(named) + unconditional == size


LOCALS = st.one_of(
    st.from_regex(r"[A-Za-z0-9._+-]{0,70}", fullmatch=True), st.text(max_size=12), st.sampled_from(["вера", '"a b"'])
)
DOMAINS = st.one_of(
    st.sampled_from(
        ["example.org", "EXAMPLE.org", "пример.example.org", "localhost", "example", "[127.0.0.1]", "a..b"]
    ),
    st.from_regex(r"[a-z0-9.-]{0,40}\.org", fullmatch=True),
    st.text(max_size=12),
)


@given(
    local=LOCALS, at=st.sampled_from(["@", "@", "@", "", "@@", " @"]), domain=DOMAINS, around=st.sampled_from(["", " "])
)
def test_an_address_is_read_as_the_library_for_addresses_reads_it(
    local: str, at: str, domain: str, around: str
) -> None:
    typed = around + local + at + domain + around
    try:
        read = validate_email(typed.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        with pytest.raises(EmailNotValidError):
            read_address(typed)
    else:
        assert read_address(typed) == read
