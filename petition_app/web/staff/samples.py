"""Pages of the re-check: samples, the blind re-check, and what a sample says by the rule of a state."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.estimation.bounds import ContradictionError, Estimate, StateEstimate
from petition_app.estimation.methods import make_estimate
from petition_app.verification.sampling import rechecks
from petition_app.verification.sampling import results as sampling_results
from petition_app.verification.sampling import services as sampling
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import read_id
from petition_app.web.forms.samples import BatchForm, CommitForm, EstimateForm, FindingForm, HeldForm
from petition_app.web.labels import WORDS
from petition_app.web.request_keys import case_access

staff = Blueprint("samples", __name__)

Answer = Response | str | tuple[str, int]


# --- samples ----------------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/samples")
def samples() -> str:
    """List the samples with their results, and what can be done next."""
    return _show_samples(CommitForm(formdata=None))


@staff.post("/p/<slug>/samples")
def commit() -> Answer:
    """Commit to a sample."""
    form = CommitForm()
    form.number.choices = _batches()
    if not form.validate():
        return _show_samples(form), 422
    sampling.commit_to(
        g.petition, number=form.number.data, population=form.population.data, size=form.size.data,
        by=g.account, at=utcnow(),
    )  # fmt: skip
    flash(gettext("The sample is committed to, and the hash of its seed is published."), "success")
    return _to("samples")


@staff.post("/p/<slug>/samples/draw")
def draw() -> Answer:
    """Reveal the seed and draw the sample."""
    form = BatchForm()
    if not form.validate():
        return _show_samples(CommitForm(formdata=None)), 422
    sampling.draw_sample(g.petition, number=form.number.data, by=g.account, at=utcnow())
    flash(gettext("The seed is published and the sample is drawn."), "success")
    return _to("samples")


def _show_samples(form: CommitForm) -> str:
    form.number.choices = _batches()
    found = sampling_results.list_samples(g.petition, by=g.account)
    return render_template("staff/samples.html", form=form, samples=found, states=WORDS["states"])


def _batches() -> list[tuple[int, str]]:
    ready = sampling_results.list_ready(g.petition, by=g.account)
    return [(batch.number, _title(batch.number)) for batch in ready]


def _title(number: int) -> str:
    return str(gettext("Batch %(number)s", number=number) if number else gettext("Initial signatories"))


# --- the re-check -----------------------------------------------------------------------------------------------


@staff.post("/p/<slug>/samples/next")
def next_recheck() -> Answer:
    """Take the next case of a sample."""
    form = BatchForm()
    if not form.validate():
        return _show_samples(CommitForm(formdata=None)), 422
    if rechecks.take_next(g.petition, number=form.number.data, by=g.account, at=utcnow()) is None:
        flash(gettext("No case of this sample is left for you."))
        return _to("samples")
    return _to("recheck")


@staff.get("/p/<slug>/samples/recheck")
def recheck() -> str:
    """Show the case that is held, without its outcome."""
    return _show_recheck(FindingForm(formdata=None))


@staff.post("/p/<slug>/samples/recheck")
def record_finding() -> Answer:
    """Record what the re-check found."""
    form = FindingForm()
    recheck_id = read_id(form.recheck.data)
    if not form.validate() or recheck_id is None:
        return _show_recheck(form), 422
    counts, note = form.counts.data == "yes", (form.note.data or "").strip()
    rechecks.record_finding(
        recheck_id, counts=counts, note=note, access=case_access(), petition=g.petition, by=g.account, at=utcnow()
    )
    flash(gettext("Your finding is recorded. The signature itself stays as it is."), "success")
    return _to("samples")


@staff.post("/p/<slug>/samples/recheck/put-back")
def put_back() -> Answer:
    """Free the case."""
    form = HeldForm()
    if form.validate():
        rechecks.put_back(form.recheck.data, petition=g.petition, by=g.account, at=utcnow())
        flash(gettext("The case is back in the sample."))
    return _to("samples")


def _show_recheck(form: FindingForm) -> str:
    case = rechecks.open_held(g.petition, by=g.account)
    return render_template("staff/recheck.html", case=case, form=form, words=WORDS)


def _to(endpoint: str) -> Response:
    return redirect(url_for(f"staff.samples.{endpoint}", slug=g.petition.slug), 303)


# --- what a sample says -----------------------------------------------------------------------------------------


@staff.get("/p/<slug>/estimate")
def estimate() -> str:
    """Ask for a rule and its numbers."""
    return _show_estimate(EstimateForm(formdata=None))


@staff.post("/p/<slug>/estimate")
def explain_estimate() -> Answer:
    """Say in a sentence what the numbers mean."""
    form = EstimateForm()
    if not form.validate():
        return _show_estimate(form), 422
    try:
        return _show_estimate(form, result=make_estimate(form.rule.data, **form.numbers()))
    except ContradictionError as error:
        return _show_estimate(form, problem=explain(error)), 422


def _show_estimate(form: EstimateForm, *, result: Estimate | None = None, problem: str = "") -> str:
    return render_template(
        "staff/estimate.html", form=form, result=result, problem=problem, **(_in_words(result) if result else {})
    )


def _in_words(result: Estimate) -> dict[str, object]:
    """Return what the page says of a result."""
    message, values = result.sentence
    figures = {name: figure for name, figure in result.as_json().items() if figure is not None}
    words: dict[str, object] = {"sentence": gettext(message) % values, "figures": figures, "verdict": "", "asked": 0}
    if isinstance(result, StateEstimate):
        words["verdict"] = gettext(result.verdict) if result.verdict else ""
        words["asked"] = result.sample_asked if result.sample < result.sample_asked else 0
    return words
