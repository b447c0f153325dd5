"""Pages of signers: sign and confirm, also with the code of an invitation."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, ngettext
from werkzeug.wrappers import Response

from petition_app import maintenance
from petition_app.clock import utcnow
from petition_app.crypto.codes import read_mail_code
from petition_app.errors import DomainError
from petition_app.petitions import cached_petition
from petition_app.petitions.milestones import get_pause
from petition_app.petitions.models import Petition
from petition_app.petitions.rules import render_text
from petition_app.petitions.services import get_public
from petition_app.rate_limits import budgets
from petition_app.rate_limits.budgets import CLIENT_AGAIN, CLIENT_TRIES
from petition_app.rate_limits.counters import limits
from petition_app.signatures import group_commit, invitations, redelivery, services
from petition_app.signatures.new_signatures import TextChangedError
from petition_app.signatures.secret_words import (
    Confirmed,
    OutdatedWordsError,
    ShownElsewhereError,
    WrongWordsError,
    asked_positions,
)
from petition_app.web import language_links
from petition_app.web.forms.sign import AgainForm, ConfirmForm, InvitationForm, SignForm, WordsForm

public = Blueprint("sign", __name__)

Answer = str | Response | tuple[str, int]
PETITION_TRIES = "100 per hour"
# What a button may say here; the form that asks for the code says nothing.
CONFIRM_ACTS = (None, "anew", "agree", "refuse")
LONG = 12  # Letters of a code: 60 random bits.


@public.get("/p/<slug>/sign")
def sign(slug: str) -> Answer:
    """Show the form."""
    petition = get_public(slug)
    if not petition.takes_signatures(today := petition.day(utcnow())):
        return render_template("public/closed.html", petition=petition, today=today, pause=get_pause(petition)), 200
    return _show_form(petition, _sign_form(petition))


@public.post("/p/<slug>/sign")
def submit(slug: str) -> Answer:
    """Take a signature and show where to type the code."""
    if language_links.is_carried():
        return sign(slug)
    petition, client = cached_petition.get_public(slug), request.remote_addr or ""
    if budgets.is_spent(client):
        abort(429)
    form = _sign_form(petition)
    if not form.validate():
        return _show_form(get_public(slug), form), 422
    new = form.to_new_signature()
    try:
        pending = group_commit.sign(new, petition=petition, client=client, at=utcnow())
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


def _confirm(
    petition: Petition, form: ConfirmForm, given: dict[str, str], *, act: str | None, problem: str = ""
) -> Answer:
    anew, invited = act == "anew", act in ("agree", "refuse")
    try:
        confirmed = services.confirm(petition=petition, **given, anew=anew, invited=invited, at=utcnow())
    except services.WrongCodeError:
        confirmed = None
    except services.InvitedError:
        _take_try_back(petition, given)
        return _hear_invited(petition, given, act)
    except (services.AlreadyConfirmedError, ShownElsewhereError) as known:
        _take_try_back(petition, given)
        return _say(petition, form, known)
    if confirmed is None:
        return _ask_code(petition, form, _wrong_code(form))
    _take_try_back(petition, given)
    return _show_secret(petition, confirmed, given, problem)


@public.post("/p/<slug>/confirm/kept")
def keep_words(slug: str) -> Answer:
    """Ask for two of the twelve words, and show the words no more once their signer has typed them."""
    petition, form = get_public(slug), WordsForm()
    given = form.typed()
    typed = ("", "") if language_links.is_carried() else form.typed_words()
    if not all(typed):
        return _ask_words(petition, form), (422 if form.errors else 200)
    if not given["pending"] and not _may_try(petition, given["code"]):
        return _ask_code(petition, form, gettext("Too many tries. Please wait an hour, or sign again.")), 429
    return _keep_words(petition, form, given, typed)


def _keep_words(petition: Petition, form: WordsForm, given: dict[str, str], typed: tuple[str, str]) -> Answer:
    words = {**given, "mark": form.mark.data or ""}
    try:
        known = services.keep_words(petition=petition, **words, typed=typed, at=utcnow())
    except OutdatedWordsError as outdated:
        return _say(petition, form, outdated)
    except WrongWordsError as wrong:
        return _confirm(petition, form, given, act=None, problem=gettext(wrong.message))
    if known:
        _take_try_back(petition, given)
    return redirect(url_for("sign.done", slug=petition.slug), 303)


def _ask_words(petition: Petition, form: WordsForm) -> str:
    form.ask(asked_positions(form.mark.data or ""))
    language_links.carry("words-form", "sign.keep_words")
    return render_template("public/keep_words.html", petition=petition, form=form)


@public.get("/p/<slug>/done")
def done(slug: str) -> str:
    """Say what comes next; the same to everybody."""
    return render_template("public/done.html", petition=get_public(slug))


@public.post("/p/<slug>/confirm/discard")
def discard(slug: str) -> Response:
    """Erase a signature that waits for its code; the answer is the same whether there was one."""
    petition, form = get_public(slug), ConfirmForm()
    services.discard_unconfirmed(petition=petition, pending=form.pending.data or "", at=utcnow())
    return redirect(url_for("sign.discarded", slug=petition.slug), 303)


@public.get("/p/<slug>/confirm/discarded")
def discarded(slug: str) -> str:
    """Say what was erased; the same to everybody."""
    return render_template("public/discarded.html", petition=get_public(slug))


@public.get("/p/<slug>/confirm/refused")
def refused(slug: str) -> str:
    """Say what an invitation's holder has refused; the same to everybody."""
    return render_template("public/refused.html", petition=get_public(slug))


