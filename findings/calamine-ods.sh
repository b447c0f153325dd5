#!/usr/bin/env bash
# python-calamine 0.9.1 reads OpenDocument spreadsheets (ODS) with words that are not there, or that run together.
#
# Seen with a valid file of one sheet (OpenDocument 1.3):
#   * what lies under a merged cell (table:covered-table-cell), which no spreadsheet shows, is handed on as a cell;
#   * words on two sides of a tab or of a line break within a paragraph are joined without anything between them:
#     "Ada Berg<line break>Tom Holt" becomes "Ada BergTom Holt";
#   * the reading of a ruby (furigana) and the number and text of a footnote are appended to the word they explain;
#   * `merged_cell_ranges` is None, and a row that a filter hides is like any other.
# Annotations of a cell are left out, as they should be.
#
# It installs the package into a temporary folder, and fails where the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-calamine==0.9.1
"$folder/venv/bin/python" - "$folder/people.ods" <<'PYTHON'
import sys
import zipfile
from importlib.metadata import version

from python_calamine import CalamineWorkbook

NAMES = "urn:oasis:names:tc:opendocument:xmlns"
CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
ROWS = (
    '<table:table-cell office:value-type="string" table:number-rows-spanned="2"><text:p>Shown</text:p>'
    "</table:table-cell>",
    '<table:covered-table-cell office:value-type="string"><text:p>Under</text:p></table:covered-table-cell>',
    CELL.format("Ada Berg<text:line-break/>Tom Holt"),
    CELL.format("Ada<text:tab/>Berg"),
    CELL.format("<text:ruby><text:ruby-base>山</text:ruby-base><text:ruby-text>やま</text:ruby-text></text:ruby>"),
    CELL.format(
        'Ann<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>foot</text:p></text:note-body></text:note>"
    ),
)
path = sys.argv[1]
rows = "".join(f"<table:table-row>{row}</table:table-row>" for row in ROWS)
hidden = f'<table:table-row table:visibility="filter">{CELL.format("Hidden")}</table:table-row>'
declared = " ".join(f'xmlns:{name}="{NAMES}:{name}:1.0"' for name in ("office", "table", "text"))
with zipfile.ZipFile(path, "w") as archive:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    archive.writestr("mimetype", kind)
    archive.writestr(
        "META-INF/manifest.xml",
        f'<manifest:manifest xmlns:manifest="{NAMES}:manifest:1.0" manifest:version="1.3"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{kind}"/><manifest:file-entry '
        'manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
    )
    archive.writestr(
        "content.xml",
        f'<office:document-content {declared} office:version="1.3"><office:body><office:spreadsheet>'
        f'<table:table table:name="People">{rows}{hidden}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>",
    )

sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
seen = [row[0] for row in sheet.to_python()]
print(f"python-calamine {version('python-calamine')}")
print(f"cells: {seen}")
print(f"merged cells: {sheet.merged_cell_ranges}")
expected = ["Shown", "Under", "Ada BergTom Holt", "AdaBerg", "山やま", "Ann1\nfoot", "Hidden"]
if seen != expected or sheet.merged_cell_ranges is not None:
    sys.exit("the behaviour is another one than written above")
print("seen as written above")
PYTHON
