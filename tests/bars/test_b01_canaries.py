"""B1: what a signer gives away is found nowhere outside the published list, in whatever spelling, after every flow."""

from __future__ import annotations

import email
import email.policy
import gzip
import logging
import re
import socketserver
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.roster.file_reader import Entry
from petition_app.signatures import invitation_lists
from petition_app.signatures.sealing import Identity
from petition_app.storage.db import db
from petition_app.tally.services import publish_now
from petition_app.worker import loop as worker
from tests import dumps
from tests import factories as make
from tests.conftest import settings_for
from tests.factories import new_form_token
from tests.roster.test_services import bring

NAME, ROLE, PLACE = (
    "Журавлинская-Выдумщикова Пелагея",
    "хранительница затонувшего компаса",
    "Совет Несуществующей бухты",
)
MAIL, ADDRESS, AGENT = "pelageya.zhuravlinskaya@example.org", "203.0.113.77", "Pelagian-Browser/77.13 (Unheard-of OS)"
QUESTION, ANSWER, NOTE = "В каком году утонул ваш компас?", "Он утонул в позапрошлом году", "Голос узнан по телефону"
IMPORTED, INVITED, SHOWN = "Перепелицына-Вымышленная Агата", "Сорокопутова Неонила", "Дроздовская-Явная Марфа"
DENIED = "Этого письма я никогда не видела"
PASSWORD_TRIED = "a password that is wrong and unusual"
WEB = {"environ_base": {"REMOTE_ADDR": ADDRESS, "HTTP_USER_AGENT": AGENT}}


class Sink(socketserver.StreamRequestHandler):
    """Takes mail as a server does, and keeps it in memory."""

    mails: list[str]

    def handle(self) -> None:
        """Answer the few commands that the product uses."""
        self.wfile.write(b"220 here\r\n")
        taken: list[str] | None = None
        for line in self.rfile:
            if taken is not None:
                if line == b".\r\n":
                    self.mails.append("".join(taken))
                    taken = None
                    self.wfile.write(b"250 taken\r\n")
                else:
                    taken.append(line.decode())
                continue
            word = line[:4].upper()
            if word == b"DATA":
                taken = []
                self.wfile.write(b"354 go on\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 yes\r\n")


@pytest.fixture
def mails() -> Iterator[tuple[int, list[str]]]:
    """A mail server on this machine: its port, and what it has taken."""
    taken: list[str] = []
    handler = type("ThisSink", (Sink,), {"mails": taken})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], taken
        server.shutdown()


@pytest.fixture
def settings(database: str, tmp_path: Path, mails: tuple[int, list[str]]) -> Any:
    """Settings with that mail server."""
    return settings_for(tmp_path / "instance", database, mail_url=f"smtp://127.0.0.1:{mails[0]}")


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that can be searched."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def make_world(app: Any, mode: str) -> make.World:
    words = {"reviewers": 1, "mail": "optional", "roster": True}
    world = make.make_sealed_world(app, **words) if mode == "sealed" else make.make_world(app, **words)
    bring(app, world.petition_id, Entry(key="r1", surname="Иная", given="Особа", place="Иное место"))
    return world


def newest_code(app: Any, taken: list[str]) -> str:
    with app.app_context():
        worker.run_once()
    words = email.message_from_string(taken[-1], policy=email.policy.default).get_content()
    found = re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", words)
    assert found, words
    return str(found[0])


def sign(app: Any, world: make.World, taken: list[str], **fields: Any) -> tuple[Any, list[str]]:
    """Sign as a stranger does, with every slip on the way; return the browser and the codes."""
    browser = app.test_client()
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    path = f"/p/{world.slug}"
    form = make.form_with(browser.get(f"{path}/sign", **WEB), "form")
    words = make.fill_sign_form(form["form"], role=ROLE, place=PLACE, lang="ru", **fields)
    assert browser.post(f"{path}/sign", data=words | {"consent": ""}, **WEB).status_code == 422
    answer = browser.post(f"{path}/sign", data=words, **WEB)
    pending = make.form_with(answer, "pending", "code")["pending"]
    code = newest_code(app, taken)
    assert code != "0000-0000"
    browser.post(f"{path}/confirm", data={"pending": pending, "code": "0000-0000"}, **WEB)
    browser.post(f"{path}/confirm", data={"pending": "", "code": "0000-0001"}, **WEB)
    done = browser.post(f"{path}/confirm", data={"pending": pending, "code": code}, **WEB)
    secret = make.shown_code(done)
    browser.post(f"{path}/confirm", data={"pending": pending, "code": code}, **WEB)
    return browser, [code, secret]


