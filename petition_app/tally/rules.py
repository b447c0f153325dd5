"""Rules of counting: the accounting identity, and what of a tally may be shown in public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

ON_THE_ROAD = ("received", "checking", "needs_info", "verified", "rejected", "duplicate", "withdrawn", "retracted")
NOT_COUNTED = ("rejected", "duplicate", "withdrawn")
FEW = 5


class IdentityError(ValueError):
    """A tally that does not add up. It is refused and never published."""


@dataclass(frozen=True)
class Count:
    """How many signatures arrived, counted on their own, and how many are in each state."""

    arrived: int = 0
    unconfirmed: int = 0
    discarded: int = 0
    received: int = 0
    checking: int = 0
    needs_info: int = 0
    verified: int = 0
    rejected: int = 0
    duplicate: int = 0
    withdrawn: int = 0
    retracted: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, name) + getattr(other, name) for name in COUNTED))

    @property
    def not_counted(self) -> int:
        """Rejected, duplicate and withdrawn together."""
        return self.rejected + self.duplicate + self.withdrawn

    def check(self) -> None:
        """Check the accounting identity: arrivals equal the sum of the states, and nothing is negative.

        Raises:
            IdentityError
        """
        states = sum(getattr(self, state) for state in ON_THE_ROAD)
        if states != self.arrived:
            raise IdentityError(f"{self.arrived} arrived, but the states add up to {states}")
        if negative := [name for name in COUNTED if getattr(self, name) < 0]:
            raise IdentityError(f"negative: {', '.join(negative)}")


COUNTED = tuple(counted.name for counted in fields(Count))


def add_up(counts: Iterable[Count]) -> Count:
    """Return the sum of several counts."""
    total = Count()
    for count in counts:
        total += count
    return total


@dataclass(frozen=True)
class BatchCount:
    """One batch and its count."""

    number: int
    sealed_at: datetime | None
    count: Count

    @property
    def state(self) -> str:
        """Return open (batch 0 before batch 1), checking, or closed."""
        if self.sealed_at is None:
            return "open"
        return "checking" if self.is_open else "closed"

    @property
    def is_open(self) -> bool:
        """Whether something of it is not decided yet."""
        return bool(self.count.checking + self.count.needs_info)

    def public(self) -> dict[str, Any]:
        """Return the batch as `status.json` shows it."""
        return {
            "number": self.number,
            "title": f"Batch {self.number}" if self.number else "Initial signatories",
            "sealed_at": rfc3339(self.sealed_at) if self.sealed_at else None,
            "state": self.state,
            "received": self.count.arrived,
            "verified": self.count.verified,
            "not_counted": self.count.not_counted,
            "retracted": self.count.retracted,
            "checking": self.count.checking + self.count.needs_info,
        }


@dataclass(frozen=True)
class Tally:
    """All numbers of a petition: `loose` are the signatures in no batch."""

    slug: str
    goal: int | None
    corrections: int
    loose: Count = field(default_factory=Count)
    batches: tuple[BatchCount, ...] = ()

    @property
    def total(self) -> Count:
        """Return the count of the whole petition."""
        return add_up((self.loose, *(batch.count for batch in self.batches)))

    @property
    def initial(self) -> int:
        """Return how many initial signatories are verified."""
        return sum(batch.count.verified for batch in self.batches if batch.number == 0)

    def check(self) -> None:
        """Check the identity for each batch, for those in no batch and for the whole. Raises: IdentityError."""
        for batch in self.batches:
            batch.count.check()
        self.loose.check()
        self.total.check()

    @property
    def holds(self) -> bool:
        """Whether the accounting identity holds."""
        try:
            self.check()
        except IdentityError:
            return False
        return True

    def as_json(self, *, as_of: datetime, public: bool) -> dict[str, Any]:
        """Return the object of `status.json`; in public the kinds of what is not counted show only if not few."""
        total = self.total
        states: dict[str, int | None] = {state: getattr(total, state) for state in ON_THE_ROAD}
        if public:
            states.update(hide_few({kind: getattr(total, kind) for kind in NOT_COUNTED}))
        return {
            "petition": self.slug,
            "as_of": rfc3339(as_of),
            "goal": self.goal,
            "verified": total.verified,
            "not_counted": total.not_counted,
            "initial": self.initial,
            "received_total": total.arrived,
            "states": states,
            "unconfirmed": total.unconfirmed,
            "corrections": self.corrections,
            "batches": [batch.public() for batch in self.batches],
        }


def hide_few(kinds: Mapping[str, int]) -> dict[str, int | None]:
    """Return the numbers as they are where each is 0 or at least 5; else nothing for any, so that none is told."""
    if all(number == 0 or number >= FEW for number in kinds.values()):
        return dict(kinds)
    return dict.fromkeys(kinds)


def merge_small(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Give labels with at least five, the largest first, and the number of all others together under "" in the end.

    The others are never few either: if they are, the smallest label that would be shown joins them, since the total
    less what is shown would tell their number. Where there are fewer than five in all, nothing is given.
    """
    known = {label: number for label, number in counts.items() if label and number >= FEW}
    shown = sorted(known.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(counts.values()) - sum(known.values())
    while 0 < rest < FEW and shown:
        rest += shown.pop()[1]
    yield from shown
    if rest >= FEW:
        yield "", rest


def public_speed(
    *, median: timedelta | None, ninetieth: timedelta | None, expected: timedelta | None, decided: int, waiting: int
) -> dict[str, int | None] | None:
    """Return the speed of the desk in whole hours, rounded up, or nothing while fewer than five were decided.

    Single decisions would tell when somebody was at the desk; hours of many do not.
    """
    if decided < FEW:
        return None
    return {
        "median_hours": _hours(median),
        "ninetieth_hours": _hours(ninetieth),
        "expected_hours": _hours(expected),
        "waiting": waiting,
    }


def _hours(time: timedelta | None) -> int | None:
    return max(1, -(-time // timedelta(hours=1))) if time is not None else None


def count_kind(tally: Mapping[str, Any], kind: str) -> int:
    """Return one number of a published tally; `checking` holds needs_info, too."""
    if kind == "checking":
        return int(tally["states"]["checking"] + tally["states"]["needs_info"])
    return int(tally[kind] if kind in tally else tally["states"][kind])


def each_day(days: Sequence[tuple[date, Any]]) -> Iterator[tuple[date, Any]]:
    """Give every day from the first to the last; on a day without a publication the numbers of the day before stand."""
    for at, (day, tally) in enumerate(days):
        end = days[at + 1][0] if at + 1 < len(days) else day + timedelta(days=1)
        for ahead in range((end - day).days):
            yield day + timedelta(days=ahead), tally


def rfc3339(moment: datetime) -> str:
    """Return a moment as `2022-09-12T18:40:00Z`, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def differences(one: Count, other: Count) -> list[str]:
    """Name what differs between two counts of the same thing, as `verified: 47, not 46`."""
    return [
        f"{name}: {mine}, not {theirs}"
        for (name, mine), theirs in zip(asdict(one).items(), asdict(other).values(), strict=True)
        if mine != theirs
    ]


# --- what to do next --------------------------------------------------------------------------------------------

# The acts that the overview may name, the most pressing first.
NEXT = ("thaw", "mend", "open", "invite", "check", "seal", "resume", "close", "hand_over", "answer", "wait", "nothing")


@dataclass(frozen=True)
class Growth:
    """By how much numbers grew; `whole` where that is since the beginning."""

    received: int
    verified: int
    whole: bool


def grown(tally: Tally, before: Mapping[str, Any] | None) -> Growth:
    """Compare a tally with an earlier one as `status.json` shows it, or with nothing."""
    total = tally.total
    if before is None:
        return Growth(total.arrived, total.verified, whole=True)
    return Growth(total.arrived - before["received_total"], total.verified - before["verified"], whole=False)


def next_act(state: str, *, frozen: bool, few: bool, over: bool, tally: Tally, done: Iterable[str]) -> str:
    """Return the next sensible act of an organizer, one of `NEXT`.

    `few`: there are fewer people than must agree on a case. `over`: the last day of signing has passed. `done`: the
    kinds of milestones that were recorded.
    """
    total, told = tally.total, set(done)
    ways = {
        "thaw": frozen,
        "mend": not tally.holds,
        "open": state == "draft",
        "invite": few,
        "check": total.checking > 0,
        "seal": total.received > 0,
        "resume": state == "paused",
        "close": state == "open" and over,
        "hand_over": state == "closed" and "handed_over" not in told and not total.needs_info,
        "answer": state == "closed" and "handed_over" in told and "answered" not in told,
        "wait": state == "open" or total.needs_info > 0,
    }
    return next((act for act in NEXT if ways.get(act)), "nothing")
