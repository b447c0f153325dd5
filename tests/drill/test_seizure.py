"""The seizure drill: in standard mode everything falls, in sealed mode nothing, and every planted leak is found."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from petition_app import app_state, config
from petition_app.app import Countersign
from petition_app.clock import utcnow
from petition_app.config import Settings
from petition_app.crypto import fingerprints, vault
from petition_app.crypto.vault import SealContext, WrappedKey
from petition_app.demo import story
from petition_app.drill import services
from petition_app.drill.dictionary import spell_name
from petition_app.drill.judging import Report
from petition_app.drill.search import SHORTEST, Needles
from petition_app.retention import row_order
from petition_app.roster.models import RosterEntry
from petition_app.signatures import messages
from petition_app.signatures.messages import Message
from petition_app.signatures.models import SealedKey, Signature
from petition_app.signatures.services import sign
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.storage.engines import database_files
from petition_app.tally.services import publish_due
from tests import factories as make
from tests.conftest import SECRET_KEY, only_sqlite, settings_for

ROSTER = """id,surname,first_name,patronymic,council,contact
R0001,Канареева,Зинаида,Тестовна,МО Дальнее,kanareeva@council.example.org
R0002,Выдумщиков,Фома,Ильич,МО Дальнее,vydumshchikov@council.example.org
R0003,Небылицына,Ева,Юрьевна,МО Ближнее,nebylitsyna@council.example.org
R0004,Пустозвонов,Яков,Щукич,МО Ближнее,pustozvonov@council.example.org
R0005,Гласная,Ольга,Олеговна,МО Ближнее,glasnaya@council.example.org
"""
SIGNED, HOME = "Канареева Зинаида Тестовна", "zinaida.home@example.org"
OUTSIDER, SILENT, NAMED = "Чужестранкина Майя Нестеровна", "Пустозвонов Яков Щукич", "Гласная Ольга Олеговна"


@dataclass(frozen=True)
class Seized:
    """An installation with one sealed petition, of which nothing but one published name can be learnt."""

    petition_id: UUID
    signed: make.Signed
    others: list[make.Signed]
    withdrawn: make.Signed
    key_id: str
    private: bytes
    app: Countersign
    names: Path
    also: Path

    @property
    def instance(self) -> Path:
        """The instance folder."""
        return config.current().instance

    def run(self) -> Report:
        """Run the drill."""
        with self.app.app_context():
            return services.run(also=[self.also], names=self.names, say=lambda _: None)

    def sql(self, *statements: str, **values: Any) -> None:
        """Change the database past the product."""
        with make.acting(self.app):
            for statement in statements:
                db.session.execute(text(statement), values)

    def note(self, value: str | bytes, signature: make.Signed | None = None) -> None:
        """Write a value beside a signature, in a table that the product does not know."""
        kind = "TEXT" if isinstance(value, str) else db_bytes(self.app)
        self.sql(f"CREATE TABLE notes (signature_id TEXT, note {kind})")
        self.add_note(value, signature or self.signed)

    def add_note(self, value: str | bytes, signature: make.Signed) -> None:
        """Write another one."""
        self.sql("INSERT INTO notes VALUES (:id, :value)", id=str(signature.id), value=value)

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file into the instance folder."""
        path = self.instance / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def entry(self, surname: str) -> RosterEntry:
        """Return a row of the roster."""
        with make.looking(self.app):
            row = db.session.scalars(db.select(RosterEntry).where(RosterEntry.surname == surname)).one()
            db.session.expunge(row)
            return row


@dataclass
class Kept:
    """An installation as it was made once, to be copied: its folder, its petition, and what a test is given of it."""

    instance: Path
    made: tuple[make.World, Seized] | None = None

    def keep(self, instance: Path) -> None:
        """Copy the folder, and all that the database holds."""
        left = shutil.ignore_patterns("countersign.db*")
        shutil.copytree(instance, self.instance, ignore=left)
        with (
            closing(sqlite3.connect(instance / "countersign.db")) as live,
            closing(sqlite3.connect(self.instance / "countersign.db")) as copy,
        ):
            live.backup(copy)


