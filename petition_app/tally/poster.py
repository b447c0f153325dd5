"""The poster of a letter as a PDF: its title, whom it addresses, a QR code and its address; nobody who signed it.

The type is Noto Sans, cut to the letters that are used; what is written from right to left is shaped and set so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fontpkg_noto_sans
import fontpkg_noto_sans_arabic
import segno
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.enums import Align, WrapMode, XPos, YPos

from petition_app.signatures.qr_cards import QUIET

MARGIN, WIDTH = 20.0, 170.0  # Millimetres, on A4.
PICTURE = 95.0  # Millimetres, with the empty border.
LARGEST, SMALLEST = 38, 16  # Points of a title: as large as it may be, as small as it must be.
TITLE_HIGH = 75.0  # Millimetres that a title may take.
BLACK, GREY = (0, 0, 0), (87, 83, 78)
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")


@dataclass(frozen=True)
class Sheet:
    """One page: every text is in one language, and `address` is the letter's."""

    language: str
    title: str
    addressee: str
    invitation: str
    organizers: str
    address: str


def draw_poster(sheets: Iterable[Sheet], *, at: datetime) -> bytes:
    """Return a PDF of A4 pages, one a sheet; nothing in it says who made it, and `at` is its day alone."""
    drawn = list(sheets)
    text = "".join(f"{' '.join(vars(sheet).values())} " for sheet in drawn)
    pdf = FPDF(format="A4")
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(at.replace(hour=0, minute=0, second=0, microsecond=0))
    pdf.set_producer("Countersign")
    with TemporaryDirectory() as folder:  # Of fonts with the letters of a public text, until they stand in the PDF.
        _add_fonts(pdf, text, Path(folder))
        for sheet in drawn:
            _draw(pdf, sheet)
        return bytes(pdf.output())


def _add_fonts(pdf: FPDF, text: str, folder: Path) -> None:
    """Add the families that a text needs, each in two weights, cut to its letters first: whole they take a minute."""
    families = {"latin": fontpkg_noto_sans}
    if RIGHT_TO_LEFT.search(text):
        families["arabic"] = fontpkg_noto_sans_arabic
    for family, package in families.items():
        options = Options(layout_features=["*"], notdef_outline=True)
        font = TTFont(next(path for path in (package.ROOT / "files").glob("*.ttf") if "Italic" not in path.name))
        cutter = Subsetter(options)
        cutter.populate(text=text)
        cutter.subset(font)
        for style, weight in (("", 400), ("B", 700)):
            path = folder / f"{family}{weight}.ttf"
            instantiateVariableFont(font, {"wght": weight, "wdth": 100}).save(path)
            pdf.add_font(family, style, path)
    pdf.set_fallback_fonts([family for family in families if family != "latin"], exact_match=False)


def _draw(pdf: FPDF, sheet: Sheet) -> None:
    pdf.add_page()
    pdf.set_title(sheet.title)
    pdf.set_lang(sheet.language)
    pdf.set_y(MARGIN + 5)
    size = next(
        (size for size in range(LARGEST, SMALLEST, -1) if _height(pdf, sheet.title, size) <= TITLE_HIGH), SMALLEST
    )
    _write(pdf, sheet.title, size=size, style="B")
    _write(pdf, sheet.addressee, size=18, above=5)
    _draw_code(pdf, sheet.address, top=pdf.get_y() + 6)
    _write(pdf, sheet.address, size=18, style="B", above=4)
    _write(pdf, sheet.invitation, size=15, above=5)
    _write(pdf, sheet.organizers, size=12, above=5, colour=GREY)


def _write(
    pdf: FPDF, text: str, *, size: int, style: str = "", above: float = 0, colour: tuple[int, int, int] = BLACK
) -> None:
    """Write a text in the middle, in as many lines as it needs; an empty one takes no room."""
    if not text:
        return
    _choose(pdf, text, size, style)
    pdf.set_text_color(*colour)
    pdf.set_xy(MARGIN, pdf.get_y() + above)
    pdf.multi_cell(
        WIDTH, _line(size), text, align=Align.C, new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=_wrap(text, WIDTH, pdf)
    )


def _height(pdf: FPDF, text: str, size: int) -> float:
    """Return how many millimetres a title takes."""
    _choose(pdf, text, size, "B")
    high: Any = pdf.multi_cell(
        WIDTH, _line(size), text, dry_run=True, output="HEIGHT", wrapmode=_wrap(text, WIDTH, pdf)
    )
    return float(high)


def _choose(pdf: FPDF, text: str, size: int, style: str) -> None:
    pdf.set_font("latin", style, size)
    pdf.set_text_shaping(True, direction="rtl" if RIGHT_TO_LEFT.search(text) else "ltr")


def _line(size: int) -> float:
    return size * 25.4 / 72 * 1.3


def _wrap(text: str, width: float, pdf: FPDF) -> WrapMode:
    """Break a word only where one, as an address may, is longer than a line."""
    is_long = any(pdf.get_string_width(word) > width - 3 for word in text.split())
    return WrapMode.CHAR if is_long else WrapMode.WORD


def _draw_code(pdf: FPDF, address: str, *, top: float) -> None:
    """Draw the address as a QR code of squares, which stays sharp at any size."""
    rows = list(segno.make(address, error="m", micro=False).matrix_iter(border=QUIET))
    side, left = PICTURE / len(rows), (pdf.w - PICTURE) / 2
    pdf.set_fill_color(*BLACK)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                pdf.rect(left + x * side, top + y * side, side, side, style="F")
    pdf.set_y(top + PICTURE)
