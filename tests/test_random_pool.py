"""Random bytes that are drawn at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from petition_app import random_pool
from petition_app.random_pool import drawing, new_id, random_bytes


def test_no_byte_is_given_twice_within_a_drawing_beyond_it_or_after_it() -> None:
    with drawing(100):
        given = [random_bytes(16) for _ in range(20)]
    given += [random_bytes(16) for _ in range(20)]
    assert {len(one) for one in given} == {16}
    assert len(set(given)) == 40


def test_what_was_drawn_and_not_taken_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError), drawing(100):
        raise RuntimeError
    assert random_pool._drawn.stock == b""


def test_threads_draw_each_for_itself() -> None:
    @drawing(400)
    def draw(_: int) -> list[bytes]:
        return [random_bytes(20) for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        given = [one for found in pool.map(draw, range(100)) for one in found]
    assert len(set(given)) == len(given) == 2000


def test_an_id_is_a_random_one_of_version_4() -> None:
    ids = [new_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert {(one.version, one.variant) for one in ids} == {(4, "specified in RFC 4122")}
