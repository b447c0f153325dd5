"""Pages of the desk: the queue, one case, and every act on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions.forms import explain
from petition_app.tally.counting import live_tally
from petition_app.verification import desk, evidence, pairs, policy, questions, services
from petition_app.verification.evidence_forms import ContactForm, EvidenceForm
from petition_app.verification.forms import ActForm, AskForm, DecideForm, read_id
from petition_app.verification.rules import VERDICTS
from petition_app.verification.words import STATE_WORDS, WORDS

staff = Blueprint("desk", __name__)

Answer = Response | str | tuple[str, int]


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
        return _to("desk.show_desk")
    session["last_case"] = str(signature_id)
    return _to("desk.case", signature_id=signature_id)


@staff.get("/p/<slug>/matching")
def match() -> str:
    """Show how the matching of a sealed petition stands."""
    return render_template("verification/matching.html", progress=pairs.progress(g.petition), form=ActForm())


@staff.post("/p/<slug>/matching")
def match_slice() -> Response:
    """Match the next slice; what is done stays done, so that it can be left and gone on with."""
    now = pairs.run_slice(g.petition, by=g.account, at=utcnow())
    if not (now.under_way or now.left):
        flash(gettext("All cases are matched with the roster and with each other."), "success")
        return _to("desk.show_desk")
    return _to("desk.match")


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
    except (services.DecisionShapeError, policy.NotEnoughError) as error:
        return _show_case(signature_id, decide=form, problem=explain(error))
    except (services.NotYoursError, services.DecidedAlreadyError, services.OwnWordError) as error:
        return _show_desk_instead(error)
    flash(_what_followed(state), "success")
    return _to("desk.show_desk")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/question")
def ask(signature_id: UUID) -> Answer:
    """Ask the signer."""
    form = AskForm()
    if not form.validate():
        return _show_case(signature_id, question=form)
    try:
        words, template = form.question.data or "", form.template.data
        questions.ask(signature_id, words, template=template, petition=g.petition, by=g.account, at=utcnow())
    except questions.CannotAskError as error:
        return _show_case(signature_id, question=form, problem=explain(error))
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    flash(gettext("Your question waits for the signer. The case comes back with the answer."), "success")
    return _to("desk.show_desk")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/put-back")
def put_back(signature_id: UUID) -> Response:
    """Free the case."""
    services.put_back(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The case is back in the queue."))
    return _to("desk.show_desk")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/evidence")
def add_evidence(signature_id: UUID) -> Answer:
    """Record what was found, and stay on the case."""
    form = EvidenceForm(today=utcnow().date())
    if not form.validate():
        return _show_case(signature_id, found=form)
    try:
        evidence.add(signature_id, form.to_new_evidence(), petition=g.petition, by=g.account, at=utcnow())
    except evidence.EvidenceShapeError as error:
        return _show_case(signature_id, found=form, problem=explain(error))
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    flash(gettext("The evidence is recorded."), "success")
    return _to("desk.case", signature_id=signature_id)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/evidence/<uuid:evidence_id>/remove")
def remove_evidence(signature_id: UUID, evidence_id: UUID) -> Answer:
    """Take back evidence entered in error."""
    try:
        evidence.remove(evidence_id, signature_id, petition=g.petition, by=g.account, at=utcnow())
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    flash(gettext("The evidence is taken back."), "success")
    return _to("desk.case", signature_id=signature_id)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/contact")
def ask_contact(signature_id: UUID) -> Answer:
    """Send a code to the contact on the official record."""
    form = ContactForm()
    try:
        evidence.ask_contact(signature_id, form.entry.data or "", petition=g.petition, by=g.account, at=utcnow())
    except (evidence.NoSafeContactError, evidence.ContactAskedError) as error:
        flash(explain(error), "warning")
        return _to("desk.case", signature_id=signature_id)
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    flash(
        gettext("A code goes to the official contact. Once the signer types it, it stands here as evidence."), "success"
    )
    return _to("desk.case", signature_id=signature_id)


def _show_case(
    signature_id: UUID,
    *,
    decide: DecideForm | None = None,
    question: AskForm | None = None,
    found: EvidenceForm | None = None,
    problem: str = "",
) -> str | tuple[str, int]:
    try:
        opened = desk.open_case(signature_id, petition=g.petition, by=g.account, at=utcnow())
    except services.NotYoursError as error:
        return _show_desk_instead(error)
    failed = _verdict_of(decide) if decide else "ask" if question else "evidence" if found else ""
    page: str = render_template(
        "verification/case.html",
        case=opened, words=WORDS, failed=failed, problem=problem,
        form=decide or DecideForm(today=utcnow().date()), ask=question or AskForm(formdata=None),
        found=found or EvidenceForm(today=utcnow().date(), formdata=None),
    )  # fmt: skip
    return (page, 422) if failed else page


def _verdict_of(form: DecideForm) -> str:
    return form.outcome.data if form.outcome.data in VERDICTS else "no button"


def _show_desk_instead(error: DomainError) -> tuple[str, int]:
    """Say why the case cannot be shown, with the next one under the hand."""
    tally, problem = live_tally(g.petition), explain(error)
    return render_template("verification/desk.html", tally=tally, form=ActForm(), problem=problem), 409


def _what_followed(state: str) -> str:
    if state in ("checking", "needs_info"):
        return str(gettext("Your decision is recorded. It takes effect when enough reviewers agree."))
    return str(gettext("Your decision is recorded. The signature is now: %(state)s.", state=STATE_WORDS[state]))


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f"staff.{endpoint}", slug=g.petition.slug, **values), 303)
