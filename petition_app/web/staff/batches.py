"""Pages of batches and decided cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts import services
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import milestones
from petition_app.rate_limits.counters import limits
from petition_app.signatures import services as signing
from petition_app.tally.counting import live_tally
from petition_app.tally.published import find_published
from petition_app.verification.batches import services as batches
from petition_app.verification.decisions import reopening
from petition_app.verification.desk import case_view, decided_list, exact_look_up
from petition_app.verification.rules import case_number
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import ActForm, FindForm, RetractForm, SealForm
from petition_app.web.forms.decided import FilterForm, LookUpForm
from petition_app.web.labels import STATE_WORDS, WORDS
from petition_app.web.request_keys import case_access

staff = Blueprint("batches", __name__)

Answer = Response | str | tuple[str, int]
LOOK_UPS = "20 per hour"  # Together with those for signers who lost their words.


# --- batches ----------------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/seal")
def seal() -> str:
    """Show what is received and waiting, and the announcement: as kept, or drafted from a template."""
    waiting, template = live_tally(g.petition).total.received, request.args.get("template", "")
    kept = None if template in batches.TEMPLATES else milestones.get_draft(g.petition, "announcement")
    texts = kept.fields if kept else batches.draft_announcement(waiting, template)
    return _show_seal(SealForm(formdata=None, written_for=waiting, en=texts["en"], ru=texts["ru"]), waiting)


@staff.post("/p/<slug>/seal")
def seal_batch() -> Answer:
    """Seal the batch, show the announcement as it will read, or keep it: as the button says."""
    form, act = SealForm(), request.form.get("act")
    waiting = live_tally(g.petition).total.received
    if act not in ("seal", "preview", "keep"):
        form.form_errors.append(gettext("Please use one of the buttons. Nothing was changed."))
    if not form.validate() or form.form_errors:
        return _show_seal(form, waiting), 422
    if act == "keep":
        milestones.keep_draft(g.petition, "announcement", form.texts(), by=g.account, at=utcnow())
        flash(gettext("It is kept as a draft. Nobody outside sees it."), "success")
        return _to("batches.seal")
    return _show_seal(form, waiting, form.texts()) if act == "preview" else _seal(form, waiting)


def _seal(form: SealForm, waiting: int) -> Answer:
    if sealed := batches.find_sealed(g.petition, form.number.data, by=g.account):
        if sealed.announcement == form.texts():  # The same form came twice.
            flash(gettext("Batch %(number)s is sealed and announced.", number=sealed.number), "success")
            return _to("petition.show")
        flash(
            gettext("Batch %(number)s was sealed meanwhile. Look at what waits now.", number=sealed.number), "warning"
        )
        return _to("batches.seal")
    try:
        batch = batches.seal(
            g.petition, by=g.account, at=utcnow(), announcement=form.texts(), written_for=form.written_for.data
        )
    except batches.CountChangedError as error:
        form.written_for.raw_data, form.written_for.data = None, waiting
        flash(explain(error), "warning")
        return _show_seal(form, waiting), 422
    milestones.drop_draft(g.petition, "announcement")
    flash(gettext("Batch %(number)s is sealed and announced.", number=batch.number), "success")
    return _to("petition.show")


def _show_seal(form: SealForm, waiting: int, preview: dict[str, str] | None = None) -> str:
    latest = max((batch.number for batch in batches.list_batches(g.petition.id)), default=0)
    kept = milestones.get_draft(g.petition, "announcement")
    return render_template("staff/seal.html", form=form, waiting=waiting, number=latest + 1, preview=preview, kept=kept)


# --- decided cases ----------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/decided")
def decided() -> str:
    """Show decisions, the latest first, filtered, page by page, and without names."""
    return _show_list(FindForm(formdata=None))


@staff.post("/p/<slug>/decided")
def find() -> Answer:
    """Find a decided case by its published name or its secret code."""
    form, found = FindForm(), []
    if form.validate():
        try:
            signature, _ = signing.find_by_code(form.wanted.data, by_staff=True)
            signature_id = case_view.check_decided(signature, petition=g.petition, by=g.account)
            case_view.note_search(g.petition, 1, by=g.account, at=utcnow())
            return _to("batches.decided_case", signature_id=signature_id)
        except DomainError:
            found = find_published(g.petition, form.wanted.data, by=g.account)
            case_view.note_search(g.petition, len(found), by=g.account, at=utcnow())
    return _show_list(form, found=found)


@staff.post("/p/<slug>/decided/look-up")
def look_up() -> Answer:
    """Open the one case of exactly this name or mailbox; the trail keeps that somebody looked."""
    form = LookUpForm()
    if not form.validate() or form.is_empty:
        return _show_list(look_up=form, problem=gettext("Please write a name or a mailbox.")), 422
    if not limits().count(LOOK_UPS, g.account.id.hex, "lost-words"):
        return _show_list(look_up=form, problem=gettext("Too many tries. Please wait an hour and try again.")), 429
    try:
        wanted = form.name.data or "", form.mailbox.data or ""
        case = exact_look_up.look_up(*wanted, petition=g.petition, by=g.account, at=utcnow())
    except (exact_look_up.NotFoundExactlyError, exact_look_up.SeveralPeopleError) as error:
        return _show_list(look_up=form, problem=explain(error))
    return _lead_to(case)


def _lead_to(case: exact_look_up.CaseLookedUp) -> Response:
    """Lead to a decided case; of another it is only said where it stands."""
    if case.more:
        flash(gettext("This person has signed more than once. This is the signature that counts first."))
    if case.is_decided:
        return _to("batches.decided_case", signature_id=case.id)
    state = STATE_WORDS[case.state]
    flash(gettext("Case %(number)s: %(state)s. Nobody has decided it yet.", number=case.number, state=state))
    return _to("batches.decided")


def _show_list(form: FindForm | None = None, *, look_up: LookUpForm | None = None, **said: Any) -> str:
    members = services.list_members(g.petition.id, by=g.account)
    people = {member.account_id: member.account.name for member in members if member.role != "auditor"}
    asked = FilterForm.asked(batches.list_batches(g.petition.id), people)
    before = decided_list.Cursor.read(request.args.get("before", ""))
    page = decided_list.list_decided(g.petition, asked.to_filter(), by=g.account, before=before)
    return render_template(
        "staff/decided.html", page=page, filter=asked, words=WORDS, first=not before,
        form=form or FindForm(formdata=None), look_up=look_up or LookUpForm(formdata=None),
        found=said.get("found"), problem=said.get("problem", ""),
    )  # fmt: skip


@staff.get("/p/<slug>/decided/<uuid:signature_id>")
def decided_case(signature_id: UUID) -> str:
    """Show an organizer a decided signature with its decisions, once it was opened."""
    if not case_view.has_opened(signature_id, petition=g.petition, by=g.account, at=utcnow()):
        number = case_number(signature_id)
        return render_template("staff/open_decided.html", signature_id=signature_id, number=number)
    return _show_decided(signature_id, RetractForm(formdata=None))


@staff.post("/p/<slug>/decided/<uuid:signature_id>/open")
def open_decided(signature_id: UUID) -> Response:
    """Open a decided case; the trail keeps who did."""
    case_view.open_decided(signature_id, petition=g.petition, by=g.account, at=utcnow())
    return _to("batches.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/reopen")
def reopen(signature_id: UUID) -> Response:
    """Check it again from the start."""
    reopening.reopen(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The case is reopened and waits at the desk."), "success")
    return _to("batches.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/undo")
def undo(signature_id: UUID) -> Response:
    """Take the latest verdict back."""
    reopening.undo(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The latest decision is undone."), "success")
    return _to("batches.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/retract")
def retract(signature_id: UUID) -> Answer:
    """Take a verified signature back, with a public correction."""
    form = RetractForm()
    if not form.validate():
        return _show_decided(signature_id, form), 422
    reopening.retract(signature_id, reason=form.retraction.data, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The signature is taken back, and a correction is published."), "success")
    return _to("batches.decided_case", signature_id=signature_id)


def _show_decided(signature_id: UUID, retract: RetractForm) -> str:
    opened = case_view.get_decided(signature_id, access=case_access(), petition=g.petition, by=g.account)
    return render_template(
        "staff/decided_case.html",
        case=opened,
        words=WORDS,
        undoable=reopening.may_undo(opened.signature.id, at=utcnow()),
        form=ActForm(),
        retract=retract,
    )


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.{endpoint}", slug=g.petition.slug, **values), 303)
