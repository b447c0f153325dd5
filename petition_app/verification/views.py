"""Pages of batches and decided cases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import milestones
from petition_app.petitions.forms import explain
from petition_app.signatures import services as signing
from petition_app.tally.counting import live_tally
from petition_app.tally.published import find_published
from petition_app.verification import batches, desk, reopening
from petition_app.verification.forms import (
    ActForm,
    FindForm,
    RetractForm,
    SealForm,
)
from petition_app.verification.rules import case_number
from petition_app.verification.words import WORDS

staff = Blueprint("verification", __name__)

Answer = Response | str | tuple[str, int]


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
        return _to("verification.seal")
    return _show_seal(form, waiting, form.texts()) if act == "preview" else _seal(form, waiting)


def _seal(form: SealForm, waiting: int) -> Answer:
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
    return _to("petitions.show")


def _show_seal(form: SealForm, waiting: int, preview: dict[str, str] | None = None) -> str:
    latest = max((batch.number for batch in batches.list_batches(g.petition.id)), default=0)
    kept = milestones.get_draft(g.petition, "announcement")
    return render_template(
        "verification/seal.html", form=form, waiting=waiting, number=latest + 1, preview=preview, kept=kept
    )


# --- decided cases ----------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/decided")
def decided() -> str:
    """Show the latest decisions, without names."""
    latest = desk.list_latest(g.petition, by=g.account)
    return render_template("verification/decided.html", latest=latest, form=FindForm(), found=None, words=WORDS)


@staff.post("/p/<slug>/decided")
def find() -> Answer:
    """Find a decided case by its published name or its secret code."""
    form, found = FindForm(), []
    if form.validate():
        try:
            signature, _ = signing.find_by_code(form.wanted.data, by_staff=True)
            signature_id = desk.check_decided(signature, petition=g.petition, by=g.account)
            desk.note_search(g.petition, 1, by=g.account, at=utcnow())
            return _to("verification.decided_case", signature_id=signature_id)
        except DomainError:
            found = find_published(g.petition, form.wanted.data, by=g.account)
            desk.note_search(g.petition, len(found), by=g.account, at=utcnow())
    latest = desk.list_latest(g.petition, by=g.account)
    return render_template("verification/decided.html", latest=latest, form=form, found=found, words=WORDS)


@staff.get("/p/<slug>/decided/<uuid:signature_id>")
def decided_case(signature_id: UUID) -> str:
    """Show an organizer a decided signature with its decisions, once it was opened."""
    if not desk.has_opened(signature_id, petition=g.petition, by=g.account, at=utcnow()):
        number = case_number(signature_id)
        return render_template("verification/open_decided.html", signature_id=signature_id, number=number)
    return _show_decided(signature_id, RetractForm(formdata=None))


@staff.post("/p/<slug>/decided/<uuid:signature_id>/open")
def open_decided(signature_id: UUID) -> Response:
    """Open a decided case; the trail keeps who did."""
    desk.open_decided(signature_id, petition=g.petition, by=g.account, at=utcnow())
    return _to("verification.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/reopen")
def reopen(signature_id: UUID) -> Response:
    """Check it again from the start."""
    reopening.reopen(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The case is reopened and waits at the desk."), "success")
    return _to("verification.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/undo")
def undo(signature_id: UUID) -> Response:
    """Take the latest verdict back."""
    reopening.undo(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The latest decision is undone."), "success")
    return _to("verification.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/retract")
def retract(signature_id: UUID) -> Answer:
    """Take a verified signature back, with a public correction."""
    form = RetractForm()
    if not form.validate():
        return _show_decided(signature_id, form), 422
    reopening.retract(signature_id, reason=form.retraction.data, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The signature is taken back, and a correction is published."), "success")
    return _to("verification.decided_case", signature_id=signature_id)


def _show_decided(signature_id: UUID, retract: RetractForm) -> str:
    opened = desk.get_decided(signature_id, petition=g.petition, by=g.account)
    return render_template(
        "verification/decided_case.html",
        case=opened,
        words=WORDS,
        undoable=reopening.may_undo(opened.signature.id, at=utcnow()),
        form=ActForm(),
        retract=retract,
    )


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.{endpoint}", slug=g.petition.slug, **values), 303)
