"""Rows of the bench: what was measured, beside a control, and whether it reaches its bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Row(TypedDict):
    """One figure. `ratio` is value to control; without a bar it only has to be there."""

    row: str
    value: float
    control: float | None
    ratio: float | None
    bar: float | None
    holds: bool


def row(name: str, value: float, *, holds: bool, control: float | None = None, bar: float | None = None) -> Row:
    """Return a row."""
    ratio = value / control if control else None
    return {"row": name, "value": value, "control": control, "ratio": ratio, "bar": bar, "holds": holds}


def table(rows: Sequence[Row]) -> str:
    """Return rows as lines to read."""
    lines = [f"{'':<5} {'value':>12} {'control':>12} {'ratio':>9} {'bar':>7}"]
    for one in rows:
        figures = f"{_shown(one['value']):>12} {_shown(one['control']):>12} {_shown(one['ratio']):>9}"
        verdict = "holds" if one["holds"] else "FAILS"
        lines.append(f"{verdict:<5} {figures} {_shown(one['bar']):>7}  {one['row']}")
    return "\n".join(lines)


def _shown(figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:.4f}" if isinstance(figure, float) and abs(figure) < 10 else f"{figure:.0f}"
