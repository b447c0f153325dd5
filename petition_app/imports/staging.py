"""Checking and sealing many rows of a file, also in processes of their own, for one transaction to write down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from petition_app.crypto import signer_box
from petition_app.crypto.codes import new_secret_code
from petition_app.crypto.fingerprints import fingerprint, hash_secret
from petition_app.crypto.vault import KeyRing, PetitionPublicKey
from petition_app.imports.known_rows import Mark, mark_of
from petition_app.random_pool import drawing, id_near
from petition_app.signatures import consents, sealing
from petition_app.signatures.file_reader import Row, check
from petition_app.signatures.import_models import StagedRow
from petition_app.signatures.models import SealedKey, SealedPart
from petition_app.storage.copy_loader import Loader
from petition_app.storage.spreadsheets import BadRow, Line
from petition_app.tables.layout import Layout


@dataclass(frozen=True)
class SealedRow:
    """One row, sealed: its line, its `ref` as a keyed HMAC, its secret code, mark and rows of the three tables.

    Where it was staged by an earlier run, there are no rows.
    """

    line: int
    ref: bytes | None
    code: str
    mark: Mark
    staged: Any = None
    parts: tuple[Any, ...] = ()
    keys: tuple[Any, ...] = ()


class RowSealer:
    """What the rows of one import are sealed with. It asks nothing of the database, so that any process may use it."""

    def __init__(
        self,
        lock: KeyRing | PetitionPublicKey,
        *,
        petition_id: UUID,
        import_id: UUID,
        on: date,
        consent_held: str,
        codes: bool,
    ) -> None:
        """`on` is the day of the import; `codes` says whether each row gets a secret code."""
        self.lock, self._petition_id, self._import_id = lock, petition_id, import_id
        self._on, self._held, self._codes = on.isoformat(), consent_held, codes
        self._staged, self._parts, self._keys = loaders()

    def take(self, lines: Sequence[Line], layout: Layout, *, after: int) -> list[SealedRow | BadRow]:
        """Check lines of a file and seal the good ones, but none up to `after`: those are staged already."""
        checked = (check(line, layout, allow_consent=bool(self._held)) for line in lines)
        return [self._take(row, after) if isinstance(row, Row) else row for row in checked if row]

    def _take(self, row: Row, after: int) -> SealedRow:
        return self.seal(row) if row.line > after else SealedRow(row.line, self._ref(row), "", self._mark(row))

    def _mark(self, row: Row) -> Mark:
        has_indexes = isinstance(self.lock, KeyRing)
        return mark_of(self._petition_id, row) if has_indexes else Mark(row.line, None, None, None)

    def _ref(self, row: Row) -> bytes | None:
        return fingerprint("ref", self._petition_id, row.ref) if row.ref else None

    @drawing(sealing.ENOUGH)
    def seal(self, row: Row) -> SealedRow:
        """Seal one row. In sealed mode its `ref` is not written down."""
        case = {"kind": "imported", "on": self._on, "text": self._held if row.consent else ""}
        sealed = sealing.seal(
            self.lock, petition_id=self._petition_id, identity=row.identity, email=row.email, case=case,
            tier=row.consent, others=None,
        )  # fmt: skip
        ref, code, code_hash, signer_key, agreement = self._ref(row), "", None, None, None
        if self._codes:
            code, entropy = new_secret_code(row.language)
            code_hash = hash_secret("my/v1", entropy)
            signer_key = signer_box.signer_keys(entropy, self._petition_id).public_key().public_bytes_raw()
            here = {"petition_id": self._petition_id, "signature_id": sealed.signature_id}
            agreement = consents.seal_for_code(sealed.r, entropy, **here)
        signature_id, parts = sealed.signature_id, sealed.parts.items()
        remembered = ref if isinstance(self.lock, KeyRing) else None
        plain = (row.language, row.consent, sealed.commitment, code_hash, signer_key, agreement)
        indexes = (sealed.name_index, sealed.mailbox_index, remembered)
        pack = self._keys.pack
        return SealedRow(
            row.line,
            ref,
            code,
            Mark(row.line, remembered, sealed.name_index, sealed.mailbox_index),
            self._staged.pack((signature_id, self._import_id, row.line, *plain, *indexes)),
            tuple(self._parts.pack((new.id, signature_id, part, new.sealed.box)) for part, new in parts),
            (
                pack((id_near(signature_id), signature_id, None, sealed.key.key_id, sealed.key.box)),
                *(
                    pack((id_near(signature_id), signature_id, new.id, None, new.sealed.wrapped_key))
                    for _, new in parts
                ),
            ),
        )


def loaders() -> tuple[Loader, Loader, Loader]:
    """Return what writes staged rows, sealed parts and sealed keys."""
    words = ("language", "publication_tier", "commitment", "code_hash", "signer_key", "agreement_box")
    return (
        Loader(StagedRow, "id", "import_id", "line", *words, "name_index", "mailbox_index", "ref_index"),
        Loader(SealedPart, "id", "signature_id", "part", "box"),
        Loader(SealedKey, "id", "signature_id", "part_id", "key_id", "box"),
    )


def load(rows: Iterable[SealedRow]) -> None:
    """Write sealed rows in the open transaction."""
    rows = list(rows)
    staged, parts, keys = loaders()
    staged.load(row.staged for row in rows)
    parts.load(part for row in rows for part in row.parts)
    keys.load(key for row in rows for key in row.keys)
