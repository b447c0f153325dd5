"""What is kept in files is readable by its user alone, whichever process makes it, whatever the shell's umask is."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pyrage
import pytest

from tests import factories as make
from tests.conftest import only_sqlite
from tests.forking import Forked
from tests.serving import serve
from tests.test_config import HOME, RING, ROOT, SECRET_KEY

pytestmark = only_sqlite


def flask(instance: Path, *words: object, code: int = 0, **values: str) -> str:
    """Run a command in a process of its own, under the umask of most shells."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    environ = clean | {"COUNTERSIGN_INSTANCE": str(instance), **values}
    with open(os.devnull) as nothing, tempfile.TemporaryFile("w+") as told:
        files = (nothing.fileno(), told.fileno(), told.fileno())
        process = Forked(["flask", "--app", "wsgi", *map(str, words)], environ=environ, files=files, umask=0o022)
        ended = process.wait(120)
        told.seek(0)
        said = told.read()
    assert ended == code, said
    return said


def open_files(*folders: Path) -> list[str]:
    """Return what others than its user may read."""
    paths = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return [str(path) for path in paths if path.stat().st_mode & 0o077]


def test_every_process_makes_files_for_its_user_alone(app: Any, settings: Any, tmp_path: Path) -> None:
    world = make.make_world(app)
    (tmp_path / "instance").chmod(0o700)
    for path in (tmp_path / "instance").iterdir():
        path.chmod(0o600)
    files = tmp_path / "files"
    files.mkdir(mode=0o700)
    table = files / "signers.csv"
    table.touch(mode=0o600)
    table.write_text("name,publish\nVera Lugovaya,0\n,0\n")
    given = {"DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "KEY_RING": settings.key_ring}
    flask(settings.instance, "signatures", "import", world.slug, table, "--codes", files / "codes.csv", **given)
    recipient = pyrage.x25519.Identity.generate().to_public()
    flask(settings.instance, "backup", "--to", files / "backup", "--recipient", recipient, **given)
    assert {path.name for path in files.iterdir()} >= {"signers.csv.errors.csv", "codes.csv", "backup"}
    before = os.umask(0o022)
    try:
        with serve(settings, tmp_path / "served") as served, httpx.Client(base_url=served.url) as client:
            page = f"/p/{world.slug}/sign"
            token = make.form_with(client.get(page), "form")["form"]  # type: ignore[arg-type] # Enough of an answer.
            assert client.post(page, data=make.fill_sign_form(token, email="vera@example.org")).status_code == 200
            for _ in range(200):
                if list((settings.instance / "outbox").glob("*.eml")):
                    break
                time.sleep(0.1)
    finally:
        os.umask(before)
    assert list((settings.instance / "outbox").glob("*.eml"))
    assert open_files(settings.instance, files) == []


def test_a_folder_that_others_can_look_into_is_closed_and_in_production_refused(database: str, tmp_path: Path) -> None:
    instance = tmp_path / "there"
    (instance / "outbox").mkdir(parents=True)
    (instance / "outbox" / "one.eml").write_text("To: vera@example.org")
    sound = {
        "COUNTERSIGN_ENV": "production", "PUBLIC_URL": HOME, "SECRET_KEY": SECRET_KEY, "KEY_RING": RING,
        "DATABASE_URL": database,
    }  # fmt: skip
    for mode in (0o755, 0o750, 0o701):
        instance.chmod(mode)
        said = flask(instance, "db", "current", code=1, **sound)
        assert f"chmod -R go= {instance}" in said
        assert len(said.strip().splitlines()) == 1
    assert "Others could look" in flask(instance, "db", "current", DATABASE_URL=database)
    assert open_files(instance) == []
    flask(instance, "db", "current", **sound)


@pytest.mark.parametrize("words", ["relative", "absolute"])
def test_the_doctor_sees_a_key_ring_that_others_can_read(database: str, tmp_path: Path, words: str) -> None:
    ring = tmp_path / "the_ring"
    ring.write_text(RING)
    ring.chmod(0o644)
    named = os.path.relpath(ring, ROOT) if words == "relative" else str(ring)
    given = {"DATABASE_URL": database, "SECRET_KEY": SECRET_KEY, "KEY_RING": named}
    assert "mend  keys" in flask(tmp_path / "doctor", "doctor", code=1, **given)
    ring.chmod(0o600)
    assert "ok    keys" in flask(tmp_path / "doctor", "doctor", code=1, **given)  # No worker has been seen.
