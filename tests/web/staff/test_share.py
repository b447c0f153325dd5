"""Sharing a letter: an address, a text and a poster that name the letter and nobody who signed it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html import unescape
from typing import Any

from pypdf import PdfReader

from petition_app import config
from tests import factories as make


def test_what_is_passed_on_names_the_letter_and_nobody_who_signed(app: Any) -> None:
    config.activate(replace(config.current(), public_url="https://letters.example.org"))
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    for person in (world.organizer, world.auditor):
        client = make.signed_in(app, person)
        page = unescape(client.get(f"/organizer/p/{world.slug}/share").text)
        assert "https://letters.example.org/p/open-letter" in page
        assert "“An open letter”" in page
        assert "«Открытое письмо»" in page
        poster = client.get(f"/organizer/p/{world.slug}/poster").text
        assert "https://letters.example.org/p/open-letter" in poster
        assert len(re.findall("<svg[^>]+class=.?qr", poster)) == 1
        assert signed.name not in page + poster
    assert "Открытое письмо" in client.get(f"/organizer/p/{world.slug}/poster?lang=ru").text


def test_a_draft_and_a_rehearsal_cannot_be_passed_on(app: Any) -> None:
    world = make.make_world(app, state="draft")
    client = make.signed_in(app, world.organizer)
    assert "/share" not in client.get(f"/organizer/p/{world.slug}").text
    for page in ("share", "poster", "poster.pdf"):
        assert client.get(f"/organizer/p/{world.slug}/{page}").status_code == 404


def test_reviewers_are_shown_only_places_that_open_for_them(app: Any) -> None:
    world = make.make_world(app)
    for person in (world.organizer, world.reviewers[0], world.auditor):
        client = make.signed_in(app, person)
        page = client.get(f"/organizer/p/{world.slug}").text
        places = page.partition('<nav class="places"')[2].partition("</nav>")[0]
        links = [unescape(link) for link in re.findall('href="([^"]+)"', places)]
        assert links
        for link in links:
            assert client.get(link).status_code == 200, (person.role, link)


def test_the_poster_is_given_as_a_pdf_with_a_page_in_each_language(app: Any) -> None:
    config.activate(replace(config.current(), public_url="https://letters.example.org"))
    world = make.make_world(app)
    signed = make.make_verified(app, world)
    answer = make.signed_in(app, world.organizer).get(f"/organizer/p/{world.slug}/poster.pdf?lang=ru")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="poster-open-letter.pdf"'
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(answer.data)).pages]
    assert [title in page for title, page in zip(("Открытое письмо", "An open letter"), pages, strict=True)] == [
        True
    ] * 2
    for page in pages:
        assert "https://letters.example.org/p/open-letter" in page
        assert signed.name not in page