def check_case(app: Any, world: make.World) -> Any:
    """Sign in at the desk, with a slip, open the keys, and take the case; return browser and path."""
    browser, reviewer = app.test_client(), world.reviewers[0]
    form = make.form_with(browser.get("/organizer/login", **WEB), "csrf_token", "email", "password")
    for password in (PASSWORD_TRIED, reviewer.password):
        browser.post("/organizer/login", data=form | {"email": reviewer.email, "password": password}, **WEB)
    path = f"/organizer/p/{world.slug}"
    asked = browser.get(f"{path}/unlock", **WEB)
    if 'name="passphrase"' in asked.text:
        words = make.form_with(asked, "passphrase") | {"passphrase": make.PASSPHRASE}
        assert browser.post(f"{path}/unlock", data=words, **WEB).status_code == 303
    token = {"csrf_token": make.csrf_token(browser)}
    given = browser.post(f"{path}/next", data=token, **WEB)
    assert given.status_code == 303
    page = browser.get(given.location, **WEB)
    assert NAME in page.text, "the case is not that of the canary"
    return browser, given.location, page


def walk(app: Any, world: make.World, taken: list[str], cli: Any, folder: Path) -> list[str]:
    """Go every way that a signer's words can take; return the codes that were shown."""
    signer, codes = sign(app, world, taken, name=NAME, email=MAIL, publish="2")
    make.seal(app, world.petition_id, by=world.organizer)
    reviewer, case, page = check_case(app, world)
    token = make.form_with(page, "csrf_token")["csrf_token"]
    words = {"csrf_token": token, "question": QUESTION, "template": ""}
    assert reviewer.post(f"{case}/question", data=words, **WEB).status_code == 303
    mine = {"code": codes[1]}
    assert QUESTION in signer.post("/my", data=mine, **WEB).text
    for act, value in (("answer", ANSWER), ("consent", "1"), ("consent", "2")):
        assert signer.post("/my", data=mine | {"action": act, "value": value}, **WEB).status_code == 200
    signer.post("/my", data={"code": "abandon " * 12}, **WEB)
    signer.post(f"/p/{world.slug}/not-me", data={"name": NAME, "place": PLACE, "words": DENIED}, **WEB)
    signer.get(f"/p/{world.slug}/signatories?place={PLACE}", **WEB)
    signer.get(f"/p/{world.slug}/nothing/{MAIL}", **WEB)
    file = folder / "signers.csv"
    file.write_text(f"name,role,place,email,publish\n{IMPORTED},{ROLE},{PLACE},{MAIL},count\n=1+1,,,{MAIL},count\n")
    cli("signatures", "import", world.slug, file)
    file.unlink()
    with make.acting(app):
        found = make.petition(world.petition_id)
        sheet = make_group(found, make.account(world.organizer))
    codes += [invitation.code for invitation in sheet.invitations]
    verdict = {"outcome": "verified", "eligible": "other_grounds", "grounds": NOTE, "note": NOTE}
    verdict |= {"contact": "live_call", "contacted_on": utcnow().date()}
    case_id = make.UUID(case.rsplit("/", 1)[-1])
    assert make.decide(app, world.petition_id, case_id, world.reviewers[0], **verdict) == "verified"
    return codes


def make_group(found: Any, organizer: Any) -> Any:
    people = (Identity(INVITED, ROLE, PLACE),)
    new = invitation_lists.NewEntry(form_token=new_form_token(), title="Monday list", people=people, language="ru")
    return invitation_lists.enter(new, petition=found, by=organizer, at=utcnow())


