"""Rules of the re-check: what is sealed in advance, and how the sample follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SEED_BYTES = 32
LARGEST_SAMPLE = 10_000
POPULATIONS = {"verified": ("verified",), "not_counted": ("rejected", "duplicate")}
FINDINGS = ("right", "wrong")


def seed_hash(seed: bytes) -> bytes:
    """Return SHA-256 of the seed: published before, so that the seed cannot be chosen afterwards."""
    return hashlib.sha256(seed).digest()


def draw(seed: bytes, commitments: Iterable[bytes], size: int) -> list[bytes]:
    """Return the first `size` commitments C in the order of SHA-256(seed ‖ C); all of them where there are fewer.

    Anybody who knows the seed and the commitments finds the same ones, in whatever order the commitments come.
    """
    return sorted(commitments, key=lambda c: hashlib.sha256(seed + c).digest())[:size]


def finding(population: str, *, counts: bool) -> str:
    """Return whether the earlier outcome was right, given whether the re-check would count the signature."""
    return "right" if counts == (population == "verified") else "wrong"
