"""Pages of staff about themselves: home, roles changed and taken away."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from flask_security import login_user, password_changed
from werkzeug.wrappers import Response

from petition_app.accounts import credentials, services
from petition_app.clock import utcnow
from petition_app.errors import DomainError, NotFoundError
from petition_app.keys import leaving
from petition_app.petitions.first_petition import is_empty, may_begin
from petition_app.petitions.services import list_for_staff
from petition_app.web import known_browsers
from petition_app.web.error_words import explain
from petition_app.web.forms.accounts import ROLE_WORDS, NewPasswordForm, RoleForm
from petition_app.web.forms.petition import STATE_WORDS

staff = Blueprint("account", __name__)

Answer = Response | str | tuple[str, int]


@staff.get("")
def home() -> str:
    """Show the petitions on which this person has a role."""
    return render_template(
        "staff/home.html",
        petitions=list_for_staff(by=g.account),
        roles=ROLE_WORDS,
        states=STATE_WORDS,
        first=is_empty(),
        may_create=may_begin(g.account),
    )


@staff.get("/password")
def ask_password() -> str:
    """Ask for a new password."""
    return _ask_password(NewPasswordForm(formdata=None))


@staff.post("/password")
def change_password() -> Answer:
    """Change one's own password; everybody else who is signed in with the old one is signed out."""
    form, who = NewPasswordForm(), known_browsers.guesser(g.account.email)
    if not form.validate():
        return _ask_password(form), 422
    try:
        credentials.change_password(g.account, form.password.data, form.new_password.data, who=who, at=utcnow())
    except DomainError as error:
        if isinstance(error, credentials.WrongPasswordError) and known_browsers.session_ends(g.account, at=utcnow()):
            return redirect(url_for("security.login"), 303)
        form.form_errors.append(explain(error))
        return _ask_password(form)
    return _sign_in_anew()


def _ask_password(form: NewPasswordForm) -> str:
    return render_template("staff/password.html", form=form)


def _sign_in_anew() -> Response:
    login_user(g.account)
    password_changed.send(current_app._get_current_object(), user=g.account)  # type: ignore[attr-defined] # The signal wants the application itself, not its proxy.
    flash(gettext("Your password is changed, and you are signed out everywhere else."), "success")
    return redirect(url_for("staff.account.home"), 303)


@staff.post("/p/<slug>/people/<uuid:membership_id>/role")
def change_role(membership_id: UUID) -> Response:
    """Change a member's role."""
    form = RoleForm()
    if not form.validate():
        raise NotFoundError
    services.change_role(membership_id, petition_id=g.petition.id, role=form.role.data, by=g.account, at=utcnow())
    flash(gettext("The role is changed."), "success")
    still_reads = services.role_of(g.account, g.petition.id) != "reviewer"
    page = "staff.people.people" if still_reads else "staff.petition.show"
    return redirect(url_for(page, slug=g.petition.slug), 303)


@staff.post("/p/<slug>/people/<uuid:membership_id>/remove")
def remove(membership_id: UUID) -> Response:
    """Take a member's role away."""
    if not leaving.remove(membership_id, petition_id=g.petition.id, by=g.account, at=utcnow()):
        flash(gettext("Asked. This person holds keys, so another organizer must confirm it under “Two organizers”."))
        return redirect(url_for("staff.approvals.show", slug=g.petition.slug), 303)
    flash(gettext("The role is taken away, and the person is signed out everywhere."), "success")
    return redirect(url_for("staff.people.people", slug=g.petition.slug), 303)
