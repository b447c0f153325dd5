"""Pages of a new petition: how it begins, its steps, each kept by itself, and what the draft still lacks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError, NotAllowedError, NotFoundError
from petition_app.petitions import drafting, first_petition
from petition_app.petitions.completeness import STEPS, list_gaps
from petition_app.signatures.services import has_any
from petition_app.web.error_words import explain
from petition_app.web.forms.drafting import FORMS, GAP_WORDS, STEP_WORDS, BeginForm

staff = Blueprint("drafting", __name__)

Answer = Response | str | tuple[str, int]
WAYS = ("next", "back", "leave")


@staff.post("/petitions/begin")
def begin() -> Answer:
    """Begin a draft and lead to its first step."""
    if not first_petition.may_begin(g.account):
        raise NotAllowedError
    form = BeginForm()
    if not form.validate():
        return render_template("staff/new_petition.html", form=form), 422
    chosen = tuple(form.languages.data)
    try:
        petition = drafting.begin(form.slug.data, form.template.data, chosen, by=g.account, at=utcnow())
    except DomainError as error:
        form.slug.errors = [explain(error)]
        return render_template("staff/new_petition.html", form=form), 422
    return redirect(url_for("staff.drafting.show", slug=petition.slug, part=STEPS[0]), 303)


@staff.get("/p/<slug>/draft")
def summary() -> Answer:
    """Show the steps with what each of them still lacks."""
    if not drafting.is_draft(g.petition, has_signed=has_any):
        return redirect(url_for("staff.petition.edit", slug=g.petition.slug), 303)
    return render_template("staff/draft.html", **_road(""))


@staff.get("/p/<slug>/draft/<part>")
def show(part: str) -> Answer:
    """Show one step with what was kept of it."""
    if part not in FORMS:
        raise NotFoundError
    if not drafting.is_draft(g.petition, has_signed=has_any):
        return redirect(url_for("staff.petition.edit", slug=g.petition.slug), 303)
    return _show(FORMS[part].of(g.petition), part)


@staff.post("/p/<slug>/draft/<part>")
def save(part: str) -> Answer:
    """Keep one step, and go on, back or away, as the button says."""
    if part not in FORMS:
        raise NotFoundError
    form, way = FORMS[part](), request.form.get("act", WAYS[0])
    if way not in WAYS:
        form.form_errors.append(gettext("Please use one of the buttons. Nothing was changed."))
    if not form.validate() or form.form_errors:
        return _show(form, part), 422
    try:
        drafting.save(g.petition, part, form.to_values(), has_signed=has_any, by=g.account, at=utcnow())
    except DomainError as error:
        form.form_errors.append(explain(error))
        return _show(form, part), 422
    return _lead(part, way)


def _lead(step: str, way: str) -> Response:
    place = STEPS.index(step) + {"next": 1, "back": -1}.get(way, 0)
    if way == "leave":
        flash(gettext("The draft is saved. Nobody outside sees it before you open it."), "success")
        return redirect(url_for("staff.petition.show", slug=g.petition.slug), 303)
    if 0 <= place < len(STEPS):
        return redirect(url_for("staff.drafting.show", slug=g.petition.slug, part=STEPS[place]), 303)
    return redirect(url_for("staff.drafting.summary", slug=g.petition.slug), 303)


def _show(form: Any, step: str) -> str:
    return render_template("staff/draft_step.html", form=form, **_road(step))


def _road(step: str) -> dict[str, Any]:
    """Return what the list of steps shows: each with what it lacks, and which one is shown."""
    gaps = list_gaps(g.petition)
    open_steps = set(g.petition.unfinished or {})
    return {
        "step": step, "steps": STEP_WORDS, "gaps": gaps, "gap_words": GAP_WORDS,
        "done": [one for one in STEPS if one not in open_steps and not any(gap.step == one for gap in gaps)],
    }  # fmt: skip
