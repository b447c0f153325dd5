"""How common names and places are in a list, where a pair is looked at without the list: who shares a common one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from petition_app.matching.linkage.columns import Columns, Floats
from petition_app.matching.linkage.fellegi_sunter import Scale
from petition_app.matching.linkage.levels import COMPARISONS
from petition_app.matching.linkage.weights import ABSENT, EXACT, KNOWN_FORM, SIMILAR, Weights


@dataclass(frozen=True)
class Frequencies:
    """A list of `size` records, and by part and folded value the share of strangers who hold it (0-1).

    A value that is not there is held by nobody else that is known of.
    """

    size: int
    shares: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def share(self, part: str, value: str, weights: Weights) -> float:
        """Return how many of all strangers hold a value."""
        least = weights.shared.get(part, 1.0) / (self.size + weights.unseen.get(part, 0.0))
        return min(max(self.shares.get((part, value), 0.0), least), 1.0)

    def rescale(self, columns: Columns, scale: Scale, weights: Weights) -> Scale:
        """Return a pair's scale as it is among this list: what agrees exactly, what nearly, and the prior.

        What nearly agrees says no more than the commoner of the two values would, if it agreed: as many strangers do.
        """
        levels, exact = dict(scale.levels), {}
        for one, other in COMPARISONS:
            values = columns.parts[one].values
            rare = [
                1 / max(self.share(one, value, weights), self.share(other, value, weights)) for value in values.tolist()
            ]
            same = (weights.same[one][EXACT] + weights.same[other][EXACT]) / 2
            exact[one, other] = np.log2(same * np.array(rare, np.float64)) if rare else np.zeros(0)
            levels[one, other] = _capped(scale.levels[one, other], exact[one, other])
        people = max(self.size, 2)
        prior = float(np.log2(weights.copies * people / (people * (people - 1) / 2)))
        return replace(scale, levels=levels, exact=exact, prior=prior)


def _capped(levels: Floats, exact: Floats) -> Floats:
    if not len(exact):
        return levels
    near = [*range(SIMILAR, EXACT), KNOWN_FORM]
    capped = levels.copy()
    capped[near] = np.minimum(capped[near], exact.min())
    capped[ABSENT] = 0.0
    return capped
