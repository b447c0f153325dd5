"""B7: in sealed mode nothing leads from a signature to a roster row, a mailbox, an address or a second of time."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from petition_app import config
from petition_app.clock import utcnow
from petition_app.crypto import vault
from petition_app.crypto.fingerprints import purpose_key
from petition_app.matching import phonetic_keys
from petition_app.roster.file_reader import Entry
from petition_app.roster.models import RosterEntry
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.storage.db import Base, Moment, db
from tests import dumps
from tests import factories as make
from tests.conftest import settings_for
from tests.roster.test_services import bring

# Purposes for which the product derives keys or hashes; a new one in the code is found by the test below.
PURPOSES = (
    "name",
    "mailbox",
    "near",
    "entry",
    "ref",
    "official",
    "mail-code",
    "pending",
    "form",
    "mark/v1",
    "entry/v2",
    "my/v1",
    "",
)
PEOPLE = tuple(
    Entry(
        key=f"R{number:04}",
        surname=surname,
        given=given,
        patronymic="Ильинична",
        place=f"МО Речное {number}",
        contact=f"official{number}@example.org",
        contact_safe=True,
    )
    for number, (surname, given) in enumerate((("Луговая", "Вера"), ("Седых", "Инна"), ("Громких", "Ада")))
)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Any:
    return settings_for(tmp_path / "instance", database, mail_url="smtp://127.0.0.1:9")


@pytest.fixture
def walked(app: Any) -> tuple[make.World, list[make.Signed], datetime]:
    """A sealed petition with a roster whose people have signed, been matched, asked and verified; nobody is named."""
    world = make.make_sealed_world(app, reviewers=1, roster=True, mail="optional")
    bring(app, world.petition_id, *PEOPLE)
    at = utcnow().replace(hour=11, minute=7, second=43, microsecond=654321)
    signed = [
        make.make_signature(
            app, world.petition_id, f"{one.surname} {one.given} {one.patronymic}", place=one.place,
            email=f"signer{number}@example.org", consent=2, at=at,
        )
        for number, one in enumerate(PEOPLE)
    ]  # fmt: skip
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, signed[0].id, world.reviewers[0])
    make.answer(app, signed[0], "The term before last.")
    for one, entry in zip(signed[:2], PEOPLE, strict=False):
        words = {"contact": "live_call", "contacted_on": utcnow().date(), "eligible": "on_roster", "entry": entry.key}
        verdict = make.decide(app, world.petition_id, one.id, world.reviewers[0], outcome="verified", **words)
        assert verdict == "verified"
    return world, signed, at


def guesses(world: make.World, signed: list[make.Signed], entries: list[RosterEntry]) -> Iterator[str]:
    """Give all that an adversary knows of the people who may have signed."""
    for one, entry in zip(signed, entries, strict=True):
        values = {
            entry.key, str(entry.id), entry.id.hex, entry.name, entry.surname, entry.place, entry.contact,
            f"{entry.given} {entry.surname}", f"{entry.surname} {entry.given}", f"{entry.name}|{entry.place}",
            one.name, one.email, one.email.split("@")[0],
        }  # fmt: skip
        values |= {fold_name(value) for value in values} | {value.casefold() for value in values}
        values |= {fold_mailbox(address) for address in (one.email, entry.contact)} | set(phonetic_keys(entry.name))
        yield from values


def digests(value: str, world: make.World, signed: list[make.Signed]) -> Iterator[bytes]:
    """Give every hash that the product's own keys, or none, make of a guess."""
    settings = config.current()
    ring = vault.key_ring()
    keys = [purpose_key(settings.secret_key, purpose) for purpose in PURPOSES]
    keys += [settings.secret_key.encode(), *ring.keys.values()]
    petition = (str(world.petition_id), world.petition_id.hex, world.slug, *(str(one.id) for one in signed))
    messages = {value.encode()}
    for where in petition:
        for between in ("\x1f", "|", "\x00", ":"):
            messages.add(f"{where}{between}{value}".encode())
    messages |= {f"{purpose}\x1f{world.petition_id}\x1f{value}".encode() for purpose in PURPOSES}
    messages |= {purpose.encode() + b"\x00" + value.encode() for purpose in PURPOSES}
    for message in messages:
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            yield hashlib.new(name, message, usedforsecurity=False).digest()
        for key in keys:
            yield hmac.digest(key, message, "sha256")


