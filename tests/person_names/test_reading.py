"""Names of all scripts: taken as they stand, refused with the true reason, or mended with their owner's word."""

from __future__ import annotations

import json
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition_app.person_names import reading
from petition_app.person_names.addresses import holds_address
from petition_app.person_names.letters import JOINERS, script_of, strip_unseen
from petition_app.person_names.lookalikes import is_mixed
from petition_app.person_names.reading import UnfitTextError, read_line, read_name, suggest_name

DATA = Path(__file__).parent.parent / "data"
NAMES = json.loads((DATA / "names.json").read_text())
WORLD = [
    (each["language"], name)
    for each in json.loads((DATA / "names_world.json").read_text())["names"]
    for name in each["accept"]
]
SPELLED = {"МухIажар": "Мухӏажар", "Мух1ажар": "Мухӏажар", "Цæразон Хетаг": "Цӕразон Хетаг"}
REFUSED = {
    kind: typed if isinstance(typed, str) else typed["repeat"] * typed["times"]
    for kind, typed in NAMES["refuse"].items()
}


def refusal(typed: str) -> tuple[str, str]:
    """Return why a name is refused, and how it could read instead."""
    with pytest.raises(UnfitTextError) as refused:
        read_name(typed)
    return str(refused.value), refused.value.suggestion


