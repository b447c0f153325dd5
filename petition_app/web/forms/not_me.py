"""The form of who finds their own name published."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from petition_app.person_names.reading import NAME_LENGTH
from petition_app.tally.claims import LONGEST
from petition_app.web.forms.sign import PublicForm


class ClaimForm(PublicForm):
    """The name as it is published, where it stands more than once also the place, and what to look at."""

    name = StringField(
        lazy_gettext("Your name, as it is published"),
        validators=[DataRequired(lazy_gettext("Please write your name.")), Length(max=NAME_LENGTH)],
        render_kw={"autocomplete": "name", "maxlength": NAME_LENGTH},
    )
    place = StringField(
        lazy_gettext("The place that stands beside it"),
        description=lazy_gettext("Only needed where the same name stands more than once."),
        validators=[Length(max=200)],
        render_kw={"autocomplete": "off", "maxlength": 200},
    )
    words = TextAreaField(
        lazy_gettext("What should be looked at?"),
        description=lazy_gettext("Only the reviewers read it. Nothing needs to be proved here."),
        validators=[Length(max=LONGEST, message=lazy_gettext("This is too long."))],
        render_kw={"maxlength": LONGEST, "rows": 4},
    )
