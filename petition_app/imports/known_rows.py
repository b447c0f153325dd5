"""Rows of a file that are there already: by their reference, or by their name and mailbox.

In standard mode alone: a sealed petition remembers no reference, and nobody can ask it for a name. A name is known as
long as its signature is; what was withdrawn or erased is not remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from petition_app.crypto.fingerprints import fingerprint
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures.file_reader import REF_BEFORE, Row
from petition_app.signatures.import_models import ImportedRef
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import DECIDED, LIVE, fold_mailbox, fold_name
from petition_app.storage.db import db
from petition_app.storage.spreadsheets import BadRow

CHUNK = 500
REF_OTHER = N_("this reference was imported before, and no signature of this name is there")
KNOWN = N_("a signature with this name and address is there already")


class Mark(NamedTuple):
    """What tells a row again: keyed HMACs of its reference, its name and its mailbox, as far as it has them."""

    line: int
    ref: bytes | None
    name: bytes | None
    mailbox: bytes | None


class KnownRows:
    """Tells which rows are there already; `lines` are those that are known by name and mailbox, in whatever file."""

    def __init__(self, petition_id: UUID, *, without_known: bool) -> None:
        """`without_known`: what is known by name and mailbox is left out, too."""
        self._petition_id, self._without_known = petition_id, without_known
        self.lines: list[int] = []

    def judge(self, marks: Sequence[Mark]) -> dict[int, str]:
        """Return why rows are left out, by their lines."""
        refs = _known_refs([mark.ref for mark in marks if mark.ref])
        people = _known_people(self._petition_id, [mark.name for mark in marks if mark.name])
        names = {name for name, _ in people}
        reasons: dict[int, str] = {}
        for mark in marks:
            if mark.ref in refs:
                reasons[mark.line] = REF_BEFORE if mark.name in names else REF_OTHER
            elif (mark.name, mark.mailbox) in people:
                self.lines.append(mark.line)
                if self._without_known:
                    reasons[mark.line] = KNOWN
        return reasons


def pass_over(petition: Petition, rows: Iterator[Row | BadRow], known: KnownRows) -> Iterator[Row | BadRow]:
    """Turn rows that are left out, since they are there already, into bad ones."""
    if petition.is_sealed:
        yield from rows
        return
    while chunk := list(islice(rows, CHUNK)):
        reasons = known.judge([mark_of(petition.id, row) for row in chunk if isinstance(row, Row)])
        yield from (BadRow(row.line, reasons[row.line]) if row.line in reasons else row for row in chunk)


def mark_of(petition_id: UUID, row: Row) -> Mark:
    """Return what tells a row of a standard petition again."""
    return Mark(
        row.line,
        fingerprint("ref", petition_id, row.ref) if row.ref else None,
        fingerprint("name", petition_id, fold_name(row.identity.name)),
        fingerprint("mailbox", petition_id, fold_mailbox(row.email)) if row.email else None,
    )


def _known_refs(refs: Iterable[bytes]) -> set[bytes | None]:
    refs = list(refs)
    known = select(ImportedRef.ref_index).where(ImportedRef.ref_index.in_(refs))
    return set(db.session.scalars(known)) if refs else set()


def _known_people(petition_id: UUID, names: Iterable[bytes]) -> set[tuple[bytes | None, bytes | None]]:
    names = list(names)
    known = select(Signature.name_index, Signature.mailbox_index).where(
        Signature.petition_id == petition_id,
        Signature.name_index.in_(names),
        Signature.state.in_({*LIVE, *DECIDED}),
    )
    return {(row.name_index, row.mailbox_index) for row in db.session.execute(known)} if names else set()
