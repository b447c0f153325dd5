"""Pages of organizers for a bad day: pause signing, a notice on the public pages, and how the whole server stands."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app import maintenance
from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.petitions import banner, freezing
from petition_app.web.forms.petition import SilenceForm

staff = Blueprint("switches", __name__)


@staff.get("/p/<slug>/switches")
def show() -> str:
    """Show what is on, and what each switch does."""
    return _show()


@staff.post("/p/<slug>/banner/remove")
def remove_banner() -> Response:
    """Take the notice away."""
    banner.set_banner(g.petition, None, by=g.account, at=utcnow())
    return _done(gettext("The notice is gone."))


def _show() -> str:
    frozen = freezing.get_freeze(g.petition)
    proposed = freezing.get_proposal(frozen, at=utcnow()) if frozen else None
    return render_template(
        "staff/switches.html", on=maintenance.list_on(), frozen=frozen, silence=SilenceForm.of(g.petition),
        proposed=proposed, freezes_on=freezing.freezes_on(g.petition),
        names=name_accounts({frozen.account_id, proposed.asked_by_id if proposed else None}) if frozen else {},
    )  # fmt: skip


def _done(words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("staff.switches.show", slug=g.petition.slug), 303)
