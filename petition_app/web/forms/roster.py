"""Forms of rosters: upload a file, say what its columns are, use it."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from petition_app.roster.services import ReplacedError
from petition_app.tables.layout import Layout
from petition_app.tables.survey import Survey
from petition_app.web.forms.sheet import SheetForm, left_out, make

FIELD_WORDS = {
    "id": lazy_gettext("id"),
    "name": lazy_gettext("whole name"),
    "surname": lazy_gettext("surname"),
    "second_surname": lazy_gettext("second surname"),
    "given": lazy_gettext("given name"),
    "patronymic": lazy_gettext("patronymic or middle name"),
    "body": lazy_gettext("body, such as a council"),
    "place": lazy_gettext("place"),
    "role": lazy_gettext("role"),
    "term_from": lazy_gettext("term of office, from"),
    "term_to": lazy_gettext("term of office, to"),
    "term": lazy_gettext("term of office, both in one"),
    "contact": lazy_gettext("official contact"),
    "contact_safe": lazy_gettext("whether the contact is safe"),
}
NO_DAY = lazy_gettext("Please write the day as 2026-09-12.")


class UploadForm(FlaskForm):  # type: ignore[misc] # The library is untyped here.
    """A file, what it is called, and the day on which it is true."""

    file = FileField(
        lazy_gettext("File"),
        description=lazy_gettext("XLSX, ODS or CSV. One line names the columns. At most 32 MB."),
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


class VersionForm(SheetForm):
    """Which uploaded file is meant: the one that was looked at."""

    version = HiddenField()

    def version_id(self) -> UUID:
        """Return the version. Raises: ReplacedError: the field was tampered with or is empty."""
        try:
            return UUID(self.version.data)
        except (TypeError, ValueError):
            raise ReplacedError from None


class ReadingForm(VersionForm):
    """How a roster's file is read, and whether cases are checked against it from now on."""

    check = RadioField(
        lazy_gettext("Shall signatures be checked against it from now on?"),
        choices=[
            SelectChoice(
                "yes", lazy_gettext("Yes: reviewers see who on the list may be meant, and choose the entry to verify")
            ),
            SelectChoice("no", lazy_gettext("Not yet: the list is kept, and cases are decided without it")),
        ],
        default="yes",
        validators=[Optional()],
    )


def reading_form(version_id: UUID, layout: Layout, survey: Survey) -> ReadingForm:
    """Make a form over a file that waits, beginning with how it is read now."""
    return make(ReadingForm, layout, survey, FIELD_WORDS, version=str(version_id))


def asked_again_words(number: int) -> str:
    """Return how many cases are asked about again because their verdicts name no entry; nothing where none are."""
    words = ngettext(
        "%(num)s case in which a reviewer had said “verified” without an entry is asked about again.",
        "%(num)s cases in which a reviewer had said “verified” without an entry are asked about again.",
        number,
    )
    return str(words) if number else ""


def use_words(size: int, bad: int) -> str:
    """Return what the button of a roster does, exactly."""
    words = ngettext(
        "Use this roster of %(num)s person", "Use this roster of %(num)s people", size
    )  # fmt: skip
    return "; ".join(filter(None, (str(words), left_out(bad))))
