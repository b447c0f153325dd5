"""Pages of organizers: enter a list of names, print its codes, see how many have confirmed."""

from __future__ import annotations

from uuid import UUID

from babel.dates import format_date
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from petition_app.clock import utcnow
from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, text_in_each_language, translations
from petition_app.signatures import invitation_lists
from petition_app.signatures.invitation_lists import Sheet
from petition_app.signatures.qr_cards import draw_cards
from petition_app.web import language_links
from petition_app.web.addresses import absolute
from petition_app.web.error_words import explain
from petition_app.web.forms.invitation_lists import CARD_GOOD_UNTIL, CARD_WORDS, GroupForm

staff = Blueprint("invitation_lists", __name__)

Answer = Response | str | tuple[str, int]
LARGEST = 400 * 1024  # Beyond 500 kB the library would put a file of names on the disk.


@staff.url_value_preprocessor
def keep_in_memory(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """Take no more than what stays in memory."""
    if endpoint == "staff.invitation_lists.enter":
        request.max_content_length = LARGEST


@staff.get("/p/<slug>/groups")
def manage() -> str:
    """Show the lists with how far each has come, and the form for another one."""
    return _show(GroupForm(formdata=None))


@staff.post("/p/<slug>/groups")
def enter() -> Answer:
    """Take a list, and show its codes once; or show every line that must be corrected first."""
    form = GroupForm()
    if not form.validate():
        return _show(form), 422
    new = form.to_new_entry(language=str(get_locale()))
    try:
        return _show_sheet(invitation_lists.enter(new, petition=g.petition, by=g.account, at=utcnow()))
    except invitation_lists.EnteredAlreadyError as error:
        return _go_back(error)
    except invitation_lists.TitleNamesError as error:
        form.title.errors = [explain(error)]
        return _show(form), 422


@staff.post("/p/<slug>/groups/<uuid:entry_id>/sheet")
def print_again(entry_id: UUID) -> Answer:
    """Make new codes for those who have not answered, and show them once."""
    printed = request.form.get("sheets", 0, int)
    try:
        return _show_sheet(
            invitation_lists.reprint(entry_id, sheets=printed, petition=g.petition, by=g.account, at=utcnow()),
        )
    except (invitation_lists.SheetOutdatedError, invitation_lists.NobodyLeftError) as error:
        return _go_back(error)


@staff.post("/p/<slug>/groups/<uuid:entry_id>/withdraw")
def withdraw(entry_id: UUID) -> Response:
    """Erase those of a list who have not answered."""
    invitation_lists.withdraw_rest(entry_id, petition=g.petition, by=g.account, at=utcnow())
    flash(gettext("Whoever had not confirmed is erased, and their codes are void."), "success")
    return redirect(url_for("staff.invitation_lists.manage", slug=g.petition.slug), 303)


def _show(form: GroupForm) -> str:
    now = utcnow()
    return render_template(
        "staff/invitation_lists.html", form=form, today=now.date(), now=now, most=invitation_lists.MOST_PEOPLE,
        entries=invitation_lists.list_entries(g.petition, by=g.account, at=now),
    )  # fmt: skip


def _show_sheet(sheet: Sheet) -> str:
    language_links.show_once()
    # The language of the page must not travel on the card: whoever scans it is answered in their own.
    address = absolute("sign.confirm", slug=g.petition.slug, lang=None)
    until = {
        language: translations(language).ugettext(CARD_GOOD_UNTIL)
        % {"day": format_date(sheet.last_day, "d MMMM y", locale=language)}
        for language in LANGUAGES
    }
    return render_template(
        "staff/invitation_cards.html", sheet=sheet, address=address,
        cards=draw_cards(sheet.invitations, address=address), words=text_in_each_language(CARD_WORDS), until=until,
    )  # fmt: skip


def _go_back(error: DomainError) -> Response:
    flash(explain(error), "warning")
    return redirect(url_for("staff.invitation_lists.manage", slug=g.petition.slug), 303)
