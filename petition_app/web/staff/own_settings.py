"""What a member of staff sets for themselves: whether they are told by mail that something waits."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from petition_app.accounts import notices
from petition_app.clock import utcnow
from petition_app.web.forms.accounts import NoticeForm

staff = Blueprint("own_settings", __name__)


@staff.get("/settings")
def show() -> str:
    """Show what is set."""
    language = notices.language_wished(g.account)
    form = NoticeForm(formdata=None, language=language or str(get_locale()))
    return render_template("staff/own_settings.html", form=form, language=language)


@staff.post("/settings/notices")
def begin_notices() -> Response | tuple[str, int]:
    """Mail this person from now on where something waits."""
    form = NoticeForm()
    if not form.validate():
        return render_template("staff/own_settings.html", form=form, language=None), 422
    notices.begin(g.account, form.language.data, at=utcnow())
    flash(gettext("You will be told by mail when something waits, at most once a day."), "success")
    return _back()


@staff.post("/settings/notices/end")
def end_notices() -> Response:
    """Mail this person no more."""
    notices.end(g.account)
    flash(gettext("No mail is sent to you any more."), "success")
    return _back()


def _back() -> Response:
    return redirect(url_for("staff.own_settings.show"), 303)
