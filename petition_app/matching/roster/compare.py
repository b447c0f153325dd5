"""Two bare names: may they be one person's?"""

from __future__ import annotations

from petition_app.matching.names.spelling import words
from petition_app.matching.roster.index import RosterIndex
from petition_app.matching.roster.types import Comparison, Entry, Match, Query

PRIOR = 2.0**-4  # As if one in sixteen pairs looked at were one person.


def compare_names(left: str, right: str) -> Comparison:
    """Return how sure it is that two names, in any order of words and any alphabet, are one person's."""
    return max((_compare(left, right), _compare(right, left)), key=lambda found: (found.score, len(found.rows)))


def _compare(left: str, right: str) -> Comparison:
    entries = [Entry("1", right, "")]
    if len(words(right)) == 1:
        entries.append(Entry("2", "", right))
    matches = [RosterIndex([entry]).match(Query(left), prior=PRIOR) for entry in entries]
    match = max(matches, key=_score)
    if not match.candidates:
        return Comparison("none", 0.0, ())
    best = match.candidates[0]
    return Comparison(match.verdict, best.score, best.rows)


def _score(match: Match) -> float:
    return match.candidates[0].score if match.candidates else float("-inf")
