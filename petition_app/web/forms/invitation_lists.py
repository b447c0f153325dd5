"""The form of a group entry, and the words on its cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, ValidationError

from petition_app.crypto.form_tokens import new_form_token
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.person_names.reading import UnfitTextError, read_line
from petition_app.signatures.invitation_lists import MOST_PEOPLE, NewEntry
from petition_app.signatures.invitation_models import TITLE_LENGTH
from petition_app.signatures.name_lists import BadLine, NameList, SheetWithoutNamesError, read_file, read_list
from petition_app.web.error_words import explain
from petition_app.web.forms.sign import check_token

CARD_WORDS = N_(
    "This card is yours alone. Nothing counts until you say so yourself: scan the square, or open the address and type "
    "the code. You can also say no there."
)
CARD_GOOD_UNTIL = N_("Good until %(day)s")


class GroupForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A list of names, typed or from a file. `form` makes a repeated sending harmless."""

    form = HiddenField()
    title = StringField(
        lazy_gettext("Name of the list"),
        description=lazy_gettext("For you and the reviewers, such as Monday list. Please do not name anybody in it."),
        validators=[
            DataRequired(lazy_gettext("Please give the list a name.")),
            Length(max=TITLE_LENGTH, message=lazy_gettext("At most 60 characters.")),
        ],
        render_kw={"maxlength": TITLE_LENGTH, "autocomplete": "off"},
    )
    names = TextAreaField(
        lazy_pgettext("list", "People"),
        description=lazy_gettext(
            "One person a line: name; role; place. Only the name is needed. You can paste rows of a spreadsheet."
        ),
        render_kw={"rows": 10, "spellcheck": "false", "autocomplete": "off"},
    )
    file = FileField(
        lazy_gettext("Or a file"),
        description=lazy_gettext(
            "CSV, XLSX or ODS with the columns name, role, place (ФИО, Должность, Место), used instead of the box."
        ),
        render_kw={"accept": ".csv,.xlsx,.ods"},
    )

    sheet = SelectField(
        lazy_gettext("Sheet"),
        description=lazy_gettext("For another sheet, choose it here and the file once more."),
        choices=[], validate_choice=False,
    )  # fmt: skip
    sheet_read = HiddenField()
    sheet_names = SelectMultipleField(validate_choice=False)
    with_mended = BooleanField(lazy_gettext("Take all such names as they read"))
    mended = SelectMultipleField(validate_choice=False)
    kept = SelectMultipleField(validate_choice=False)

    def __init__(self, **values: Any) -> None:
        super().__init__(form=new_form_token(), **values)
        self.bad: tuple[BadLine, ...] = ()
        self.left_out: tuple[BadLine, ...] = ()
        self._read = NameList((), ())

    def validate_form(self, field: Field) -> None:
        """Refuse a form that this server did not hand out, and hand out a good one."""
        check_token(field)

    def validate_title(self, field: Field) -> None:
        """Check the title's letters."""
        try:
            field.data = read_line(field.data or "", longest=TITLE_LENGTH)
        except UnfitTextError as error:
            raise ValidationError(gettext(str(error))) from None

    def validate_names(self, field: Field) -> None:
        """Read the list, which a file replaces; one bad line keeps all of it waiting, so that nothing is half done.

        So do rows of the file that are left out: the list comes back in the box, to be looked at.
        """
        chosen = self.sheet.data or ""
        if self.file.data:
            field.data = self._lines_of_file(chosen)
        else:
            self._offer_sheets(self.sheet_read.data or "", self.sheet_names.data or ())
            if chosen != (self.sheet_read.data or ""):
                raise ValidationError(gettext("This is still another sheet: please choose the file once more, too."))
        self._read = read_list(
            field.data or "",
            agreed=self.mended.data or (),
            kept=self.kept.data or (),
            with_mended=self.with_mended.data,
        )
        self.bad = self._read.bad
        if self.bad:
            raise ValidationError(gettext("Please correct the lines named below. Nothing was entered yet."))
        if self.left_out:
            raise ValidationError(gettext("Rows of the file were left out, see below. Nothing was entered yet."))
        if self.file.data and self.sheet.choices and not chosen:
            raise ValidationError(gettext("The file has several sheets, see below. Nothing was entered yet."))
        if not self._read.people:
            raise ValidationError(gettext("Please write at least one name."))
        if len(self._read.people) > MOST_PEOPLE:
            raise ValidationError(gettext("At most %(most)s people in one list. Please split it.", most=MOST_PEOPLE))

    def _lines_of_file(self, sheet: str) -> str:
        """Return the rows of the file as lines of the box, and offer its sheets where there are several."""
        try:
            read = read_file(self.file.data.read(), sheet=sheet)
        except DomainError as error:
            if isinstance(error, SheetWithoutNamesError):
                self._offer_sheets(error.about.sheet, error.about.sheet_names)
            self.file.errors = [explain(error)]
            raise ValidationError(explain(error)) from None
        self._offer_sheets(read.sheet, read.sheet_names)
        self.left_out = read.left_out
        return read.text

    def _offer_sheets(self, read: str, names: Sequence[str]) -> None:
        if len(names) > 1:
            self.sheet.choices = [SelectChoice(name, name, {"translate": "no"}) for name in names]
            self.sheet.data = self.sheet_read.data = read

    def to_new_entry(self, *, language: str) -> NewEntry:
        """Return the list as the service takes it; `language` is the page's, until each person chooses."""
        return NewEntry(form_token=self.form.data, title=self.title.data, people=self._read.people, language=language)
