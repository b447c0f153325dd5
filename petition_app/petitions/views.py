"""Pages of organizers about a petition: draft, edit, preview, open, pause, close."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts import fresh
from petition_app.clock import utcnow
from petition_app.errors import DomainError, NotAllowedError
from petition_app.petitions import beginning, services
from petition_app.petitions.forms import STATE_WORDS, PetitionForm, explain
from petition_app.petitions.policy_rules import Policy
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import NewPetition
from petition_app.signatures.services import has_any
from petition_app.tally.counting import live_tally
from petition_app.tally.overview import overview
from petition_app.tally.services import get_publication
from petition_app.verification.batches import list_batches
from petition_app.verification.forms import ActForm
from petition_app.verification.speed import agreement

staff = Blueprint("petitions", __name__)

Answer = Response | str | tuple[str, int]
STEPS = {"open": "open", "pause": "paused", "close": "closed"}


@staff.get("/petitions/new")
def new() -> str:
    """Show an empty form."""
    _require_organizer()
    return render_template("petitions/edit.html", form=PetitionForm(), petition=None, signed=False)


@staff.post("/petitions/new")
def create() -> Answer:
    """Draft a petition."""
    _require_organizer()
    form = PetitionForm()
    if not form.validate():
        return render_template("petitions/edit.html", form=form, petition=None, signed=False), 422
    try:
        petition = services.create(form.to_new_petition(), by=g.account, at=utcnow())
    except DomainError as error:
        form.form_errors.append(explain(error))
        return render_template("petitions/edit.html", form=form, petition=None, signed=False), 422
    flash(gettext("The petition is drafted. Nobody sees it before you open it."), "success")
    return _show(petition.slug)


@staff.get("/p/<slug>")
def show() -> str:
    """Show an organizer where the petition stands and what can be done next."""
    tally = live_tally(g.petition)
    publication = get_publication(g.petition)
    return render_template(
        "petitions/show.html",
        tally=tally, adds_up=tally.holds, publication=publication, batches=list_batches(g.petition.id), form=ActForm(),
        states=STATE_WORDS, agreement=agreement(g.petition.id),
        seen=overview(g.petition, tally, by=g.account, role=g.role, at=utcnow()),
    )  # fmt: skip


@staff.get("/p/<slug>/edit")
def edit() -> str:
    """Show the form with the petition in it."""
    signed = has_any(g.petition.id)
    return render_template("petitions/edit.html", form=PetitionForm.of(g.petition), petition=g.petition, signed=signed)


@staff.post("/p/<slug>/edit")
def save() -> Answer:
    """Change the petition."""
    form, signed = PetitionForm(), has_any(g.petition.id)
    form.slug.data = g.petition.slug
    if not form.validate():
        return render_template("petitions/edit.html", form=form, petition=g.petition, signed=signed), 422
    new = form.to_new_petition()
    if signed and Policy.of(new).asks_less_than(Policy.of(g.petition)) and (words := fresh.problem(g.account)):
        form.form_errors.append(words)  # A wrong password leaves a trace, so it is no error.
        return render_template("petitions/edit.html", form=form, petition=g.petition, signed=signed, again=True)
    return _save(form, new, signed=signed)


def _save(form: PetitionForm, new: NewPetition, *, signed: bool) -> Answer:
    try:
        whole = services.edit(g.petition, new, has_signed=has_any, by=g.account, at=utcnow())
    except DomainError as error:
        form.form_errors.append(explain(error))
        return render_template("petitions/edit.html", form=form, petition=g.petition, signed=signed), 422
    if whole:
        flash(gettext("The petition is saved."), "success")
        return _show(g.petition.slug)
    flash(
        gettext("Saved, but for the rules of checking: they ask for less than before, so another organizer must agree.")
    )
    return redirect(url_for("staff.approvals.show", slug=g.petition.slug), 303)


@staff.get("/p/<slug>/preview")
def preview() -> str:
    """Show the letter as the public will read it, in each of its languages."""
    letters = [
        (language, g.petition.text.titles[language], render_text(text))
        for language, text in g.petition.text.texts.items()
    ]
    return render_template("petitions/preview.html", letters=letters, form=ActForm())


@staff.post("/p/<slug>/<any(open, pause, close):step>")
def change_state(step: str) -> Response:
    """Open, pause or close the petition."""
    services.change_state(g.petition, STEPS[step], by=g.account, at=utcnow())
    words = {
        "open": gettext("The petition is open for signing."),
        "pause": gettext("Signing is paused. The page says so."),
        "close": gettext("Signing has ended. What was received can still be checked."),
    }
    flash(words[step], "success")
    return _show(g.petition.slug)


def _show(slug: str) -> Response:
    return redirect(url_for("staff.petitions.show", slug=slug), 303)


def _require_organizer() -> None:
    if not beginning.may_begin(g.account):
        raise NotAllowedError
