"""Pages on which an organizer's own machine shows the names that are due, and hands over those that are chosen."""

from __future__ import annotations

from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from petition_app.local_desk.own_secret import own_secret
from petition_app.local_desk.server_sync import DeskSession
from petition_app.web.forms.cases import ActForm, read_id


def show_names(errands: DeskSession) -> str:
    """Show which names this machine would open for the public, and how many it keeps closed, and why."""
    return render_template("local_desk/names.html", names=errands.sort_names(), form=ActForm(formdata=None))


def look_for_names(errands: DeskSession) -> Response:
    """Fetch what is due; nothing is opened for anybody else."""
    errands.refresh()
    errands.fetch_names()
    return _to_names()


def ask_names(errands: DeskSession) -> Response:
    """Ask another organizer to agree to the ticked names."""
    errands.ask_names(_chosen(), own_secret())
    errands.fetch_names()
    flash(
        gettext("Another organizer now finds the request on the server and must confirm it within 24 hours."), "success"
    )
    return _to_names()


def publish_names(errands: DeskSession) -> Response:
    """Open the names that were shown and confirmed, and no other."""
    number = errands.publish_names(_chosen(), own_secret())
    errands.fetch_names()
    flash(ngettext("%(num)s name is published.", "%(num)s names are published.", number), "success")
    return _to_names()


def _chosen() -> set[UUID]:
    return {found for text in request.form.getlist("name") if (found := read_id(text))}


def _to_names() -> Response:
    return redirect(url_for("staff.due_names.show", slug=g.petition.slug), 303)