def plain(stream: bytes) -> Iterator[bytes]:
    """Give a stream as it is, and what it holds where it is packed."""
    yield stream
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(stream)
        except (OSError, zlib.error):
            continue


def on_disk(request: pytest.FixtureRequest, database: str, instance: Path) -> bytes:
    """Return the raw files of the database with its log, as they lie on the disk."""
    if database.startswith("sqlite"):
        return b"\x00".join(path.read_bytes() for path in sorted(instance.glob("countersign.db*")))
    server = request.getfixturevalue("postgresql")
    server.admin.execute("CHECKPOINT")
    name = re.search(r"/(t[0-9a-f]{32})", database)
    assert name
    oid = server.admin.execute("SELECT oid FROM pg_database WHERE datname = %s", (name.group(1),)).fetchone()[0]
    folder = Path(server.server.pgdata)
    files = [*(folder / "base" / str(oid)).iterdir(), *(folder / "pg_wal").glob("0*"), folder / "log"]
    return b"\x00".join(path.read_bytes() for path in files if path.is_file())


@pytest.mark.parametrize("mode", ["sealed", "standard"])
def test_no_canary_is_found_anywhere_outside_the_published_list(
    app: Any, cli: Any, request: pytest.FixtureRequest, database: str, tmp_path: Path, scratch: Path,
    mails: tuple[int, list[str]], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], mode: str,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    # The client of these tests and the driver tell what passes through them; the product's own words are wanted.
    for name in ("faker", "hypothesis", "sqlalchemy", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    world = make_world(app, mode)
    codes = walk(app, world, mails[1], cli, tmp_path)
    shown = make.make_signature(app, world.petition_id, SHOWN, consent=3, place="Видимое место", email="")
    make.seal(app, world.petition_id, by=world.organizer)
    words = {"eligible": "other_grounds", "grounds": NOTE, "contact": "live_call", "contacted_on": utcnow().date()}
    make.decide(app, world.petition_id, shown.id, world.reviewers[0], outcome="verified", **words)
    with make.acting(app):
        publish_now(make.petition(world.petition_id), by=make.account(world.organizer), at=utcnow())
    with app.app_context():
        worker.run_once()
    identity = pyrage.x25519.Identity.generate()
    cli("backup", "--to", tmp_path / "backups", "--recipient", str(identity.to_public()))
    assert len(mails[1]) >= 1
    assert all(NAME not in mail and MAIL in mail for mail in mails[1])

    canaries = [NAME, ROLE, PLACE, MAIL, ADDRESS, AGENT, QUESTION, ANSWER, NOTE, IMPORTED, INVITED, DENIED, *codes]
    canaries += [PASSWORD_TRIED, make.PASSPHRASE, MAIL.split("@")[0], *(word for word in NAME.split() if len(word) > 7)]
    logs = caplog.text + "".join(capfd.readouterr())
    places = {
        "rows and instance folder": dumps.everything(app),
        "database on disk": on_disk(request, database, tmp_path / "instance"),
        "logs": logs.encode(),
        "temporary files": b"\x00".join(path.read_bytes() for path in scratch.rglob("*") if path.is_file()),
        "backups": b"\x00".join(path.read_bytes() for path in (tmp_path / "backups").rglob("*") if path.is_file()),
        "beside the import": b"\x00".join(path.read_bytes() for path in tmp_path.glob("signers.csv*")),
        "opened backups": b"\x00".join(
            piece
            for path in (tmp_path / "backups").rglob("*")
            if path.is_file()
            for piece in plain(pyrage.decrypt(path.read_bytes(), [identity]))
        ),
        "the public": b"\x00".join(
            app.test_client().get(f"/p/{world.slug}{page}").data for page in ("", "/signatories")
        ),
    }
    assert not (tmp_path / "instance" / "outbox").exists()
    assert {where: dumps.traces(held, *canaries) for where, held in places.items()} == {where: [] for where in places}
    for where in ("rows and instance folder", "database on disk", "the public"):
        assert dumps.traces(places[where], SHOWN), f"the search is void: {where}"
    with make.looking(app):
        assert db.session.scalar(db.select(db.func.count()).select_from(make.Signature)) == 4
