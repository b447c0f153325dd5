"""Pages of staff about themselves: home, roles changed and taken away."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app.accounts import services
from petition_app.accounts.forms import ROLE_WORDS, RoleForm
from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.keys import leaving
from petition_app.petitions.beginning import is_empty, may_begin
from petition_app.petitions.forms import STATE_WORDS
from petition_app.petitions.services import list_for_staff

staff = Blueprint("accounts", __name__)


@staff.get("")
def home() -> str:
    """Show the petitions on which this person has a role."""
    return render_template(
        "accounts/home.html",
        petitions=list_for_staff(by=g.account),
        roles=ROLE_WORDS,
        states=STATE_WORDS,
        first=is_empty(),
        may_create=may_begin(g.account),
    )


@staff.post("/p/<slug>/people/<uuid:membership_id>/role")
def change_role(membership_id: UUID) -> Response:
    """Change a member's role."""
    form = RoleForm()
    if not form.validate():
        raise NotFoundError
    services.change_role(membership_id, petition_id=g.petition.id, role=form.role.data, by=g.account, at=utcnow())
    flash(gettext("The role is changed."), "success")
    still_reads = services.role_of(g.account, g.petition.id) != "reviewer"
    page = "staff.joining.people" if still_reads else "staff.petitions.show"
    return redirect(url_for(page, slug=g.petition.slug), 303)


@staff.post("/p/<slug>/people/<uuid:membership_id>/remove")
def remove(membership_id: UUID) -> Response:
    """Take a member's role away."""
    if not leaving.remove(membership_id, petition_id=g.petition.id, by=g.account, at=utcnow()):
        flash(gettext("Asked. This person holds keys, so another organizer must confirm it under “Two organizers”."))
        return redirect(url_for("staff.approvals.show", slug=g.petition.slug), 303)
    flash(gettext("The role is taken away, and the person is signed out everywhere."), "success")
    return redirect(url_for("staff.joining.people", slug=g.petition.slug), 303)
