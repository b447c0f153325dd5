"""A letter as it was written: its numbers stay its numbers, and nothing else gets through."""

from __future__ import annotations

import re

import pytest

from petition_app.petitions.rules import render_text


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1. We demand.\n\nBecause.\n\n2. We ask.\n\nFor.\n\n3. We hope.", [1, 2, 3]),
        ("19. Juni 1953 war ein Freitag.", [19]),
        ("7) Seven\n8) Eight", [7]),
        ("0. Nothing", [0]),
        ("1. One\n\n   3. Three in it", [1, 3]),
    ],
)
def test_a_numbered_list_begins_with_its_own_number(text: str, numbers: list[int]) -> None:
    shown = render_text(text)
    assert [int(start or 1) for start in re.findall(r'<ol(?: start="(\d+)")?>', shown)] == numbers


def test_no_other_attribute_gets_through() -> None:
    text = '<ol start="3" onclick="x()" type="i"><li value="9">a</li></ol>\n\n- [a](javascript:x "t")'
    assert not re.search(r"<ol|<li \w|<a", render_text(text))