def cells(rows: dict[str, list[tuple[Any, ...]]]) -> Iterator[tuple[str, str, Any]]:
    """Give every value that is stored, by table and column; what JSON holds, too."""
    for table, found in rows.items():
        names = [column.name for column in Base.metadata.tables[table].columns]
        for row in found:
            for name, value in zip(names, row, strict=True):
                if isinstance(value, dict | list):
                    yield table, name, json.dumps(value, ensure_ascii=False)
                elif value is not None:
                    yield table, name, value


ROSTER = ("roster_entries", "roster_versions")


def test_no_hash_of_a_person_under_any_key_of_the_server_is_stored(
    app: Any, walked: tuple[make.World, list[make.Signed], datetime]
) -> None:
    world, signed, _ = walked
    with make.looking(app):
        entries = list(db.session.scalars(db.select(RosterEntry).order_by(RosterEntry.key)))
        known = set(guesses(world, signed, entries))
        assert len(known) > 60
        made = {digest: value for value in known for digest in digests(value, world, signed)}
    rows = dumps.tables(app)
    outside = {name: found for name, found in rows.items() if name not in ROSTER}
    stored = [(table, column, value) for table, column, value in cells(outside)]
    assert len(stored) > 300
    for table, column, value in stored:
        raw = value if isinstance(value, bytes) else str(value).encode()
        for length in (16, 20, 32):
            for digest in (raw[:length], raw[-length:]):
                assert made.get(digest) is None, f"{table}.{column} is a hash of {made.get(digest)}"
        for text in re.findall(rb"[0-9a-f]{32,}", raw):
            assert bytes.fromhex(text.decode()[: len(text) // 2 * 2]) not in made, f"{table}.{column}"
    dump = b"\x00".join(value if isinstance(value, bytes) else str(value).encode() for _, _, value in stored)
    shortest = {digest[:16]: value for digest, value in made.items()}
    assert [value for digest, value in shortest.items() if digest in dump or digest.hex().encode() in dump] == []


def test_no_name_address_or_roster_id_stands_beside_a_signature(
    app: Any, walked: tuple[make.World, list[make.Signed], datetime]
) -> None:
    _, signed, _ = walked
    with make.looking(app):
        ids = {row.id for row in db.session.scalars(db.select(RosterEntry))}
        words = {word for one in PEOPLE for word in (one.surname, one.place, one.contact, f'"{one.key}"')}
    words |= {one.email for one in signed}
    outside = {name: found for name, found in dumps.tables(app).items() if name not in ROSTER}
    for table, column, value in cells(outside):
        assert value not in ids, f"{table}.{column} leads to a row of the roster"
        text = str(value)
        assert not [word for word in words if word in text], f"{table}.{column}"
        assert not [one for one in ids if str(one) in text or one.hex in text], f"{table}.{column}"
        assert not [one.key for one in PEOPLE if text == one.key], f"{table}.{column}"


def test_equal_people_leave_nothing_equal(app: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1, roster=True)
    bring(app, world.petition_id, *PEOPLE)
    same = {"place": PEOPLE[0].place, "email": "", "consent": 0}
    ids = [make.make_signature(app, world.petition_id, "Луговая Вера Ильинична", **same).id for _ in range(2)]
    make.seal(app, world.petition_id, by=world.organizer)
    make.take(app, world.petition_id, world.reviewers[0])
    rows = dumps.tables(app)
    mine = {
        which: {
            (table, column, value)
            for table in ("signatures", "sealed_parts", "sealed_keys", "confirmations")
            for row in rows[table]
            if which in row
            for column, value in zip(Base.metadata.tables[table].columns.keys(), row, strict=True)
            if isinstance(value, bytes | UUID)
        }
        for which in ids
    }
    shared = {(table, column) for table, column, _ in mine[ids[0]] & mine[ids[1]]}
    assert shared == {
        ("signatures", "petition_id"),
        ("signatures", "text_version_id"),
        ("signatures", "batch_id"),
        ("confirmations", "petition_id"),
    }


def test_no_table_leads_from_a_signature_to_the_roster() -> None:
    def reachable(table: str) -> set[str]:
        seen, todo = set[str](), [table]
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += [key.column.table.name for key in Base.metadata.tables[name].foreign_keys]
        return seen

    # While a file is imported, sealed rows name a signature that is not there yet, so no key of the database ties them.
    named = {name for name, table in Base.metadata.tables.items() if "signature_id" in table.columns}
    pointing = {name for name in Base.metadata.tables if "signatures" in reachable(name)} | named
    assert {"signatures", "sealed_parts", "sealed_keys", "decisions", "confirmations"} <= pointing
    for name in pointing:
        assert not reachable(name) & set(ROSTER), f"{name} points to a signature and to the roster"
    for name in ROSTER:
        assert "signatures" not in reachable(name)


# Tables that hold a signature's id and a moment: what staff did to it, never when its signer did something. The end
# of a confirmation, and that of showing its words, stand on a quarter of an hour; the row goes a day after it.
STAFF_MOMENTS = {
    "decisions": {"at"},
    "leases": {"until"},
    "rechecks": {"at", "taken_at"},
    "confirmations": {"expires_at", "shown_until"},
}


def test_only_acts_of_staff_carry_a_second_beside_a_signature() -> None:
    found: dict[str, set[str]] = {}
    for name, table in Base.metadata.tables.items():
        leads = name == "signatures" or any(key.column.table.name == "signatures" for key in table.foreign_keys)
        leads = leads or "signature_id" in table.columns
        moments = {column.name for column in table.columns if isinstance(column.type, Moment)}
        if leads and moments:
            found[name] = moments
    assert {"decisions", "confirmations"} <= found.keys()
    assert {name: moments for name, moments in found.items() if moments - STAFF_MOMENTS.get(name, set())} == {}


def test_the_second_in_which_somebody_signed_is_stored_nowhere(app: Any, client: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1, mail="optional")
    before = {row[0] for rows in dumps.tables(app).values() for row in rows}
    at = utcnow().replace(minute=7, second=43, microsecond=654321)
    one = make.make_signature(app, world.petition_id, at=at)
    make.submit(app, world.petition_id, at=at)
    make.make_signature(app, world.petition_id, at=at)  # Its words can still be shown.
    make.change_consent(app, one, 1)
    make.withdraw(app, one)
    fresh = {
        table: [row for row in rows if row[0] not in before]
        for table, rows in dumps.tables(app).items()
        if table not in ("couriers", "worker_beats", "publications")  # They live by the clock, whoever signs.
    }
    moments = [(table, column, value) for table, column, value in cells(fresh) if isinstance(value, datetime)]
    assert {table for table, _, _ in moments} <= {"confirmations", "due_marks"}
    for table, column, value in moments:
        assert (value.minute % 15, value.second, value.microsecond) == (0, 0, 0), f"{table}.{column}"
    assert fresh["jobs"] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_product_derives_no_purpose_that_is_not_tried_here(app: Any) -> None:
    found = set()
    for path in Path(vault.__file__).parents[1].rglob("*.py"):
        found |= set(re.findall(r"\b(?:fingerprint|hash_secret)\(\s*\"([^\"]+)\"", path.read_text()))
    assert {"name", "mailbox", "near", "entry"} <= found
    assert found - set(PURPOSES) <= {
        "group-form",
        "unlock",
        "session",
        "desk",
        "join",
        "letter",
        "import",
        "attempt",
        "browser",
        "shown/v1",
        "agreement-code",
        "agreement-page",
    }, (  # fmt: skip
        "try the new purpose against the roster, too"
    )
