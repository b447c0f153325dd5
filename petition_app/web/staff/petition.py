"""Pages of organizers about a petition: draft, edit, preview, open, pause, close."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError, NotAllowedError
from petition_app.petitions import first_petition, previewing, services, text_changes
from petition_app.petitions.policy_rules import Policy
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import NewPetition
from petition_app.petitions.text_diff import compare
from petition_app.signatures.services import has_any
from petition_app.tally import readiness
from petition_app.tally.counting import live_tally
from petition_app.tally.overview import overview
from petition_app.tally.services import get_publication
from petition_app.verification.batches.services import list_batches
from petition_app.verification.batches.throughput import agreement
from petition_app.verification.decisions import first_roster
from petition_app.web import fresh_sign_in
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import ActForm
from petition_app.web.forms.drafting import BeginForm
from petition_app.web.forms.petition import STATE_WORDS, PetitionForm
from petition_app.web.forms.roster import asked_again_words

staff = Blueprint("petition", __name__)

Answer = Response | str | tuple[str, int]
WAYS = ("save", "again")  # The form is saved, or shown once more as it is.
NOT_KEPT = ("csrf_token", "looked_at", "act", fresh_sign_in.FIELD)
STEPS = {"open": "open", "pause": "paused", "close": "closed"}
CHANGED_WORDS = {
    "open": lazy_gettext("The petition is open for signing."),
    "pause": lazy_gettext("Signing is paused. The page says so."),
    "close": lazy_gettext("Signing has ended. What was received can still be checked."),
}


@staff.get("/petitions/new")
def new() -> str:
    """Ask where a new petition begins; its steps come afterwards."""
    _require_organizer()
    return render_template("staff/new_petition.html", form=BeginForm(formdata=None))


@staff.post("/petitions/new")
def create() -> Answer:
    """Draft a whole petition with one form."""
    _require_organizer()
    form = PetitionForm()
    if not form.validate():
        return render_template("staff/edit_letter.html", form=form, petition=None, signed=False), 422
    try:
        petition = services.create(form.to_new_petition(), by=g.account, at=utcnow())
    except DomainError as error:
        form.form_errors.append(explain(error))
        return render_template("staff/edit_letter.html", form=form, petition=None, signed=False), 422
    flash(gettext("The petition is drafted. Nobody sees it before you open it."), "success")
    return _show(petition.slug)


@staff.get("/p/<slug>")
def show() -> str:
    """Show an organizer where the petition stands and what can be done next."""
    tally = live_tally(g.petition)
    publication = get_publication(g.petition)
    return render_template(
        "staff/overview.html",
        tally=tally, adds_up=tally.holds, publication=publication, batches=list_batches(g.petition.id), form=ActForm(),
        states=STATE_WORDS, agreement=agreement(g.petition.id),
        seen=overview(g.petition, tally, by=g.account, role=g.role, at=utcnow()), ready=_readiness(),
    )  # fmt: skip


@staff.get("/p/<slug>/edit")
def edit() -> str:
    """Show the form with the petition in it."""
    return _edit(PetitionForm.of(g.petition), signed=has_any(g.petition.id))


@staff.post("/p/<slug>/edit")
def save() -> Answer:
    """Change the petition."""
    form, signed = PetitionForm.posted(g.petition), has_any(g.petition.id)
    if request.form.get("act", WAYS[0]) not in WAYS:
        form.form_errors.append(gettext("Please use one of the buttons. Nothing was changed."))
    if not form.validate() or form.form_errors:
        return _edit(form, signed=signed), 422
    if request.form.get("act") == "again":
        return _edit(form, signed=signed)
    new = form.to_new_petition()
    if signed and Policy.of(new).asks_less_than(Policy.of(g.petition)) and (words := fresh_sign_in.problem(g.account)):
        form.form_errors.append(words)  # A wrong password leaves a trace, so it is no error.
        return _edit(form, signed=signed, again=True)
    return _save(form, new, signed=signed)


def _save(form: PetitionForm, new: NewPetition, *, signed: bool) -> Answer:
    seen = request.form.get("looked_at", "")
    try:
        whole = text_changes.edit(g.petition, new, looked_at=seen, has_signed=has_any, by=g.account, at=utcnow())
        asked = first_roster.ask_again(g.petition, by=g.account, at=utcnow())
    except text_changes.NotLookedAtError:
        return _show_differences(new, signed=signed)
    except DomainError as error:
        form.form_errors.append(explain(error))
        return _edit(form, signed=signed), 422
    if whole:
        flash(f"{gettext('The petition is saved.')} {asked_again_words(asked)}".strip(), "success")
        return _show(g.petition.slug)
    flash(
        gettext("Saved, but for the rules of checking: they ask for less than before, so another organizer must agree.")
    )
    return redirect(url_for("staff.approvals.show", slug=g.petition.slug), 303)


def _show_differences(new: NewPetition, *, signed: bool) -> str:
    """Show what would change in a text that can be signed, with the whole form kept in the page."""
    kept = [field for field in request.form.items(multi=True) if field[0] not in NOT_KEPT]
    return render_template(
        "staff/edit_differences.html", new=new, kept=kept, signed=signed, compare=compare, before=g.petition.text,
        mark=text_changes.mark_of(g.petition, new), arrived=live_tally(g.petition).total.arrived if signed else 0,
    )  # fmt: skip


def _edit(form: PetitionForm, *, signed: bool, again: bool = False) -> str:
    return render_template("staff/edit_letter.html", form=form, petition=g.petition, signed=signed, again=again)


@staff.get("/p/<slug>/preview")
def preview() -> str:
    """Show the letter as the public will read it, in each of its languages."""
    letters = [
        (language, g.petition.text.titles.get(language, ""), render_text(text))
        for language, text in g.petition.text.texts.items()
    ]
    return render_template("staff/letter_preview.html", letters=letters, form=ActForm(), ready=_readiness())


@staff.post("/p/<slug>/preview")
def note_preview() -> Response:
    """Note that an organizer has read the letter as the public will."""
    try:
        previewing.note_read(g.petition, request.form.get("text", ""), by=g.account, at=utcnow())
    except previewing.PreviewChangedError as error:
        flash(explain(error), "danger")
        return redirect(url_for("staff.petition.preview", slug=g.petition.slug), 303)
    flash(gettext("Noted. Whoever changes the text has to read it again."), "success")
    return _show(g.petition.slug)


@staff.post("/p/<slug>/<any(open, pause, close):step>")
def change_state(step: str) -> Response:
    """Open, pause or close the petition."""
    try:
        services.change_state(g.petition, STEPS[step], by=g.account, at=utcnow())
    except services.StepError:
        if g.petition.state != STEPS[step]:  # Else the same button was pressed twice, or by two people.
            raise
    flash(CHANGED_WORDS[step], "success")
    return _show(g.petition.slug)


def _readiness() -> readiness.Readiness | None:
    """Return what a draft still lacks; nothing for who cannot open it, or once it was opened."""
    if g.petition.state != "draft" or g.role == "reviewer":
        return None
    return readiness.find(g.petition, live_tally(g.petition), by=g.account)


def _show(slug: str) -> Response:
    return redirect(url_for("staff.petition.show", slug=slug), 303)


def _require_organizer() -> None:
    if not first_petition.may_begin(g.account):
        raise NotAllowedError
