"""One reader for all: whatever is done to a real shape of a file, each row is taken or told, in each format alike."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from petition_app.roster import file_reader as rosters
from petition_app.roster.file_reader import Entry
from petition_app.signatures import file_reader as signatures
from petition_app.signatures.file_reader import Row
from petition_app.signatures.name_lists import read_file, read_list
from petition_app.storage.spreadsheets import About, BadRow, Line, UnreadableFileError, open_rows
from petition_app.tables.layout import guess_layout
from petition_app.tables.titles import ROSTER, SIGNATURES
from tests import sheets

HEADS = [
    [["name", "place", "email"]],
    [["Timestamp", "Email Address", "Your full name", "City"]],
    [["first_name", "last_name", "email", "zip_code"]],
    [["Список на 1 мая"], ["№ п/п", "ФИО", "Город", "Эл. почта"], ["1", "2", "3", "4"]],
    [["Депутат", "", "Срок полномочий", ""], ["Фамилия", "Имя", "с", "по"]],
    [["id", "name", "area", "start_date", "end_date"]],
]
CELLS = st.sampled_from([
    "", "Анна Долгих", "Tom Holt", "Berg", "Ann\u200e", "#N/A", "TRUE", "Итого: 3", "вакантно", "Округ № 3", "x" * 130,
    "a@example.org", "да", "1", "2019", "8 сентября 2019", "08/09/2019", "1394-12-11", "по н.в.", "n;m",
    "Ив\u0061нов Пётр", "2019–2024", "до 2024",
    'Anna "Ann" B.', "a\nb", "question-id-1", "Q42", "Ely, North", "ФИО", "anonymous", "'=x",
])  # fmt: skip
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12)


def filled(rows: list[list[str]]) -> list[int]:
    """Return the lines that hold anything."""
    return [line for line, row in enumerate(rows, start=1) if any(cell.strip(" \u200e\n") for cell in row)]


def lines_of(rows: list[list[str]], hidden: int, merged: int = -1) -> Iterator[Line]:
    """Yield lines; one is hidden, and of the lines below another one the last cell is merged with it from above."""
    for number, row in enumerate(rows, start=1):
        covered = [len(row) - 1] if 0 <= merged < number - 1 and len(row) > 1 else []
        yield Line(number, row, "hidden" if number == hidden else "", covered)


@given(
    st.sampled_from(HEADS), ROWS, st.integers(0, 9), st.integers(-1, 9),
    st.sets(st.sampled_from(["with_hidden", "with_headings", "with_filled", "with_mended"])),
)  # fmt: skip
@settings(report_multiple_bugs=False)
def test_each_row_is_a_signature_or_told(
    head: list[list[str]], body: list[list[str]], hidden: int, merged: int, choices: set[str]
) -> None:
    rows, merged = [*head, *body], merged + len(head) if merged >= 0 else -1
    lines = list(lines_of(rows, hidden, merged))
    layout = guess_layout(About("utf-8", ","), lines, SIGNATURES, **dict.fromkeys(choices, True))
    found = list(signatures.Table(layout, iter(lines), True).rows())
    full = set(filled([layout.taken(line).cells for line in lines]))
    assert [row.line for row in found] == [line for line in sorted(full) if line > layout.header_line]
    names = {row.identity.name for row in found if isinstance(row, Row)}
    assert not names & {"#N/A", "TRUE", "question-id-1", "anonymous"}


@given(st.sampled_from(HEADS), ROWS, st.integers(0, 9), st.sampled_from(["", "dmy", "mdy"]))
@settings(report_multiple_bugs=False)
def test_each_row_is_a_person_of_the_roster_a_term_of_one_or_told(
    head: list[list[str]], body: list[list[str]], hidden: int, days: str
) -> None:
    rows = [*head, *body]
    layout = guess_layout(About("utf-8", ","), list(lines_of(rows, hidden)), ROSTER, days=days)
    table = rosters.Table(layout, lines_of(rows, hidden))
    found = list(table.rows())
    people = [row for row in found if isinstance(row, Entry)]
    bad = [row.line for row in found if isinstance(row, BadRow)]
    terms = [row.line for row in table.told if row.reason == rosters.SAME]
    expected = [line for line in filled(rows) if line > layout.header_line]
    assert len(people) + len(bad) + len(terms) == len(expected)
    assert len({*bad, *terms}) == len(bad) + len(terms)
    assert {*bad, *terms} <= set(expected)
    assert len({entry.key for entry in people}) == len(people)


@given(st.sampled_from(HEADS), ROWS)
@settings(max_examples=12, deadline=None, report_multiple_bugs=False)
def test_each_row_of_a_file_of_names_is_in_the_box_or_told(head: list[list[str]], body: list[list[str]]) -> None:
    rows = [*head, *body]
    try:
        read = read_file(sheets.as_ods(rows))
    except UnreadableFileError:
        return
    boxed = [line for line in read.text.split("\n") if line]
    first = guess_layout(About("utf-8", ","), list(lines_of(rows, 0)), SIGNATURES).header_line
    told = {line.number for line in read.left_out}
    assert len(boxed) + len(told) == len([line for line in filled(rows) if line > first])
    assert len(read_list(read.text).people) + len(read_list(read.text).bad) <= len(boxed)


PLAIN = st.sampled_from([
    "", "Анна Долгих", "Tom Holt", "#N/A", "a\nb", "x  y", 'q "r"', "2019-09-08", "0012", "æ", "_x", "𝒜",
])  # fmt: skip


@given(st.lists(st.lists(PLAIN, min_size=2, max_size=4), min_size=1, max_size=20))
@settings(max_examples=6, deadline=None, report_multiple_bugs=False)
def test_text_xlsx_and_ods_of_the_same_rows_agree(rows: list[list[str]]) -> None:
    rows = [["name", "place"], *rows]
    read = [list(read_back(content)) for content in (sheets.as_csv(rows), sheets.as_xlsx(rows), sheets.as_ods(rows))]
    assert read[0] == read[1] == read[2]


def read_back(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a file that hold anything, without the empty cells at their ends."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(content)
        line = 0
        for row in open_rows(Path(file.name))[1]:
            cells = list(row.cells)
            while cells and not cells[-1].strip():
                cells.pop()
            line = line + 1 if cells else line
            if cells:
                yield line, cells
