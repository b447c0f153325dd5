"""Pages of keys: one's own, and those of a petition."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from petition_app import config
from petition_app.accounts import desk_tokens
from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.keys import leaving, member_keys, open_keys, services, unlocking
from petition_app.signatures.qr_cards import draw
from petition_app.web import known_browsers
from petition_app.web.error_words import explain
from petition_app.web.forms.cases import ActForm
from petition_app.web.forms.keys import ChangePassphraseForm, NewKeyForm, SheetForm, UnlockForm

staff = Blueprint("keys", __name__)

Answer = Response | str | tuple[str, int]


# --- one's own key ----------------------------------------------------------------------------------------------


@staff.get("/keys")
def mine() -> str:
    """Show one's own key, or the form that makes it."""
    return _show_mine()


@staff.post("/keys")
def make_own() -> Answer:
    """Make one's own key."""
    form = NewKeyForm()
    if form.validate():
        try:
            words, duress = form.passphrase.data or "", form.duress.data or ""
            member_keys.make_account_key(g.account, words, duress=duress, at=utcnow())
        except DomainError as error:
            form.form_errors.append(explain(error))
        else:
            flash(gettext("Your key is made. A colleague can now grant you the keys of a sealed petition."), "success")
            return redirect(url_for("staff.keys.mine"), 303)
    return _show_mine(make=form), 422


@staff.post("/keys/passphrase")
def change_passphrase() -> Answer:
    """Put one's own key under a new passphrase; a wrong one leaves a trace, so it is no error."""
    form, who = ChangePassphraseForm(), known_browsers.guesser(g.account.email)
    if not form.validate():
        return _show_mine(change=form), 422
    try:
        unlocking.change_passphrase(g.account, form.old.data or "", form.passphrase.data or "", who=who, at=utcnow())
    except DomainError as error:
        return not_opened(error, form) or _show_mine(change=form)
    flash(gettext("Your passphrase is changed, and what you had open is locked."), "success")
    return redirect(url_for("staff.keys.mine"), 303)


def not_opened(error: DomainError, form: FlaskForm) -> Response | None:
    """Say why, beside the form; after a few wrong passphrases the session ends instead."""
    if isinstance(error, member_keys.WrongPassphraseError) and known_browsers.session_ends(g.account, at=utcnow()):
        return redirect(url_for("security.login"), 303)
    form.form_errors.append(explain(error))
    return None


@staff.post("/keys/remove")
def remove_own() -> Response:
    """Remove one's own key, for somebody who has forgotten the passphrase."""
    member_keys.remove_account_key(g.account, at=utcnow())
    flash(gettext("Your key is removed. Make a new one, and have a colleague grant you the keys anew."), "success")
    return redirect(url_for("staff.keys.mine"), 303)


def _show_mine(*, make: NewKeyForm | None = None, change: ChangePassphraseForm | None = None) -> str:
    return render_template(
        "staff/my_keys.html", key=member_keys.get_account_key(g.account), make=make or NewKeyForm(formdata=None),
        change=change or ChangePassphraseForm(formdata=None), changing=change is not None,
        on_server=config.current().unlock_on_server,
    )  # fmt: skip


# --- a petition's keys ------------------------------------------------------------------------------------------


@staff.get("/p/<slug>/keys")
def manage() -> str:
    """Show who holds the petition's keys."""
    return _show_keys()


@staff.post("/p/<slug>/keys")
def make() -> str:
    """Make the petition's keys and show the sheet, once."""
    words = services.make_petition_keys(g.petition.id, by=g.account, at=utcnow(), language=str(get_locale()))
    return render_template("staff/recovery_sheet.html", words=words.split(), picture=draw(words))


@staff.post("/p/<slug>/keys/grant/<uuid:account_id>")
def grant(account_id: UUID) -> Response:
    """Hand the keys to a colleague."""
    services.grant(account_id, g.petition.id, open_keys.require(g.petition.id), by=g.account, at=utcnow())
    flash(gettext("The keys are granted."), "success")
    return _back()


@staff.post("/p/<slug>/keys/take/<uuid:account_id>")
def take(account_id: UUID) -> Response:
    """Give up one's own keys, or ask another organizer to agree that somebody's are taken."""
    try:
        taken = leaving.take(account_id, g.petition.id, by=g.account, at=utcnow())
    except DomainError as error:
        flash(explain(error), "warning")
        return _back()
    if not taken:
        flash(gettext("Asked. The keys are taken once another organizer confirms it under “Two organizers”."))
        return redirect(url_for("staff.approvals.show", slug=g.petition.slug), 303)
    flash(gettext("The keys are taken. Make a new key now, so that what comes later is closed to them."), "warning")
    return _back()


@staff.post("/p/<slug>/keys/renew")
def renew() -> Response:
    """Make a new key for what comes later."""
    services.rotate(g.petition.id, open_keys.require(g.petition.id), by=g.account, at=utcnow())
    unlocking.lock_others(g.petition.id, by=g.account)
    session.pop("unlock", None)
    flash(gettext("A new key seals what comes from now on. Open the keys again to have it too."), "success")
    return _back()


@staff.post("/p/<slug>/keys/recover")
def recover() -> Answer:
    """Hand the keys to an organizer who has the printed sheet."""
    form = SheetForm()
    if form.validate():
        try:
            services.recover(g.petition.id, form.words.data or "", by=g.account, at=utcnow())
        except DomainError as error:
            form.form_errors.append(explain(error))
        else:
            flash(gettext("The keys are yours. Open them with your passphrase."), "success")
            return _back()
    return _show_keys(sheet=form), 422


@staff.post("/p/<slug>/keys/token")
def make_token() -> str:
    """Make a token for a desk on one's own machine and show it, once."""
    services.require_keys(g.petition.id)
    token = desk_tokens.make(g.petition.id, by=g.account, at=utcnow())
    return render_template("staff/desk_token.html", token=token, server=request.host_url.rstrip("/"))


@staff.post("/p/<slug>/keys/token/withdraw")
def withdraw_token() -> Response:
    """End one's own token."""
    desk_tokens.withdraw(g.petition.id, by=g.account, at=utcnow())
    flash(gettext("The token is withdrawn: the desk on your own machine gets nothing more."), "success")
    return _back()


def _show_keys(*, sheet: SheetForm | None = None) -> str:
    is_open = open_keys.current(g.petition.id) is not None or g.get("under_duress", False)
    holders, on_server = services.list_holders(g.petition.id, seen_by=g.account.id), config.current().unlock_on_server
    mine = any(holder.holds for holder in holders if holder.account.id == g.account.id)
    return render_template(
        "staff/petition_keys.html", holders=holders, is_open=is_open, newest=services.newest(g.petition.id),
        unlock=UnlockForm(formdata=None) if mine and on_server and not is_open else None,
        alarms=unlocking.list_alarms(g.petition.id, by=g.account), sheet=sheet or SheetForm(formdata=None),
        recovering=sheet is not None, form=ActForm(),
        token_until=desk_tokens.lasts_until(g.petition.id, by=g.account, at=utcnow()),
        on_server=on_server,
    )  # fmt: skip


def _back() -> Response:
    return redirect(url_for("staff.keys.manage", slug=g.petition.slug), 303)
