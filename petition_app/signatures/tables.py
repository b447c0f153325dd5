"""Reading a file of signatures: CSV or XLSX with English or Russian headers, into checked rows."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from email_validator import EmailNotValidError

from petition_app.i18n import LANGUAGES, N_
from petition_app.mail_addresses import read_address
from petition_app.sheets import LIMITS, MEGABYTE, BadRow, Line, UnreadableFileError, read_rows
from petition_app.signatures.rules import CONSENT, UnfitTextError, read_line, read_name
from petition_app.signatures.sealing import Identity

COLUMNS = {
    "name": "name", "фио": "name",
    "role": "role", "должность": "role",
    "place": "place", "council": "place", "место": "place", "совет": "place",
    "email": "email", "почта": "email",
    "lang": "language", "язык": "language",
    "publish": "consent", "публикация": "consent",
    "ref": "ref",
}  # fmt: skip
FIELDS = ("name", "role", "place", "email", "language", "consent", "ref")
CONSENT_WORDS = {**CONSENT, "": 0, "0": 0, "1": 1, "2": 2, "3": 3, "число": 0, "должность": 1, "адресату": 2, "имя": 3}
LONGEST_REF = 200
TWICE = N_("this ref stands twice in the file")
# A file that an operator imports by the command may be longer than one that is uploaded.
LONG = replace(LIMITS, size=512 * MEGABYTE, unpacked=2048 * MEGABYTE, rows=2_000_000, seconds=900)
_DIGEST = 14


@dataclass(frozen=True)
class Row:
    """One good row: `line` counts from 1 with the header, `consent` is the tier 0-3."""

    line: int
    identity: Identity
    email: str
    language: str
    consent: int
    ref: str


class Seen:
    """What stood in a file so far, as digests under a random key: in a million references there is no great set."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._slots: dict[bytes, bytes] = {}

    def add(self, ref: bytes) -> bool:
        """Remember a reference; return whether it is new."""
        digest = hashlib.blake2b(ref, digest_size=_DIGEST + 2, key=self._key).digest()
        slot, rest = digest[:2], digest[2:]
        known = self._slots.get(slot, b"")
        if any(known[place : place + _DIGEST] == rest for place in range(0, len(known), _DIGEST)):
            return False
        self._slots[slot] = known + rest
        return True


@dataclass
class Table:
    """An open file: which of its columns are used, which are unknown, and its rows."""

    used: list[str]
    unknown: list[str]
    lines: Iterator[Line]
    allow_consent: bool

    def rows(self) -> Iterator[Row | BadRow]:
        """Read the rows one after the other, checked; empty lines are passed over."""
        seen = Seen()
        for line, cells in self.lines:
            if any(cell.strip() for cell in cells):
                row = check(line, cells, self.used, allow_consent=self.allow_consent)
                if isinstance(row, Row) and row.ref and not seen.add(row.ref.encode()):
                    row = BadRow(line, TWICE)
                yield row


def check(line: int, cells: Sequence[str], used: Sequence[str], *, allow_consent: bool) -> Row | BadRow:
    """Check one row by itself."""
    if len(cells) != len(used):
        return BadRow(line, N_("more or fewer cells than the first line"))
    values = {column: cell for column, cell in zip(used, cells, strict=True) if column}
    try:
        identity = Identity(
            name=read_name(values.get("name", "")),
            role=read_line(values.get("role", "")),
            place=read_line(values.get("place", "")),
        )
    except UnfitTextError as error:
        return BadRow(line, str(error))
    email, ref = values.get("email", "").strip(), values.get("ref", "").strip()
    try:
        email = email and read_address(email)
    except EmailNotValidError:
        return BadRow(line, N_("not a mail address"))
    consent = CONSENT_WORDS.get(values.get("consent", "").strip().casefold())
    if consent is None:
        return BadRow(line, N_("publish must be count, role, addressee, name or 0 to 3"))
    if consent and not allow_consent:
        return BadRow(line, N_("publish above count needs to be told who holds the signer's word, and how (--consent)"))
    language = values.get("language", "").strip().casefold() or _guess_language(identity.name)
    if language not in LANGUAGES:
        return BadRow(line, N_("lang must be en or ru"))
    if len(ref) > LONGEST_REF:
        return BadRow(line, N_("ref is too long"))
    return Row(line, identity, email, language, consent, ref)


def open_table(path: Path, *, allow_consent: bool) -> Table:
    """Open a CSV or XLSX file.

    Raises:
        UnreadableFileError: it cannot be read, there is no header with a name column, or a column is given twice.
    """
    cells = read_rows(path, LONG)
    _, header = next(cells, (1, []))
    used = guess_columns(header)
    check_columns(used, header)
    unknown = [title.strip() for title, column in zip(header, used, strict=True) if not column]
    return Table(used, unknown, cells, allow_consent)


def guess_columns(titles: Sequence[str]) -> list[str]:
    """Return what each column is taken for by its title, "" for one that is not known."""
    return [COLUMNS.get(title.strip().casefold(), "") for title in titles]


def check_columns(columns: Sequence[str], titles: Sequence[str]) -> None:
    """Check what the columns are taken for.

    Raises:
        UnreadableFileError: none is the name, one is given twice, or there is no such kind.
    """
    known = [column for column in columns if column]
    if "name" not in known:
        raise UnreadableFileError(why=N_("the first line must name the columns, and one of them must be name (ФИО)."))
    if len(set(known)) != len(known):
        raise UnreadableFileError(why=N_("two columns have the same meaning."))
    if len(columns) != len(titles) or set(known) - set(FIELDS):
        raise UnreadableFileError(why=N_("there is no such kind of column."))


def _guess_language(name: str) -> str:
    return "ru" if re.search("[а-яё]", name, re.IGNORECASE) else "en"
