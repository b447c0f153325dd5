"""Pages of invitations: organizers ask people by mail; who was asked types the code and takes up the role."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext, ngettext
from werkzeug.wrappers import Response

from petition_app.accounts import inviting, inviting_several, services
from petition_app.accounts.inviting_several import Line
from petition_app.accounts.models import StaffInvitation
from petition_app.clock import utcnow
from petition_app.crypto.key_derivation import BusyError
from petition_app.crypto.passwords import WeakPasswordError
from petition_app.errors import DomainError
from petition_app.petitions.services import get_by_id
from petition_app.rate_limits.counters import limits
from petition_app.web import language_links
from petition_app.web.addresses import absolute
from petition_app.web.error_words import explain
from petition_app.web.forms.accounts import ROLE_WORDS, CodeForm, InvitationForm, JoinForm, RoleForm, SeveralForm

staff = Blueprint("people", __name__)

Answer = Response | str | tuple[str, int]
ACTS = ("look", "send")
TRIES, ALL_TRIES = "20 per hour", "300 per hour"


@staff.get("/p/<slug>/people")
def people() -> str:
    """Show who has a role on the petition, and who was asked and has not answered."""
    return _people()


@staff.post("/p/<slug>/people/invite")
def invite() -> Answer:
    """Ask somebody by mail to take a role."""
    form = InvitationForm()
    if not form.validate():
        return _people(form), 422
    try:
        inviting.invite(
            petition_id=g.petition.id, email=form.email.data, name=form.name.data, role=form.invited_role.data,
            language=form.language.data, page=_page(), by=g.account, at=utcnow(),
        )  # fmt: skip
    except DomainError as error:
        form.email.errors = [explain(error)]
        return _people(form), 422
    return _done(gettext("The invitation is on its way."))


@staff.post("/p/<slug>/people/invite-several")
def invite_several() -> Answer:
    """Show who would be invited and which lines cannot be, or invite everybody who can: as the button says."""
    form = SeveralForm()
    if form.act.data not in ACTS:
        form.form_errors.append(gettext("Please use one of the buttons. Nothing was changed."))
    if not form.validate() or form.form_errors:
        return _people(several=form), 422
    try:
        seen, mended = _read(form.people.data), _read(form.rest.data)
    except DomainError as error:
        form.people.errors = [explain(error)]
        return _people(several=form), 422
    if form.act.data == "send":
        return _invite_all(form, seen, mended)
    return _look_at(form, seen + mended)


def _read(text: str | None) -> list[Line]:
    return inviting_several.read(text or "", petition_id=g.petition.id, by=g.account, at=utcnow())


def _invite_all(form: SeveralForm, seen: list[Line], mended: list[Line]) -> Answer:
    """Invite whom the page has shown; what was mended since is shown before anybody in it is written to."""
    failed = inviting_several.invite_all(
        seen, petition_id=g.petition.id, role=form.role_for_all.data, language=form.language_for_all.data,
        page=_page(), by=g.account, at=utcnow(),
    )  # fmt: skip
    sent = len(seen) - len(failed)
    words = ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", sent)
    if not failed and not mended:
        return _done(words)
    if sent:
        flash(words, "success")
    return _look_at(form, failed + mended)


def _look_at(form: SeveralForm, lines: list[Line]) -> Answer:
    """Show whom the button will invite, and the lines that have to be mended with what is wrong in each."""
    if not lines:
        form.people.errors = [gettext("Please write at least one mailbox.")]
        return _people(several=form), 422
    good = [line for line in lines if not line.problem]
    told = [(line, explain(line.problem)) for line in lines if line.problem]
    language_links.repeat(
        people="\n".join(line.text for line in good), rest="\n".join(line.text for line, _ in told), act="look",
        csrf_token=request.form["csrf_token"], role_for_all=form.role_for_all.data,
        language_for_all=form.language_for_all.data,
    )  # fmt: skip
    return render_template("staff/invite_several.html", form=form, good=good, bad=told, roles=ROLE_WORDS)


@staff.post("/p/<slug>/people/invitations/<uuid:invitation_id>/resend")
def resend(invitation_id: UUID) -> Response:
    """Mail an invitation again, with a new code."""
    inviting.resend(invitation_id, petition_id=g.petition.id, page=_page(), by=g.account, at=utcnow())
    return _done(gettext("The invitation is on its way again, with a new code; the old one works no more."))


@staff.post("/p/<slug>/people/invitations/<uuid:invitation_id>/withdraw")
def withdraw(invitation_id: UUID) -> Response:
    """Take an invitation back."""
    inviting.withdraw(invitation_id, petition_id=g.petition.id, by=g.account, at=utcnow())
    return _done(gettext("The invitation is taken back. Its code opens nothing."))


@staff.get("/join")
def ask() -> str:
    """Ask for the code of an invitation."""
    return render_template("staff/join.html", form=CodeForm(formdata=None))


@staff.post("/join")
def join() -> Answer:
    """Show what the code is for; with a name and a password, or for an account that exists, take up the role."""
    client = limits().client(request.remote_addr)
    if not (limits().allows(TRIES, "join", client) and limits().allows(ALL_TRIES, "join")):
        abort(429)
    form = CodeForm()
    try:
        invitation = inviting.find(form.code.data or "", at=utcnow())
    except inviting.NoInvitationError as error:
        limits().count(TRIES, "join", client)
        limits().count(ALL_TRIES, "join")
        form.code.errors = [explain(error)]
        return render_template("staff/join.html", form=form), 422
    return _take_up(invitation, form.code.data)


def _take_up(invitation: StaffInvitation, code: str) -> Answer:
    known, form = services.find_account(invitation.email) is not None, JoinForm()
    petition, by = get_by_id(invitation.petition_id), services.name_accounts({invitation.invited_by_id})
    if request.form.get("take") != "1":
        form = JoinForm(formdata=None, name=invitation.name)
    elif (known or form.validate()) and _accept(form, code):
        flash(gettext("The role is yours. Sign in with your address and password."), "success")
        return redirect(url_for("security.login"), 303)
    page: str = render_template(
        "staff/joining.html", form=form, code=code, invitation=invitation, known=known, invited_to=petition,
        roles=ROLE_WORDS, by=by.get(invitation.invited_by_id),
    )  # fmt: skip
    return (page, 422) if form.errors or form.form_errors else page


def _accept(form: JoinForm, code: str) -> bool:
    """Take up the role, or say beside the form why the password cannot be taken now."""
    try:
        inviting.accept(code, name=form.name.data or "", password=form.new_password.data or "", at=utcnow())
    except (WeakPasswordError, BusyError) as error:
        form.new_password.errors = [explain(error)]
        return False
    return True


def _people(form: InvitationForm | None = None, *, several: SeveralForm | None = None) -> str:
    spoken = str(get_locale())
    form = form or InvitationForm(formdata=None, language=spoken)
    several = several or SeveralForm(formdata=None, language_for_all=spoken)
    members = services.list_members(g.petition.id, by=g.account)
    waiting = inviting.list_open(g.petition.id, by=g.account)
    return render_template(
        "staff/people.html", members=members, waiting=waiting, roles=ROLE_WORDS, form=form, several=several,
        role_form=RoleForm(), now=utcnow(),
        names=services.name_accounts({invitation.invited_by_id for invitation in waiting}),
    )  # fmt: skip


def _page() -> str:
    return absolute("staff.people.ask")


def _done(words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("staff.people.people", slug=g.petition.slug), 303)
