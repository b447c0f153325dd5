"""The growth chart: pygal without script or inline style; colours are attributes, so the content policy holds."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import pygal

from petition_app.tally.rules import count_kind

# The library leaves a finder for its plugins among Python's, by a protocol that Python gave up; nothing here needs it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder) is not pygal.PluginImportFixer]


SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Colours:
    """The colours of the look, light or dark."""

    verified: str
    checking: str
    hatch: str
    received: str
    not_counted: str
    ink: str
    line: str
    paper: str


LIGHT = Colours(
    verified="#0d6b52", checking="#e0a52e", hatch="#a87410", received="#b9c3cb", not_counted="#cfc8ba", ink="#5f5b54",
    line="#e2ddd3", paper="#fbf9f5",
)  # fmt: skip
DARK = Colours(
    verified="#4cc3a0", checking="#e6b450", hatch="#9a7120", received="#59636b", not_counted="#45413a", ink="#a8a297",
    line="#35322d", paper="#171614",
)  # fmt: skip
KINDS = ("verified", "checking", "received", "not_counted")


WIDE, NARROW = (800, 340), (360, 340)  # Width and height in pixels; a telephone shows the narrow one as it is.


def growth_chart(
    days: Sequence[tuple[date, dict[str, Any]]],
    *,
    words: Mapping[str, str],
    empty: str,
    dark: bool = False,
    narrow: bool = False,
) -> str:
    """Draw what became of the signatures by the end of each day, one bar a day, as SVG; `words` names the kinds."""
    width, height = NARROW if narrow else WIDE
    chart = pygal.StackedBar(
        width=width, height=height, js=[], css=[], no_prefix=True, explicit_size=True, margin=12 if narrow else 16,
        margin_right=36 if narrow else 56, legend_at_bottom=True, legend_at_bottom_columns=2 if narrow else 4,
        truncate_legend=-1, no_data_text=empty, min_scale=3, max_scale=6, show_minor_x_labels=False,
        x_labels_major_count=3 if narrow else 6, formatter=lambda number: f"{number:.0f}",
    )  # fmt: skip
    chart.x_labels = [day.isoformat() for day, _ in days]
    for kind in KINDS:
        chart.add(words[kind], [_part(tally, kind) for _, tally in days])
    root = chart.render_tree()
    colours = DARK if dark else LIGHT
    _plain(root, colours)
    root.insert(0, _hatch(colours))
    return tostring(root, encoding="unicode")


def _part(tally: dict[str, Any], kind: str) -> int:
    """Return one part of a bar; what was taken back is not counted either, so the parts are all that was received."""
    return count_kind(tally, kind) + (count_kind(tally, "retracted") if kind == "not_counted" else 0)


def _hatch(colours: Colours) -> Element:
    """Return the pattern of what is being checked, so that it is not told by colour alone."""
    defs = Element(f"{SVG}defs")
    square = {"id": "hatch", "width": "7", "height": "7", "patternUnits": "userSpaceOnUse"}
    pattern = SubElement(defs, f"{SVG}pattern", {**square, "patternTransform": "rotate(45)"})
    SubElement(pattern, f"{SVG}rect", {"width": "7", "height": "7", "fill": colours.checking})
    SubElement(pattern, f"{SVG}path", {"d": "M0 0V7", "stroke": colours.hatch, "stroke-width": "3"})
    return defs


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
    fills = (colours.verified, "url(#hatch)", colours.received, colours.not_counted)
    colour = fills[serie] if serie is not None and serie < len(fills) else colours.line
    if name == "text":
        element.attrib.update({"fill": colours.ink, "font-family": "sans-serif", "font-size": "13"})
        if "major" in classes or element.get("x", "").startswith("-"):
            element.set("text-anchor", "end" if element.get("x", "").startswith("-") else "middle")
    elif name == "rect":
        element.set("fill", colour if serie is not None else colours.paper)
    elif name == "path":
        element.attrib.update({"fill": "none", "stroke": colour, "stroke-width": "1"})
    for child in element:
        _paint(child, colours, serie=serie)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
