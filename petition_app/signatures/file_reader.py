"""Reading a file of signatures, a text or a spreadsheet with English or Russian titles, into checked rows."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from email_validator import EmailNotValidError

from petition_app.i18n import LANGUAGES, N_
from petition_app.mailer.addresses import read_address
from petition_app.person_names.reading import UnfitTextError, read_line, read_name
from petition_app.signatures.rules import CONSENT
from petition_app.signatures.sealing import Identity
from petition_app.storage.spreadsheets import LIMITS, MEGABYTE, BadRow, Line, open_rows
from petition_app.tables import layout as layouts
from petition_app.tables.layout import SAMPLE, ColumnsError, Layout, guess_layout
from petition_app.tables.rows import prepare
from petition_app.tables.titles import NAME_FIELDS, SIGNATURES

CONSENT_WORDS = {**CONSENT, "": 0, "0": 0, "1": 1, "2": 2, "3": 3, "число": 0, "должность": 1, "адресату": 2, "имя": 3}
# Words that allow nothing, whoever wrote them. What "yes" allows is asked.
NO = frozenset(("no", "n", "нет", "н", "-", "false", "ложь", "не согласен", "не согласна", "против"))
LONGEST_REF = 200
TWICE = N_("this ref stands twice in the file")
REF_BEFORE = N_("this reference was imported before, so the row is passed over")
NO_TIER = N_("publish must be count, role, addressee, name or 0 to 3")
NEEDS_CONSENT = N_("publish above count needs to be told who holds the signer's word, and how")
# A file that an operator imports by the command may be longer than one that is uploaded.
LONG = replace(LIMITS, size=512 * MEGABYTE, unpacked=2048 * MEGABYTE, rows=2_000_000, seconds=900)
_DIGEST = 14
_CYRILLIC = re.compile("[\u0400-\u052f]")


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
    """An open file: how it is read, and its lines, those above the titles included."""

    layout: Layout
    lines: Iterator[Line]
    allow_consent: bool

    def rows(self) -> Iterator[Row | BadRow]:
        """Read the rows one after the other, checked; empty lines are passed over."""
        seen = Seen()
        for line in self.layout.below(self.lines):
            row = check(line, self.layout, allow_consent=self.allow_consent)
            if isinstance(row, Row) and row.ref and not seen.add(row.ref.encode()):
                row = BadRow(row.line, TWICE)
            if row:
                yield row


def check(line: Line, layout: Layout, *, allow_consent: bool) -> Row | BadRow | None:
    """Check one line by itself; return nothing if it is empty."""
    ready = prepare(layout, line)
    if not isinstance(ready, Line):
        return ready
    values = {column: cell for column, cell in zip(layout.columns, ready.cells, strict=True) if column and cell}
    return _read(line.number, values, layout.answers, allow_consent=allow_consent)


def _read(line: int, values: Mapping[str, str], answers: Mapping[str, int], *, allow_consent: bool) -> Row | BadRow:
    try:
        identity = Identity(
            name=read_name(values.get("name") or whole_name(values)),
            role=read_line(values.get("role", "")),
            place=read_line(values.get("place", "")),
        )
    except UnfitTextError as error:
        return BadRow(line, str(error))
    email, ref = values.get("email", ""), values.get("ref", "")
    try:
        email = email and read_address(email)
    except EmailNotValidError:
        return BadRow(line, N_("not a mail address"))
    consent = tier_of(values.get("consent", ""), answers)
    if consent is None:
        return BadRow(line, NO_TIER)
    if consent and not allow_consent:
        return BadRow(line, NEEDS_CONSENT)
    language = values.get("language", "").casefold() or ("ru" if _CYRILLIC.search(identity.name) else "en")
    if language not in LANGUAGES:
        return BadRow(line, N_("lang must be en or ru"))
    if len(ref) > LONGEST_REF:
        return BadRow(line, N_("ref is too long"))
    return Row(line, identity, email, language, consent, ref)


def whole_name(values: Mapping[str, str]) -> str:
    """Return a name from its parts: in Cyrillic the surname first, as in official lists, else last."""
    surname, second, given, patronymic = (values.get(part, "") for part in NAME_FIELDS)
    surname = f"{surname} {second}".strip()
    parts = (surname, given, patronymic) if _CYRILLIC.search(surname) else (given, patronymic, surname)
    return " ".join(filter(None, parts))


def tier_of(word: str, answers: Mapping[str, int]) -> int | None:
    """Return the tier of publication that a word allows, by what it says itself or by what was answered."""
    word = word.strip().casefold()
    known = CONSENT_WORDS.get(word)
    return answers.get(word, 0 if word in NO else None) if known is None else known


def is_known_word(word: str) -> bool:
    """Return whether a word on publication says by itself what it allows."""
    return word in CONSENT_WORDS or word in NO


def open_table(path: Path, *, allow_consent: bool, encoding: str = "", sheet: str = "", **how: Any) -> Table:
    """Open a file, read as it is guessed or as it is told: see `layout.guess_layout`.

    Raises:
        UnreadableFileError, ColumnsError: it cannot be read, or it is empty.
    """
    about, lines = open_rows(path, LONG, encoding=encoding, sheet=sheet)
    sample = list(islice(lines, SAMPLE))
    return Table(guess_layout(about, sample, SIGNATURES, **how), chain(sample, lines), allow_consent)


def check_columns(layout: Layout) -> None:
    """Check what the columns are taken for. Raises: ColumnsError."""
    layouts.check_columns(layout.columns, layout.titles, SIGNATURES)
    if "surname" in layout.columns and "given" not in layout.columns:
        raise ColumnsError(why=N_("a surname alone is no name: choose the given name, too."))