def db_bytes(app: Countersign) -> str:
    """Return what this database calls a column of bytes."""
    with app.app_context():
        return "BLOB" if database_files() else "BYTEA"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """What the tests of this process begin with on SQLite, once the first of them has made it."""
    return Kept(tmp_path_factory.mktemp("kept") / "instance")


@pytest.fixture
def settings(request: pytest.FixtureRequest, kept: Kept, database: str, tmp_path: Path) -> Settings:
    """Settings with a mail server, without which a sealed petition takes no addresses; nothing is sent here."""
    if kept.made and database.startswith("sqlite") and "seized" in request.fixturenames:
        shutil.copytree(kept.instance, tmp_path / "instance", dirs_exist_ok=True)
    return settings_for(tmp_path / "instance", database, mail_url="smtp://127.0.0.1:9")


@pytest.fixture
def seized(app: Countersign, cli: Callable[..., SimpleNamespace], kept: Kept, database: str, tmp_path: Path) -> Seized:
    """An installation with one sealed petition; on SQLite a copy of the first one."""
    (tmp_path / "also").mkdir()
    (tmp_path / "names.csv").write_text(f"name,email\n{OUTSIDER},outsider@example.org\n{SIGNED},{HOME}\n")
    here: dict[str, Any] = {"app": app, "names": tmp_path / "names.csv", "also": tmp_path / "also"}
    if kept.made and database.startswith("sqlite"):
        make.open_keys(app, kept.made[0])
        return replace(kept.made[1], **here)
    world = make.make_sealed_world(app, reviewers=1, mail="optional")
    (tmp_path / "roster.csv").write_text(ROSTER)
    cli("roster", "import", world.slug, tmp_path / "roster.csv", "--name", "Deputies", "--as-of", "2026-01-01")
    signed = make.make_signature(app, world.petition_id, SIGNED, email=HOME)
    others = [make.make_signature(app, world.petition_id, name) for name in ("Выдумщиков Фома Ильич", OUTSIDER)]
    public = make.make_signature(app, world.petition_id, NAMED)
    withdrawn = make.make_signature(app, world.petition_id, "Небылицына Ева Юрьевна")
    make.seal(app, world.petition_id, by=world.organizer)
    make.decide_by_all(app, world, public.id)
    make.decide_by_all(app, world, others[0].id, outcome="rejected", reason="not_eligible")
    make.withdraw(app, withdrawn)
    with make.acting(app):
        publish_due(world.petition_id, at=utcnow() + timedelta(days=2))
    if database.startswith("sqlite"):
        kept.keep(tmp_path / "instance")
    key_id, private = next(iter(make.open_keys(app, world).keys.items()))
    made = Seized(world.petition_id, signed, others, withdrawn, key_id, private, **here)
    if database.startswith("sqlite"):
        kept.made = (world, made)
    return made


# --- nothing, and everything ------------------------------------------------------------------------------------


def test_of_a_sealed_petition_nothing_but_the_published_names_is_found(seized: Seized) -> None:
    seized.write("export.csv", f"name\n{NAMED}\n")
    report = seized.run()
    assert report.findings == []
    (result,) = report.petitions
    assert (result.mode, result.signatures, result.readable, result.opened, result.published) == ("sealed", 5, 4, 0, 1)


def test_the_command_prints_a_table_and_ends_with_zero(seized: Seized, cli: Callable[..., SimpleNamespace]) -> None:
    out = cli("seizure-drill", "--names", seized.names, "--also", seized.also).out
    assert "the published names, and nothing else" in out
    seized.write("web.log", f"signed by {SIGNED}\n")
    found = cli("seizure-drill", "--names", seized.names, code=1).out
    assert "web.log" in found
    assert SIGNED not in found, "the drill itself must name nobody"
    told = json.loads(cli("seizure-drill", "--names", seized.names, "--json", code=1).out)
    assert [(one["what"], one["where"], one["number"]) for one in told["findings"]] == [("a name", "web.log", 1)]
    assert told["failed"]


