"""How much agreement and difference weigh: constants set on people whose truth is known, FEBRL 1 and 2.

`bench/duplicates.py fit` prints them again from those two files. Parts that FEBRL does not have are beliefs and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEVELS = 8
"""Levels 0 to 4 by similarity, then the same, a known form of the same name, and an initial that fits."""
SIMILAR, EXACT, KNOWN_FORM, INITIAL, ABSENT = 3, 5, 6, 7, 8
"""From SIMILAR to EXACT a value is called similar; ABSENT weighs nothing."""

NAME_EDGES = (0.70, 0.78, 0.86, 0.93)
"""Jaro-Winkler similarities at which the levels of names and places begin."""
MAILBOX_EDGES = (0.60, 0.70, 0.80, 0.88)
"""Edits per letter: mailboxes are made from names, so that a common beginning says little."""

# Set on FEBRL 1 and 2, levels 0 to EXACT.
SAME = {
    "given": (0.125855, 0.001496, 0.003632, 0.036111, 0.106197, 0.726709),
    "surname": (0.085443, 0.001477, 0.012447, 0.051266, 0.167722, 0.681646),
    "place": (0.070586, 0.001475, 0.002739, 0.027181, 0.183102, 0.714918),
    "region": (0.036550, 0.001044, 0.003968, 0.002715, 0.001044, 0.954678),
}
CHANCE = {
    "given": (0.958165, 0.019614, 0.013382, 0.003154, 0.001627, 0.004060),
    "surname": (0.976845, 0.012888, 0.005415, 0.000801, 0.000462, 0.003590),
    "place": (0.982169, 0.012331, 0.003541, 0.000742, 0.000208, 0.001009),
    "region": (0.767498, 0.000355, 0.001209, 0.000119, 0.000497, 0.230323),
}
SWAPPED = 0.0764

# Beliefs: FEBRL has no such parts. Some people have two mailboxes; a father's name is rarely mistaken; the best roster
# entry may be another bearer of the name.
SAME |= {
    "patronymic": (0.04, 0.01, 0.01, 0.03, 0.10, 0.81),
    "mailbox": (0.25, 0.01, 0.02, 0.06, 0.12, 0.54),
    "entry": (0.10, 0.001, 0.001, 0.001, 0.001, 0.896),
}
CHANCE |= {
    "patronymic": (0.91, 0.03, 0.015, 0.01, 0.005, 0.03),
    "mailbox": (0.96, 0.03, 0.009, 0.0007, 0.0002, 0.0001),
    "entry": (0.986, 0.001, 0.001, 0.001, 0.001, 0.01),
}
FORMS = {"given": (0.03, 0.05), "patronymic": (0.01, 0.10)}
FORMS_BY_CHANCE = {"given": (0.0015, 0.004), "patronymic": (0.0005, 0.008)}
"""How often a known form, and an initial that fits, stand for the other name; one stranger's initial in 12 fits."""
RARE_FORMS = (0.001, 0.0005)


def _whole(
    levels: Mapping[str, tuple[float, ...]], forms: Mapping[str, tuple[float, ...]]
) -> dict[str, tuple[float, ...]]:
    """Return all levels of each part, with those that FEBRL cannot show."""
    return {part: shares + forms.get(part, RARE_FORMS) for part, shares in levels.items()}


@dataclass(frozen=True)
class Weights:
    """What is known before a list is looked at.

    `same` is how often each level occurs where two records are one person, `chance` where they are two; chance is worth
    `belief` observations and is moved by the list's own. `unseen` is how many people beyond the list speak for a
    value's being rare, `shared` how many strangers hold any value besides those counted. `copies` is the expected share
    of records that repeat another, worth `records` of the list's own.
    """

    same: dict[str, tuple[float, ...]] = field(default_factory=lambda: _whole(SAME, FORMS))
    chance: dict[str, tuple[float, ...]] = field(default_factory=lambda: _whole(CHANCE, FORMS_BY_CHANCE))
    swapped: float = SWAPPED
    belief: float = 2_000
    unseen: dict[str, float] = field(
        default_factory=lambda: {"given": 50, "surname": 500, "patronymic": 50, "mailbox": 5_000, "entry": 500}
    )
    shared: dict[str, float] = field(default_factory=lambda: {"mailbox": 0.1, "entry": 0.1})
    copies: float = 0.02
    records: float = 200


DEFAULT = Weights()
