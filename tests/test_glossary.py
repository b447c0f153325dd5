"""One word a thing: what `docs/glossary.md` discards in Russian stands nowhere a reader looks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"
RUSSIAN = ROOT / "petition_app" / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
GUIDE = ROOT / "docs" / "organizers.ru.md"


class Discarded(NamedTuple):
    """One row: the forms that are not said, what is said instead, where a form means something else."""

    forms: tuple[str, ...]
    instead: str
    exceptions: tuple[str, ...]


def split(cell: str) -> tuple[str, ...]:
    """Part a cell at its commas, leaving out an explanation in round brackets after a space."""
    parts = re.sub(r"\s\([^()%]*\)(?=\s*(?:,|$))", "", cell).split(",")
    return tuple(part.strip() for part in parts if part.strip())


def rows(heading: str) -> list[list[str]]:
    """Read the cells of the table under a heading of the glossary, without its first two lines."""
    text = GLOSSARY.read_text(encoding="utf-8").partition(f"# {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


DISCARDED = [Discarded(split(forms), instead, split(but)) for forms, instead, but in rows("Discarded in Russian")]


def pattern(form: str) -> str:
    """Write a form of the table as a regular expression: whole words, `*` for any ending, any white space between."""
    words = (re.escape(word.rstrip("*")) + (r"\w*" if word.endswith("*") else r"(?!\w)") for word in form.split())
    return r"(?<!\w)" + r"\s+".join(words)


def find(text: str) -> list[str]:
    """Name each discarded word of a text, with what to say instead."""
    found = []
    for row in DISCARDED:
        left = text
        for exception in row.exceptions:
            left = re.sub(r"(?<!\w)" + re.escape(exception), "…", left, flags=re.IGNORECASE)
        for form in row.forms:
            found += [f"«{hit}»: {row.instead}" for hit in re.findall(pattern(form), left, re.IGNORECASE)]
    return found


def russian_messages() -> list[str]:
    with RUSSIAN.open("rb") as file:
        catalogue = read_po(file, locale="ru")
    return [form for one in catalogue if one.id for form in (one.string if one.pluralizable else [one.string])]


def test_no_russian_message_says_a_discarded_word() -> None:
    assert [(text, found) for text in russian_messages() if (found := find(text))] == []


def test_no_russian_guide_no_template_and_no_source_says_a_discarded_word() -> None:
    files = [*(ROOT / "docs").glob("*.ru.md"), *(ROOT / "templates").rglob("*.*")]
    sources = [path for end in ("py", "toml") for path in (ROOT / "petition_app").rglob(f"*.{end}")]
    files += [path for path in sources if path.parent.name != "tables"]  # It reads the words of other people's files.
    assert GUIDE in files
    assert [(path.name, found) for path in files if (found := find(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize(
    "planted",
    [
        "Закрыть партию %(number)s",
        "Отчёт о партиях",
        "Пачка запечатана. Запечатать пачку?",
        "Ваше дело решено",
        "Дел больше нет.",
        "Новая петиция",
        "В этом\nобращении",
        "Проверенных подписей",
        "Не проверена",
        "Команда",
        "сообщает лента",
        "список тех, кто вправе подписать",
        "все рабочие столы",
        "Код с карточки",
        "Код из письма",
    ],
)
def test_a_planted_word_is_found_in_every_inflection(planted: str) -> None:
    assert find(planted) != []


@pytest.mark.parametrize(
    "kept",
    [
        "часть, участники и отдел: делать, делится, обратитесь, посетители, лентяй",
        "Подтвердить разом",
        "Перепроверенных подписей: 3; проверено: 5",
        "запустите командой %(command)s, в командной строке или командой flask desk",
        "На самом деле решил другой",
        "Запечатанные письма закрывают пачками",
    ],
)
def test_a_word_that_only_looks_like_one_is_left_alone(kept: str) -> None:
    assert find(kept) == []


def test_every_row_says_what_to_say_instead() -> None:
    assert len(DISCARDED) >= 20
    assert all(row.forms and row.instead for row in DISCARDED)
    assert [row.instead for row in DISCARDED if find(row.instead.partition(" (")[0])] == []


def test_every_russian_word_of_the_glossary_stands_on_a_page() -> None:
    pages = " ".join(russian_messages()).lower()
    terms = [term for _, russian, _ in rows("Glossary") for part in russian.split(";") for term in split(part)]
    assert len(terms) >= 40
    stems = {term: [word.strip("«»…()")[:-1] for word in term.lower().split()] for term in terms}
    assert [term for term, words in stems.items() if not all(word in pages for word in words)] == []


def test_the_russian_guide_names_buttons_and_pages_as_they_are() -> None:
    shown = [re.sub(r"%\\\(\w+\\\)s", r"\\S+", re.escape(text)) for text in russian_messages()]
    named = re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", GUIDE.read_text(encoding="utf-8"))
    named = [" ".join(name.split()) for name in named]
    assert len(named) >= 30
    own = ("Курсивом", "/my")  # The guide's own first word, and an address.
    assert [name for name in named if name not in own and not any(re.fullmatch(text, name) for text in shown)] == []
