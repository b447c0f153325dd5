"""Codes that people type, and limits on guessing."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app import app_state
from petition_app.app_state import AppState
from petition_app.crypto import codes, fingerprints, form_tokens
from petition_app.rate_limits.counters import Limits
from tests.conftest import settings_for


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path) -> Iterator[None]:
    with app_state.using(AppState(settings_for(tmp_path, "sqlite://"))):
        yield


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_secret_code_is_twelve_words_that_give_back_their_bits(language: str) -> None:
    for _ in range(50):
        words, entropy = codes.new_secret_code(language)
        assert len(words.split()) == 12
        assert len(entropy) == 16
        assert codes.read_secret_code(words) == entropy


def test_a_secret_code_may_be_typed_in_capitals_with_commas_and_yo() -> None:
    words, entropy = codes.new_secret_code("ru")
    assert codes.read_secret_code(f"  {words.upper().replace(' ', ', ')}\n") == entropy
    assert codes.read_secret_code(words.replace("е", "ё")) == entropy


@given(st.text(max_size=200))
def test_text_that_is_no_code_is_read_as_nothing(typed: str) -> None:
    assert codes.read_secret_code(typed) is None


def test_a_code_with_one_other_word_is_hardly_ever_a_code() -> None:
    words = "abandon " * 12
    assert codes.read_secret_code(words) is None  # The checksum is wrong.


def test_a_mailed_code_reads_the_same_in_any_case_and_with_look_alike_letters() -> None:
    for _ in range(200):
        code = codes.new_mail_code()
        meant = code.replace("-", "")
        assert codes.read_mail_code(code) == meant
        assert codes.read_mail_code(f" {code.lower()} ") == meant
        assert codes.read_mail_code(code.replace("0", "O").replace("1", "l")) == meant
        assert codes.read_mail_code(code.replace("B", "В").replace("K", "К")) == meant  # Cyrillic letters.


@given(st.text(max_size=100))
def test_reading_a_mailed_code_never_fails(typed: str) -> None:
    assert set(codes.read_mail_code(typed)) <= set(codes.ALPHABET)


def test_reading_a_hundred_kilobytes_takes_no_time() -> None:
    started = time.perf_counter()
    codes.read_secret_code("abandon " * 12_500)
    codes.read_mail_code("4F7K-92QX" * 11_000)
    assert time.perf_counter() - started < 0.1


def test_a_form_token_is_taken_on_its_day_and_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    made = datetime(2026, 9, 1, 23, 59, tzinfo=UTC)
    monkeypatch.setattr(form_tokens, "utcnow", lambda: made)
    token = form_tokens.new_form_token()
    taken = []
    for hours in (0, 1, 24, 25, 48):
        monkeypatch.setattr(form_tokens, "utcnow", lambda hours=hours: made + timedelta(hours=hours))
        taken.append(form_tokens.is_form_token(token))
    assert taken == [True, True, True, False, False]


def test_a_form_token_of_another_server_is_not_taken() -> None:
    token = form_tokens.new_form_token()
    assert form_tokens.is_form_token(token)
    assert not form_tokens.is_form_token("")
    assert not form_tokens.is_form_token("." + "0" * 32)
    assert not form_tokens.is_form_token(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert not form_tokens.is_form_token("x" + token)


@given(st.text(max_size=80))
def test_any_text_can_be_offered_as_a_form_token(typed: str) -> None:
    assert not form_tokens.is_form_token(typed)


def test_the_commitment_is_bound_to_the_petition_and_the_secret() -> None:
    petition, r = UUID(int=7), bytes(range(32))
    made = fingerprints.commitment(petition, r)
    assert made == fingerprints.commitment(petition, r)
    assert made != fingerprints.commitment(uuid4(), r)
    assert made != fingerprints.commitment(petition, bytes(32))


def test_a_limit_counts_each_client_apart_and_keeps_no_address() -> None:
    limits = Limits()
    one, other = limits.client("203.0.113.7"), limits.client("203.0.113.8")
    assert "203" not in one
    assert one != other
    for _ in range(5):
        assert limits.count("5 per hour", one)
    assert not limits.allows("5 per hour", one)
    assert limits.allows("5 per hour", other)


@pytest.mark.parametrize(
    ("language", "letters"), [("en", "abcdefghijklmnopqrstuvwxyz"), ("ru", "абвгдежзийклмнопрстуфхцчшщъыьэюя")]
)
def test_every_word_of_a_secret_code_can_be_written_down(language: str, letters: str) -> None:
    for entropy in (number.to_bytes(2, "big") * 8 for number in range(0, 65536, 32)):
        words = unicodedata.normalize("NFC", codes._words(language).to_mnemonic(entropy))
        assert set(words) <= {*letters, " "}, words
        assert codes.read_secret_code(words) == entropy


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "written",
    [
        lambda words: "\n".join(f"{number}. {word}" for number, word in enumerate(words, 1)),
        lambda words: "".join(f"{number}){word}" for number, word in enumerate(words, 1)),
        lambda words: "«" + " ".join(words) + "».",
        lambda words: "; ".join(f'"{word}"' for word in words),
        lambda words: " — ".join(word.capitalize() for word in words),
        lambda words: "\u200b".join((words[0], "")) + " " + " ".join(f"\u00ad{word}\ufeff" for word in words[1:]),
        lambda words: "_".join(words),
        lambda words: "•\t" + "\r\n•\t".join(words) + "…",
    ],
    ids=["numbers", "glued to numbers", "quotes", "each quoted", "dashes", "no width", "underscores", "a list"],
)
def test_words_are_read_however_they_were_noted_down(language: str, written: Callable[[list[str]], str]) -> None:
    for _ in range(20):
        words, entropy = codes.new_secret_code(language)
        for form in ("NFC", "NFD"):
            assert codes.read_secret_code(unicodedata.normalize(form, written(words.split()))) == entropy


def test_words_that_stand_in_no_list_are_counted_by_the_list_of_the_others() -> None:
    assert codes.unknown_positions(["abandon", "ability", "zzzz", "able"]) == [3]
    assert codes.unknown_positions(["абзац", "абонент", "абсурд", "qqq"]) == [4]
    assert codes.unknown_positions([]) == []
