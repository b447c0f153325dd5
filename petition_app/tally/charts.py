"""The growth chart: pygal without script or inline style; colours are attributes, so the content policy holds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pygal

# The library leaves a finder for its plugins among Python's, by a protocol that Python gave up; nothing here needs it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder) is not pygal.PluginImportFixer]


@dataclass(frozen=True)
class Colours:
    """The colours of the look, light or dark."""

    received: str
    verified: str
    ink: str
    line: str
    paper: str


LIGHT = Colours(received="#7b8891", verified="#0d6b52", ink="#5f5b54", line="#e2ddd3", paper="#fbf9f5")
DARK = Colours(received="#8b969f", verified="#4cc3a0", ink="#a8a297", line="#35322d", paper="#171614")


def growth_chart(
    days: Sequence[tuple[date, dict[str, Any]]], *, received: str, verified: str, empty: str, dark: bool = False
) -> str:
    """Draw received and verified over days as SVG; the words are in the reader's language."""
    chart = pygal.Line(
        width=800, height=340, js=[], css=[], no_prefix=True, explicit_size=True, margin=16, margin_right=56,
        dots_size=3, legend_at_bottom=True, truncate_legend=-1, no_data_text=empty, include_x_axis=True, min_scale=3,
        max_scale=6, show_minor_x_labels=False, x_labels_major_count=6, formatter=lambda number: f"{number:.0f}",
    )  # fmt: skip
    chart.x_labels = [day.isoformat() for day, _ in days]
    chart.add(received, [tally["received_total"] for _, tally in days])
    chart.add(verified, [tally["verified"] for _, tally in days])
    root = chart.render_tree()
    _plain(root, DARK if dark else LIGHT)
    return tostring(root, encoding="unicode")


def _plain(root: Element, colours: Colours) -> None:
    """Take out script, style and hover texts, and write colours as attributes."""
    for parent in list(root.iter()):
        for child in list(parent):
            name, classes = _name(child), child.get("class", "").split()
            if name in ("defs", "style", "script", "desc", "title") or "tooltip" in classes or callable(child.tag):
                parent.remove(child)
    _paint(root, colours, serie=None)


def _paint(element: Element, colours: Colours, *, serie: int | None) -> None:
    classes = element.get("class", "").split()
    for name in (*classes, element.get("id", "")):
        if name.startswith(("serie-", "activate-serie")):
            serie = int(name.rpartition("-")[2]) if name.rpartition("-")[2].isdigit() else serie
    name = _name(element)
    colour = (colours.received, colours.verified)[serie] if serie is not None and serie < 2 else colours.line
    if name == "text":
        element.attrib.update({"fill": colours.ink, "font-family": "sans-serif", "font-size": "13"})
        if "major" in classes or element.get("x", "").startswith("-"):
            element.set("text-anchor", "end" if element.get("x", "").startswith("-") else "middle")
    elif name == "rect":
        element.set("fill", colour if serie is not None else colours.paper)
    elif name == "path":
        element.attrib.update({"fill": "none", "stroke": colour, "stroke-width": "3" if serie is not None else "1"})
    elif name == "circle":
        element.set("fill", colour)
    for child in element:
        _paint(child, colours, serie=serie)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
