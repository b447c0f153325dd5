"""What a sample says about the whole: the exact bound after a re-check, and what every estimate has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import comb
from typing import Any

from petition_app.errors import DomainError
from petition_app.i18n import N_

IMPLAUSIBLE = Fraction(5, 100)
LARGEST = 1_000_000_000
MOST_RECHECKED = 10_000
DIGITS = 60
CENT = Decimal("0.01")

DECISIONS = {
    "qualifies": N_("This is enough: the petition qualifies."),
    "fails": N_("This is not enough: the petition fails."),
    "full count": N_("The sample does not decide it: every signature has to be checked."),
    "second sample": N_("This is not enough, and the first sample may not refuse: a second, larger one is drawn."),
    "sufficient": N_("This is 110 percent of the required number or more: the petition is sufficient."),
    "insufficient": N_("This is 90 percent of the required number or less: the petition is insufficient."),
    "line by line": N_("This lies between 90 and 110 percent: every signature is checked, line by line."),
    "enough": N_("All were checked, and they are enough: the petition is sufficient."),
    "too few": N_("All were checked, and they are too few: the petition is insufficient."),
}

RECHECKED = {
    "none": N_("%(raw)s verified, %(sample)s re-checked, none wrong: at least %(at_least_right)s are right."),
    "some": N_("%(raw)s verified, %(sample)s re-checked, %(wrong)s wrong: at least %(at_least_right)s are right."),
}


class ContradictionError(DomainError):
    """The numbers given are too few, or cannot all be true; each case has a sentence of its own."""

    def __init__(self, message: str, **values: object) -> None:
        self.message = message
        super().__init__(**values)


@dataclass(frozen=True)
class Estimate:
    """A result: its figures as the rule prints them, and one sentence that says what it means."""

    def as_json(self) -> dict[str, Any]:
        """Return every figure; the four that each rule is asked for are there even where a rule has none."""
        return {"valid_total": None, "allowed_pairs": None, "at_least_right": None, "decision": None, **asdict(self)}

    @property
    def sentence(self) -> tuple[str, Mapping[str, object]]:
        """Return a translatable sentence and the values in it."""
        raise NotImplementedError

    @property
    def explanation(self) -> str:
        """Return the sentence in English."""
        message, values = self.sentence
        return message % values


@dataclass(frozen=True)
class StateEstimate(Estimate):
    """What the rules of states share: how many are estimated to be valid, and what follows.

    `sample_asked` is the smallest sample the law allows; `decision` is nothing where no number was required.
    """

    raw: int
    sample: int
    valid_total: int
    decision: str | None
    sample_asked: int

    @property
    def sentence(self) -> tuple[str, Mapping[str, object]]:
        """Return the estimate in one sentence; what follows from it is said by `DECISIONS`."""
        if self.sample == self.raw:
            return N_("All %(raw)s signatures were checked, and %(valid_total)s of them are valid."), asdict(self)
        return N_(
            "A sample of %(sample)s of %(raw)s signatures was checked; an estimated %(valid_total)s of all are valid."
        ), asdict(self)

    @property
    def verdict(self) -> str:
        """Return the translatable sentence about the decision, empty where no number was required."""
        if self.decision is None:
            return ""
        if self.sample == self.raw and self.decision in ("sufficient", "insufficient"):
            return DECISIONS["enough" if self.decision == "sufficient" else "too few"]
        return DECISIONS[self.decision]


# --- checks -----------------------------------------------------------------------------------------------------


def check_counts(**counts: int) -> None:
    """Refuse a count that is negative or beyond all petitions. Raises: ContradictionError."""
    for count in counts.values():
        if not 0 <= count <= LARGEST:
            raise ContradictionError(N_("%(count)s is not a number of signatures."), count=count)


def check_sample(*, raw: int, sample: int, **parts: int) -> None:
    """Refuse a sample that is empty or larger than the whole, and parts of it that are larger than the sample.

    Raises:
        ContradictionError
    """
    check_counts(raw=raw, sample=sample, **parts)
    if sample == 0:
        raise ContradictionError(N_("The sample is empty."))
    if sample > raw:
        raise ContradictionError(N_("A sample of %(sample)s cannot come from %(raw)s."), sample=sample, raw=raw)
    for part in parts.values():
        if part > sample:
            raise ContradictionError(N_("%(part)s do not fit into a sample of %(sample)s."), part=part, sample=sample)


def check_breakdown(*, checked: int, accepted: int, rejected: int, reasons: Mapping[str, int] | None = None) -> None:
    """Refuse a breakdown that does not add up: accepted and rejected are all, and the reasons are all rejected.

    Raises:
        ContradictionError: it says which sum is wrong.
    """
    check_counts(checked=checked, accepted=accepted, rejected=rejected, **(reasons or {}))
    if accepted + rejected != checked:
        raise ContradictionError(
            N_("Accepted and rejected sum to %(total)s, but %(checked)s were checked."),
            total=accepted + rejected,
            checked=checked,
        )
    if reasons is not None and sum(reasons.values()) != rejected:
        raise ContradictionError(
            N_("The reasons sum to %(total)s, but %(rejected)s were rejected."),
            total=sum(reasons.values()),
            rejected=rejected,
        )


def check_required(required: int | None) -> None:
    """Refuse a required number that is none. Raises: ContradictionError."""
    check_counts(required=required or 0)
    if required == 0:
        raise ContradictionError(N_("The required number is nought."))


# --- numbers ----------------------------------------------------------------------------------------------------


def floor(number: Decimal) -> int:
    """Round down to a whole number: it reaches a whole number of signatures exactly when the number itself does."""
    return int(number.to_integral_value(rounding=ROUND_FLOOR))


def precisely(number: Fraction) -> Decimal:
    """Return a fraction as a decimal of 60 digits."""
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(number.numerator) / Decimal(number.denominator)


def root(number: Fraction) -> Decimal:
    """Return a square root to 60 digits."""
    with localcontext() as context:
        context.prec = DIGITS
        return (Decimal(number.numerator) / Decimal(number.denominator)).sqrt()


def rounded(number: Fraction, step: Decimal) -> Decimal:
    """Round to the nearest step, halves up."""
    return precisely(number).quantize(step, rounding=ROUND_HALF_UP)


def percent(number: Fraction) -> str:
    """Return a share as `71.47%`."""
    return f"{rounded(number * 100, CENT)}%"


def enough(valid: int, required: int | None) -> str | None:
    """Return what follows where nothing stands between the number and the decision."""
    if required is None:
        return None
    return "qualifies" if valid >= required else "fails"


def ceiling(number: Fraction) -> int:
    """Round up to a whole number."""
    return -(-number.numerator // number.denominator)


# --- the re-check -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound(Estimate):
    """`raw` decided cases, `sample` of them re-checked, `wrong` found wrong: at least so many of all are right."""

    raw: int
    sample: int
    wrong: int
    at_most_wrong: int
    at_least_right: int

    @property
    def sentence(self) -> tuple[str, Mapping[str, object]]:
        """Return the result with its bound."""
        message = RECHECKED["some" if self.wrong else "none"]
        return message, asdict(self)


def recheck(*, raw: int, sample: int, wrong: int) -> Bound:
    """Bound from below how many of `raw` cases are right, after `sample` drawn at random showed `wrong` errors.

    The exact one-sided 95 % bound of the hypergeometric distribution, found by inverting the test of each possible
    number of errors M: the largest M with P(X <= wrong) > 5 % is taken from all. In whole numbers, so nothing is
    rounded. Source: J. P. Buonaccorsi, "A note on confidence intervals for proportions in finite populations", The
    American Statistician 41 (1987) 215-218.

    Raises:
        ContradictionError
    """
    check_counts(raw=raw, sample=sample, wrong=wrong)
    if sample > raw:
        raise ContradictionError(N_("A sample of %(sample)s cannot come from %(raw)s."), sample=sample, raw=raw)
    if wrong > sample:
        raise ContradictionError(N_("%(part)s do not fit into a sample of %(sample)s."), part=wrong, sample=sample)
    if sample > MOST_RECHECKED and sample < raw:
        raise ContradictionError(
            N_("The exact bound is computed for at most %(most)s re-checked."), most=MOST_RECHECKED
        )
    at_most = _most_wrong(raw, sample, wrong)
    return Bound(raw=raw, sample=sample, wrong=wrong, at_most_wrong=at_most, at_least_right=raw - at_most)


def _most_wrong(raw: int, sample: int, wrong: int) -> int:
    """Search by halving: the more errors there are, the less likely so few are seen."""
    low, high = wrong, raw - (sample - wrong)
    while low < high:
        middle = (low + high + 1) // 2
        if is_plausible(raw, sample, wrong, middle):
            low = middle
        else:
            high = middle - 1
    return low


def is_plausible(raw: int, sample: int, wrong: int, errors: int) -> bool:
    """Return whether `wrong` or fewer are seen with more than 5 % chance where there are `errors` in all."""
    ways = 0
    seen = max(0, sample - (raw - errors))
    if seen <= wrong:
        term = comb(errors, seen) * comb(raw - errors, sample - seen)
        for found in range(seen, wrong + 1):
            ways += term
            # The next term from this one, exactly: C(M, x+1)·C(N−M, n−x−1).
            term = term * (errors - found) * (sample - found)
            term //= (found + 1) * (raw - errors - sample + found + 1)
    return ways * IMPLAUSIBLE.denominator > comb(raw, sample) * IMPLAUSIBLE.numerator
