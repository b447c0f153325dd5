"""Rows of the bench: what was measured, beside a control, and whether it reaches its bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Row(TypedDict):
    """One figure. `ratio` is value to control; without a bar it only has to be there.

    `p50` and `p99` are milliseconds, `peak_mb` the most memory of what is ours, where they were measured.
    """

    row: str
    value: float
    control: float | None
    ratio: float | None
    bar: float | None
    holds: bool
    p50: float | None
    p99: float | None
    peak_mb: float | None


def row(
    name: str,
    value: float,
    *,
    holds: bool,
    control: float | None = None,
    bar: float | None = None,
    p50: float | None = None,
    p99: float | None = None,
    peak_mb: float | None = None,
) -> Row:
    """Return a row."""
    ratio = value / control if control else None
    return {
        "row": name, "value": value, "control": control, "ratio": ratio, "bar": bar, "holds": holds,
        "p50": p50, "p99": p99, "peak_mb": peak_mb,
    }  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Return rows as lines to read."""
    lines = [f"{'':<5} {'ours':>9} {'control':>9} {'ratio':>7} {'bar':>7} {'p50 ms':>7} {'p99 ms':>7} {'peak MB':>7}"]
    for one in rows:
        figures = f"{_shown(one['value']):>9} {_shown(one['control']):>9} {_shown(one['ratio']):>7}"
        more = " ".join(f"{_shown(figure):>7}" for figure in (one["bar"], one["p50"], one["p99"], one["peak_mb"]))
        lines.append(f"{'holds' if one['holds'] else 'FAILS':<5} {figures} {more}  {one['row']}")
    return "\n".join(lines)


def _shown(figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:.4f}" if isinstance(figure, float) and abs(figure) < 10 else f"{figure:.0f}"
