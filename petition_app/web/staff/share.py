"""Pages of organizers to pass a letter on: its address, a text to send, a poster with a QR code."""

from __future__ import annotations

from flask import Blueprint, Response, g, render_template
from flask_babel import get_locale, gettext

from petition_app.clock import utcnow
from petition_app.errors import NotFoundError
from petition_app.i18n import N_, text_in_each_language
from petition_app.petitions.models import in_language
from petition_app.signatures.qr_cards import draw
from petition_app.web.addresses import absolute

staff = Blueprint("share", __name__)

TEXT = N_(
    "“%(title)s”\n\n%(behind)s\n\nRead it and, if you agree, sign it here; no account is needed: %(address)s\n\n"
    "People check each signature before it counts. You choose whether your name is shown."
)
INVITATION = N_("Read it and sign it there. Only signatures that people have checked are counted.")


@staff.get("/p/<slug>/share")
def show() -> str:
    """Show the address, a text to send in each language of the letter, and the way to the poster."""
    return render_template("staff/share.html", address=_address(), texts=_texts())


@staff.get("/p/<slug>/poster")
def poster() -> str:
    """Show one page to print, in the language of the page."""
    return render_template(
        "staff/poster.html", address=_address(), picture=draw(_address()), invitation=gettext(INVITATION)
    )


@staff.get("/p/<slug>/poster.pdf")
def poster_pdf() -> Response:
    """Give the same as a PDF, a page in each language of the letter, that of the reader first."""
    from petition_app.tally import poster as posters  # It loads much: half a second that no other process waits.

    first = sorted(g.petition.text.titles, key=lambda language: language != str(get_locale()))
    sheets = [posters.Sheet(**_words(language)) for language in first]
    answer = Response(posters.draw_poster(sheets, at=utcnow()), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="poster-{g.petition.slug}.pdf"'
    return answer


def _words(language: str) -> dict[str, str]:
    """Return what stands on the page of one language."""
    petition = g.petition
    return {
        "language": language,
        "title": petition.text.titles[language],
        "addressee": in_language(petition.addressee, language),
        "organizers": in_language(petition.organizers, language),
        "invitation": text_in_each_language(INVITATION)[language],
        "address": _address(),
    }


def _address() -> str:
    """Return the letter's whole address. Raises: NotFoundError: it is not public."""
    if not g.petition.is_public:
        raise NotFoundError
    return absolute("letter.show", slug=g.petition.slug, lang=None)


def _texts() -> dict[str, str]:
    """Return what to send, in each language the letter is written in."""
    titles, behind = g.petition.text.titles, g.petition.organizers
    return {
        language: text_in_each_language(
            TEXT, title=titles[language], behind=in_language(behind, language), address=_address()
        )[language].replace("\n\n\n", "\n")
        for language in titles
    }
