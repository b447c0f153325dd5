"""Spreadsheets for tests: the same rows as CSV, XLSX and ODS, with what a spreadsheet hides and merges."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

import openpyxl

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "style")
)


def as_csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    """Write rows as a text."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()


def as_xlsx(
    rows: Sequence[Sequence[object]],
    *,
    hidden: Collection[int] = (),
    hidden_columns: Collection[str] = (),
    merged: Collection[str] = (),
) -> bytes:
    """Write rows as XLSX; lines are counted from 1, columns are letters, what is merged is a range such as A2:A4."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for line in hidden:
        sheet.row_dimensions[line].hidden = True
    for column in hidden_columns:
        sheet.column_dimensions[column].hidden = True
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(out)
    return out.getvalue()


def ods_cell(text: str, **attributes: str) -> str:
    """Write a cell of text, with attributes such as `number-rows-spanned` of the table or `office:value-type`."""
    told = {"office:value-type": "string"} if text else {}
    told |= {name if ":" in name else f"table:{name}": value for name, value in attributes.items()}
    words = "".join(f" {name.replace('_', '-')}={quoteattr(value)}" for name, value in told.items())
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n")) if text else ""
    return f"<table:table-cell{words}>{lines}</table:table-cell>"


def ods_sheet(
    rows: Sequence[str], *, name: str = "Sheet1", hidden: Mapping[int, str] = {}, before: str = "", style: str = "ta1"
) -> str:
    """Write a sheet of rows that are cells already; `hidden` says how the rows of some lines are hidden."""
    parts = [
        f"<table:table-row{f' table:visibility={quoteattr(hidden[line])}' if line in hidden else ''}>{row}"
        "</table:table-row>"
        for line, row in enumerate(rows, start=1)
    ]
    return (
        f'<table:table table:name={quoteattr(name)} table:style-name="{style}">{before}{"".join(parts)}</table:table>'
    )


def as_ods(rows: Sequence[Sequence[str]], *, hidden: Mapping[int, str] = {}) -> bytes:
    """Write rows of text as ODS."""
    return pack_ods(ods_sheet(["".join(map(ods_cell, row)) for row in rows], hidden=hidden))


def pack_ods(*sheets: str) -> bytes:
    """Write sheets as a file; the style "ta2" is that of a sheet that is not shown."""
    properties = '<style:table-properties table:display="false"/>'
    styles = f'<style:style style:name="ta2" style:family="table">{properties}</style:style>'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(sheets)}</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
    return out.getvalue()
