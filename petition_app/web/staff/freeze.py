"""Acts of organizers around a freeze: stop everything, propose and confirm to go on, say that one is there."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import freezing
from petition_app.web.error_words import explain
from petition_app.web.forms.petition import SilenceForm, SwitchForm

staff = Blueprint("freeze", __name__)


@staff.post("/p/<slug>/freeze")
def freeze() -> Response:
    """Stop everything, if the form that says what follows was sent."""
    if not SwitchForm().validate():
        return _done(gettext("Nothing was changed."), "warning")
    freezing.freeze(g.petition, by=g.account, at=utcnow())
    return _done(gettext("The letter is frozen. Nobody can sign or check, and no name is shown."))


@staff.post("/p/<slug>/unfreeze")
def unfreeze() -> Response:
    """Propose to go on, or confirm it."""
    try:
        goes_on = freezing.unfreeze(g.petition, by=g.account, at=utcnow())
    except DomainError as error:
        return _done(explain(error), "warning")
    if goes_on:
        return _done(gettext("The letter is no longer frozen."))
    return _done(gettext("Proposed. Another organizer must confirm it within 24 hours."))


@staff.post("/p/<slug>/unfreeze/refuse")
def refuse() -> Response:
    """Take a proposal off the table."""
    try:
        freezing.refuse(g.petition, by=g.account, at=utcnow())
    except DomainError as error:
        return _done(explain(error), "warning")
    return _done(gettext("The letter stays frozen."))


@staff.post("/p/<slug>/here")
def here() -> Response:
    """Say that one is there; every act of a signed-in person is noted with its day."""
    return _done(gettext("Noted: you are here today."))


@staff.post("/p/<slug>/silence")
def silence() -> Response:
    """Choose after how many silent days the letter freezes."""
    form = SilenceForm()
    if not form.validate():
        return _done(gettext("The number of days must lie between 1 and 365, or stay empty."), "warning")
    freezing.set_silence(g.petition, form.days.data, by=g.account, at=utcnow())
    return _done(gettext("Saved."))


def _done(words: str, kind: str = "success") -> Response:
    flash(words, kind)
    return redirect(url_for("staff.switches.show", slug=g.petition.slug), 303)
