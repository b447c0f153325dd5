"""Pages on which organizers write for the public: look at it first, keep it as a draft, publish it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import banner, milestones, services
from petition_app.petitions.models import DRAFTS
from petition_app.tally import petition_entries
from petition_app.tally.counting import live_tally
from petition_app.web.error_words import explain
from petition_app.web.forms.announcements import WordsForm

staff = Blueprint("announcements", __name__)

Answer = Response | str | tuple[str, int]
KINDS = "any(pause, extended, handed_over, answered, notice)"


@staff.get(f"/p/<slug>/words/<{KINDS}:kind>")
def write(kind: str) -> str:
    """Show the form, with what was kept of it."""
    draft = milestones.get_draft(g.petition, kind)
    today = {"day": g.petition.day(utcnow()).isoformat()} if kind in ("handed_over", "answered") else {}
    return _show(kind, WordsForm.of(kind, draft.fields if draft else today))


@staff.post(f"/p/<slug>/words/<{KINDS}:kind>")
def send(kind: str) -> Answer:
    """Show how it will read, keep it, forget it, or publish it: as the button says."""
    form, act = WordsForm(kind), request.form.get("act")
    if act == "keep" and kind in DRAFTS:
        milestones.keep_draft(g.petition, kind, form.fields(), by=g.account, at=utcnow())
        return _done(gettext("It is kept as a draft. Nobody outside sees it."), "announcements.write", kind=kind)
    if act == "drop":
        milestones.drop_draft(g.petition, kind)
        return _done(gettext("The draft is gone."))
    if act not in ("preview", "publish"):
        form.form_errors.append(gettext("Please use one of the buttons. Nothing was changed."))
    if not form.validate() or form.form_errors:
        return _show(kind, form), 422
    return _carry_out(kind, form, preview=act == "preview")


def _carry_out(kind: str, form: WordsForm, *, preview: bool) -> Answer:
    try:
        if preview:
            return _show(kind, form, _texts(kind, form))
        PUBLISH[kind](form)
    except DomainError as error:
        form.form_errors.append(explain(error))
        return _show(kind, form), 422
    milestones.drop_draft(g.petition, kind)
    if g.petition.is_sealed and kind != "notice":
        return _done(gettext("It is recorded. The timeline tells it when the numbers are published next."))
    return _done(gettext("It is public now."))


def _pause(form: WordsForm) -> Any:
    try:
        return services.change_state(g.petition, "paused", by=g.account, at=utcnow(), notice=form.words())
    except services.StepError:
        words = milestones.check_words(form.words())
        if not (said := milestones.find_repeated(g.petition, "paused", words=words)):
            raise
        return said


def _extend(form: WordsForm) -> Any:
    return milestones.extend(g.petition, form.day.data, by=g.account, at=utcnow())


def _hand_over(form: WordsForm) -> Any:
    return milestones.hand_over(g.petition, form.to_step(), by=g.account, at=utcnow())


def _answer(form: WordsForm) -> Any:
    return milestones.record_answer(g.petition, form.to_step(), by=g.account, at=utcnow())


def _notice(form: WordsForm) -> Any:
    return banner.set_banner(g.petition, form.words(), by=g.account, at=utcnow())


PUBLISH: dict[str, Callable[[WordsForm], Any]] = {
    "pause": _pause,
    "extended": _extend,
    "handed_over": _hand_over,
    "answered": _answer,
    "notice": _notice,
}


def _show(kind: str, form: WordsForm, texts: dict[str, str] | None = None) -> str:
    draft = milestones.get_draft(g.petition, kind) if kind in DRAFTS else None
    return render_template(
        "staff/announcements.html", kind=kind, form=form, draft=draft, keeps=kind in DRAFTS,
        names=name_accounts({draft.account_id}) if draft else {}, texts=texts,
    )  # fmt: skip


def _texts(kind: str, form: WordsForm) -> dict[str, str]:
    """Write what the public would read now, by language."""
    if kind == "notice":
        return form.words()
    day = form.day.data if "day" in form else None
    told, verified = ("paused" if kind == "pause" else kind), live_tally(g.petition).total.verified
    words = milestones.check_words(form.words())
    return petition_entries.write(told, day, form.recipient(), words, verified=verified)


def _done(words: str, page: str = "petition.show", **values: Any) -> Response:
    flash(words, "success")
    return redirect(url_for(f"staff.{page}", slug=g.petition.slug, **values), 303)
