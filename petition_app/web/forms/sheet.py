"""The form over an uploaded table: which line names the columns, what each is, and how a text is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, SelectMultipleField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from petition_app.storage.spreadsheets import Line
from petition_app.storage.text_tables import DELIMITERS, ENCODINGS
from petition_app.tables.layout import Layout, Wanted
from petition_app.tables.survey import Column, Survey

ENCODING_WORDS = {
    "utf-8": lazy_gettext("UTF-8"),
    "utf-16": lazy_gettext("UTF-16"),
    "cp1251": lazy_gettext("Windows-1251 (Cyrillic)"),
    "cp1252": lazy_gettext("Windows-1252 (Western Europe)"),
}
DELIMITER_WORDS = {
    ",": lazy_gettext("comma"),
    ";": lazy_gettext("semicolon"),
    "\t": lazy_gettext("tab"),
    "|": lazy_gettext("vertical bar"),
}
# Of a tab, forms would make an empty value.
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LONGEST_LINE = 80
CHOSEN = ("sheet", "with_hidden", "with_headings", "with_filled", "with_mended", "days")
DAY_WORDS = {
    "": lazy_gettext("Please choose"),
    "dmy": lazy_gettext("the day: 08/09/2019 is 8 September"),
    "mdy": lazy_gettext("the month: 08/09/2019 is August 9"),
}

Form = TypeVar("Form", bound="SheetForm")


class SheetForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """How a table is to be read; `make` adds a field for each of its columns and questions."""

    layout: Layout
    survey: Survey

    def wanted(self) -> Wanted:
        """Return how the table is wanted to be read, as it is where nothing was chosen."""
        delimiters = {name: sign for sign, name in DELIMITER_NAMES.items()}
        layout = self.layout
        return replace(
            Wanted.of(layout),
            header_line=int(self.header_line.data),
            encoding=self.encoding.data if "encoding" in self else layout.encoding,
            delimiter=delimiters[self.delimiter.data] if "delimiter" in self else layout.delimiter,
            **{name: self[name].data for name in CHOSEN if name in self},
            mended=tuple(map(int, self.mended.data or ())) if "mended" in self else layout.mended,
            columns=tuple(self[f"column{number}"].data for number in range(len(layout.columns))),
            answers=self._answers(),
        )

    def _answers(self) -> dict[str, int]:
        answers = dict(self.layout.answers)
        for field in self:
            if field.name.startswith("answer"):
                word = self[field.name.replace("answer", "word")].data
                if word in self.survey.words:
                    answers.pop(word, None)
                    answers |= {word: int(field.data)} if field.data else {}
        return answers


def make(
    base: type[Form],
    layout: Layout,
    survey: Survey,
    fields: Mapping[str, Any],
    *,
    words: Sequence[str] = (),
    tiers: Mapping[int, Any] | None = None,
    **data: Any,
) -> Form:
    """Make a form over one table: `fields` are the words for what a column may be, `words` those to be asked about."""

    class OneTable(base):  # type: ignore[valid-type, misc] # A class made for one file.
        """How one table is read."""

    lines = [SelectChoice(str(line.number), _begins(line), {"translate": "no"}) for line in survey.heads]
    lines.append(SelectChoice("0", lazy_gettext("no line: the columns have no titles")))
    _add(OneTable, "header_line", lazy_gettext("Line with the titles"), lines, str(layout.header_line))
    if layout.encoding:
        choices = [SelectChoice(name, ENCODING_WORDS[name]) for name in ENCODINGS]
        _add(OneTable, "encoding", lazy_gettext("Encoding"), choices, layout.encoding)
    if layout.delimiter in DELIMITERS:
        choices = [SelectChoice(DELIMITER_NAMES[sign], DELIMITER_WORDS[sign]) for sign in DELIMITERS]
        _add(OneTable, "delimiter", lazy_gettext("Between cells stands"), choices, DELIMITER_NAMES[layout.delimiter])
    if len(layout.sheet_names) > 1:
        choices = [SelectChoice(name, name, {"translate": "no"}) for name in layout.sheet_names]
        _add(OneTable, "sheet", lazy_gettext("Sheet"), choices, layout.sheet)
    if survey.unclear:
        days = [SelectChoice(order, words) for order, words in DAY_WORDS.items()]
        _add(OneTable, "days", lazy_gettext("In days such as 08/09/2019, what comes first?"), days, layout.days)
    if survey.hidden:
        words = lazy_gettext("Take the rows, too, that the spreadsheet hides")
        OneTable.with_hidden = BooleanField(words, default=layout.with_hidden)
    if survey.headings:
        words = lazy_gettext("Take the rows, too, that look like headings, totals or vacant seats")
        OneTable.with_headings = BooleanField(words, default=layout.with_headings)
    if survey.merged:
        words = lazy_gettext("Fill the same value down: take what a merged cell holds on each of its lines")
        OneTable.with_filled = BooleanField(words, default=layout.with_filled)
    if survey.mendable:
        words = lazy_gettext("Take all such names as they read")
        OneTable.with_mended = BooleanField(words, default=layout.with_mended)
        OneTable.mended = _mended(survey, layout)
    meanings = [SelectChoice("", lazy_gettext("not used")), *(SelectChoice(name, fields[name]) for name in fields)]
    for number, column in enumerate(layout.columns):
        _add(OneTable, f"column{number}", "", meanings, column)
    tier_choices = [
        SelectChoice("", lazy_gettext("Please choose")),
        *(SelectChoice(str(tier), label) for tier, label in (tiers or {}).items()),
    ]
    for number, word in enumerate(words):
        setattr(OneTable, f"word{number}", HiddenField(default=word))
        known = layout.answers.get(word)
        _add(OneTable, f"answer{number}", "", tier_choices, "" if known is None else str(known))
    form = OneTable(data=data)
    form.layout, form.survey = layout, survey
    return form


def _mended(survey: Survey, layout: Layout) -> SelectMultipleField:
    choices = [SelectChoice(str(name.line), name.meant) for name in survey.some_mendable]
    return SelectMultipleField(
        "", choices=choices, default=[str(line) for line in layout.mended],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validators=[Optional()],
    )  # fmt: skip


def _add(form: Any, name: str, label: Any, choices: Sequence[SelectChoice], default: str) -> None:
    setattr(form, name, SelectField(label, choices=list(choices), default=default))


def _begins(line: Line) -> str:
    """Return the beginning of a line with its number, for a menu."""
    text = " · ".join(cell.strip() for cell in line.cells if cell.strip())
    return f"{line.number}: {text[:LONGEST_LINE]}{'…' if len(text) > LONGEST_LINE else ''}"


def why(column: Column) -> str:
    """Return why a column is taken for what it is."""
    guess = column.guess
    if guess.field != column.field:
        return str(gettext("chosen by you"))
    words = {
        "title": gettext("its title is known"),
        "word": gettext("its title holds “%(word)s”", word=guess.word),
        "cells": gettext("its cells look like mail addresses"),
        "items": gettext("its cells are addresses of records"),
        "twice": gettext("another column is taken for this"),
        "weak": gettext("another column is taken for this"),
    }
    return str(words.get(guess.reason, gettext("its title is not known")))


def left_out(number: int) -> str:
    """Return how many rows are left out, as the end of a button's words."""
    return str(ngettext("%(num)s row is left out", "%(num)s rows are left out", number)) if number else ""
