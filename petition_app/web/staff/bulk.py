"""Pages of bulk acts: choose, look, run, follow, cancel, take back."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, make_response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.verification.batches.services import list_batches
from petition_app.verification.bulk import left_out
from petition_app.verification.bulk import services as acts
from petition_app.verification.bulk.choice import Filter
from petition_app.verification.models import Bulk
from petition_app.web.error_words import explain
from petition_app.web.forms.bulk import LEAST_WORDS, LEFT_OUT_WORDS, MATCH_WORDS, SKIPPED_WORDS, STATE_WORDS, BulkForm
from petition_app.web.labels import WORDS

staff = Blueprint("bulk", __name__)

Answer = Response | str | tuple[str, int]
REFRESH = "2"


@staff.get("/p/<slug>/bulk")
def choose() -> str:
    """Show the filter, and what was done in bulk before."""
    return _show_choice(_form())


@staff.post("/p/<slug>/bulk")
def prepare() -> Answer:
    """Choose the cases and go on to their number and the examples."""
    form = _form()
    if not form.validate():
        return _show_choice(form), 422
    try:
        bulk = acts.prepare(form.to_filter(), petition=g.petition, by=g.account, at=utcnow())
    except (acts.NothingChosenError, acts.SealedBulkError) as error:
        form.form_errors.append(explain(error))
        return _show_choice(form, form.to_filter()), 422
    return _to("bulk.show", bulk_id=bulk.id)


@staff.get("/p/<slug>/bulk/<uuid:bulk_id>")
def show(bulk_id: UUID) -> Response:
    """Show what was chosen before the start, how far it is while it runs, and what came of it in the end."""
    bulk = acts.get_bulk(bulk_id, petition=g.petition, by=g.account)
    page = render_template(
        "staff/bulk.html", **_about(bulk), names=name_accounts({bulk.account_id}),
        examples=acts.draw_examples(bulk, by=g.account, at=utcnow()), fresh=acts.is_fresh(bulk, at=utcnow()),
        unmatched=left_out.count_unmatched(g.petition) if bulk.state == "waiting" else 0,
    )  # fmt: skip
    response = make_response(page)
    if bulk.state in ("running", "undoing"):
        response.headers["Refresh"] = REFRESH
    return response


@staff.post("/p/<slug>/bulk/<uuid:bulk_id>/run")
def run(bulk_id: UUID) -> Response:
    """Start it, or wake it."""
    return _act(acts.start, bulk_id)


@staff.post("/p/<slug>/bulk/<uuid:bulk_id>/cancel")
def cancel(bulk_id: UUID) -> Response:
    """Stop it."""
    return _act(acts.cancel, bulk_id, gettext("It is stopped. What has been decided stays so until you take it back."))


@staff.get("/p/<slug>/bulk/<uuid:bulk_id>/undo")
def ask_undo(bulk_id: UUID) -> Answer:
    """Say what taking it back means before it is done."""
    bulk = acts.get_bulk(bulk_id, petition=g.petition, by=g.account)
    if bulk.state not in acts.CAN_UNDO:
        return _to("bulk.show", bulk_id=bulk.id)
    standing, counted = acts.count_standing(bulk)
    return render_template("staff/bulk_undo.html", bulk=bulk, standing=standing, counted=counted)


@staff.post("/p/<slug>/bulk/<uuid:bulk_id>/undo")
def undo(bulk_id: UUID) -> Response:
    """Take it back."""
    return _act(acts.undo, bulk_id)


def _form() -> BulkForm:
    return BulkForm(batches=[batch.number for batch in list_batches(g.petition.id)])


def _show_choice(form: BulkForm, tried: Filter | None = None) -> str:
    """Show the filter with what is left out: of the one that was `tried`, or of the widest, where that is quick."""
    done = acts.list_bulks(g.petition, by=g.account)
    names = name_accounts({bulk.account_id for bulk, _ in done})
    count = partial(left_out.count_left_out, tried) if tried else left_out.count_at_once
    return render_template(
        "staff/bulk_choose.html", form=form, done=done, names=names, states=STATE_WORDS, reasons=LEFT_OUT_WORDS,
        unmatched=left_out.count_unmatched(g.petition), left=count(petition=g.petition, by=g.account, at=utcnow()),
    )  # fmt: skip


def _about(bulk: Bulk) -> dict[str, object]:
    """Return what the pages of one bulk act show."""
    words = {**WORDS, "least": LEAST_WORDS, "filters": MATCH_WORDS, "skipped": SKIPPED_WORDS, "bulks": STATE_WORDS}
    words["left_out"] = LEFT_OUT_WORDS
    return {"bulk": bulk, "progress": acts.progress(bulk), "words": words}


def _act(act: acts.Act, bulk_id: UUID, words: str = "") -> Response:
    try:
        act(bulk_id, petition=g.petition, by=g.account, at=utcnow())
    except (acts.BulkStateError, acts.LookedTooLongAgoError, acts.StillMatchingError) as error:
        flash(explain(error), "warning")
    else:
        if words:
            flash(words, "success")
    return _to("bulk.show", bulk_id=bulk_id)


def _to(page: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.{page}", slug=g.petition.slug, **values), 303)
