"""Opens what can be opened: sealed parts, jobs and staged rows, with every key that lies on the server."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from petition_app.crypto import vault
from petition_app.crypto.vault import HPKE_X25519, RING, KeyRing, SealContext, Sealed, UnreadableError, WrappedKey
from petition_app.drill.seized_data import ByteSource, Database, as_bytes, as_uuid
from petition_app.drill.survey import Survey

MOST_KEYS = 200
_hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_ENCODED = re.compile(rb"(?<![\w+/=-])(?:[0-9a-fA-F]{64}|[A-Za-z0-9_-]{43}=?|[A-Za-z0-9+/]{43}=?)(?![\w+/=-])")
_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----", re.DOTALL)


@dataclass
class Keys:
    """Random keys of 32 bytes that lie on the server, and texts that serve as keys."""

    random: set[bytes] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def collect(self, heap: ByteSource) -> None:
        """Collect what looks like a key in a file."""
        if heap.database or len(heap.data) > 1_000_000:
            return
        if len(heap.data) == 32:
            self.random.add(heap.data)
        for found in _ENCODED.findall(heap.data):
            if len(self.random) < MOST_KEYS:
                self.random |= read_key(found)
        for pem in _PEM.findall(heap.data):
            private = _read_pem(pem)
            if private:
                self.random.add(private)


def read_key(written: bytes) -> set[bytes]:
    """Return the 32 bytes behind hex or base64, if that is what it is."""
    if len(written) == 64:
        return {bytes.fromhex(written.decode())}
    try:
        key = base64.b64decode(written.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/")) + b"=")
    except ValueError:
        return set()
    return {key} if len(key) == 32 else set()


def _read_pem(pem: bytes) -> bytes | None:
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        return None
    return private.private_bytes_raw() if isinstance(private, X25519PrivateKey) else None


# --- signatures -------------------------------------------------------------------------------------------------


def open_signatures(database: Database, survey: Survey, keys: Keys) -> dict[UUID, str]:
    """Return the signatures of which a part opens, and with what: keys on the server, or values in their own rows."""
    opened: dict[UUID, str] = {}
    wraps: dict[UUID, list[dict[str, Any]]] = {}
    for row in database.dicts("sealed_keys"):
        if signature_id := as_uuid(row["signature_id"]):
            wraps.setdefault(signature_id, []).append(row)
    private = _private_keys(database, survey, keys, wraps)
    loose = _loose_values(database, survey)
    boxes = {as_uuid(row["id"]): row for row in database.dicts("sealed_parts")}
    for signature_id, rows in wraps.items():
        petition_id = survey.signatures.get(signature_id)
        if petition_id is None:
            continue
        tries = [*_unwrapped(rows, petition_id, signature_id, keys, private), *loose.get(signature_id, ())]
        by = next((by for by, key in tries if _opens(key, rows, boxes, petition_id, signature_id)), None)
        if by:
            opened[signature_id] = by
    return opened


def _unwrapped(
    rows: Iterable[dict[str, Any]], petition: UUID, signature: UUID, keys: Keys, private: set[bytes]
) -> Iterator[tuple[str, bytes]]:
    for row in rows:
        if not row["key_id"]:
            continue
        wrapped = WrappedKey(row["key_id"], as_bytes(row["box"]))
        for part in ("key", "case"):
            place = SealContext(petition, signature, part)
            if key := _unwrap(wrapped, place, keys.random if wrapped.box[:1] == bytes([RING]) else private):
                yield "with a key found on the server", key


def _unwrap(wrapped: WrappedKey, place: SealContext, keys: Iterable[bytes]) -> bytes | None:
    for key in keys:
        try:
            if wrapped.box[0] == RING:
                return KeyRing({wrapped.key_id: key}).unwrap(wrapped, place)
            if wrapped.box[0] == HPKE_X25519:
                bound = b"wrap|" + place.bytes() + b"|" + wrapped.key_id.encode()
                return _hpke.decrypt(wrapped.box[1:], X25519PrivateKey.from_private_bytes(key), info=bound)
        except (UnreadableError, InvalidTag, ValueError):
            continue
    return None


def _opens(key: bytes, rows: list[dict[str, Any]], boxes: dict[Any, Any], petition: UUID, signature: UUID) -> bool:
    """Return whether a key opens any part: as the signature's key, or as a part's own."""
    for row in rows:
        part = boxes.get(as_uuid(row["part_id"]))
        if part is None:
            continue
        place, box = SealContext(petition, signature, part["part"]), as_bytes(part["box"])
        with suppress(UnreadableError, ValueError):
            vault.open_part(key, place, Sealed(box, as_bytes(row["box"])))
            return True
        with suppress(UnreadableError, ValueError):
            vault.open_box(key, place, box)
            return True
    return False


def _private_keys(
    database: Database, survey: Survey, keys: Keys, wraps: dict[UUID, list[dict[str, Any]]]
) -> set[bytes]:
    """Return what opens the first wrap to a public key of each petition, of all that could be a private key."""
    samples: dict[tuple[UUID, str], tuple[WrappedKey, SealContext]] = {}
    for signature_id, rows in wraps.items():
        for row in rows:
            petition_id = survey.signatures.get(signature_id)
            if petition_id and not row["part_id"] and as_bytes(row["box"])[:1] == bytes([HPKE_X25519]):
                place = SealContext(petition_id, signature_id, "key")
                samples.setdefault(
                    (petition_id, row["key_id"]), (WrappedKey(row["key_id"], as_bytes(row["box"])), place)
                )
    if not samples:
        return set()
    candidates = keys.random | set(_key_cells(database))
    return {key for key in candidates for wrapped, place in samples.values() if _unwrap(wrapped, place, (key,))}


def _key_cells(database: Database) -> Iterator[bytes]:
    for block in database.blocks():
        for row in block.rows:
            for cell in row:
                yield from _as_keys(cell)


def _as_keys(cell: Any) -> set[bytes]:
    value = as_bytes(cell) if isinstance(cell, bytes | memoryview | str) else b""
    if len(value) == 32 and not isinstance(cell, str):
        return {value}
    return read_key(value) if len(value) in (43, 44, 64) and _ENCODED.fullmatch(value) else set()


def _loose_values(database: Database, survey: Survey) -> dict[UUID, set[tuple[str, bytes]]]:
    """Return, for each signature, the values in its own rows that could be its key in plain."""
    found: dict[UUID, set[tuple[str, bytes]]] = {}
    for block in database.blocks():
        for row in block.rows:
            values = {key for cell in row for key in _as_keys(cell)}
            if values and (signature_id := survey.about(row)):
                found.setdefault(signature_id, set()).update(("with a key beside it", value) for value in values)
    return found


# --- what waits -------------------------------------------------------------------------------------------------


def open_waiting(database: Database, keys: Keys) -> Iterator[tuple[str, UUID | None, str]]:
    """Give each job and staged row that a key found on the server opens: its table, its petition, a job's text."""
    for row in database.dicts("jobs"):
        payload = json.loads(row["payload"]) if isinstance(row["payload"], str) else row["payload"]
        if isinstance(payload, dict) and {"key", "box"} <= set(payload):
            for key in keys.random:
                try:
                    ring = KeyRing({payload["key"]: key})
                    text = ring.open(payload["key"], base64.b64decode(payload["box"]), b"job/v1").decode()
                    yield "jobs", as_uuid(row.get("petition_id")), text
                except (UnreadableError, ValueError):
                    continue
    imports = {as_uuid(row["id"]): as_uuid(row["petition_id"]) for row in database.dicts("imports")}
    staged = {as_uuid(row["id"]): imports.get(as_uuid(row["import_id"])) for row in database.dicts("staged_rows")}
    for row in database.dicts("sealed_keys") if staged else ():
        signature_id, box = as_uuid(row["signature_id"]), as_bytes(row["box"])
        petition_id = staged.get(signature_id)
        if not signature_id or not petition_id or not row["key_id"] or box[:1] != bytes([RING]):
            continue
        if _unwrap(WrappedKey(row["key_id"], box), SealContext(petition_id, signature_id, "key"), keys.random):
            yield "staged_rows", petition_id, ""


