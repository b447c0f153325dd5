"""Files of rows: what is read, what is refused, and how little a hostile file may cost."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from petition_app.storage import spreadsheets
from petition_app.storage.spreadsheets import LIMITS, REASONS, UnreadableFileError, read_rows
from tests import sheets

MEGABYTE = 1024 * 1024


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as a spreadsheet and return its path."""

    def write(*rows: list[Any], hidden: bool = False) -> Path:
        made = openpyxl.Workbook()
        if hidden:
            made.active.append(["secret"])
            made.active.sheet_state = "hidden"
            made.create_sheet("shown")
        for row in rows:
            made.worksheets[-1].append(row)
        made.save(tmp_path / "book.xlsx")
        return tmp_path / "book.xlsx"

    return write


def rewrite(path: Path, parts: dict[str, bytes]) -> Path:
    """Change or add parts of a spreadsheet."""
    with zipfile.ZipFile(path) as old:
        kept = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in {**kept, **parts}.items():
            new.writestr(name, content)
    return path


def processor_time() -> float:
    """Return how much time of a processor was used here and by children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def refused(path: Path, limits: spreadsheets.Limits = LIMITS) -> str:
    """Read a file to its end; return the key of the reason for which it is refused."""
    with pytest.raises(UnreadableFileError) as error:
        list(read_rows(path, limits))
    return next(key for key, words in REASONS.items() if words == error.value.values["why"])


def test_csv_is_read_with_the_line_on_which_each_row_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('\ufeffa;b\n"x\ny";1\n\nz;2\n', encoding="utf-8")
    assert list(read_rows(path)) == [(1, ["a", "b"]), (2, ["x\ny", "1"]), (4, []), (5, ["z", "2"])]


def test_a_spreadsheet_is_read_as_text(book: Callable[..., Path]) -> None:
    path = book(
        [],
        ["name", "n", "day", "moment", "truth", None],
        ["Ада", 3.0, date(2020, 1, 2), datetime(2020, 1, 2, 3, 4), True, None],  # noqa: DTZ001 -- sheets know no zone.
        [None, 1.5],
    )
    assert list(read_rows(path)) == [
        (2, ["name", "n", "day", "moment", "truth"]),
        (3, ["Ада", "3", "2020-01-02", "2020-01-02T03:04:00", "TRUE"]),
        (4, ["", "1.5"]),
    ]


def test_the_first_sheet_that_is_shown_is_read(book: Callable[..., Path]) -> None:
    assert list(read_rows(book(["shown"], hidden=True))) == [(1, ["shown"])]


def test_a_formula_without_its_last_value_is_told(book: Callable[..., Path]) -> None:
    assert list(read_rows(book(["a", "b"], ["=1+1", "x"]))) == [(1, ["a", "b"]), (2, ["#FORMULA!", "x"])]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", bytes(range(256)) * 4, "encoding"),
        ("a.csv", b'a\n"x', "quotes"),
        ("a.csv", b"a\n" + b"x" * 70_000, "long"),
        ("a.csv", b"a" + b",a" * 200, "long"),
        ("a.csv", b"x" * (33 * MEGABYTE), "large"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"x" * 100, "old"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 100, "broken"),
    ],
    ids=["binary", "quote", "cell", "columns", "size", "old", "broken"],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path) == reason


def test_a_file_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n" * 101)
    assert refused(tmp_path / "a.csv", replace(LIMITS, rows=100)) == "long"


def test_a_file_that_is_not_there_or_closed_to_us_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.csv") == "missing"
    assert refused(tmp_path) == "denied"


# --- bombs --------------------------------------------------------------------------------------------------------


def bomb_ratio(path: Path) -> Path:
    return rewrite(path, {"xl/media/zeros.xml": b"\0" * (50 * MEGABYTE)})


def bomb_rows(path: Path) -> Path:
    row = b'<row><c t="inlineStr"><is><t>a</t></is></c></row>'
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return rewrite(path, {"xl/worksheets/sheet1.xml": head + row * 2_000_000 + b"</sheetData></worksheet>"})


def bomb_parts(path: Path) -> Path:
    return rewrite(path, {f"xl/media/{number}.xml": b"x" for number in range(1000)})


def bomb_entities(path: Path) -> Path:
    levels = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    strings = b'<!DOCTYPE x [<!ENTITY l0 "ha">' + levels + b"]><sst><si><t>&l9;</t></si></sst>"
    return rewrite(path, {"xl/sharedStrings.xml": strings})


def bomb_entities_in_utf16(path: Path) -> Path:
    strings = (
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst>&a;</sst>'
    )
    return rewrite(path, {"xl/sharedStrings.xml": strings.encode("utf-16")})


def bomb_overlap(path: Path) -> Path:
    """Let two entries of the table of contents share one body."""
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("xl/big.xml", os.urandom(MEGABYTE))
        archive.infolist().extend([archive.getinfo("xl/big.xml")] * 20)
        archive._didModify = True  # type: ignore[attr-defined] # The library offers no way to write a hostile file.
    path.write_bytes(content.getvalue())
    return path


@pytest.mark.parametrize(
    "bomb", [bomb_ratio, bomb_rows, bomb_parts, bomb_entities, bomb_entities_in_utf16, bomb_overlap]
)
def test_a_bomb_is_refused_in_two_seconds(book: Callable[..., Path], bomb: Callable[[Path], Path]) -> None:
    path = bomb(book(["name"], ["Ada"]))
    began = processor_time()
    assert refused(path) in ("packed", "broken")
    assert processor_time() - began < 2


def test_reading_stays_within_its_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "x" * 60_000 + "\n")
    assert refused(path, replace(LIMITS, memory=8 * MEGABYTE)) == "costly"
    program = (
        "from dataclasses import asdict; from pathlib import Path;"
        "from petition_app.storage.spreadsheets import LIMITS;"
        "from petition_app.storage import sheet_process as sheets;"
        "sheets._open = lambda *_: ({}, iter([(1, ['x' * (400 * 1024 * 1024)], '')]));"
        "sheets.main(Path('none'), asdict(LIMITS), '', '', '')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout.splitlines()[-1]) == "costly"


def test_reading_ends_when_its_time_is_over(tmp_path: Path) -> None:
    path = tmp_path / "slow.csv"
    path.write_text("a,b,c\n" + ",x,\n" * 5_000_000)
    assert path.stat().st_size < LIMITS.size
    many = replace(LIMITS, rows=10_000_000)
    began = processor_time()
    assert refused(path, replace(many, seconds=1)) == "costly"
    assert processor_time() - began < 8  # The whole file takes several times as long.
    assert refused(path, replace(many, patience=0.2)) == "costly"


def test_a_reader_that_stops_early_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" * 400_000)
    rows = read_rows(path)
    assert next(rows) == (1, ["a"])
    rows.close()  # type: ignore[attr-defined] # It is a generator.
    children = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "petition_app.storage.sheet_process"], check=False, capture_output=True
    )
    assert children.stdout == b""


def test_the_child_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, str]] = []
    start = subprocess.Popen

    def note(*args: Any, **words: Any) -> Any:
        told.append(words["env"])
        return start(*args, **words)

    monkeypatch.setenv("SECRET_KEY", "not for the child")
    monkeypatch.setattr(subprocess, "Popen", note)
    (tmp_path / "a.csv").write_text("a\n")
    assert list(read_rows(tmp_path / "a.csv")) == [(1, ["a"])]
    assert set(told[0]) == {"PYTHONPATH", "PYTHONUTF8"}


def test_a_hundred_thousand_rows_take_little_memory_here(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("id,name,body\n")
        file.writelines(f"{n},Колчина Валентина Борисовна {n},МО {n % 700}\n" for n in range(100_000))
    tracemalloc.start()
    assert sum(1 for _ in read_rows(path, replace(LIMITS, memory=64 * MEGABYTE))) == 100_001
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 * MEGABYTE


# --- ODS ----------------------------------------------------------------------------------------------------------


def test_an_ods_file_is_read_as_it_is_shown(tmp_path: Path) -> None:
    shown = sheets.ods_sheet(
        [
            sheets.ods_cell("name") + sheets.ods_cell("n"),
            sheets.ods_cell("Ada", **{"number-rows-spanned": "2"})
            + sheets.ods_cell("3.0 €", **{"office:value-type": "float", "office:value": "3"}),
            "<table:covered-table-cell><text:p>Under</text:p></table:covered-table-cell>"
            + sheets.ods_cell("", formula="of:=1+1"),
            sheets.ods_cell("", **{"number-columns-repeated": "16384"}),
            '<table:table-cell><text:p>A<text:s text:c="2"/>b<text:tab/>c<text:line-break/><text:a>d</text:a></text:p>'
            "<office:annotation><text:p>note</text:p></office:annotation></table:table-cell>"
            + sheets.ods_cell("1.2.20", **{"office:value-type": "date", "office:date-value": "2020-02-01"})
            + sheets.ods_cell("WAHR", **{"office:value-type": "boolean", "office:boolean-value": "true"})
            + sheets.ods_cell("50 %", **{"office:value-type": "percentage", "office:value": "0.5"})
            + sheets.ods_cell("7", **{"office:value-type": "float"}),
        ],
        name="shown",
        before='<table:table-column/><table:table-column table:visibility="collapse"/>',
        hidden={5: "collapse"},
    )
    path = tmp_path / "a.ods"
    secret = sheets.ods_sheet([sheets.ods_cell("secret")], name="secret", style="ta2")
    path.write_bytes(sheets.pack_ods(secret, shown, sheets.ods_sheet([], name="third")))
    about, rows = spreadsheets.open_rows(path)
    assert (about.sheet, about.sheet_names, about.hidden_columns) == ("shown", ("shown", "third"), (1,))
    assert [(row.number, row.cells, row.flag, [*row.covered]) for row in rows] == [
        (1, ["name", "n"], "", []),
        (2, ["Ada", "3"], "", []),
        (3, ["Ada", "#FORMULA!"], "", [0]),
        (5, ["A  b\tc\nd", "2020-02-01", "TRUE", "50 %", "7"], "hidden", []),
    ]


@pytest.mark.parametrize(
    ("sheet", "reason"),
    [
        (lambda: sheets.ods_sheet([sheets.ods_cell("Ada", **{"number-columns-repeated": "16384"})]), "long"),
        (lambda: sheets.ods_sheet([sheets.ods_cell("Ada"), "</table:table-row><table:table-row>"] * 400), "long"),
        (lambda: "<table:table>", "broken"),
        (lambda: "", "broken"),
    ],
    ids=["columns", "rows", "cut", "none"],
)
def test_an_ods_file_is_bounded_as_others_are(tmp_path: Path, sheet: Callable[[], str], reason: str) -> None:
    (tmp_path / "a.ods").write_bytes(sheets.pack_ods(sheet()))
    assert refused(tmp_path / "a.ods", replace(LIMITS, rows=300)) == reason


def test_rows_that_an_ods_file_repeats_are_counted_one_by_one(tmp_path: Path) -> None:
    repeated = '<table:table table:name="a"><table:table-row table:number-rows-repeated="1000000"><table:table-cell>'
    sheet = f"{repeated}<text:p>Ada</text:p></table:table-cell></table:table-row></table:table>"
    (tmp_path / "a.ods").write_bytes(sheets.pack_ods(sheet))
    assert refused(tmp_path / "a.ods", replace(LIMITS, rows=300)) == "long"
    empty = repeated.replace("1000000", "1000") + "</table:table-cell></table:table-row>"
    last = "<table:table-row><table:table-cell><text:p>Ada</text:p></table:table-cell></table:table-row></table:table>"
    (tmp_path / "a.ods").write_bytes(sheets.pack_ods(empty + last))
    assert list(read_rows(tmp_path / "a.ods")) == [(1001, ["Ada"])]


def test_an_ods_file_with_entities_of_its_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ods").write_bytes(sheets.pack_ods(sheets.ods_sheet([sheets.ods_cell("Ada")])))
    content = b'<!DOCTYPE x [<!ENTITY a "ha">]><office:document-content/>'
    assert refused(rewrite(tmp_path / "a.ods", {"content.xml": content})) == "broken"


def test_what_a_spreadsheet_hides_merges_and_escapes_is_told(tmp_path: Path) -> None:
    rows = [["name", "place", "note"], ["Ada_x000D_\n", "Ely", "x"], ["Tom_xD835__xDC9C_", "", "_x005F_x41_"]]
    (tmp_path / "a.xlsx").write_bytes(sheets.as_xlsx(rows, hidden=[3], hidden_columns=["C"], merged=["B2:B3"]))
    about, lines = spreadsheets.open_rows(tmp_path / "a.xlsx")
    assert about.hidden_columns == (2,)
    assert [(line.cells, line.flag, [*line.covered]) for line in lines] == [
        (["name", "place", "note"], "", []),
        (["Ada\r\n", "Ely", "x"], "", []),
        (["Tom𝒜", "Ely", "_x41_"], "hidden", [1]),
    ]
