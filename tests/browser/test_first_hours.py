"""Together the four first hours meet every pair of language, width and script."""

from __future__ import annotations

import itertools
from dataclasses import astuple

from tests.browser.first_hours import ALL, DEALS


def test_every_pair_of_language_width_and_script_is_walked() -> None:
    for first, second in itertools.combinations(range(3), 2):
        wanted = {(astuple(deal)[first], astuple(deal)[second]) for deal in ALL}
        assert {(astuple(deal)[first], astuple(deal)[second]) for deal in DEALS} == wanted
