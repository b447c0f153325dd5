"""Rules of signatures: the states and what leads from one to another, names, publication on a condition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from petition_app.mailer.addresses import address_key
from petition_app.matching.names.folding import plain_words

STATES = (
    "unconfirmed",
    "discarded",
    "received",
    "checking",
    "needs_info",
    "verified",
    "rejected",
    "duplicate",
    "withdrawn",
    "retracted",
)
LIVE = ("received", "checking", "needs_info", "verified")
DECIDED = ("verified", "rejected", "duplicate", "retracted")
MOVES: dict[str, tuple[str, ...]] = {
    "unconfirmed": ("received", "discarded"),
    "received": ("checking", "withdrawn"),
    "checking": ("needs_info", "verified", "rejected", "duplicate", "withdrawn"),
    "needs_info": ("checking", "verified", "rejected", "duplicate", "withdrawn"),
    "verified": ("checking", "withdrawn", "retracted"),
    "rejected": ("checking",),
    "duplicate": ("checking",),
    "retracted": ("checking",),
    "withdrawn": (),
    "discarded": (),
}
CONSENT = {"count": 0, "role": 1, "addressee": 2, "name": 3}


def fold_name(name: str) -> str:
    """Return the name for comparison: its words, as `fold_letters` folds them, in alphabetical order."""
    return " ".join(sorted(plain_words(name)))


def fold_mailbox(address: str) -> str:
    """Return the mailbox an address leads to: its key, without `+tag`."""
    local, _, domain = address_key(address).rpartition("@")
    return f"{local.split('+')[0]}@{domain}"


def may_move(state: str, to: str) -> bool:
    """Return whether a signature may go from one state to the other."""
    return to in MOVES[state]


def quarter_after(moment: datetime) -> datetime:
    """Round up to a quarter of an hour, so that a row does not tell the minute of signing."""
    start = moment.replace(minute=0, second=0, microsecond=0)
    return start + timedelta(minutes=15 * (-(-(moment - start).total_seconds() // 900)))


def publishable(conditions: Sequence[int], *, unconditional: int = 0) -> int:
    """Return the size of the largest set of names in which every "publish me once N others agree" holds.

    `conditions` holds the N of each person who has one; `unconditional` is how many have none. In a set of k people
    nobody asks for more than k - 1 others, so it is those with N < k.
    """
    size = unconditional
    for count, needed in enumerate(sorted(conditions), start=unconditional + 1):
        if needed < count:
            size = count
    return size
