"""Rows of a table, made ready: cells without what hides at their ends, and rows that cannot be people set aside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from petition_app.i18n import N_
from petition_app.person_names.letters import strip_unseen
from petition_app.storage.sheet_cells import NO_RESULT
from petition_app.storage.spreadsheets import BadRow, Line
from petition_app.tables.layout import Layout
from petition_app.tables.mending import mend_names
from petition_app.tables.titles import NAME_FIELDS, fold_title

HIDDEN = N_("this row is hidden in the spreadsheet")
REASONS = {
    "hidden": HIDDEN,
    "quotes": N_("a quotation mark is open or stands in the wrong place"),
    "long": N_("more cells than the line of titles"),
    "counts": N_("this line only numbers the columns"),
    "titles": N_("this line repeats the titles"),
    "program": N_("this line names the columns for a program"),
    "error": N_("an error of the spreadsheet, such as #N/A, stands where the name should be"),
    "formula": N_("a formula whose result the file does not hold stands where the name should be"),
    "truth": N_("TRUE or FALSE stands where the name should be"),
    "heading": N_("this looks like a heading or a total, not like a person"),
    "vacant": N_("this seat is vacant"),
    "anonymous": N_("the form was sent without a name"),
}
# What may be a person all the same, if somebody says so.
ASKED = ("heading", "vacant")
_ERROR = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|Н/Д|ССЫЛКА!|ИМЯ\?|ЗНАЧ!|ДЕЛ/0!|ПУСТО!|ЧИСЛО!)|Err:\d+"
)
_TRUTHS = frozenset(("TRUE", "FALSE", "ИСТИНА", "ЛОЖЬ"))
_TOTAL = re.compile(r"итого\b|(?:всего|total|subtotal)[\W\d]*$", re.IGNORECASE)
_VACANT = re.compile(r"\W*(?:вакантно|вакантен|вакансия|vacant|vacancy)\W*", re.IGNORECASE)
# Nextcloud Forms writes such a line below the titles; it is hidden in spreadsheets, but not in CSV.
_PROGRAM = re.compile(r"submission_id|user_id|user_display_name|timestamp|question-id-[\d-]+")
_ANONYMOUS = frozenset(("anonymous", "anonymous user", "аноним", "анонимный пользователь", "анонимно"))
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
    if layout.mends(line.number):
        cells = mend_names(layout, cells)
    reason = _why_no_person(layout, cells)
    if reason and not (reason in ASKED and layout.with_headings):
        return BadRow(line.number, REASONS[reason])
    return line._replace(cells=["" if is_error(cell) else cell for cell in cells])


def is_error(cell: str) -> bool:
    """Return whether a cell holds an error of a spreadsheet."""
    return cell.startswith(("#", "Err:")) and (cell == NO_RESULT or bool(_ERROR.fullmatch(cell.strip())))


def may_be_asked(layout: Layout, line: Line) -> bool:
    """Return whether a row looks like a heading, a total or a vacant seat, which only a person can know for sure."""
    cells = [strip_unseen(cell) for cell in line.cells[: len(layout.columns)]]
    return _why_no_person(layout, cells + [""] * (len(layout.columns) - len(cells))) in ASKED


def _is_title(cell: str, title: str) -> bool:
    """Return whether a cell is empty or repeats a title, or one of the lines of which it is joined."""
    if not cell:
        return True
    words, whole = f" {fold_title(cell)} ", f" {fold_title(title)} "
    return whole.startswith(words) or whole.endswith(words)


def _why_no_person(layout: Layout, cells: Sequence[str]) -> str:
    filled = [cell for cell in cells if cell]
    if len(filled) > 1 and filled == [str(number) for number in range(1, len(filled) + 1)]:
        return "counts"
    if len(filled) > 1 and all(map(_is_title, cells, layout.titles)):
        return "titles"
    if len(filled) > 1 and all(_PROGRAM.fullmatch(cell) for cell in filled):
        return "program"
    columns = layout.columns
    names = [cell for column, cell in zip(columns, cells, strict=True) if column in ("name", *NAME_FIELDS)]
    if NO_RESULT in names:
        return "formula"
    if any(is_error(cell) for cell in names):
        return "error"
    if any(cell in _TRUTHS for cell in names):
        return "truth"
    name = " ".join(filter(None, names))
    used = sum(bool(column) for column in columns)
    alone = len(filled) == 1 and used > 1
    if _TOTAL.match(name) or (alone and (not name or _REGION.search(name))):
        return "heading"
    if name.casefold() in _ANONYMOUS:
        return "anonymous"
    return "vacant" if _VACANT.fullmatch(name) else ""
