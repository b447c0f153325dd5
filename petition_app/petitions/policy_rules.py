"""What a petition asks for before a signature counts: which of two policies asks for less, and several at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MATCHES = ("any", "possible", "strong")  # From what asks for least.


@dataclass(frozen=True)
class Policy:
    """How many reviewers must agree, whether they check against a roster, which match is enough, what evidence.

    `evidence_kinds` is sorted; empty: any kind will do. Without an `evidence_rule` the kinds mean nothing.
    """

    reviewers: int
    roster: bool
    match_rule: str
    evidence_rule: int
    evidence_kinds: tuple[str, ...]

    @classmethod
    def of(cls, found: Any) -> Policy:
        """Read the policy of whatever has its fields: a petition, a draft of one."""
        return cls.read({name: getattr(found, name) for name in cls.__dataclass_fields__})

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Policy:
        """Read a policy as `as_json` wrote it."""
        values = {name: found[name] for name in cls.__dataclass_fields__}
        return cls(**(values | {"evidence_kinds": tuple(sorted(values["evidence_kinds"]))}))

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {**asdict(self), "evidence_kinds": list(self.evidence_kinds)}

    def asks_less_than(self, other: Policy) -> bool:
        """Return whether something that `other` asks for is not asked for here; other kinds of evidence are less."""
        return (
            self.reviewers < other.reviewers
            or (other.roster and not self.roster)
            or MATCHES.index(self.match_rule) < MATCHES.index(other.match_rule)
            or self.evidence_rule < other.evidence_rule
            or bool(other.evidence_rule and not self._kinds_within(other))
        )

    def _kinds_within(self, other: Policy) -> bool:
        if not other.evidence_kinds:
            return True
        return bool(self.evidence_kinds) and set(self.evidence_kinds) <= set(other.evidence_kinds)

    def changes_to(self, other: Policy) -> dict[str, tuple[Any, Any]]:
        """Return what is different in `other`, by field: before and after."""
        before, after = self.as_json(), other.as_json()
        return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


@dataclass(frozen=True)
class Demands:
    """Several policies asked for at once: whoever fulfils these has fulfilled each. `evidence`: (strength, kinds)."""

    reviewers: int
    roster: bool
    match_rule: str
    evidence: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def strength(self) -> int:
        """The strongest evidence that is asked for."""
        return max((strength for strength, _kinds in self.evidence), default=0)


def together(policies: Sequence[Policy]) -> Demands:
    """Return what all of these policies, one at least, ask for."""
    pairs = {(one.evidence_rule, one.evidence_kinds) for one in policies if one.evidence_rule}
    return Demands(
        reviewers=max(one.reviewers for one in policies),
        roster=any(one.roster for one in policies),
        match_rule=max((one.match_rule for one in policies), key=MATCHES.index),
        evidence=tuple(sorted(pairs)),
    )


def distinct(policies: Iterable[Policy]) -> list[dict[str, Any]]:
    """Return policies as plain values, each once, in the order given."""
    return [policy.as_json() for policy in dict.fromkeys(policies)]
