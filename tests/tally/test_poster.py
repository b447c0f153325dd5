"""The poster as a PDF: what a letter says of itself, in any of its languages, on pages of its own."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from petition_app.tally.poster import Sheet, draw_poster

AT = datetime(2026, 12, 1, 14, 32, 7, tzinfo=UTC)
ADDRESS = "https://letters.example.org/p/open-letter"
ENGLISH = Sheet("en", "An open letter", "To the Assembly", "Read it there.", "A working group", ADDRESS)
RUSSIAN = Sheet("ru", "Открытое письмо", "Собранию", "Прочитайте его там.", "Рабочая группа", ADDRESS)
PERSIAN = Sheet("fa", "نامهٔ سرگشاده", "به مجلس", "می‌خواهیم شنیده شویم.", "گروه کار", ADDRESS)


def pages(pdf: bytes) -> list[str]:
    """Return the words of each page in one line."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_each_language_has_a_page_with_its_title_and_the_address() -> None:
    english, russian = pages(draw_poster([ENGLISH, RUSSIAN], at=AT))
    for words, sheet in ((english, ENGLISH), (russian, RUSSIAN)):
        for text in (sheet.title, sheet.addressee, sheet.invitation, sheet.organizers, sheet.address):
            assert text in words


def test_what_is_written_from_right_to_left_is_shaped() -> None:
    (words,) = pages(draw_poster([PERSIAN], at=AT))
    assert ADDRESS in words
    assert set("نامهسرگشاده") <= set(words)


@pytest.mark.parametrize("length", [1, 20, 50])
def test_a_long_title_makes_no_second_page_and_leaves_room_for_the_rest(length: int) -> None:
    title = " ".join(["городам"] * length)[: length * 4]
    sheet = Sheet("ru", title, "Собранию" * 12, "Прочитайте. " * 9, "Группа " * 20, f"{ADDRESS}-{'long-' * 12}")
    pdf = PdfReader(io.BytesIO(draw_poster([sheet], at=AT)))
    (page,) = pdf.pages
    lowest: list[float] = []
    page.extract_text(visitor_text=lambda text, _cm, tm, *_: lowest.append(tm[5]) if text.strip() else None)
    assert min(lowest) > 0, "something is written below the paper"


def test_nothing_in_it_says_by_whom_or_at_what_time_it_was_made() -> None:
    pdf = PdfReader(io.BytesIO(draw_poster([ENGLISH], at=AT)))
    said = {name: str(value) for name, value in (pdf.metadata or {}).items()}
    assert said.pop("/CreationDate").startswith("D:20261201000000")
    assert said == {"/Producer": "Countersign", "/Title": "An open letter"}
    assert "14:32" not in str(pdf.xmp_metadata)