@pytest.mark.parametrize("name", NAMES["accept"])
def test_a_real_name_is_taken_as_typed(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize(("language", "name"), WORLD)
def test_a_name_of_the_world_is_taken_as_typed(language: str, name: str) -> None:
    assert read_name(name) == SPELLED.get(name, " ".join(unicodedata.normalize("NFC", name).split()))


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_name_is_refused_with_a_reason(kind: str) -> None:
    assert refusal(REFUSED[kind])[0]


@pytest.mark.parametrize("kind", ["bidi override", "zero width", "nul", "zalgo", "formula", "formula, full width"])
def test_a_role_or_place_is_refused_for_what_hides_or_runs(kind: str) -> None:
    with pytest.raises(UnfitTextError):
        read_line(REFUSED[kind])


def test_a_name_keeps_its_letters_and_loses_its_double_spaces() -> None:
    assert read_name("  Мария\t Ивановна\n Петрова ") == "Мария Ивановна Петрова"
    assert read_name("Йод") == "Йод"  # Decomposed й is composed.


def test_a_name_of_240_letters_is_taken_and_one_of_241_is_not() -> None:
    assert len(read_name("А" * 240)) == 240
    assert refusal("А" * 241)[0] == reading.TOO_LONG


@pytest.mark.parametrize(
    "pasted", ["\u200e{}", "{}\u200f", "\ufeff{}", "{}\u00ad", "\u202a{}\u202c", "{}\u200b", "\u2068{}\u2069"]
)
@pytest.mark.parametrize("name", ["Ada Berg", "Анна Долгих", "علی‌رضا", "ശ്രീ"])
def test_what_comes_along_when_a_name_is_pasted_is_dropped_at_the_ends_of_words(pasted: str, name: str) -> None:
    typed = " ".join(pasted.format(word) for word in name.split())
    assert read_name(typed) == name
    assert read_line(typed) == name


@pytest.mark.parametrize(
    "name",
    [
        "علی\u200cرضا",
        "می\u200cثاق",
        "سیّد\u200cرضا",
        "ക്\u200dഷ",
        "അന്\u200d",
        "শ্\u200cরী",
        "র\u200d্যান",
        "ශ්\u200dරී",
        "ක්\u200dෂ",
        "క్\u200cష",
        "ಕ್\u200dಷ",
        "नर\u094d\u200dस",
    ],
)
def test_joiners_that_spelling_needs_stay(name: str) -> None:
    assert read_name(f"{name} {name}") == f"{name} {name}"


def test_joiners_at_the_ends_of_words_go_and_elsewhere_they_are_told() -> None:
    assert read_name("علی\u200c رضا\u200c") == "علی رضا"
    assert refusal("Ivan\u200cov") == (reading.INVISIBLE, "Ivanov")


@pytest.mark.parametrize(
    "name",
    [
        "Dr.Anna Berg",
        "St.John Rivers",
        "Prof.Dr.Hans Meier",
        "Md.Rafiq",
        "Yu.Petrov",
        "F.-X.Berger",
        "Ma.Teresa Cruz",
        "Д-р.Иванов Пётр",
        "Б.Болорцэцэг",
        "Ch.Venkatesh Rao",
        "Ph.de Vries",
        "St.la Croix",
        "Md.al Amin",
        "Mr.Al Fares",
        "anna.berg",
    ],
)
def test_a_dot_without_a_space_is_no_address(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize(
    "typed",
    [
        "https://x",
        "Example.org",
        "EXAMPLE.COM",
        "www.Example",
        "see example.com/x",
        "ivanov.ru",
        "Ivanov.ru",
        "Петров.рф",
        "ivanov@example.org",
        "Ada Berg <ada@example.org>",
        "a @ example.org",
        "ivan@почта.рф",
        "petition.example.co.uk",
    ],
)
def test_what_really_is_an_address_is_told_as_one(typed: str) -> None:
    assert refusal(typed)[0] == reading.ADDRESS


@pytest.mark.parametrize("name", ["Ahmad bin Ali @ Mat", "Tan Ah Kow @ Tan Boon"])
def test_an_alias_after_a_sign_of_its_own_belongs_to_the_name(name: str) -> None:
    assert read_name(name) == name
    assert refusal("Ahmad@Mat")[0] == reading.ADDRESS


@pytest.mark.parametrize(
    "name", ["Johan Berg 2nd", "Johan Berg 3rd", "Johan Berg II", "Johan Berg Ⅲ", "Ada 4th, Jr.", "〇田 花子"]
)
def test_what_tells_generations_apart_belongs_to_the_name(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize("typed", ["Ivan 2", "Brampton 2 Zero", "Ada Berg 13", "Ada²", "Анна ٣"])
def test_other_digits_do_not(typed: str) -> None:
    assert refusal(typed)[0] == reading.DIGITS


@pytest.mark.parametrize(
    "name", ["שָׁ֛לוֹם", "אֱלִינַע לֵוִיָּה", "ᾧδε ᾄδω", "Ἀριστοτέλης ᾯρος", "مُحَمَّد", "Ọ̀ṣúnkemi", "Nguyễn Thị Ệ"]
)
def test_marks_that_an_alphabet_has_are_taken(name: str) -> None:
    assert read_name(unicodedata.normalize("NFD", name)) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Ивaнов Пeтр", "Иванов Петр"),
        ("Пeтpoвa Aнна", "Петрова Анна"),
        ("Cашa", "Саша"),
        ("Кoвaльчук", "Ковальчук"),
        ("Bерa Kим", "Вера Ким"),
        ("Iван Кiт", "Іван Кіт"),
        ("Іvanоv", "Ivanov"),
        ("Аnna Вerg", "Anna Berg"),
        ("ΓIOΡΓOΣ Παππάς", "ΓΙΟΡΓΟΣ Παππάς"),
        ("Yаnnis", "Yannis"),
        ("Мapия-Aннa", "Мария-Анна"),
        ("O’Коннор", "О’Коннор"),
        ("Маpk Иванов", "Марк Иванов"),
        ("Maria Hof\u00adstätter", "Maria Hofstätter"),
        ("Ива\u200bнoв", "Иванов"),
        ("Кармелuта", "Кармелита"),
        ("Ama Akyerεko", "Ama Akyerɛko"),
    ],
)
def test_letters_of_another_alphabet_are_mended_with_their_owners_word(typed: str, meant: str) -> None:
    reason, suggestion = refusal(typed)
    assert suggestion == suggest_name(typed) == meant
    assert reason in (reading.MIXED, reading.INVISIBLE)
    assert read_name(meant) == meant


@pytest.mark.parametrize("typed", ["Joщn", "Иваноw", "Bob\u202ecilA", "aа", "Иван\u0000ов"])
def test_where_no_one_reading_is_plain_nothing_is_proposed(typed: str) -> None:
    assert refusal(typed)[1] == ""


@pytest.mark.parametrize(
    "name", ["Иван Petrov", "J. Иванов", "Dr.Иванов", "Anna (Анна) Berg", "Ян “Jan” Ким", "李文湃 Wen"]
)
def test_words_of_their_own_may_be_of_two_alphabets(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize("typed", ["\u3164", "\u2800", "\u115f\u1160", "\uffa0"])
def test_letters_that_nobody_sees_are_no_name(typed: str) -> None:
    assert refusal(typed)[0] == reading.NO_LETTERS
    assert refusal(f"Ad{typed}a")[0] == reading.INVISIBLE


# --- whatever is typed ------------------------------------------------------------------------------------------

SIGNS = st.sampled_from(
    [*JOINERS, *"\u00ad\u200b\u200e\u200f\u202a\u202e\ufeff\u3164\u0301\u05bc\u0651\u094d.@-'1Ⅲ", "  ", "2nd", "aо"]
)
SHAPES = st.builds(
    lambda name, at, sign: name[: at % (len(name) + 1)] + sign + name[at % (len(name) + 1) :],
    st.sampled_from([name for _, name in WORLD]),
    st.integers(0, 60),
    SIGNS,
)


@given(st.one_of(st.text(max_size=260), SHAPES, SHAPES.map(lambda name: unicodedata.normalize("NFD", name))))
def test_reading_a_name_twice_changes_nothing_and_a_suggestion_is_taken_as_it_stands(typed: str) -> None:
    try:
        name = read_name(typed)
    except UnfitTextError as error:
        name = error.suggestion
        if not name:
            return
    assert read_name(name) == name
    assert 0 < len(name) <= reading.NAME_LENGTH
    assert not is_mixed(name)
    assert not holds_address(name)


@given(st.text(max_size=250))
def test_reading_a_line_twice_changes_nothing(typed: str) -> None:
    try:
        line = read_line(typed)
    except UnfitTextError:
        return
    assert read_line(line) == line
    assert "\n" not in line
    assert not line.startswith(("=", "+", "-", "@"))


@given(SHAPES)
def test_a_mended_name_has_the_same_letters_but_for_those_that_look_alike(typed: str) -> None:
    if suggestion := suggest_name(typed):
        kept = [letter for letter in suggestion if script_of(letter) not in ("LATIN", "CYRILLIC", "GREEK")]
        assert all(letter in " ".join(unicodedata.normalize("NFC", typed).split()) for letter in kept)


@given(st.text(max_size=80))
def test_stripping_what_is_not_seen_twice_changes_nothing(typed: str) -> None:
    assert strip_unseen(strip_unseen(typed)) == strip_unseen(typed)


@pytest.mark.parametrize(
    "text", ["а" * 100_000, "́" * 100_000, "a." * 50_000, " " * 100_000, "@" * 100_000, "aа" * 50_000]
)
def test_a_hundred_kilobytes_are_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    for read in (read_name, read_line):
        with pytest.raises(UnfitTextError):
            read(text)
    assert time.perf_counter() - started < 0.05
