"""Rows of a table, made ready: cells without what hides at their ends, and rows that cannot be people set aside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from petition_app.i18n import N_
from petition_app.person_names.letters import strip_unseen
from petition_app.storage.spreadsheets import BadRow, Line
from petition_app.tables.layout import Layout
from petition_app.tables.titles import NAME_FIELDS, fold_title

HIDDEN = N_("this row is hidden in the spreadsheet")
REASONS = {
    "hidden": HIDDEN,
    "quotes": N_("a quotation mark is open or stands in the wrong place"),
    "long": N_("more cells than the line of titles"),
    "counts": N_("this line only numbers the columns"),
    "titles": N_("this line repeats the titles"),
    "error": N_("an error of the spreadsheet, such as #N/A, stands where the name should be"),
    "truth": N_("TRUE or FALSE stands where the name should be"),
    "heading": N_("this looks like a heading or a total, not like a person"),
    "vacant": N_("this seat is vacant"),
}
_ERROR = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|Н/Д|ССЫЛКА!|ИМЯ\?|ЗНАЧ!|ДЕЛ/0!|ПУСТО!|ЧИСЛО!)|Err:\d+"
)
_TRUTHS = frozenset(("TRUE", "FALSE", "ИСТИНА", "ЛОЖЬ"))
_TOTAL = re.compile(r"итого\b|(?:всего|total|subtotal)[\W\d]*$", re.IGNORECASE)
_VACANT = re.compile(r"\W*(?:вакантно|вакантен|вакансия|vacant|vacancy)\W*", re.IGNORECASE)
_REGION = re.compile(
    r"№|\d(?!nd|rd|th)|\b(?:район|округ|область|край|республика|комиссия|district|county|region|constituency)\b",
    re.IGNORECASE,
)


def prepare(layout: Layout, line: Line) -> Line | BadRow | None:
    """Return a row with as many clean cells as there are columns; or why it is not taken; or nothing if it is empty.

    Cells that hold an error of the spreadsheet are empty, unless they are the name.
    """
    if line.flag == "quotes":
        return BadRow(line.number, REASONS["quotes"])
    cells = [strip_unseen(cell) for cell in line.cells]
    while cells and not cells[-1]:
        cells.pop()
    if not cells:
        return None
    width = len(layout.columns)
    if line.flag == "hidden" and not layout.with_hidden:
        return BadRow(line.number, HIDDEN)
    if len(cells) > width:
        return BadRow(line.number, REASONS["long"])
    cells += [""] * (width - len(cells))
    if reason := _why_no_person(layout, cells):
        return BadRow(line.number, REASONS[reason])
    return line._replace(cells=["" if is_error(cell) else cell for cell in cells])


def is_error(cell: str) -> bool:
    """Return whether a cell holds an error of a spreadsheet."""
    return cell.startswith(("#", "Err:")) and bool(_ERROR.fullmatch(cell.strip()))


def _why_no_person(layout: Layout, cells: Sequence[str]) -> str:
    filled = [cell for cell in cells if cell]
    if len(filled) > 1 and filled == [str(number) for number in range(1, len(filled) + 1)]:
        return "counts"
    if len(filled) > 1 and [fold_title(cell) for cell in cells] == [fold_title(title) for title in layout.titles]:
        return "titles"
    columns = layout.columns
    names = [cell for column, cell in zip(columns, cells, strict=True) if column in ("name", *NAME_FIELDS)]
    if any(is_error(cell) for cell in names):
        return "error"
    if any(cell in _TRUTHS for cell in names):
        return "truth"
    name = " ".join(filter(None, names))
    used = sum(bool(column) for column in columns)
    alone = len(filled) == 1 and used > 1
    if _TOTAL.match(name) or (alone and (not name or _REGION.search(name))):
        return "heading"
    return "vacant" if _VACANT.fullmatch(name) else ""