# --- what was erased --------------------------------------------------------------------------------------------


def find_erased_keys(heap: ByteSource, survey: Survey) -> set[UUID]:
    """Return the erased signatures whose wrapped keys still lie in the bytes of a database or a dump of one."""
    if not heap.database:
        return set()
    found = set()
    for pattern in (_KEY_ROW, _KEY_LINE):
        for match in pattern.finditer(heap.data):
            signature_id, part, key = UUID(match["signature"].decode()), match["part"], match["key"]
            if (part and survey.parts.get(UUID(part.decode())) == signature_id) or (
                key and key.decode() in survey.key_ids
            ):
                found.add(signature_id)
    return found & survey.erased


# A row of `sealed_keys` as SQLite stores it, and as a dump of PostgreSQL writes it.
_ID = rb"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
_KEY_ROW = re.compile(
    _ID + rb"(?P<signature>" + _ID + rb")(?:(?P<part>" + _ID + rb")(?:[!-~]{1,40}?)?|(?P<key>[!-~]{1,40}?))[\x01\x02]"
)
_KEY_LINE = re.compile(
    _ID + rb"\t(?P<signature>" + _ID + rb")\t(?:\\N|(?P<part>" + _ID + rb"))\t(?:\\N|(?P<key>[!-~]{1,40}))\t\\\\x0[12]"
)
