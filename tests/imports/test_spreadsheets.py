"""Importing signatures from a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

from tests import factories as make


def test_a_spreadsheet_of_signatures_is_imported_as_a_file_of_text_is(app: Any, cli: Any, tmp_path: Path) -> None:
    petition = make.make_petition(app)
    book = openpyxl.Workbook()
    for row in (["ФИО", "Совет", "ref"], ["Иванова Мария", "МО Лесное", 7], [], [12345, "МО Лесное", 8]):
        book.active.append(row)
    book.save(tmp_path / "rows.xlsx")
    said = cli("signatures", "import", make.SLUG, tmp_path / "rows.xlsx")
    assert "1 signatures added, 1 rows not taken" in said.out
    errors = (tmp_path / "rows.xlsx.errors.csv").read_text().splitlines()
    assert errors[1].startswith("4,")
    assert make.problems(app, petition) == []
