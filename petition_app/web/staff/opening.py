"""The page before a petition opens: three questions, what to think of, and a rehearsal."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.petitions import risk_assessment
from petition_app.roster.warnings import find_warnings
from petition_app.tally import readiness
from petition_app.tally.counting import live_tally
from petition_app.web.forms.petition import ThreatForm

staff = Blueprint("opening", __name__)

Answer = Response | str | tuple[str, int]


@staff.get("/p/<slug>/before-opening")
def show() -> str:
    """Show the questions with what was answered, and the warnings."""
    return _show(ThreatForm.of(g.petition))


@staff.post("/p/<slug>/before-opening")
def answer() -> Answer:
    """Keep the answers."""
    form = ThreatForm()
    if not form.validate():
        return _show(form), 422
    risk_assessment.answer(g.petition, form.to_answers(), by=g.account, at=utcnow())
    flash(gettext("Your answers are kept with the petition."), "success")
    return redirect(url_for("staff.opening.show", slug=g.petition.slug), 303)


def _show(form: ThreatForm) -> str:
    warnings = find_warnings(g.petition, by=g.account)
    ready = readiness.find(g.petition, live_tally(g.petition), by=g.account)
    return render_template("staff/before_opening.html", form=form, warnings=warnings, ready=ready)