@only_sqlite
@pytest.mark.parametrize("mode", ["standard", "sealed"])
def test_of_the_founding_day_everything_falls_in_standard_mode_and_nothing_in_sealed_mode(
    app: Countersign, cli: Callable[..., SimpleNamespace], mode: str
) -> None:
    with app.app_context():
        story.tell(utcnow(), sealed=mode == "sealed")
        row_order.run(at=utcnow())  # As the worker does every hour; some of it happened yesterday.
    told = json.loads(cli("seizure-drill", "--names", Path(story.__file__).parent / "batch1.csv", "--json").out)
    (result,) = told["petitions"]
    assert (result["mode"], result["signatures"], result["published"]) == (mode, 105, 26)
    assert result["readable"] == 103, "two have withdrawn"
    if mode == "standard":
        assert result["opened"] == result["readable"], "every name must fall, or the drill is void"
        assert not told["failed"]
    else:
        assert (result["opened"], told["findings"]) == (0, [])


# --- planted leaks, in rows ---------------------------------------------------------------------------------------


def plain_name(seized: Seized) -> None:
    seized.sql("ALTER TABLE signatures ADD COLUMN who TEXT")
    with make.acting(seized.app):
        row = db.session.get_one(Signature, seized.signed.id)
        db.session.execute(text("UPDATE signatures SET who = :name WHERE commitment = :c"),
                           {"name": SIGNED, "c": row.commitment})  # fmt: skip


def base64_in_the_trail(seized: Seized) -> None:
    seized.sql(
        "UPDATE audit_events SET act = :act WHERE act = 'batch.sealed'",
        act=base64.b64encode("…Пустозвонов Яков".encode()).decode(),
    )


def hmac_under_the_secret_key(seized: Seized) -> None:
    seized.note(hmac.digest(SECRET_KEY.encode(), SIGNED.casefold().encode(), "sha256"))


def hmac_under_the_key_ring(seized: Seized) -> None:
    key = next(iter(vault.key_ring().keys.values()))
    seized.note(hmac.new(key, HOME.encode(), "sha256").hexdigest()[:40])


def index_of_the_product(seized: Seized) -> None:
    seized.note(fingerprints.fingerprint("entry", seized.petition_id, "R0001"))


def left_name_index(seized: Seized) -> None:
    with make.acting(seized.app):
        db.session.get_one(Signature, seized.signed.id).name_index = fingerprints.fingerprint("name", uuid4(), "salted")


def md5_in_json(seized: Seized) -> None:
    digest = hashlib.md5(b"kanareeva zinaida", usedforsecurity=False).hexdigest()
    with make.acting(seized.app):
        jobs.enqueue("signatures.nothing", {"for": digest}, at=utcnow())


def roster_id(seized: Seized) -> None:
    seized.sql("CREATE TABLE pairs (signature_id TEXT, entry_id TEXT)")
    seized.sql(
        "INSERT INTO pairs VALUES (:signature, :entry)",
        signature=str(seized.signed.id),
        entry=str(seized.entry("Канареева").id),
    )


def roster_key(seized: Seized) -> None:
    seized.note("R0001")


def second_of_signing(seized: Seized) -> None:
    with make.acting(seized.app):
        at = utcnow().replace(minute=7, second=31)
        db.session.execute(text("UPDATE confirmations SET expires_at = :at"), {"at": at})


def same_value_twice(seized: Seized) -> None:
    value = uuid4().bytes + uuid4().bytes
    seized.note(value)
    seized.add_note(value, seized.others[1])


def key_beside_its_row(seized: Seized) -> None:
    with make.looking(seized.app):
        of = db.select(SealedKey).where(SealedKey.signature_id == seized.signed.id, SealedKey.part_id.is_(None))
        box = db.session.scalars(of).one().box
    place = SealContext(seized.petition_id, seized.signed.id, "key")
    private = X25519PrivateKey.from_private_bytes(seized.private)
    seized.note(vault.unwrap_with(private, WrappedKey(seized.key_id, box), place))


def private_key_in_a_row(seized: Seized) -> None:
    seized.note(seized.private.hex())


def address_in_a_job(seized: Seized) -> None:
    """Mail of the sealed petition, sealed as the product seals that of a standard one."""
    standard = make.make_petition(seized.app, "standard-letter", mode="standard")
    with make.acting(seized.app):
        text = Message("4F7K-92QX", "ru", HOME, seized.signed.id).sealable()
        _, payload = messages.seal_for_worker(text, make.petition(standard), at=utcnow())
        jobs.enqueue("signatures.mail_code", payload, at=utcnow(), petition_id=seized.petition_id)


