"""Finds what ties a signature to a person, a roster row or a connection without naming anybody."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from mnemonic import Mnemonic

from petition_app.crypto.codes import WORDLISTS, read_secret_code
from petition_app.crypto.fingerprints import fingerprint, hash_secret
from petition_app.drill.seized_data import ByteSource, Database, RowBlock, as_bytes, as_uuid
from petition_app.drill.survey import Survey, moments

ROSTER = ("roster_entries", "roster_versions")
INDEXES = {("signatures", f"{kind}_index") for kind in ("name", "mailbox", "match")} | {("near_keys", "key")}
SHORTEST_KEY, SHORTEST_VALUE = 4, 16

_RANDOM = re.compile(rb"[0-9a-fA-F]{24,}|[A-Za-z0-9+/_-]{22,}={0,2}")
_WORDS = re.compile(r"[^\W\d_]{3,12}(?:[\s,]+[^\W\d_]{3,12}){11,}")
_MAIL_CODE = re.compile(rb"(?<![\w-])[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){1,2}(?![\w-])")
_VISIT = re.compile(
    rb"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7})(?![\w.])[^\n]*?/p/([a-z0-9-]+)/(?:sign|confirm)\b"
)


@dataclass(frozen=True)
class Link:
    """One tie: what it is, where it lies, and which signature it concerns (or, without one, which petition)."""

    what: str
    where: str
    signature: UUID | None = None
    petition: UUID | None = None
    how: str = ""


def in_rows(database: Database, survey: Survey) -> Iterator[Link]:
    """Look at every row that names a signature, and at every cell that could name a roster row."""
    shared: dict[tuple[str, bytes], set[UUID]] = defaultdict(set)
    for block in database.blocks():
        if block.table not in ROSTER:
            yield from _in_block(block, survey, database.copy, shared)
    for (where, _), signatures in shared.items():
        if len(signatures) > 1:
            yield from (Link("the same value in several signatures", where, signature) for signature in signatures)


def _in_block(block: RowBlock, survey: Survey, copy: str, shared: dict[tuple[str, bytes], set[UUID]]) -> Iterator[Link]:
    for row in block.rows:
        about = survey.about(row)
        for number, cell in enumerate(row):
            if _is_roster(cell, survey):
                yield Link("a roster row's id", f"{copy}{block.table}.{block.columns[number]}", about)
        if about is None:
            continue
        if not any(as_uuid(cell) in survey.accounts for cell in row):
            for number in moments(row):
                yield Link("a time of day", f"{copy}{block.table}.{block.columns[number]}", about)
        if survey.is_sealed(about):
            yield from _in_sealed(block, row, about, copy, shared)


def _is_roster(cell: Any, survey: Survey) -> bool:
    if isinstance(cell, str) and len(cell) >= SHORTEST_KEY and cell in survey.roster_keys:
        return True
    return as_uuid(cell) in survey.roster_ids


def _in_sealed(
    block: RowBlock, row: Any, about: UUID, copy: str, shared: dict[tuple[str, bytes], set[UUID]]
) -> Iterator[Link]:
    for column, cell in zip(block.columns, row, strict=True):
        where = f"{copy}{block.table}.{column}"
        if (block.table, column) in INDEXES and cell is not None:
            yield Link("an index made from the person", where, about)
        elif isinstance(cell, bytes | memoryview | str) and as_uuid(cell) is None:
            value = as_bytes(cell)
            if (len(value) >= SHORTEST_VALUE and not isinstance(cell, str)) or _RANDOM.fullmatch(value):
                shared[where, value].add(about)


# --- codes and visits -------------------------------------------------------------------------------------------


def in_heap(heap: ByteSource, survey: Survey) -> Iterator[Link]:
    """Look for codes of signatures in plain, and for internet addresses beside acts of signing."""
    for signature_id in _secret_codes(heap.data.decode("utf-8", "ignore"), survey):
        yield Link("a secret code", heap.where, signature_id)
    if heap.database:
        return
    for code in set(_MAIL_CODE.findall(heap.data)):
        letters = code.decode().replace("-", "")
        for petition_id in survey.slugs:
            owner = survey.mail_codes.get(fingerprint("mail-code", petition_id, letters))
            if owner:
                yield Link("a mailed code", heap.where, owner)
    slugs = {slug: petition_id for petition_id, slug in survey.slugs.items()}
    for slug in _VISIT.findall(heap.data):
        if of := slugs.get(slug.decode()):
            yield Link("an internet address beside signing", heap.where, petition=of)


def _secret_codes(text: str, survey: Survey) -> Iterator[UUID]:
    for run in _WORDS.findall(text):
        words = re.split(r"[\s,]+", run)
        known = [_plain(word) in _vocabulary() for word in words]
        for start in range(len(words) - 11):
            if all(known[start : start + 12]):
                entropy = read_secret_code(" ".join(words[start : start + 12]))
                found = survey.secret_codes.get(hash_secret("my/v1", entropy)) if entropy else None
                if found:
                    yield found


@cache
def _vocabulary() -> frozenset[str]:
    return frozenset(_plain(word) for name in WORDLISTS.values() for word in Mnemonic(name).wordlist) | {"снова"}


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().replace("ё", "е")
