"""What the acts of the desk answer with: the case with the forms as they were sent, the desk instead, the next case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.roster import services as rosters
from petition_app.roster.models import RosterVersion
from petition_app.roster.search import FoundEntry, Search, find_keys
from petition_app.tally.counting import live_tally
from petition_app.tally.services import get_publication
from petition_app.verification.decisions import reopening, services
from petition_app.verification.desk import case_view, leases, own_work
from petition_app.web import resumed_posts
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import OTHER_GROUNDS, ActForm, AskForm, DecideForm, read_id
from petition_app.web.forms.evidence import EvidenceForm
from petition_app.web.labels import STATE_WORDS, WORDS
from petition_app.web.request_keys import case_access

Page = str | tuple[str, int]

TOP = "main"


def show(
    signature_id: UUID,
    *,
    decide: DecideForm | None = None,
    question: AskForm | None = None,
    found: EvidenceForm | None = None,
    problem: str = "",
    search: Search | None = None,
    status: int = 422,
) -> Page:
    """Show a case to the one who holds it, with the form that was sent, if one was; `status` is then the answer's."""
    try:
        case = case_view.open_case(signature_id, access=case_access(), petition=g.petition, by=g.account, at=utcnow())
    except services.NotYoursError as error:
        return show_desk_instead(error, signature_id)
    sent = decide.act() if decide else "ask" if question else "evidence" if found else ""
    chosen = [decide.entry.data] if decide and decide.entry.data else []
    page: str = render_template(
        "staff/case.html",
        case=case, words=WORDS, failed=sent, problem=problem, search=search,
        has_roster=bool(_roster()), more=_more_entries(case, search, chosen), seconds=_seconds(case),
        undoable=_undoable(), own=own(),
        form=decide or DecideForm(today=utcnow().date(), formdata=None), ask=question or AskForm(formdata=None),
        found=found or EvidenceForm(today=utcnow().date(), formdata=None),
    )  # fmt: skip
    return (page, status) if sent and status >= 400 else page


def show_sent(signature_id: UUID, search: Search | None = None) -> Page:
    """Show a case with whatever form this request carries, of which nothing is done."""
    today, sent = utcnow().date(), request.form
    decide = DecideForm(today=today) if "outcome" in sent or "entry" in sent else None
    question = AskForm() if "question" in sent else None
    found = EvidenceForm(today=today) if "own_word_of" in sent else None
    return show(signature_id, decide=decide, question=question, found=found, search=search, status=200)


def _seconds(case: case_view.Case) -> int:
    """Return for how many seconds the case is held from now."""
    return int((case.held_until - utcnow()).total_seconds()) if case.held_until else 0


def _roster() -> RosterVersion | None:
    return rosters.current(g.petition.id) if g.petition.uses_roster else None


def _more_entries(case: case_view.Case, search: Search | None, chosen: Sequence[str]) -> list[FoundEntry]:
    """Return entries that can be chosen beside those of the match: what was searched for, and what was chosen so."""
    version = _roster()
    known = {candidate.key for candidate in case.match.candidates} if case.match else set()
    keys = [key for key in chosen if key not in known and key != OTHER_GROUNDS]
    found = [*(find_keys(version.id, keys) if version and keys else []), *(search.entries if search else ())]
    return list({entry.key: entry for entry in found if entry.key not in known}.values())


def show_desk_instead(error: DomainError, signature_id: UUID | None = None) -> tuple[str, int]:
    """Say why the case cannot be shown, with the next one under the hand and what was typed kept on the page."""
    return show_desk(problem=explain(error), signature_id=signature_id), 409


def show_desk(*, problem: str = "", signature_id: UUID | None = None) -> str:
    """Show the desk; where an act on a case was not taken, with what was typed."""
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in resumed_posts.NOT_KEPT]
    mine = own()
    disagreed = 0 if mine.left else own_work.count_disagreed(g.petition)
    again = signature_id if signature_id and leases.may_hold_again(signature_id, by=g.account) else None
    return render_template(
        "staff/desk.html", tally=live_tally(g.petition), form=ActForm(), problem=problem, own=mine,
        undoable=_undoable(), disagreed=disagreed, again=again,
        typed=typed if signature_id else [],
    )  # fmt: skip


def own() -> own_work.OwnWork:
    """Return how far this person is; on a reviewer's own machine, what the server has said of it."""
    said: own_work.OwnWork | None = g.get("own_work")
    return said or own_work.count_own(g.petition, by=g.account, at=utcnow())


def published_last() -> datetime | None:
    """Return when the numbers of this petition were published last."""
    published = get_publication(g.petition)
    return published.as_of if published else None


def _undoable() -> reopening.Slip | None:
    return reopening.latest_own(g.petition, by=g.account, at=utcnow(), published=published_last)


def follow(words: str) -> Response:
    """Say what an act has led to, and go on: to the next case, where the button said so, else to the desk."""
    flash(words, "success")
    return go_on()


def follow_repeated(words: str) -> Response:
    """Say again what the same form has led to when it came first, and go on as it did."""
    g.was_repeated = True  # A reviewer's own machine sends nothing then.
    return follow(words)


def go_on() -> Response:
    """Go to the next case, where the button said so, else to the desk."""
    if request.form.get("then") != "next" or g.get("goes_on_later"):
        return to("show_desk")
    return take_next(from_case=True)


def take_next(*, asked: bool = False, from_case: bool = False) -> Response:
    """Take the next case and go there; one that was just put back comes last."""
    after = read_id(session.get("last_case"))
    return to_case(
        case_view.next_case(g.petition, access=case_access(), by=g.account, at=utcnow(), after=after, asked=asked),
        from_case=from_case,
    )


def to_case(signature_id: UUID | None, *, from_case: bool = False) -> Response:
    """Go to a case that was taken, or to the desk, where none waits.

    Coming `from_case` its top is said, since a browser carries the fragment of a form along.
    """
    if signature_id is None:
        flash(gettext("No case waits for you. Cases that other people hold, or that you have decided, are not shown."))
        return to("show_desk")
    session["last_case"] = str(signature_id)
    return to("case", signature_id=signature_id, _anchor=TOP if from_case else None)


def to(endpoint: str, **values: Any) -> Response:
    """Go to a page of the desk."""
    return redirect(url_for(f"staff.desk.{endpoint}", slug=g.petition.slug, **values), 303)


def what_followed(state: str) -> str:
    """Return in words what a decision has led to."""
    if state in ("checking", "needs_info"):
        return str(gettext("Your decision is recorded. It takes effect when enough reviewers agree."))
    return str(gettext("Your decision is recorded. The signature is now: %(state)s.", state=STATE_WORDS[state]))