IN_ROWS = {
    plain_name: ("a name", "signatures.who"),
    base64_in_the_trail: ("a name", "audit_events.act"),
    hmac_under_the_secret_key: ("a name", "notes.note"),
    hmac_under_the_key_ring: ("an address", "notes.note"),
    index_of_the_product: ("a link to the roster", "notes.note"),
    left_name_index: ("an index made from the person", "signatures.name_index"),
    md5_in_json: ("a name", "jobs.payload"),
    roster_id: ("a roster row's id", "pairs.entry_id"),
    roster_key: ("a roster row's id", "notes.note"),
    second_of_signing: ("a time of day", "confirmations.expires_at"),
    same_value_twice: ("the same value in several signatures", "notes.note"),
    key_beside_its_row: ("a sealed part, opened", "sealed_parts"),
    private_key_in_a_row: ("a sealed part, opened", "sealed_parts"),
    address_in_a_job: ("an address", "jobs"),
}


@pytest.mark.parametrize("plant", IN_ROWS, ids=lambda plant: plant.__name__)
def test_a_leak_in_a_row_is_found(seized: Seized, plant: Callable[[Seized], None]) -> None:
    plant(seized)
    found_at(seized.run(), *IN_ROWS[plant])


def found_at(report: Report, what: str, where: str) -> None:
    """Check that this was found about the sealed petition, here and nowhere that has nothing to do with it."""
    assert report.failed
    found = {(finding.what, finding.where) for finding in report.findings if finding.sealed}
    assert (what, where) in found


def test_mail_of_a_standard_petition_that_waits_says_nothing_about_a_sealed_one(seized: Seized) -> None:
    standard = make.make_petition(seized.app, "standard-letter", mode="standard", mail="optional")
    with make.acting(seized.app):
        for address in (HOME, "nobody.known@example.org"):
            sign(make.new_signature(email=address), petition=make.petition(standard), at=utcnow())
    report = seized.run()
    assert not report.failed
    found = {(one.what, one.where, one.number) for one in report.findings if one.petition == "standard-letter"}
    assert found >= {("an address", "jobs", 1), ("something that waits, opened", "jobs", 1)}


def test_a_drill_over_an_installation_at_work_reads_one_moment_of_it(seized: Seized) -> None:
    stop, failures = Event(), list[BaseException]()

    def work() -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                name = f"outbox/{number}"
                seized.write(f"{name}.part", "To: x@example.org\n\nYour code\n")
                (seized.instance / f"{name}.part").replace(seized.instance / f"{name}.eml")
                make.withdraw(seized.app, make.make_signature(seized.app, seized.petition_id))
                (seized.instance / f"{name}.eml").unlink()
        except BaseException as error:
            failures.append(error)

    def work_there() -> None:
        with app_state.using(seized.app.state):
            work()

    worker = Thread(target=work_there)
    worker.start()
    try:
        reports = [seized.run() for _ in range(3)]
    finally:
        stop.set()
        worker.join()
    assert failures == []
    assert [report.findings for report in reports] == [[], [], []]
    assert [report.unread for report in reports] == [[], [], []], "what is gone is no file that could not be read"


# --- planted leaks, in files --------------------------------------------------------------------------------------


def log_line(seized: Seized) -> None:
    seized.write("logs/web.log", "POST /p/open-letter/sign by ZINAIDA KANAREEVA\n")


def visit(seized: Seized) -> None:
    seized.write("logs/access.log", '192.0.2.17 - - [26/Nov/2026:12:31:07] "POST /p/open-letter/sign HTTP/1.1" 200\n')


def digest_in_the_outbox(seized: Seized) -> None:
    digest = hashlib.sha256(HOME.encode()).hexdigest()
    seized.write("outbox/1.eml", f"To: no-reply@example.org\nSubject: Your code\nX-Id: {digest}\n\n…\n")


def mail_in_base64(seized: Seized) -> None:
    body = base64.encodebytes(f"Добрый день! Здравствуйте, {SIGNED}, и спасибо за подпись.".encode()).decode()
    head = "To: x@example.org\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    seized.write("outbox/2.eml", head + body)


def secret_code(seized: Seized) -> None:
    seized.write("logs/web.log", f"typed: {seized.signed.secret_code}\n")


