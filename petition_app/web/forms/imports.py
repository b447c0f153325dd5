"""Forms of imports: upload a file, say what its columns are and who holds the signers' word."""

from __future__ import annotations

from flask_babel import lazy_gettext, ngettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from petition_app.imports.files import CONSENT_LENGTH
from petition_app.imports.preview import Preview
from petition_app.web.forms.sheet import SheetForm, left_out, make

FIELD_WORDS = {
    "name": lazy_gettext("whole name"),
    "surname": lazy_gettext("surname"),
    "second_surname": lazy_gettext("second surname"),
    "given": lazy_gettext("given name"),
    "patronymic": lazy_gettext("patronymic or middle name"),
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
        description=lazy_gettext("XLSX, ODS or CSV. One line names the columns. At most 16 MB and 50,000 rows."),
        validators=[FileRequired(lazy_gettext("Please choose a file."))],
    )


class ReadingForm(SheetForm):
    """How a file of signatures is read, who holds the signers' word on publishing, and whether they are initial."""

    consent = TextAreaField(
        lazy_gettext("Who holds the signers' word on publishing, and how?"),
        description=lazy_gettext(
            "For example: each signed on paper, the sheets lie with the organizers. It is kept sealed with each case."
        ),
        validators=[Length(max=CONSENT_LENGTH, message=lazy_gettext("At most 1,000 characters."))],
    )
    without_known = BooleanField(lazy_gettext("Leave out the rows whose name and address are there already"))
    initial = BooleanField(lazy_gettext("They are initial signatories: they join batch 0 and are checked at once"))


def reading_form(found: Preview, *, consent: str, initial: bool) -> ReadingForm:
    """Make a form over a file that waits, beginning with how it is read now."""
    return make(
        ReadingForm, found.layout, found.survey, FIELD_WORDS, words=found.words, tiers=TIER_WORDS, consent=consent,
        initial=initial, without_known=found.without_known,
    )  # fmt: skip


def import_words(found: Preview, *, initial: bool) -> str:
    """Return what the button of an import does, exactly."""
    if initial:
        words = ngettext(
            "Import %(num)s name as initial signatory", "Import %(num)s names as initial signatories", found.size
        )
    else:
        words = ngettext("Import %(num)s name as received", "Import %(num)s names as received", found.size)
    return "; ".join(filter(None, (str(words), left_out(len(found.bad)))))
