"""Both languages: the Russian texts are whole, every page speaks the reader's language, mail names nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from petition_app.i18n import CatalogueError, check_catalogues
from petition_app.verification.batches.services import draft_announcement
from tests import factories as make

ROOT = Path(__file__).parent.parent
RUSSIAN = ROOT / "petition_app" / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_pgettext": ((1, "c"), 2),
    "N_": None,
    "in_each_language": (1, 2),
}
TITLES = {"en": "An open letter", "ru": "Открытое письмо"}


# --- the catalogue ----------------------------------------------------------------------------------------------


def marked_messages() -> Catalog:
    """Collect every message that the code and the templates mark now."""
    catalogue = Catalog()
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    for _, _, message, _, context in extract_from_dir(ROOT, methods, options, KEYWORDS):
        catalogue.add(message, context=context)
    return catalogue


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def test_every_message_has_a_whole_russian_text() -> None:
    with RUSSIAN.open("rb") as file:
        russian = read_po(file, locale="ru")
    marked = {(message.context, message.id) for message in marked_messages() if message.id}
    assert {(message.context, message.id) for message in russian if message.id} == marked, (
        "run `make translations`, then translate"
    )
    assert not russian.obsolete
    assert (russian.num_plurals, russian.charset) == (3, "utf-8")
    for message in russian:
        forms = [message.string] if isinstance(message.string, str) else message.string
        sources = [message.id] if isinstance(message.id, str) else message.id
        assert not message.fuzzy, message.id
        assert all(forms), f"not translated: {message.id}"
        if message.id:
            assert len(forms) == (3 if message.pluralizable else 1), message.id
            assert all(placeholders(form) == placeholders(sources[-1]) for form in forms), message.id


def test_no_english_is_left_in_a_russian_text() -> None:
    """Two texts run together by a merge are shown as one; only names of formats and of tools stay in Latin letters."""
    known = {"Atom", "JSON", "cookie"}
    with RUSSIAN.open("rb") as file:
        for message in read_po(file, locale="ru"):
            forms = [message.string] if isinstance(message.string, str) else message.string
            sources = [message.id] if isinstance(message.id, str) else message.id
            own = set(re.findall("[A-Za-z]{2,}", " ".join(sources)))
            for form in forms if message.id else ():
                assert len(form) <= 2.5 * len(sources[-1]) + 40, f"longer than one text: {form}"
                assert not set(re.findall("[A-Za-z]{2,}", form)) - own - known, f"not translated to its end: {form}"


def test_a_verified_signature_is_not_called_checked_in_russian() -> None:
    """What is checked may be verified or not counted: the two numbers differ."""
    with RUSSIAN.open("rb") as file:
        forms = [form for one in read_po(file) for form in (one.string if one.pluralizable else [one.string])]
    assert [form for form in forms if re.search(r"\bпроверен\w* %\(verified\)s", form)] == []
    assert any("подтверждено %(verified)s" in form for form in forms)


def test_the_texts_must_be_compiled(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"^The Russian texts are not compiled; run `make install`\.$"):
        check_catalogues(tmp_path)


def test_the_server_does_not_start_without_its_russian_texts(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "petition_app", tmp_path / "petition_app", ignore=shutil.ignore_patterns("*.mo", "static"))
    shutil.copy(ROOT / "wsgi.py", tmp_path)
    started = subprocess.run([sys.executable, "-c", "import wsgi"], cwd=tmp_path, capture_output=True, text=True)
    assert started.returncode == 1
    assert started.stderr == "countersign: The Russian texts are not compiled; run `make install`.\n"


# --- the reader's language --------------------------------------------------------------------------------------


def test_pages_speak_russian_when_asked_and_their_links_carry_it_on(app: Flask, client: FlaskClient) -> None:
    world = make.make_world(app)
    make.make_verified(app, world)
    organizer = make.signed_in(app, world.organizer)
    letter = [f"/p/{world.slug}{page}" for page in ("", "/sign", "/signatories", "/how-we-check", "/updates")]
    staff = ("/organizer", f"/organizer/p/{world.slug}")
    for browser, pages in ((client, ["/", "/my", *letter]), (organizer, staff)):
        for page in pages:
            answer = browser.get(f"{page}?lang=ru")
            assert '<html lang="ru">' in answer.text
            assert answer.headers["Content-Language"] == "ru"
            links = re.findall(r'<(?:a|form)\b[^>]* (?:href|action)="(/[^"#]*)[^>]*>', answer.text)
            assert links
            for link in links:
                assert "lang=ru" in link or link == f"{page}?lang=en", link
    assert "Подписать письмо" in client.get(f"/p/{world.slug}?lang=ru").text
    assert "подтверждённая подпись" in client.get(f"/p/{world.slug}?lang=ru").text


def test_without_a_choice_the_browser_decides_and_caches_are_told(app: Flask, client: FlaskClient) -> None:
    make.make_petition(app)
    for accepted, language in (("ru", "ru"), ("ru-RU,ru;q=0.9", "ru"), ("fr, de", "en"), ("fr, ru;q=0.5", "ru")):
        answer = client.get(f"/p/{make.SLUG}", headers={"Accept-Language": accepted})
        assert f'<html lang="{language}">' in answer.text
        assert "Accept-Language" in answer.vary
    answer = client.get(f"/p/{make.SLUG}?lang=en", headers={"Accept-Language": "ru"})
    assert '<html lang="en">' in answer.text
    assert "Accept-Language" not in answer.vary


def test_announcements_count_as_each_language_does() -> None:
    russian = {
        1: "Получена ещё 1 подпись, сейчас мы её проверяем.",
        2: "Получены ещё 2 подписи, сейчас мы их проверяем.",
        5: "Получено ещё 5 подписей, сейчас мы их проверяем.",
        11: "Получено ещё 11 подписей, сейчас мы их проверяем.",
        21: "Получена ещё 21 подпись, сейчас мы её проверяем.",
        84: "Получены ещё 84 подписи, сейчас мы их проверяем.",
    }
    assert {number: draft_announcement(number)["ru"] for number in russian} == russian
    assert draft_announcement(1)["en"] == "Another 1 signature has been received, now we will check it."
    assert draft_announcement(84)["en"] == "Another 84 signatures have been received, now we will check them."


def test_days_and_numbers_are_written_as_each_language_writes_them(app: Flask, client: FlaskClient) -> None:
    make.make_petition(app, closes=date(2031, 3, 5), goal=12_500)
    english, russian = (client.get(f"/p/{make.SLUG}?lang={language}").text for language in ("en", "ru"))
    assert "5 March 2031" in english
    assert "5 марта 2031" in russian
    assert "12,500" in english
    assert "12\N{NO-BREAK SPACE}500" in russian


@pytest.mark.parametrize(("language", "subject"), [("en", "Your code"), ("ru", "Ваш код")])
def test_the_mail_names_neither_letter_nor_product_and_holds_no_link(app: Flask, language: str, subject: str) -> None:
    make.make_world(app)
    make.sign_page(app.test_client(), email="signer@example.org", lang=language)
    code = make.mailed_code(app, "signer@example.org")
    _, heading, text = make.read_mail(make.outbox()[-1])
    assert heading == subject
    assert f"{subject}: {code}" in text
    for named in (*TITLES.values(), make.SLUG, "Countersign", "http", "/", "www", "@"):
        assert named.lower() not in f"{heading}\n{text}".lower()
