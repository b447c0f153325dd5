"""Forms of imports: upload a file, say what its columns are and who holds the signers' word."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import Length

from petition_app.signatures.import_files import CONSENT_LENGTH
from petition_app.signatures.tables import FIELDS

FIELD_WORDS = {
    "name": lazy_gettext("whole name"),
    "role": lazy_gettext("role"),
    "place": lazy_gettext("place"),
    "email": lazy_gettext("mail address"),
    "language": lazy_gettext("language"),
    "consent": lazy_gettext("what may be published"),
    "ref": lazy_gettext("reference of your own"),
}
TIER_WORDS = {
    0: lazy_gettext("counted only"),
    1: lazy_gettext("role and place"),
    2: lazy_gettext("name to the addressee only"),
    3: lazy_gettext("name in public"),
}
STATE_WORDS = {
    "staging": lazy_gettext("running"),
    "done": lazy_gettext("done"),
    "stopped": lazy_gettext("stopped, nothing was added"),
    "undoing": lazy_gettext("being taken back"),
    "undone": lazy_gettext("taken back"),
}


class UploadForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A file."""

    file = FileField(
        lazy_gettext("File"),
        description=lazy_gettext(
            "CSV (UTF-8) or XLSX; the first line names the columns. At most 16 MB and 50,000 rows."
        ),
        validators=[FileRequired(lazy_gettext("Please choose a file."))],
    )


class ReadingForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """Who holds the signers' word on publishing, and whether they are initial signatories."""

    consent = TextAreaField(
        lazy_gettext("Who holds the signers' word on publishing, and how?"),
        description=lazy_gettext(
            "Needed only where the file asks for more than being counted. It is kept sealed with each case."
        ),
        validators=[Length(max=CONSENT_LENGTH, message=lazy_gettext("At most 1,000 characters."))],
    )
    initial = BooleanField(lazy_gettext("They are initial signatories: they join batch 0 and are checked at once"))

    def columns(self) -> list[str]:
        """Return what each column was chosen to be."""
        return [field.data for field in self if field.name.startswith("column")]


def reading_form(columns: Sequence[str], *, consent: str, initial: bool) -> ReadingForm:
    """Make a form with one choice for each column of a file, beginning with these."""

    class ColumnsForm(ReadingForm):
        """How one file is read."""

    choices = [
        SelectChoice("", lazy_gettext("not used")),
        *(SelectChoice(field, FIELD_WORDS[field]) for field in FIELDS),
    ]
    for number, column in enumerate(columns):
        setattr(ColumnsForm, f"column{number}", SelectField(choices=choices, default=column))
    return ColumnsForm(data={"consent": consent, "initial": initial})
