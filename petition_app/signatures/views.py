"""Pages of signers: sign and confirm, also with the code of an invitation."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from petition_app import budgets, language_links, switches
from petition_app.budgets import CLIENT_AGAIN, CLIENT_TRIES
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.petitions import standing
from petition_app.petitions.milestones import get_pause
from petition_app.petitions.models import Petition
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import get_public
from petition_app.security import limits, read_mail_code
from petition_app.signatures import intake, invitations, resending, services
from petition_app.signatures.arrivals import TextChangedError
from petition_app.signatures.forms import AgainForm, ConfirmForm, InvitationForm, SignForm
from petition_app.signatures.secret_words import Confirmed, OutdatedWordsError, ShownElsewhereError

public = Blueprint("signatures", __name__)

Answer = str | Response | tuple[str, int]
PETITION_TRIES = "100 per hour"
# What a button may say here; the form that asks for the code says nothing.
CONFIRM_ACTS = (None, "anew", "agree", "refuse")
LONG = 12  # Letters of a code: 60 random bits.


@public.get("/p/<slug>/sign")
def sign(slug: str) -> Answer:
    """Show the form."""
    petition = get_public(slug)
    if not petition.takes_signatures(today := utcnow().date()):
        return render_template("signatures/closed.html", petition=petition, today=today, pause=get_pause(petition)), 200
    return _show_form(petition, _sign_form(petition))


@public.post("/p/<slug>/sign")
def submit(slug: str) -> Answer:
    """Take a signature and show where to type the code."""
    petition, client = standing.get_public(slug), request.remote_addr or ""
    if budgets.is_spent(client):
        abort(429)
    form = _sign_form(petition)
    if not form.validate():
        return _show_form(get_public(slug), form), 422
    new = form.to_new_signature(language=str(get_locale()))
    try:
        pending = intake.sign(new, petition=petition, client=client, at=utcnow())
    except TextChangedError:
        return _show_form(get_public(slug), form), 422
    return _show_confirm(petition, ConfirmForm(formdata=None, pending=pending), mailed=bool(new.email))


@public.get("/p/<slug>/confirm")
def confirm(slug: str) -> str:
    """Show where to type the code when the page was lost."""
    return _ask_code(get_public(slug), ConfirmForm(formdata=None))


@public.post("/p/<slug>/confirm")
def confirm_code(slug: str) -> Answer:
    """Confirm a signature and show its secret code until it is written down; whoever was invited is asked first."""
    petition, form, act = get_public(slug), ConfirmForm(), request.form.get("act")
    given = form.typed()
    if act == "show":
        return _ask_code(petition, form)
    if act not in CONFIRM_ACTS:
        return _ask_code(petition, form, gettext("Please use one of the buttons. Nothing was changed.")), 422
    if not given["pending"] and not _may_try(petition, given["code"]):
        return _ask_code(petition, form, gettext("Too many tries. Please wait an hour, or sign again.")), 429
    return _confirm(petition, form, given, act=act)


def _confirm(petition: Petition, form: ConfirmForm, given: dict[str, str], *, act: str | None) -> Answer:
    anew, invited = act == "anew", act in ("agree", "refuse")
    try:
        confirmed = services.confirm(petition=petition, **given, anew=anew, invited=invited, at=utcnow())
    except services.WrongCodeError:
        confirmed = None
    except services.InvitedError:
        _take_try_back(petition, given)
        return _hear_invited(petition, given)
    except (services.AlreadyConfirmedError, ShownElsewhereError) as known:
        _take_try_back(petition, given)
        return _say(petition, form, known)
    if confirmed is None:
        return _ask_code(petition, form, gettext(services.WrongCodeError.message))
    _take_try_back(petition, given)
    return _show_secret(petition, confirmed, given)


@public.post("/p/<slug>/confirm/kept")
def keep_words(slug: str) -> Answer:
    """Show the twelve words no more, since their signer has them."""
    petition, form = get_public(slug), ConfirmForm()
    given, mark = form.typed(), form.mark.data or ""
    if not given["pending"] and not _may_try(petition, given["code"]):
        return _ask_code(petition, form, gettext("Too many tries. Please wait an hour, or sign again.")), 429
    words = {"pending": given["pending"], "code": given["code"], "mark": mark}
    try:
        known = services.keep_words(petition=petition, **words, at=utcnow())
    except OutdatedWordsError as outdated:
        return _say(petition, form, outdated)
    if known:
        _take_try_back(petition, given)
    return redirect(url_for("signatures.done", slug=slug), 303)


@public.get("/p/<slug>/done")
def done(slug: str) -> str:
    """Say what comes next; the same to everybody."""
    return render_template("signatures/done.html", petition=get_public(slug))


@public.post("/p/<slug>/confirm/discard")
def discard(slug: str) -> str:
    """Erase a signature that waits for its code; the answer is the same whether there was one."""
    petition, form = get_public(slug), ConfirmForm()
    services.discard_unconfirmed(petition=petition, pending=form.pending.data or "", at=utcnow())
    return render_template("signatures/discarded.html", petition=petition)


def _say(petition: Petition, form: ConfirmForm, problem: DomainError) -> str:
    """Say why no words are shown, and offer new ones where that is possible."""
    language_links.repeat("signatures.confirm_code", **form.typed())
    template = "confirmed_before" if isinstance(problem, services.AlreadyConfirmedError) else "shown_elsewhere"
    words = gettext(problem.message)
    return render_template(f"signatures/{template}.html", petition=petition, words=words, form=form)


def _show_secret(petition: Petition, confirmed: Confirmed, given: dict[str, str]) -> str:
    language_links.repeat("signatures.confirm_code", **given)
    return render_template("signatures/confirmed.html", petition=petition, confirmed=confirmed, given=given)


@public.post("/p/<slug>/confirm/again")
def send_again(slug: str) -> Answer:
    """Mail the code of a sealed petition again, to an address typed anew."""
    petition, form, client = get_public(slug), AgainForm(), limits.client(request.remote_addr)
    if form.validate():
        if not limits.count(CLIENT_AGAIN, client, "again"):
            form.email.errors = [gettext("Too many tries. Please wait an hour, or sign again.")]
        else:
            words = {"pending": form.pending.data or "", "email": form.email.data or ""}
            resending.send_again(petition=petition, language=str(get_locale()), at=utcnow(), **words)
    confirm_form = ConfirmForm(formdata=None, pending=form.pending.data)
    return _show_confirm(petition, confirm_form, mailed=True, again=form), (422 if form.errors else 200)


# --- invited ----------------------------------------------------------------------------------------------------


def _hear_invited(petition: Petition, given: dict[str, str]) -> Answer:
    """Do what the holder of a good code says: sign, refuse, or first read what was written about them."""
    said, form = request.form.get("act"), InvitationForm(lang=str(get_locale()))
    if said == "refuse":
        invitations.refuse(petition=petition, code=given["code"], at=utcnow())
        return render_template("signatures/refused.html", petition=petition)
    if said != "agree":
        return _show_invitation(petition, InvitationForm(formdata=None, lang=str(get_locale())), given)
    if not form.validate():
        return _show_invitation(petition, form, given), 422
    page = {"code": given["code"], "page": given["page"]}
    try:
        confirmed = invitations.agree(form.to_agreement(), petition=petition, **page, at=utcnow())
    except TextChangedError as error:
        form.consent.data = False
        return _show_invitation(petition, form, given, gettext(error.message)), 422
    return _show_secret(petition, confirmed, given)


def _show_invitation(petition: Petition, form: InvitationForm, given: dict[str, str], problem: str = "") -> str:
    now = utcnow()
    language_links.repeat("signatures.confirm_code", code=given["code"], page=given["page"])
    return render_template(
        "signatures/invited.html", petition=petition, form=form, given=given, problem=problem, today=now.date(),
        identity=invitations.read_invitation(petition=petition, code=given["code"], at=now),
        letter=render_text(petition.letter(str(get_locale()))),
    )  # fmt: skip


# --- parts ------------------------------------------------------------------------------------------------------


def _sign_form(petition: Petition) -> SignForm:
    return SignForm(mail=petition.mail, language=str(get_locale()))


def _show_form(petition: Petition, form: SignForm) -> str:
    form.show_text(petition.text.digest)
    letter = render_text(petition.letter(str(get_locale())))
    return render_template("signatures/sign.html", petition=petition, form=form, letter=letter)


def _ask_code(petition: Petition, form: ConfirmForm, problem: str = "") -> str:
    form.code.errors = [problem] if problem else []
    if not form.pending.data:
        form.code.label.text = gettext("Code from the message or the card")
    return _show_confirm(petition, form, mailed=petition.mail != "none" and not request.form.get("unmailed"))


def _show_confirm(petition: Petition, form: ConfirmForm, *, mailed: bool, again: AgainForm | None = None) -> str:
    given, unmailed = form.typed(), "" if mailed else "1"
    language_links.repeat(
        "signatures.confirm_code", act="show", pending=given["pending"], page=given["page"], unmailed=unmailed
    )
    return render_template(
        "signatures/confirm.html", petition=petition, form=form, mailed=mailed, unmailed=unmailed,
        mail_waits=switches.was_on(switches.MAIL),
        again=again or AgainForm(formdata=None, pending=form.pending.data), asked_again=again is not None,
    )  # fmt: skip


def _may_try(petition: Petition, code: str) -> bool:
    """Count a code without its page, unless it turns out right: five wrong ones a client and hour.

    Of short codes, which could be guessed by many together, a hundred a petition; a card's nobody guesses.
    """
    client = limits.client(request.remote_addr)
    return limits.count(CLIENT_TRIES, client) and (_is_long(code) or limits.count(PETITION_TRIES, petition.slug))


def _take_try_back(petition: Petition, given: dict[str, str]) -> None:
    if not given["pending"]:
        limits.take_back(CLIENT_TRIES, limits.client(request.remote_addr))
        if not _is_long(given["code"]):
            limits.take_back(PETITION_TRIES, petition.slug)


def _is_long(code: str) -> bool:
    return len(read_mail_code(code)) >= LONG
