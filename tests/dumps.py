"""Reads everything a database and an instance folder hold, as somebody would who has seized them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from flask import Flask

from petition_app import config
from petition_app.storage.db import Base, db
from tests.factories import looking


def tables(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, in an order of their own."""
    with looking(app):
        return {
            table.name: sorted((tuple(row) for row in db.session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }


def everything(app: Flask) -> bytes:
    """Return every column of every row, and every file of the instance folder except the outbox, as bytes."""
    found = bytearray()
    for name, rows in tables(app).items():
        found += name.encode()
        for row in rows:
            for value in row:
                found += b"\x00" + (value if isinstance(value, bytes) else str(value).encode())
                if isinstance(value, dict | list):
                    found += b"\x00" + json.dumps(value, ensure_ascii=False).encode()
    for path in sorted(config.current().instance.rglob("*")):
        if path.is_file() and "outbox" not in path.parts:
            found += b"\x00" + path.read_bytes()
    return bytes(found)


def spellings(text: str) -> Iterator[tuple[str, bytes]]:
    """Give the ways in which a text could lie about: encodings of it, and its digests."""
    plain = text.encode()
    for name in ("utf-8", "utf-16-le", "utf-16-be"):
        yield name, text.encode(name)
        yield f"lower case {name}", text.casefold().encode(name)
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    yield "json", json.dumps(text)[1:-1].encode()
    yield "url", "".join(f"%{byte:02X}" for byte in plain).encode()
    for shift in range(3):
        # Whole groups of three bytes look the same wherever they begin in base64.
        whole = plain[shift : shift + (len(plain) - shift) // 3 * 3]
        yield f"base64+{shift}", base64.b64encode(whole)
    for digest in (hashlib.sha256(plain), hashlib.sha1(plain, usedforsecurity=False)):
        yield digest.name, digest.digest()
        yield f"{digest.name} hex", digest.hexdigest().encode()


def traces(dump: bytes, *texts: str) -> list[str]:
    """Name what of these texts can be found in a dump, and how it is spelled."""
    return [f"{text}: {how}" for text in texts for how, spelled in spellings(text) if spelled in dump]
