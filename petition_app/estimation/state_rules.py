"""How four states of the United States estimate a petition's valid signatures from a random sample, to the digit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from petition_app.estimation.bounds import (
    CENT,
    DIGITS,
    ContradictionError,
    StateEstimate,
    ceiling,
    check_breakdown,
    check_required,
    check_sample,
    enough,
    floor,
    percent,
    precisely,
    root,
    rounded,
)
from petition_app.i18n import N_

FOUR_PLACES, WHOLE = Decimal("0.0001"), Decimal(1)


# --- California -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class California(StateEstimate):
    """The steps of section 20540, each rounded as printed there."""

    rate: str
    uncorrected: int
    A: str
    weight: str
    correction: int
    result: int


def california(*, raw: int, sample: int, valid: int, duplicates: int, required: int | None = None) -> California:
    """Estimate by the rule of California, which rounds at each step.

    r = valid/sample as a percentage with two decimals; U = raw·r rounded up; A = raw/sample with four decimals;
    w = A·(A-1) with four decimals; D = w·duplicates rounded up; U - D are valid. Under 95 % of the required number
    the petition fails, over 110 % it qualifies; at either and between them all are counted. Where every signature
    was checked there is nothing to project, and what was found valid is the result. Source: California Code of
    Regulations, title 2, sections 20530-20540; thresholds: Elections Code, section 9030.

    Raises:
        ContradictionError
    """
    check_sample(raw=raw, sample=sample, valid=valid, duplicates=duplicates)
    check_required(required)
    full = raw == sample
    with localcontext() as context:
        context.prec = DIGITS
        rate = rounded(Fraction(100 * valid, sample), CENT)
        uncorrected = valid if full else int((raw * rate / 100).quantize(WHOLE, rounding=ROUND_CEILING))
        value = rounded(Fraction(raw, sample), FOUR_PLACES)
        weight = (value * (value - 1)).quantize(FOUR_PLACES, rounding=ROUND_HALF_UP)
        correction = int((weight * duplicates).quantize(WHOLE, rounding=ROUND_CEILING))
    result = uncorrected - correction
    if full or required is None:
        decision = enough(result, required)
    elif 100 * result < 95 * required:
        decision = "fails"
    else:
        decision = "qualifies" if 100 * result > 110 * required else "full count"
    return California(
        raw=raw,
        sample=sample,
        valid_total=result,
        decision=decision,
        sample_asked=min(raw, max(500, ceiling(Fraction(3 * raw, 100)))),
        rate=f"{rate}%",
        uncorrected=uncorrected,
        A=str(value),
        weight=str(weight),
        correction=correction,
        result=result,
    )


# --- Oregon -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Oregon(StateEstimate):
    """One of two stages; the second is drawn only where the first does not accept."""

    stage: int
    rate: str
    result: int


def oregon(
    *, stage: int, raw: int, sample: int, valid: int, duplicates: int | None = None, required: int | None = None
) -> Oregon:
    """Estimate by the rule of Oregon: `raw` is N, `sample` n, `valid` y, `duplicates` the pairs seen.

    First stage (n = 1000), with p = y/n: M1 = N·(p - 1.645·√((1 - n/N)·p·(1 - p)/(n - 1)) - 0.08); it may accept and
    never refuse. Second stage (n = 5 % of N): M2 = N·y/n - N·(N - 1)/(n·(n - 1))·pairs, y counting both of a pair.
    Computed exactly, rounded down at the end. Source: OAR 165-014-0030 and its Appendix 1; ORS 250.105(5).

    Raises:
        ContradictionError
    """
    if stage not in (1, 2):
        raise ContradictionError(N_("Say which stage it is: 1 or 2."))
    if stage == 2 and duplicates is None:
        raise ContradictionError(N_("The second stage needs the number of pairs (duplicates)."))
    pairs = duplicates or 0
    check_sample(raw=raw, sample=sample, valid=valid, duplicates=2 * pairs if stage == 2 else pairs)
    check_required(required)
    if sample < 2:
        raise ContradictionError(N_("A sample of one tells nothing."))
    if stage == 2 and 2 * pairs > valid:
        raise ContradictionError(N_("Both of each pair count as valid, so there cannot be so many pairs."))
    p = Fraction(valid, sample)
    if stage == 1:
        spread = root((1 - Fraction(sample, raw)) * p * (1 - p) / (sample - 1))
        with localcontext() as context:
            context.prec = DIGITS
            result = floor(raw * (precisely(p) - Decimal("1.645") * spread - Decimal("0.08")))
    else:
        exact = raw * p - Fraction(raw * (raw - 1), sample * (sample - 1)) * pairs
        result = exact.numerator // exact.denominator
    decision = enough(result, required)
    return Oregon(
        raw=raw,
        sample=sample,
        valid_total=result,
        decision="second sample" if decision == "fails" and stage == 1 else decision,
        sample_asked=min(raw, 1000 if stage == 1 else raw * 5 // 100),
        stage=stage,
        rate=percent(p),
        result=result,
    )


# --- Washington -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Washington(StateEstimate):
    """The pairs found against the pairs the sample may show; `allowed_pairs` is nothing where not even none will do."""

    pairs: int
    required: int
    error_rate: str
    invalid_at_most: str
    expected_pairs: str
    acceptable: str | None
    allowed_pairs: int | None


def washington(*, raw: int, sample: int, invalid: int, duplicates: int, required: int) -> Washington:
    """Test a sample by the rule of Washington: `duplicates` are the pairs found in it.

    f = n/N; C = 1.5·√i; U = (i + C)/f; P = N - (required + U); E = f²·P; A = E - 1.65·√E. The sample suffices where
    no more than A pairs were found; else every signature is canvassed. The published error rate is
    i/n + pairs·N/n², and what it leaves of N is the estimate. Where every signature was checked, the count decides.
    Source: WAC 434-379-010.

    Raises:
        ContradictionError
    """
    check_sample(raw=raw, sample=sample, invalid=invalid, duplicates=duplicates)
    check_required(required)
    if invalid + duplicates > sample:
        raise ContradictionError(
            N_("%(part)s do not fit into a sample of %(sample)s."), part=invalid + duplicates, sample=sample
        )
    f = Fraction(sample, raw)
    with localcontext() as context:
        context.prec = DIGITS
        at_most = (invalid + Decimal("1.5") * Decimal(invalid).sqrt()) * raw / sample
        expected = precisely(f * f) * (raw - required - at_most)
        acceptable = expected - Decimal("1.65") * expected.sqrt() if expected >= 0 else None
    error = Fraction(invalid, sample) + Fraction(duplicates * raw, sample * sample)
    left = raw * (1 - error)
    valid_total = left.numerator // left.denominator
    if raw == sample:
        decision = enough(valid_total, required)
    else:
        decision = "qualifies" if acceptable is not None and duplicates <= acceptable else "full count"
    return Washington(
        raw=raw,
        sample=sample,
        valid_total=valid_total,
        decision=decision,
        sample_asked=min(raw, ceiling(Fraction(3 * raw, 100))),
        pairs=duplicates,
        required=required,
        error_rate=percent(error),
        invalid_at_most=str(at_most.quantize(CENT, rounding=ROUND_HALF_UP)),
        expected_pairs=str(expected.quantize(CENT, rounding=ROUND_HALF_UP)),
        acceptable=None if acceptable is None else str(acceptable.quantize(CENT, rounding=ROUND_HALF_UP)),
        allowed_pairs=None if acceptable is None or acceptable < 0 else floor(acceptable),
    )


# --- Colorado ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Colorado(StateEstimate):
    """The projection, without any term for repeats, and how it stands to the required number."""

    projected: float
    percent: float | None


def colorado(*, raw: int, sample: int, valid: int, invalid: int | None = None, required: int | None = None) -> Colorado:
    """Project by the rule of Colorado: N·accepted/n, where n is 5 % and at least 4000.

    At 90 % of the required number or less the petition is insufficient, at 110 % or more sufficient; between them
    every line is checked. The thresholds are compared exactly, before rounding. Where every signature was checked,
    the count decides. Source: C.R.S. 1-40-116(4). The projection has no term for repeats and has overshot by 4 %.

    Raises:
        ContradictionError
    """
    check_sample(raw=raw, sample=sample, valid=valid)
    check_required(required)
    if invalid is not None:
        check_breakdown(checked=sample, accepted=valid, rejected=invalid)
    projected = Fraction(raw * valid, sample)
    share = projected / required if required else None
    decision: str | None = None
    if share is not None and raw == sample:
        decision = "sufficient" if share >= 1 else "insufficient"
    elif share is not None:
        decision = "insufficient" if share <= Fraction(9, 10) else "line by line"
        decision = "sufficient" if share >= Fraction(11, 10) else decision
    return Colorado(
        raw=raw,
        sample=sample,
        valid_total=projected.numerator // projected.denominator,
        decision=decision,
        sample_asked=min(raw, max(4000, ceiling(Fraction(raw, 20)))),
        projected=float(rounded(projected, CENT)),
        percent=None if share is None else float(rounded(share * 100, CENT)),
    )
