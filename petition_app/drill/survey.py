"""What an adversary reads off the tables first: which petitions and signatures there are, and whose ids are whose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.drill.dictionary import Dictionary
from petition_app.drill.seized_data import Database, as_bytes, as_moment, as_uuid


@dataclass
class Survey:
    """The ids of a database. `keyed` are signatures that have a wrapped key, `closed` those whose keys were erased."""

    slugs: dict[UUID, str] = field(default_factory=dict)
    sealed: set[UUID] = field(default_factory=set)
    signatures: dict[UUID, UUID] = field(default_factory=dict)
    keyed: set[UUID] = field(default_factory=set)
    parts: dict[UUID, UUID] = field(default_factory=dict)
    key_ids: set[str] = field(default_factory=set)
    accounts: set[UUID] = field(default_factory=set)
    roster_ids: set[UUID] = field(default_factory=set)
    roster_keys: set[str] = field(default_factory=set)
    secret_codes: dict[bytes, UUID] = field(default_factory=dict)
    mail_codes: dict[bytes, UUID] = field(default_factory=dict)
    published: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def erased(self) -> set[UUID]:
        """Signatures whose keys are gone."""
        return set(self.signatures) - self.keyed

    def is_sealed(self, signature_id: UUID) -> bool:
        """Return whether a signature belongs to a sealed petition."""
        return self.signatures.get(signature_id) in self.sealed

    def about(self, row: Sequence[Any]) -> UUID | None:
        """Return the signature that a row names, wherever it names it."""
        for cell in row:
            if (found := as_uuid(cell)) in self.signatures:
                return found
        return None


def survey(database: Database) -> Survey:
    """Read the ids of a database."""
    found = Survey()
    for block in database.blocks():
        read = _READERS.get(block.table)
        for row in block.rows if read else ():
            read(found, dict(zip(block.columns, row, strict=True)))  # type: ignore[misc] # Only where there is one.
    return found


def _petition(found: Survey, row: dict[str, Any]) -> None:
    if petition_id := as_uuid(row["id"]):
        found.slugs[petition_id] = row["slug"]
        if row["mode"] == "sealed":
            found.sealed.add(petition_id)


def _signature(found: Survey, row: dict[str, Any]) -> None:
    signature_id, petition_id = as_uuid(row["id"]), as_uuid(row["petition_id"])
    if signature_id and petition_id:
        found.signatures[signature_id] = petition_id
        if row.get("code_hash"):
            found.secret_codes[as_bytes(row["code_hash"])] = signature_id


def _key(found: Survey, row: dict[str, Any]) -> None:
    if signature_id := as_uuid(row["signature_id"]):
        found.keyed.add(signature_id)
    if row["key_id"]:
        found.key_ids.add(row["key_id"])


def _part(found: Survey, row: dict[str, Any]) -> None:
    part_id, signature_id = as_uuid(row["id"]), as_uuid(row["signature_id"])
    if part_id and signature_id:
        found.parts[part_id] = signature_id


def _account(found: Survey, row: dict[str, Any]) -> None:
    if account_id := as_uuid(row["id"]):
        found.accounts.add(account_id)


def _entry(found: Survey, row: dict[str, Any]) -> None:
    if entry_id := as_uuid(row["id"]):
        found.roster_ids.add(entry_id)
        found.roster_keys.add(row["key"])


def _confirmation(found: Survey, row: dict[str, Any]) -> None:
    signature_id = as_uuid(row["signature_id"])
    if row.get("code_hash") and signature_id:
        found.mail_codes[as_bytes(row["code_hash"])] = signature_id


def _published(found: Survey, row: dict[str, Any]) -> None:
    if petition_id := as_uuid(row["petition_id"]):
        found.published[petition_id] += 1


_READERS = {
    "petitions": _petition,
    "signatures": _signature,
    "sealed_keys": _key,
    "sealed_parts": _part,
    "accounts": _account,
    "roster_entries": _entry,
    "confirmations": _confirmation,
    "published_names": _published,
}


def add_roster(dictionary: Dictionary, database: Database) -> None:
    """Put everybody on any roster into the dictionary."""
    versions = {as_uuid(row["id"]): as_uuid(row["petition_id"]) for row in database.dicts("roster_versions")}
    for row in database.dicts("roster_entries"):
        name = " ".join(row[part] for part in ("surname", "given", "patronymic") if row[part])
        person = dictionary.add(name, row["contact"] or "")
        person.keys |= {row["key"], str(as_uuid(row["id"]))}
        if petition_id := versions.get(as_uuid(row["version_id"])):
            person.petitions.add(petition_id)


def tells_time(moment: datetime) -> bool:
    """Return whether a moment is finer than a quarter of an hour, so that it could be tied to a connection."""
    return bool(moment.minute % 15 or moment.second or moment.microsecond)


def moments(row: Sequence[Any]) -> list[int]:
    """Return the numbers of the cells that tell a time of day."""
    return [number for number, cell in enumerate(row) if (moment := as_moment(cell)) and tells_time(moment)]
