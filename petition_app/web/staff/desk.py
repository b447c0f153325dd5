"""Pages of the desk: the queue, one case, and every act on it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, jsonify, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.verification.decisions import policy, reopening, services
from petition_app.verification.desk import evidence, leases, one_act, roster_search
from petition_app.verification.dialogue import questions
from petition_app.verification.matching_cases import pairs
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import ActForm, AskForm, DecideForm, RosterSearchForm
from petition_app.web.forms.evidence import ContactForm, EvidenceForm
from petition_app.web.request_keys import case_access
from petition_app.web.staff.case_page import (
    follow,
    follow_repeated,
    go_on,
    published_last,
    show,
    show_desk_instead,
    show_sent,
    take_next,
    to,
    what_followed,
)
from petition_app.web.staff.case_page import show_desk as desk_page

staff = Blueprint("desk", __name__)

Answer = Response | str | tuple[str, int]


@staff.get("/p/<slug>/desk")
def show_desk() -> str:
    """Show how many wait for this person, never which."""
    return desk_page()


@staff.post("/p/<slug>/next")
def next_case() -> Response:
    """Take the next case."""
    return take_next(asked=request.form.get("asked") == "1")


@staff.get("/p/<slug>/matching")
def match() -> str:
    """Show how the matching of a sealed petition stands."""
    return render_template("staff/matching.html", progress=pairs.progress(g.petition), form=ActForm())


@staff.post("/p/<slug>/matching")
def match_slice() -> Response:
    """Match the next slice; what is done stays done, so that it can be left and gone on with."""
    now = pairs.run_slice(g.petition, access=case_access(), by=g.account, at=utcnow())
    if not (now.under_way or now.left):
        flash(gettext("All cases are matched with the roster and with each other."), "success")
        return to("show_desk")
    return to("match")


@staff.get("/p/<slug>/cases/<uuid:signature_id>")
def case(signature_id: UUID) -> Answer:
    """Show a case to the one who holds it."""
    return show(signature_id)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/decisions")
def decide(signature_id: UUID) -> Answer:
    """Record what was found and a verdict, in one act, and go on."""
    form = DecideForm(today=utcnow().date())
    if not form.validate():
        return show(signature_id, decide=form)
    new, found, at = form.to_new_decision(), form.to_new_evidence(), utcnow()
    act = {"access": case_access(), "petition": g.petition, "by": g.account, "at": at}
    try:
        state = one_act.decide(signature_id, new, found, **act)
    except (services.DecisionShapeError, policy.NotEnoughError, evidence.EvidenceShapeError) as error:
        return show(signature_id, decide=form, problem=explain(error))
    except (services.NotYoursError, services.DecidedAlreadyError, services.OwnWordError) as error:
        said = one_act.find_repeated(signature_id, new, **act)
        return follow_repeated(what_followed(said)) if said else show_desk_instead(error, signature_id)
    return follow(what_followed(state))


@staff.post("/p/<slug>/cases/<uuid:signature_id>/question")
def ask(signature_id: UUID) -> Answer:
    """Ask the signer."""
    form, at = AskForm(), utcnow()
    if not form.validate():
        return show(signature_id, question=form)
    act = {"petition": g.petition, "by": g.account, "at": at}
    try:
        questions.ask(signature_id, form.question.data or "", template=form.template.data, access=case_access(), **act)
    except questions.CannotAskError as error:
        return show(signature_id, question=form, problem=explain(error))
    except services.NotYoursError as error:
        if not questions.was_just_asked(signature_id, **act):
            return show_desk_instead(error, signature_id)
        g.was_repeated = True
    return follow(gettext("Your question waits for the signer. The case comes back with the answer."))


@staff.post("/p/<slug>/cases/<uuid:signature_id>/put-back")
def put_back(signature_id: UUID) -> Response:
    """Free the case."""
    services.put_back(signature_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("The case is back in the queue."))
    return go_on()


@staff.post("/p/<slug>/cases/<uuid:signature_id>/undo")
def undo(signature_id: UUID) -> Response:
    """Take one's own verdict of the last minute back, and have the case in one's hands again."""
    act = {"petition": g.petition, "by": g.account, "at": utcnow()}
    signature, is_corrected = reopening.undo_own(signature_id, **act, published=published_last)
    leases.give_back(signature, by=g.account, at=act["at"])
    flash(gettext("Your decision is taken back, and the case is yours again. Evidence that you recorded still stands."))
    if is_corrected:
        flash(gettext("It had been published: a correction says so in public, without a name."))
    return to("case", signature_id=signature_id)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/hold")
def hold(signature_id: UUID) -> Answer:
    """Hold the case for ten minutes from now; whatever was typed comes back with the page."""
    now = utcnow()
    try:
        until = leases.renew(signature_id, petition=g.petition, by=g.account, at=now)
    except services.NotYoursError as error:
        return show_desk_instead(error, signature_id)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(seconds=int((until - now).total_seconds()))
    return show_sent(signature_id)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/roster")
def search_roster(signature_id: UUID) -> Answer:
    """Look for somebody on the roster by hand; the trail keeps that, and not for whom."""
    form = RosterSearchForm()
    try:
        found = roster_search.search(
            signature_id, form.wanted.data or "", petition=g.petition, by=g.account, at=utcnow()
        )
    except services.NotYoursError as error:
        return show_desk_instead(error, signature_id)
    g.found_on_roster = found.number
    return show_sent(signature_id, found)


@staff.post("/p/<slug>/cases/<uuid:signature_id>/evidence")
def add_evidence(signature_id: UUID) -> Answer:
    """Record what was found, and stay on the case."""
    form, at = EvidenceForm(today=utcnow().date()), utcnow()
    if not form.validate():
        return show(signature_id, found=form)
    act = {"petition": g.petition, "by": g.account, "at": at}
    try:
        leases.renew(signature_id, **act)
        g.was_repeated = not evidence.add_once(signature_id, form.to_new_evidence(), access=case_access(), **act)
    except evidence.EvidenceShapeError as error:
        return show(signature_id, found=form, problem=explain(error))
    except services.NotYoursError as error:
        return show_desk_instead(error, signature_id)
    flash(gettext("The evidence is recorded."), "success")
    return to("case", signature_id=signature_id, _anchor="verify")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/evidence/<uuid:evidence_id>/remove")
def remove_evidence(signature_id: UUID, evidence_id: UUID) -> Answer:
    """Take back evidence entered in error."""
    act = {"petition": g.petition, "by": g.account, "at": utcnow()}
    try:
        leases.renew(signature_id, **act)
        evidence.remove(evidence_id, signature_id, **act)
    except services.NotYoursError as error:
        return show_desk_instead(error, signature_id)
    flash(gettext("The evidence is taken back."), "success")
    return to("case", signature_id=signature_id, _anchor="verify")


@staff.post("/p/<slug>/cases/<uuid:signature_id>/contact")
def ask_contact(signature_id: UUID) -> Answer:
    """Send a code to the contact on the official record."""
    form, act = ContactForm(), {"petition": g.petition, "by": g.account, "at": utcnow()}
    words = gettext("A code goes to the official contact. Once the signer types it, it stands here as evidence.")
    try:
        leases.renew(signature_id, **act)
        evidence.ask_contact(signature_id, form.entry.data or "", access=case_access(), **act)
    except (evidence.NoSafeContactError, evidence.ContactAskedError) as error:
        flash(explain(error), "warning")
        return to("case", signature_id=signature_id, _anchor="verify")
    except services.NotYoursError as error:
        return show_desk_instead(error, signature_id)
    flash(words, "success")
    return to("case", signature_id=signature_id, _anchor="verify")