def utf16_in_a_temporary_file(seized: Seized) -> None:
    (seized.also / "tmp4711").write_bytes(b"\x00\x01\x02" + SILENT.upper().encode("utf-16-le"))


def plain_backup(seized: Seized) -> None:
    dump = f"COPY public.roster_entries FROM stdin;\n{ROSTER}\\.\nCOPY public.people FROM stdin;\n1\t{SIGNED}\t{HOME}\n"
    (seized.also / "monday.sql.gz").write_bytes(gzip.compress(dump.encode()))


def spreadsheet(seized: Seized) -> None:
    with zipfile.ZipFile(seized.also / "list.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{OUTSIDER}</t></si></sst>")


def private_key_in_a_file(seized: Seized) -> None:
    private = X25519PrivateKey.from_private_bytes(seized.private)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (seized.also / "keys.pem").write_bytes(pem)


def address_of_an_outsider(seized: Seized) -> None:
    seized.write("notes.txt", "ask outsider@example.org again")


IN_FILES = {
    log_line: ("a name", "logs/web.log"),
    visit: ("an internet address beside signing", "logs/access.log"),
    digest_in_the_outbox: ("an address", "outbox/1.eml"),
    mail_in_base64: ("a name", "outbox/2.eml"),
    secret_code: ("a secret code", "logs/web.log"),
    utf16_in_a_temporary_file: ("a name", "{also}/tmp4711"),
    plain_backup: ("a name", "{also}/monday.sql.gz"),
    spreadsheet: ("a name", "{also}/list.xlsx → xl/sharedStrings.xml"),
    private_key_in_a_file: ("a sealed part, opened", "sealed_parts"),
    address_of_an_outsider: ("an address", "notes.txt"),
}


@only_sqlite
@pytest.mark.parametrize("plant", IN_FILES, ids=lambda plant: plant.__name__)
def test_a_leak_in_a_file_is_found(seized: Seized, plant: Callable[[Seized], None]) -> None:
    plant(seized)
    what, where = IN_FILES[plant]
    found_at(seized.run(), what, where.format(also=seized.also))


@only_sqlite
def test_a_name_that_was_deleted_is_found_in_the_write_ahead_log(seized: Seized) -> None:
    path = seized.instance / "countersign.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE scraps (note TEXT)")
        connection.execute("INSERT INTO scraps VALUES (?)", (f"… {SIGNED} …",))
        connection.commit()
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("DELETE FROM scraps")
        connection.commit()
        found_at(seized.run(), "a name", "countersign.db-wal")


@only_sqlite
def test_an_old_copy_gives_away_what_was_erased_since(seized: Seized) -> None:
    in_use, copied = seized.instance / "countersign.db", seized.also / "tuesday.db"
    with closing(sqlite3.connect(in_use)) as live, closing(sqlite3.connect(copied)) as copy:
        live.backup(copy)
    make.withdraw(seized.app, seized.signed)
    found_at(seized.run(), "an erased key", f"{seized.also}/tuesday.db")


@only_sqlite
def test_a_mailed_code_is_found(seized: Seized) -> None:
    submitted = make.submit(seized.app, seized.petition_id)
    seized.write("outbox/3.eml", f"To: relay@example.org\n\nYour code: {submitted.code}\n")
    found_at(seized.run(), "a mailed code", "outbox/3.eml")


# --- the tools ----------------------------------------------------------------------------------------------------


def test_needles_are_found_at_every_place_and_nowhere_else() -> None:
    needles = [b"12345678", b"12345678-longer", b"abcdefgh"]
    for shift in range(20):
        heap = b"." * shift + b"12345678-longer" + b"x" * 5 + b"abcdefg"
        assert sorted(Needles(needles).find(heap)) == [(shift, 0), (shift, 1)]
    assert list(Needles(needles).find(b"")) == list(Needles(needles).find(b"1234567")) == []
    assert all(len(needle) >= SHORTEST for needle in needles)


@pytest.mark.parametrize("written", ["Tyurin Georgiy", "GEORGII TIURIN", "Тюрин Георгий", "тюрин георгий петрович"])
def test_a_name_is_spelled_as_people_spell_it(written: str) -> None:
    assert written.casefold() in {spelling.casefold() for spelling in spell_name("Тюрин Георгий Петрович")}
