"""Pages of organizers for a bad day: pause mail or signing, change nothing at all, a notice on the public pages."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from petition_app import switches
from petition_app.accounts.services import name_accounts
from petition_app.clock import utcnow
from petition_app.petitions import banner, freezing
from petition_app.petitions.forms import SilenceForm, SwitchForm

staff = Blueprint("switches", __name__)

Answer = Response | str | tuple[str, int]


@staff.get("/p/<slug>/switches")
def show() -> str:
    """Show what is on, and what each switch does."""
    return _show()


@staff.post("/p/<slug>/switches/mail")
def turn_mail() -> Answer:
    """Keep messages waiting, or let them go."""
    return _turn(switches.MAIL, on=gettext("Mail is paused. Messages wait here."), off=gettext("Mail goes out again."))


@staff.post("/p/<slug>/switches/read-only")
def turn_read_only() -> Answer:
    """Refuse every change, or take changes again."""
    return _turn(
        switches.READ_ONLY, on=gettext("Nothing can be changed any more."), off=gettext("Changes are taken again.")
    )


@staff.post("/p/<slug>/banner/remove")
def remove_banner() -> Response:
    """Take the notice away."""
    banner.set_banner(g.petition, None, by=g.account, at=utcnow())
    return _done(gettext("The notice is gone."))


def _turn(name: str, **words: str) -> Answer:
    form = SwitchForm()
    if not form.validate():
        return _show(), 422
    switches.turn(name, on=form.to.data == "on", by=g.account.id, at=utcnow())
    return _done(words[form.to.data])


def _show() -> str:
    frozen = freezing.get_freeze(g.petition)
    proposed = freezing.get_proposal(frozen, at=utcnow()) if frozen else None
    return render_template(
        "petitions/switches.html", on=switches.list_on(), frozen=frozen, silence=SilenceForm.of(g.petition),
        proposed=proposed, freezes_on=freezing.freezes_on(g.petition),
        names=name_accounts({frozen.account_id, proposed.asked_by_id if proposed else None}) if frozen else {},
    )  # fmt: skip


def _done(words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("staff.switches.show", slug=g.petition.slug), 303)
