"""At any time, without a reason: a signer withdraws at /my in whatever state the signature is."""

from __future__ import annotations

from typing import Any

import pytest

from petition_app.signatures.models import SealedKey, Signature
from petition_app.signatures.states import StateError
from petition_app.storage.db import db
from petition_app.verification.models import SecondLook
from tests import factories as make

LIVE = ("received", "checking", "needs_info", "verified")
NOT_COUNTED = ("rejected", "duplicate", "retracted")


def bring_to(app: Any, world: make.World, state: str) -> make.Signed:
    """Sign, and lead the signature to a state."""
    original = make.make_signature(app, world.petition_id)
    signed = make.make_signature(app, world.petition_id)
    reviewer = world.reviewers[0]
    if state == "received":
        return signed
    make.seal(app, world.petition_id, by=world.organizer)
    if state == "needs_info":
        make.ask(app, world.petition_id, signed.id, reviewer)
    elif state == "rejected":
        make.decide(app, world.petition_id, signed.id, reviewer, outcome="rejected", reason="not_reached")
    elif state == "duplicate":
        make.decide(app, world.petition_id, signed.id, reviewer, outcome="duplicate", duplicate_of=original.id)
    elif state in ("verified", "retracted"):
        make.decide(app, world.petition_id, signed.id, reviewer)
    if state == "retracted":
        make.act(app, "retract", world.petition_id, signed.id, world.organizer, reason="denies_signing")
    assert make.state_of(app, signed.id) == state
    return signed


def keys_of(app: Any, signed: make.Signed) -> int:
    with make.looking(app):
        return len(db.session.scalars(db.select(SealedKey).where(SealedKey.signature_id == signed.id)).all())


def press(client: Any, answer: Any, action: str) -> Any:
    """Press the button of /my that does this; return the page that it leads to."""
    form = next(one for one in make.forms_of(answer) if one["fields"].get("action") == action)
    return client.post(form["action"], data=form["fields"], follow_redirects=True)


@pytest.mark.parametrize("state", [*LIVE, *NOT_COUNTED])
def test_a_signature_is_withdrawn_and_erased_in_every_state(app: Any, client: Any, state: str) -> None:
    world = make.make_world(app)
    signed = bring_to(app, world, state)
    page = client.post("/my", data={"code": signed.secret_code})
    asked = press(client, page, "ask_withdraw")
    assert keys_of(app, signed), "nothing is done before it is confirmed"
    assert make.state_of(app, signed.id) == state
    done = press(client, asked, "withdraw")
    assert done.status_code == 200
    assert "can no longer be read by anybody" in done.text
    assert keys_of(app, signed) == 0
    assert make.state_of(app, signed.id) == ("withdrawn" if state in LIVE else state)
    assert "There is no signature here" in client.post("/my", data={"code": signed.secret_code}).text
    make.publish_waiting(app)
    assert make.problems(app, world.petition_id) == []
    with make.looking(app):
        gone = db.session.get_one(Signature, signed.id)
        assert (gone.code_hash, gone.signer_key, gone.name_index, gone.mailbox_index) == (None,) * 4


def test_a_wish_to_be_looked_at_again_goes_with_it(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = bring_to(app, world, "retracted")
    client.post("/my", data={"code": signed.secret_code, "action": "second_look", "value": "Please look."})
    client.post("/my", data={"code": signed.secret_code, "action": "withdraw"})
    with make.looking(app):
        assert db.session.scalars(db.select(SecondLook)).one().closed_on is not None


def test_what_its_signer_had_erased_is_not_checked_again(app: Any, client: Any) -> None:
    world = make.make_world(app)
    signed = bring_to(app, world, "rejected")
    client.post("/my", data={"code": signed.secret_code, "action": "withdraw"})
    for act in ("reopen", "undo"):
        with pytest.raises(StateError):
            make.act(app, act, world.petition_id, signed.id, world.organizer)
    assert make.state_of(app, signed.id) == "rejected"


def test_who_was_imported_with_a_code_withdraws_in_the_same_way(app: Any, client: Any, tmp_path: Any, cli: Any) -> None:
    world = make.make_world(app)
    (tmp_path / "list.csv").write_text("name,ref\nВера Луговая,1\n")
    cli("signatures", "import", world.slug, str(tmp_path / "list.csv"), "--codes", str(tmp_path / "codes.csv"))
    words = " ".join(word for word in (tmp_path / "codes.csv").read_text().replace(",", " ").split()[-12:])
    page = client.post("/my", data={"code": words})
    done = press(client, press(client, page, "ask_withdraw"), "withdraw")
    assert "can no longer be read by anybody" in done.text
    assert make.tally(app, world.petition_id)["states"]["withdrawn"] == 1
