"""Pages of organizers who help a signer without the twelve words."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.rate_limits.counters import limits
from petition_app.verification.dialogue import lost_codes
from petition_app.web import language_links
from petition_app.web.error_words import explain
from petition_app.web.forms.lost_codes import LostWordsForm
from petition_app.web.labels import STATE_WORDS

staff = Blueprint("lost_codes", __name__)

Answer = Response | str | tuple[str, int]
ACTS = (None, "withdraw", "renew")  # Whoever only looks presses no button of these.
LOOK_UPS = "20 per hour"


@staff.get("/p/<slug>/lost-words")
def ask() -> str:
    """Ask who has lost the words."""
    return _show(LostWordsForm(formdata=None))


@staff.post("/p/<slug>/lost-words")
def find() -> Answer:
    """Show the one case, withdraw it for its signer, or make new words, as the button says."""
    form = LostWordsForm()
    if not form.validate():
        return _show(form), 422
    if form.act.data not in ACTS:
        return _show(form, gettext("Please use one of the buttons. Nothing was changed.")), 422
    if not limits().count(LOOK_UPS, g.account.id.hex, "lost-words"):
        return _show(form, gettext("Too many tries. Please wait an hour and try again.")), 429
    try:
        return _act(form)
    except (lost_codes.NobodyError, lost_codes.SeveralError) as problem:
        return _show(form, explain(problem))


def _act(form: LostWordsForm) -> Answer:
    person, given = form.to_person(), {"petition": g.petition, "by": g.account, "at": utcnow()}
    if form.act.data == "withdraw":
        lost_codes.withdraw(person, **given)
        flash(gettext("The signature is withdrawn, and what was stored about this person is erased."), "success")
        return redirect(url_for("staff.lost_codes.ask", slug=g.petition.slug), 303)
    if form.act.data == "renew":
        language_links.show_once()
        words, language = lost_codes.renew(person, **given)
        return render_template("staff/new_code.html", words=words, language=language)
    case = lost_codes.look_up(person, **given)
    return render_template("staff/lost_code.html", form=form, case=case, states=STATE_WORDS)


def _show(form: LostWordsForm, problem: str = "") -> str:
    return render_template("staff/lost_codes.html", form=form, problem=problem)