def _say(petition: Petition, form: ConfirmForm, problem: DomainError) -> str:
    """Say why no words are shown, and offer new ones where that is possible."""
    language_links.repeat("sign.confirm_code", **form.typed())
    is_confirmed = isinstance(problem, services.AlreadyConfirmedError)
    template = "public/confirmed_before.html" if is_confirmed else "public/shown_elsewhere.html"
    return render_template(template, petition=petition, words=gettext(problem.message), form=form)


def _show_secret(petition: Petition, confirmed: Confirmed, given: dict[str, str], problem: str = "") -> str:
    language_links.repeat("sign.confirm_code", **given)
    shown = {"confirmed": confirmed, "given": given, "problem": problem}
    return render_template("public/confirmed.html", petition=petition, **shown)


def _wrong_code(form: ConfirmForm) -> str:
    """Say that a code is not right, and how many tries its page has left as far as the page itself can know."""
    message, left = str(gettext(services.WrongCodeError.message)), form.count_wrong()
    if not form.pending.data:
        return message
    said = ngettext("This page has %(num)s try left.", "This page has %(num)s tries left.", left)
    return f"{message} {said}"


@public.post("/p/<slug>/confirm/again")
def send_again(slug: str) -> Answer:
    """Mail the code of a sealed petition again, to an address typed anew."""
    petition, form, client = get_public(slug), AgainForm(), limits().client(request.remote_addr)
    if form.validate():
        if not limits().count(CLIENT_AGAIN, client, "again"):
            form.email.errors = [gettext("Too many tries. Please wait an hour, or sign again.")]
        else:
            words = {"pending": form.pending.data or "", "email": form.email.data or ""}
            redelivery.send_again(petition=petition, language=str(get_locale()), at=utcnow(), **words)
    confirm_form = ConfirmForm(formdata=None, pending=form.pending.data)
    return _show_confirm(petition, confirm_form, mailed=True, again=form), (422 if form.errors else 200)


# --- invited ----------------------------------------------------------------------------------------------------


def _hear_invited(petition: Petition, given: dict[str, str], said: str | None) -> Answer:
    """Do what the holder of a good code says: sign, refuse, or first read what was written about them."""
    form = InvitationForm(lang=str(get_locale()))
    if language_links.is_carried():
        return _show_invitation(petition, form, given)
    if said == "refuse":
        invitations.refuse(petition=petition, code=given["code"], at=utcnow())
        return redirect(url_for("sign.refused", slug=petition.slug), 303)
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
    if petition.takes_signatures(now.date()):
        language_links.carry("invitation-form", "sign.confirm_code")
    else:
        language_links.repeat("sign.confirm_code", code=given["code"], page=given["page"])
    return render_template(
        "public/invited.html", petition=petition, form=form, given=given, problem=problem, today=petition.day(now),
        identity=invitations.read_invitation(petition=petition, code=given["code"], at=now),
        letter=render_text(petition.letter(str(get_locale()))),
    )  # fmt: skip


# --- parts ------------------------------------------------------------------------------------------------------


def _sign_form(petition: Petition) -> SignForm:
    return SignForm(mail=petition.mail, language=str(get_locale()))


def _show_form(petition: Petition, form: SignForm) -> str:
    form.show_text(petition.text.digest)
    letter = render_text(petition.letter(str(get_locale())))
    language_links.carry("sign-form", "sign.submit")
    return render_template("public/sign.html", petition=petition, form=form, letter=letter)


def _ask_code(petition: Petition, form: ConfirmForm, problem: str = "") -> str:
    form.code.errors = [problem] if problem else []
    if not form.pending.data:
        form.code.label.text = gettext("Code from the message or the card")
    return _show_confirm(petition, form, mailed=petition.mail != "none" and not request.form.get("unmailed"))


def _show_confirm(petition: Petition, form: ConfirmForm, *, mailed: bool, again: AgainForm | None = None) -> str:
    given, unmailed = form.typed(), "" if mailed else "1"
    language_links.repeat(
        "sign.confirm_code", act="show", pending=given["pending"], page=given["page"], unmailed=unmailed
    )
    return render_template(
        "public/confirm.html", petition=petition, form=form, mailed=mailed, unmailed=unmailed,
        mail_waits=maintenance.was_on(maintenance.MAIL),
        again=again or AgainForm(formdata=None, pending=form.pending.data), asked_again=again is not None,
    )  # fmt: skip


def _may_try(petition: Petition, code: str) -> bool:
    """Count a code without its page, unless it turns out right: five wrong ones a client and hour.

    Of short codes, which could be guessed by many together, a hundred a petition; a card's nobody guesses.
    """
    client = limits().client(request.remote_addr)
    return limits().count(CLIENT_TRIES, client) and (_is_long(code) or limits().count(PETITION_TRIES, petition.slug))


def _take_try_back(petition: Petition, given: dict[str, str]) -> None:
    if not given["pending"]:
        limits().take_back(CLIENT_TRIES, limits().client(request.remote_addr))
        if not _is_long(given["code"]):
            limits().take_back(PETITION_TRIES, petition.slug)


def _is_long(code: str) -> bool:
    return len(read_mail_code(code)) >= LONG
