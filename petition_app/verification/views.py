"""Pages of the desk, of batches and decided cases."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions.forms import explain
from petition_app.petitions.services import get_version
from petition_app.signatures import services as signing
from petition_app.tally.counting import live_tally
from petition_app.tally.names import find_published
from petition_app.verification import batches, desk, questions, services
from petition_app.verification.desk import Case
from petition_app.verification.forms import (
    STATE_WORDS,
    WORDS,
    ActForm,
    AskForm,
    DecideForm,
    FindForm,
    RetractForm,
    SealForm,
    read_id,
)

staff = Blueprint("verification", __name__)

Answer = Response | str | tuple[str, int]


# --- batches ----------------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/seal")
def seal() -> str:
    """Show what is received and waiting, and the announcement as drafted."""
    waiting = live_tally(g.petition).total.received
    form = SealForm(formdata=None, written_for=waiting, **batches.draft_announcement(waiting))
    return _show_seal(form, waiting)


@staff.post("/p/<slug>/seal")
def seal_batch() -> Answer:
    """Seal the batch, or show the form again with the number as it is now."""
    form = SealForm()
    waiting = live_tally(g.petition).total.received
    if not form.validate():
        return _show_seal(form, waiting), 422
    try:
        batch = batches.seal(
            g.petition, by=g.account, at=utcnow(), announcement=form.texts(), written_for=form.written_for.data
        )
    except batches.CountChangedError as error:
        form.written_for.raw_data, form.written_for.data = None, waiting
        flash(explain(error), "warning")
        return _show_seal(form, waiting), 422
    flash(gettext("Batch %(number)s is sealed and announced.", number=batch.number), "success")
    return _to("petitions.show")


def _show_seal(form: SealForm, waiting: int) -> str:
    latest = max((batch.number for batch in batches.list_batches(g.petition.id)), default=0)
    return render_template("verification/seal.html", form=form, waiting=waiting, number=latest + 1)


# --- the desk ---------------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/desk")
def show_desk() -> str:
    """Show how many wait, never which."""
    return render_template("verification/desk.html", tally=live_tally(g.petition), form=ActForm(), problem="")


@staff.post("/p/<slug>/next")
def next_case() -> Response:
    """Take the next case."""
    asked = request.form.get("asked") == "1"
    after = read_id(session.get("last_case"))
    signature_id = desk.next_case(g.petition, by=g.account, at=utcnow(), after=after, asked=asked)
    if signature_id is None:
        flash(gettext("No case waits for you. Cases that other people hold, or that you have decided, are not shown."))
        return _to("verification.show_desk")
    session["last_case"] = str(signature_id)
    return _to("verification.case", signature_id=signature_id)


@staff.get("/p/<slug>/cases/<uuid:signature_id>")
def case(signature_id: UUID) -> Answer:
    """Show a case to the one who holds it."""
    return _show_case(signature_id)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/decisions")
def decide(signature_id: UUID) -> Answer:
    """Record a verdict and go on to the desk."""
    form = DecideForm(today=utcnow().date())
    if not form.validate():
        return _show_case(signature_id, decide=form)
    try:
        _, state = services.decide(signature_id, form.to_new_decision(), petition=g.petition, by=g.account, at=utcnow())
    except services.DecisionShapeError as error:
        return _show_case(signature_id, decide=form, problem=explain(error))
    except (services.NotYoursError, services.DecidedAlreadyError) as error:
        return _show_desk_instead(error)
    flash(_what_followed(state), "success")
    return _to("verification.show_desk")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/question")
def ask(signature_id: UUID) -> Answer:
    """Ask the signer."""
    form = AskForm()
    if not form.validate():
        return _show_case(signature_id, question=form)
    try:
        questions.ask(signature_id, form.question.data, petition=g.petition, by=g.account, at=utcnow())
    except questions.CannotAskError as error:
        return _show_case(signature_id, question=form, problem=explain(error))
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    flash(gettext("Your question waits for the signer. The case comes back with the answer."), "success")
    return _to("verification.show_desk")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/put-back")
def put_back(signature_id: UUID) -> Response:
    """Free the case."""
    services.put_back(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The case is back in the queue."))
    return _to("verification.show_desk")


def _show_case(
    signature_id: UUID, *, decide: DecideForm | None = None, question: AskForm | None = None, problem: str = ""
) -> str | tuple[str, int]:
    try:
        opened = desk.open_case(signature_id, petition=g.petition, by=g.account, at=utcnow())
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    page: str = render_template(
        "verification/case.html",
        **_about(opened), form=decide or DecideForm(today=utcnow().date()), ask=question or AskForm(formdata=None),
        failed=(decide.outcome.data if decide else "ask") if decide or question else "", problem=problem,
    )  # fmt: skip
    return (page, 422) if decide or question else page


def _about(opened: Case) -> dict[str, object]:
    """Return what every page of a case shows: the case, its text version, who decided, and words for codes."""
    return {
        "case": opened,
        "version": get_version(opened.signature.text_version_id),
        "names": name_accounts({decision.account_id for decision in opened.earlier}),
        "words": WORDS,
    }


def _show_desk_instead(error: DomainError) -> tuple[str, int]:
    """Say why the case cannot be shown, with the next one under the hand."""
    tally, problem = live_tally(g.petition), explain(error)
    return render_template("verification/desk.html", tally=tally, form=ActForm(), problem=problem), 409


def _what_followed(state: str) -> str:
    if state in ("checking", "needs_info"):
        return str(gettext("Your decision is recorded. It takes effect when enough reviewers agree."))
    return str(gettext("Your decision is recorded. The signature is now: %(state)s.", state=STATE_WORDS[state]))


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
            signature, _ = signing.find_by_code(form.wanted.data)
            return _to(
                "verification.decided_case",
                signature_id=desk.check_decided(signature, petition=g.petition, by=g.account),
            )
        except DomainError:
            found = find_published(g.petition, form.wanted.data, by=g.account)
    latest = desk.list_latest(g.petition, by=g.account)
    return render_template("verification/decided.html", latest=latest, form=form, found=found, words=WORDS)


@staff.get("/p/<slug>/decided/<uuid:signature_id>")
def decided_case(signature_id: UUID) -> str:
    """Show an organizer a decided signature with its decisions."""
    return _show_decided(signature_id, RetractForm(formdata=None))


@staff.post("/p/<slug>/decided/<uuid:signature_id>/reopen")
def reopen(signature_id: UUID) -> Response:
    """Check it again from the start."""
    services.reopen(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The case is reopened and waits at the desk."), "success")
    return _to("verification.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/undo")
def undo(signature_id: UUID) -> Response:
    """Take the latest verdict back."""
    services.undo(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The latest decision is undone."), "success")
    return _to("verification.decided_case", signature_id=signature_id)


@staff.post("/p/<slug>/decided/<uuid:signature_id>/retract")
def retract(signature_id: UUID) -> Answer:
    """Take a verified signature back, with a public correction."""
    form = RetractForm()
    if not form.validate():
        return _show_decided(signature_id, form), 422
    services.retract(signature_id, reason=form.retraction.data, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The signature is taken back, and a correction is published."), "success")
    return _to("verification.decided_case", signature_id=signature_id)


def _show_decided(signature_id: UUID, retract: RetractForm) -> str:
    opened = desk.get_decided(signature_id, petition=g.petition, by=g.account)
    return render_template(
        "verification/decided_case.html",
        **_about(opened),
        undoable=services.may_undo(opened.signature.id, at=utcnow()),
        form=ActForm(),
        retract=retract,
    )


def _to(endpoint: str, **values: object) -> Response:
    return redirect(url_for(f"staff.{endpoint}", slug=g.petition.slug, **values), 303)  # type: ignore[arg-type]
