"""Pages for readers: search, corrections, versions of the text, the letter on paper, texts to send on."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from petition_app.clock import utcnow
from petition_app.petitions import services as petitions
from petition_app.petitions.services import NewPetition
from petition_app.petitions.text_diff import compare
from petition_app.tally.rules import each_day
from tests import factories as make
from tests.conftest import only_sqlite

TEXTS = st.text(alphabet="абв \n.,x", max_size=60)


def search(client: Any, asked: str, **fields: Any) -> list[str]:
    """Return the names that the page gives for what is looked for."""
    page = client.post(f"/p/{make.SLUG}/signatories", data={"q": asked, **fields})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    return re.findall(r'<li><bdi translate="no">([^<]+)</bdi>', page.text)


def change_text(app: Any, world: make.World, text: str) -> None:
    """Give the letter another English text, after somebody has signed."""
    with make.acting(app):
        petition = make.petition(world.petition_id)
        new = NewPetition(
            slug=petition.slug,
            titles=dict(petition.text.titles),
            texts={**petition.text.texts, "en": text},
            addressee=petition.addressee,
            who_may_sign=petition.who_may_sign,
            mode=petition.mode,
            reviewers=petition.reviewers,
        )
        petitions.edit(petition, new, has_signed=lambda _id: True, by=make.account(world.organizer), at=utcnow())


# --- search -----------------------------------------------------------------------------------------------------


def test_a_published_name_is_found_in_any_case_and_alphabet(app: Any, client: Any) -> None:
    world = make.make_world(app)
    for name in ("Алёна Лучникова", "Ivan Shchukin"):
        make.make_verified(app, world, name)
    make.publish_waiting(app)
    assert sorted(search(client, "")) == []
    for asked in ("лучник", "АЛЕНА", "алёна лучникова", "Luchnikova", "Alena Lutchnikova", "лучникова алена"):
        assert search(client, asked) == ["Алёна Лучникова"], asked
    for asked in ("ivan", "Щукин", "Иван Щукин"):
        assert search(client, asked) == ["Ivan Shchukin"], asked
    assert search(client, "%") == search(client, "_") == search(client, "нет такого") == []
    assert search(client, "лучник", batch=99) == []


def test_who_is_not_published_is_not_found(app: Any, client: Any) -> None:
    world = make.make_world(app)
    for consent in range(3):
        make.make_verified(app, world, f"Борис Тайный{'ао'[consent % 2]}", consent=consent)
    make.make_signature(app, world.petition_id, "Борис Тайный")
    shown = make.make_verified(app, world, "Борис Явный")
    make.publish_waiting(app)
    assert search(client, "борис") == ["Борис Явный"]
    make.withdraw(app, shown)
    assert search(client, "борис") == []


def test_marks_make_no_difference_to_a_search_either_way(app: Any, client: Any) -> None:
    world = make.make_world(app)
    for name in ("Josef Černý", "Ana Kovacic", "रीना शर्मा", "Прокоп'євська Ганна"):
        make.make_verified(app, world, name)
    make.publish_waiting(app)
    for asked, found in (
        ("cerny", "Josef Černý"),
        ("Černý", "Josef Černý"),
        ("Kovačić", "Ana Kovacic"),
        ("रीना", "रीना शर्मा"),
        ("прокоп´євська", "Прокоп&#39;євська Ганна"),
    ):
        assert search(client, asked) == [found]
    assert search(client, "रानी") == []


def test_a_name_that_is_looked_for_stands_in_no_address(app: Any, client: Any) -> None:
    make.make_world(app)
    page = client.get(f"/p/{make.SLUG}/signatories").text
    assert re.search(rf'<form [^>]*method="post" action="/p/{make.SLUG}/signatories"', page)
    assert client.get(f"/p/{make.SLUG}/signatories?q=Лучник").text.count("Лучник") == 0


def test_a_long_search_is_cut(app: Any, client: Any) -> None:
    make.make_world(app)
    assert search(client, "ы " * 5_000) == []
    assert client.post(f"/p/{make.SLUG}/signatories", data={"q": "ы " * 50_000}).status_code == 413


# --- corrections ------------------------------------------------------------------------------------------------


def test_corrections_have_a_page_with_reasons_and_no_name(app: Any, client: Any) -> None:
    world = make.make_world(app)
    page = client.get(f"/p/{world.slug}/corrections")
    assert "Nothing had to be corrected so far." in page.text
    for reason in ("entered_in_error", "denies_signing"):
        signed = make.make_verified(app, world, "Вера Седых")
        make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason=reason)
    with make.acting(app):
        make.publishing.publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    page = client.get(f"/p/{world.slug}/corrections").text
    assert "2 corrections" in page
    assert "entered in error" in page
    assert "the person named did not sign" in page
    assert "Седых" not in page
    assert "Corrections (2)" in client.get(f"/p/{world.slug}").text


# --- versions ---------------------------------------------------------------------------------------------------


def test_a_changed_text_is_told_and_shown_beside_the_one_before(app: Any, client: Any) -> None:
    world = make.make_world(app)
    assert "This text was changed on" not in client.get(f"/p/{world.slug}").text
    assert "The text has not been changed." in client.get(f"/p/{world.slug}/versions").text
    make.make_signature(app, world.petition_id)
    change_text(app, world, "We ask to be **answered** by <b>May</b>.")
    assert "This text was changed on" in client.get(f"/p/{world.slug}").text
    listed = client.get(f"/p/{world.slug}/versions").text
    assert len(set(re.findall(r"[0-9a-f]{64}", listed))) == 2
    page = client.get(f"/p/{world.slug}/versions/2").text
    changed = re.sub(r"\s+", " ", re.sub(r"<span[^>]*>|</span>", "", page))
    assert "[removed:] heard [end]" in changed
    assert "[added:] answered [end]" in changed
    assert "&lt;" in changed
    assert "<b>May</b>" not in changed
    assert "Nothing changed in this language." in page
    first = client.get(f"/p/{world.slug}/versions/1").text
    assert "This is an earlier text." in first
    assert "heard" in first
    assert client.get(f"/p/{world.slug}/versions/3").status_code == 404


def test_a_draft_shows_no_version(app: Any, client: Any) -> None:
    make.make_petition(app, state="draft")
    for page in ("versions", "versions/1", "corrections", "print"):
        assert client.get(f"/p/{make.SLUG}/{page}").status_code == 404


@given(TEXTS, TEXTS)
def test_what_was_kept_and_removed_is_the_old_text_and_what_was_added_the_new(before: str, after: str) -> None:
    pieces = compare(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added").strip() == before.strip()
    assert "".join(piece.text for piece in pieces if piece.kind != "removed").strip() == after.strip()


def test_a_changed_phrase_is_read_as_one() -> None:
    found = [(piece.kind, piece.text) for piece in compare("One of us left.", "One had to leave.")]
    assert found == [("kept", "One "), ("removed", "of us left"), ("added", "had to leave"), ("kept", ".\n")]


# --- paper and texts to send on -------------------------------------------------------------------------------------


def test_the_printed_letter_holds_text_numbers_published_names_and_a_code(app: Any, client: Any) -> None:
    world = make.make_world(app)
    shown = make.make_verified(app, world, "Вера Седых")
    make.make_verified(app, world, "Глеб Луговых", consent=0)
    make.publish_waiting(app)
    page = client.get(f"/p/{world.slug}/print").text
    assert "Вера Седых" in page
    assert "Глеб" not in page
    assert 'class="qr"' in page
    assert f"http://localhost/p/{world.slug}</span>" in page
    make.withdraw(app, shown)
    assert "Вера Седых" not in client.get(f"/p/{world.slug}/print").text


@only_sqlite
def test_texts_to_send_on_name_the_number_its_time_and_the_address_in_each_language(app: Any, client: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    make.publish_waiting(app)
    page = client.get(f"/p/{world.slug}").text
    texts = re.findall(r"<textarea[^>]*readonly>([^<]+)</textarea>", page)
    assert len(texts) == 2
    assert "1 verified signature as of" in texts[0]
    assert "1 подтверждённая подпись" in texts[1]
    assert f"/p/{world.slug}?lang=ru" in texts[1]
    mails = [unquote(found) for found in re.findall(r'href="(mailto:[^"]+)"', page)]
    assert all(text.strip().split("\n")[0] in mail for text, mail in zip(texts, mails, strict=True))


# --- day by day -----------------------------------------------------------------------------------------------------


def test_a_day_without_a_publication_keeps_the_numbers_of_the_day_before() -> None:
    days = [(date(2026, 2, 27), "a"), (date(2026, 3, 2), "b")]
    assert list(each_day(days)) == [
        (date(2026, 2, 27), "a"), (date(2026, 2, 28), "a"), (date(2026, 3, 1), "a"), (date(2026, 3, 2), "b"),
    ]  # fmt: skip
    assert list(each_day([])) == []


def test_history_and_chart_tell_each_kind(app: Any, client: Any) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    make.make_signature(app, world.petition_id)
    with make.acting(app):
        make.publishing.publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    rows = list(csv.DictReader(io.StringIO(client.get(f"/p/{world.slug}/history.csv").text)))
    assert {kind: rows[-1][kind] for kind in ("received_total", "verified", "received")} == {
        "received_total": "2", "verified": "1", "received": "1",
    }  # fmt: skip
    chart = client.get(f"/p/{world.slug}/chart.svg?lang=en").text
    assert all(word in chart for word in ("verified", "now being checked", "received, waiting", "not counted"))
    assert "<style" not in chart
    assert "style=" not in chart
    assert "<script" not in chart
    dark = client.get(f"/p/{world.slug}/chart.svg?theme=dark").text
    assert dark != chart
