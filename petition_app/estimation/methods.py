"""Applies one of the rules of estimation to the numbers a person has typed."""

from __future__ import annotations

from petition_app.estimation.bounds import ContradictionError, Estimate, recheck
from petition_app.estimation.state_rules import california, colorado, oregon, washington
from petition_app.i18n import N_

NEEDED = {
    "california": ("raw", "sample", "valid", "duplicates"),
    "oregon": ("stage", "raw", "sample", "valid"),
    "washington": ("raw", "sample", "invalid", "duplicates", "required"),
    "colorado": ("raw", "sample", "valid"),
    "recheck": ("raw", "sample", "wrong"),
}
RULES = tuple(NEEDED)
SPECIAL = frozenset({"stage", "wrong"})


def make_estimate(rule: str, **numbers: int | None) -> Estimate:
    """Apply a rule to the numbers given.

    Raises:
        ContradictionError: a number is missing, is of no use to this rule, or cannot be true.
    """
    given = {name: number for name, number in numbers.items() if number is not None}
    if missing := [name for name in NEEDED[rule] if name not in given]:
        raise ContradictionError(N_("This rule needs more numbers: %(names)s."), names=", ".join(missing))
    if useless := sorted((SPECIAL - set(NEEDED[rule])) & set(given)):
        raise ContradictionError(N_("This rule has no use for: %(names)s."), names=", ".join(useless))
    return _apply(rule, given)


def _apply(rule: str, given: dict[str, int]) -> Estimate:
    raw, sample, required = given["raw"], given["sample"], given.get("required")
    if rule == "california":
        valid, repeats = given["valid"], given["duplicates"]
        return california(raw=raw, sample=sample, valid=valid, duplicates=repeats, required=required)
    if rule == "oregon":
        pairs, stage, valid = given.get("duplicates"), given["stage"], given["valid"]
        return oregon(stage=stage, raw=raw, sample=sample, valid=valid, duplicates=pairs, required=required)
    if rule == "washington":
        invalid, pairs = given["invalid"], given["duplicates"]
        return washington(raw=raw, sample=sample, invalid=invalid, duplicates=pairs, required=given["required"])
    if rule == "colorado":
        rejected = given.get("invalid")
        return colorado(raw=raw, sample=sample, valid=given["valid"], invalid=rejected, required=required)
    return recheck(raw=raw, sample=sample, wrong=given["wrong"])
