"""Looks for very many byte strings at once in a large heap of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

SHORTEST = 8
CHUNK = 16 * 1024 * 1024
LONGEST = 4096
_BITS = 24
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - _BITS)


class Needles:
    """Byte strings of at least eight bytes, found by their first eight."""

    def __init__(self, needles: Sequence[bytes]) -> None:
        starts = np.array([int.from_bytes(needle[:8], "little") for needle in needles], dtype=np.uint64)
        order = np.argsort(starts, kind="stable")
        self._needles = needles
        self._order = order
        self._starts = starts[order]
        self._known = np.zeros(1 << _BITS, dtype=bool)
        self._known[(self._starts * _MIX) >> _SHIFT] = True

    def find(self, heap: bytes) -> Iterator[tuple[int, int]]:
        """Give each place where a needle begins, and the needle's number."""
        for begin in range(0, len(heap), CHUNK):
            chunk = heap[begin : begin + CHUNK + LONGEST]
            for position in self._candidates(chunk):
                if position < CHUNK:
                    for needle in self._at(chunk, position):
                        yield begin + position, needle

    def _candidates(self, chunk: bytes) -> Iterator[int]:
        for shift in range(min(8, max(0, len(chunk) - 7))):
            words = np.frombuffer(chunk, dtype="<u8", offset=shift, count=(len(chunk) - shift) // 8)
            likely = np.nonzero(self._known[(words * _MIX) >> _SHIFT])[0]
            places = np.searchsorted(self._starts, words[likely])
            places[places == len(self._starts)] = 0
            for index in likely[self._starts[places] == words[likely]]:
                yield shift + 8 * int(index)

    def _at(self, chunk: bytes, position: int) -> Iterator[int]:
        start = np.uint64(int.from_bytes(chunk[position : position + 8], "little"))
        first, last = np.searchsorted(self._starts, start, "left"), np.searchsorted(self._starts, start, "right")
        for index in self._order[first:last]:
            if chunk.startswith(self._needles[index], position):
                yield int(index)
