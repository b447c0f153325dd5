"""Forms of rosters: upload a file, say what its columns are, use it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from petition_app.roster.rules import FIELDS
from petition_app.roster.services import ReplacedError

FIELD_WORDS = {
    "id": lazy_gettext("id"),
    "name": lazy_gettext("whole name"),
    "surname": lazy_gettext("surname"),
    "given": lazy_gettext("given name"),
    "patronymic": lazy_gettext("patronymic or middle name"),
    "body": lazy_gettext("body, such as a council"),
    "place": lazy_gettext("place"),
    "role": lazy_gettext("role"),
    "term_from": lazy_gettext("term of office, from"),
    "term_to": lazy_gettext("term of office, to"),
    "contact": lazy_gettext("official contact"),
    "contact_safe": lazy_gettext("whether the contact is safe"),
}
NO_DAY = lazy_gettext("Please write the day as 2026-09-12.")


class UploadForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A file, what it is called, and the day on which it is true."""

    file = FileField(
        lazy_gettext("File"),
        description=lazy_gettext("CSV (UTF-8) or XLSX; the first line names the columns. At most 32 MB."),
        validators=[FileRequired(lazy_gettext("Please choose a file."))],
    )
    name = StringField(
        lazy_gettext("What is this list?"),
        description=lazy_gettext("Its name and where it comes from, for example: deputies, electoral commission."),
        validators=[
            DataRequired(lazy_gettext("Please say what list this is.")),
            Length(max=200, message=lazy_gettext("At most 200 characters.")),
        ],
    )
    as_of = DateField(
        lazy_gettext("True as of"),
        description=lazy_gettext("The day on which the list was right, not the day of the upload."),
        invalid_value_message=NO_DAY,
        validators=[InputRequired(NO_DAY)],
    )


class VersionForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Which uploaded file is meant: the one that was looked at."""

    version = HiddenField()

    def version_id(self) -> UUID:
        """Return the version. Raises: ReplacedError: the field was tampered with or is empty."""
        try:
            return UUID(self.version.data)
        except (TypeError, ValueError):
            raise ReplacedError from None

    def columns(self) -> list[str]:
        """Return what each column was chosen to be."""
        return [field.data for field in self if field.name.startswith("column")]


def columns_form(version_id: UUID, columns: Sequence[str]) -> VersionForm:
    """Make a form with one choice for each column of a file, beginning with these."""

    class ColumnsForm(VersionForm):
        """What each column of one file is."""

    choices = [
        SelectChoice("", lazy_gettext("not used")),
        *(SelectChoice(field, FIELD_WORDS[field]) for field in FIELDS),
    ]
    for number, column in enumerate(columns):
        setattr(ColumnsForm, f"column{number}", SelectField(choices=choices, default=column))
    return ColumnsForm(version=str(version_id))
