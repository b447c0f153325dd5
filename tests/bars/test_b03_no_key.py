"""B3: without an active key, or without a worker to mail the code, the sign page answers 503 and stores nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from petition_app.clock import utcnow
from petition_app.crypto import worker_keys
from petition_app.errors import StorageSealedError
from petition_app.keys import services as key_services
from petition_app.keys.models import PetitionKey
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from tests import dumps
from tests import factories as make
from tests.conftest import settings_for

NAME, MAIL = "Канареева Зинаида Тестовна", "zinaida.kanareeva@example.org"


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Any:
    """Settings with a mail server, without which a sealed petition that mails does not open."""
    return settings_for(tmp_path / "instance", database, mail_url="smtp://127.0.0.1:9")


def retire(app: Any, petition_id: Any) -> None:
    with make.acting(app):
        for key in db.session.scalars(db.select(PetitionKey).where(PetitionKey.petition_id == petition_id)).all():
            key.retired_at = utcnow()


def delete(app: Any, petition_id: Any) -> None:
    with make.acting(app):
        key_services.delete_petition_keys(petition_id, at=utcnow())


def signed(app: Any) -> int:
    with make.looking(app):
        return db.session.scalar(db.select(db.func.count()).select_from(Signature)) or 0


@pytest.mark.parametrize("lose", [retire, delete])
def test_without_an_active_key_the_sign_page_answers_503_and_stores_no_row(app: Any, client: Any, lose: Any) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    assert make.sign_page(client, name=NAME, email=None).status_code == 200
    assert signed(app) == 1
    lose(app, world.petition_id)
    before = dumps.tables(app)
    answer = make.sign_page(client, name=NAME, email=None)
    assert answer.status_code == 503
    assert NAME not in answer.text
    assert dumps.tables(app) == before
    assert dumps.traces(dumps.everything(app), NAME) == []


def test_without_an_active_key_no_file_is_imported_and_no_answer_taken(app: Any, cli: Any, tmp_path: Path) -> None:
    world = make.make_sealed_world(app, reviewers=1)
    one = make.make_signature(app, world.petition_id)
    make.seal(app, world.petition_id, by=world.organizer)
    make.ask(app, world.petition_id, one.id, world.reviewers[0])
    retire(app, world.petition_id)
    file = tmp_path / "signers.csv"
    file.write_text(f"name\n{NAME}\n")
    cli("signatures", "import", world.slug, file, code=1)
    before = dumps.tables(app)
    with pytest.raises(StorageSealedError):
        make.answer(app, one, NAME)
    assert dumps.tables(app) == before
    assert signed(app) == 1
    file.unlink()
    assert dumps.traces(dumps.everything(app), NAME) == []


def test_without_a_live_worker_the_sign_page_answers_503_and_stores_no_row(app: Any, client: Any) -> None:
    make.make_sealed_world(app, reviewers=1, mail="required")
    before = dumps.tables(app)
    for seen in (None, timedelta(seconds=31)):
        if seen:
            with make.acting(app):
                worker_keys.record_heartbeat(at=utcnow() - seen)
            before = dumps.tables(app)
        answer = make.sign_page(client, name=NAME, email=MAIL)
        assert answer.status_code == 503
        assert dumps.tables(app) == before
        assert dumps.traces(dumps.everything(app), NAME, MAIL) == []
    with make.acting(app):
        worker_keys.record_heartbeat(at=utcnow())
    assert make.sign_page(client, name=NAME, email=MAIL).status_code == 200
    assert signed(app) == 1
    assert dumps.traces(dumps.everything(app), NAME, MAIL) == []
