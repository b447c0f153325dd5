"""How a file is read, said at the shell: columns, line of titles, encoding, hidden rows, words on publication."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.conftest import DATA
from tests.imports.test_pages import names

LIST = "Подписи за май;;\nКто;Где;Можно\nИванова Мария;Лесное;да\nПётр Ёлкин;Заречье;нет\n"


@pytest.fixture
def path(app: Any, tmp_path: Path) -> Path:
    make.make_petition(app)
    (tmp_path / "rows.csv").write_text(LIST, encoding="cp1251")
    return tmp_path / "rows.csv"


def test_a_dry_run_prints_the_preview_and_changes_nothing(app: Any, cli: Any, path: Path) -> None:
    words = ("--columns", "name=Кто,place=2", "--header-line", "2", "--encoding", "cp1251", "--dry-run")
    said = cli("signatures", "import", make.SLUG, path, *words).out
    for line in (
        "encoding cp1251, delimiter semicolon",
        "titles on line 2",
        "column Кто: name (chosen)",
        "column not used, though 2 of its cells are filled: Можно",
        "  name: Иванова Мария; place: Лесное; language: ru",
        "2 rows would be taken, 0 rows are left out; nothing was changed",
    ):
        assert line in said.splitlines()
    assert names(app) == []
    assert list(path.parent.glob("rows.csv*")) == [path]


def test_words_on_publication_are_answered_at_the_shell(app: Any, cli: Any, path: Path) -> None:
    words = ("--columns", "name=Кто,consent=3", "--header-line", "2", "--consent", "On paper.")
    assert "name, not all" in cli("signatures", "import", make.SLUG, path, *words, "--answers", "да=all", code=1).err
    said = cli("signatures", "import", make.SLUG, path, *words, "--answers", "да=name")
    assert "2 signatures added, 0 rows not taken" in said.out
    with make.looking(app):
        assert sorted(db.session.scalars(db.select(Signature.publication_tier))) == [0, 3]


def test_hidden_rows_are_taken_when_the_shell_says_so(app: Any, cli: Any, path: Path) -> None:
    book = path.with_name("hidden.xlsx")
    book.write_bytes((DATA / "reports" / "hidden-rows.xlsx").read_bytes())
    said = cli("signatures", "import", make.SLUG, book, "--with-hidden")
    assert "3 signatures added, 0 rows not taken" in said.out
    assert "1 rows are hidden in the spreadsheet and taken, too" in said.err


@pytest.mark.parametrize("group", ["signatures", "roster"])
def test_both_commands_take_the_same_options(cli: Any, group: str) -> None:
    told = cli(group, "import", "--help").out
    for option in ("--columns", "--header-line", "--encoding", "--with-hidden", "--dry-run"):
        assert option in told
