"""Only the button for it publishes or seals: an unknown or missing act and the Enter key do nothing of the kind."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.verification.batches.services import draft_announcement
from tests import dumps
from tests import factories as make

WORDS = {"words_en": "Beware.", "words_ru": "Осторожно."}
HANDED = {"recipient_en": "The Clerk", "recipient_ru": "Секретарю", "day": "2026-01-01"}


def rows(app: Any) -> dict[str, Any]:
    return {name: found for name, found in dumps.tables(app).items() if name != "accounts"}


def post(client: Any, path: str, **data: str) -> Any:
    token = make.csrf_token(client, "/organizer/password")
    return client.post(f"/organizer/p/{make.SLUG}{path}", data={"csrf_token": token, **data})


@pytest.mark.parametrize("act", [{}, {"act": ""}, {"act": "publisH"}, {"act": "seal"}, {"act": "publish "}])
@pytest.mark.parametrize("kind", ["pause", "extended", "handed_over", "answered", "notice"])
def test_no_words_are_published_without_the_button_for_it(app: Any, kind: str, act: dict[str, str]) -> None:
    world = make.make_world(app)
    client = make.signed_in(app, world.organizer)
    before = rows(app)
    answer = post(client, f"/words/{kind}", **WORDS, **({"day": "2999-01-01"} if kind == "extended" else HANDED), **act)
    assert answer.status_code == 422
    assert rows(app) == before


@pytest.mark.parametrize("act", [{}, {"act": ""}, {"act": "publish"}, {"act": "Seal"}])
def test_no_batch_is_sealed_without_the_button_for_it(app: Any, act: dict[str, str]) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    before = rows(app)
    assert post(client, "/seal", written_for="1", **draft_announcement(1), **act).status_code == 422
    assert rows(app) == before
    assert post(client, "/seal", written_for="1", **draft_announcement(1), act="seal").status_code == 303


@pytest.mark.parametrize("path", ["/seal", "/words/notice", "/words/handed_over"])
def test_the_enter_key_looks_and_does_not_publish(app: Any, path: str) -> None:
    world = make.make_world(app)
    make.make_signature(app, world.petition_id)
    client = make.signed_in(app, world.organizer)
    page = client.get(f"/organizer/p/{make.SLUG}{path}").text
    form = page[page.index(f'{path}"') :]
    first = form[form.index("<button") :].split(">", 1)[0]
    assert 'value="preview"' in first
