"""The door for reviewers' own machines: sealed rows out, signed acts in; JSON, with a token and without a cookie."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, g, request

from petition_app.accounts.models import Account
from petition_app.bounds import is_text, number
from petition_app.clock import utcnow
from petition_app.keys import unlocking
from petition_app.tally import handing_names
from petition_app.tally.counting import list_sums
from petition_app.tally.services import get_publication, list_due_names
from petition_app.verification.decisions import reopening
from petition_app.verification.desk import leases, own_work
from petition_app.verification.remote import case_acts, sealed_export, signed_commands
from petition_app.web.forms.cases import read_id

remote = Blueprint("remote", __name__, url_prefix="/desk/<slug>")

LARGEST_ACT = 8 * 1024 * 1024

Answer = dict[str, Any]


def _sent() -> Answer:
    sent = request.get_json(silent=True)
    return sent if isinstance(sent, dict) and is_text(json.dumps(sent, ensure_ascii=False)) else {}


@remote.get("/mirror")
def mirror() -> Answer:
    """Give what the desk needs before the first case."""
    known = request.args.get("roster", 0, number)
    return {
        **sealed_export.outline(g.petition, by=g.account, roster=known),
        "tally_totals": list_sums(g.petition),
        "own_work": vars(own_work.count_own(g.petition, by=g.account, at=utcnow())),
    }


@remote.post("/next")
def next_case() -> Answer:
    """Lease the next case and give it, sealed."""
    sent = _sent()
    found: Answer = sealed_export.next_for(
        g.petition, by=g.account, at=utcnow(), after=read_id(str(sent.get("after"))),
        asked=bool(sent.get("asked")), settled=bool(sent.get("settled")),
    )  # fmt: skip
    return found


@remote.post("/cases/<uuid:signature_id>/others")
def others(signature_id: UUID) -> Answer:
    """Give the signatures that a held case is compared with, sealed."""
    sent = _sent()
    wanted = sent.get("ids")
    ids = [found for text in (wanted if isinstance(wanted, list) else []) if (found := read_id(str(text)))]
    return sealed_export.others_of(signature_id, ids, petition=g.petition, by=g.account, at=utcnow())


@remote.get("/names")
def due_names() -> Answer:
    """Give the names that are due, sealed, and say which of them another organizer has confirmed, or is to."""
    sealed = sealed_export.sealed_names(*list_due_names(g.petition), g.petition, by=g.account)
    return sealed | handing_names.standing(petition=g.petition, by=g.account, at=utcnow())


@remote.post("/acts")
def act() -> Answer:
    """Carry out a signed act."""
    request.max_content_length = LARGEST_ACT
    body, now = request.get_data(), utcnow()
    signature = _signature()
    sent = signed_commands.receive(body, signature, petition=g.petition, by=g.account, at=now)
    if sent.name == "borrow":
        return sealed_export.page(g.petition, by=g.account, after=read_id(str(sent.args.get("after"))), at=now)
    if sent.name == "undo":
        return {"state": _undo(sent, by=g.account, at=now)}
    if sent.name in HANDING_NAMES:
        return {"state": "", "number": HANDING_NAMES[sent.name](sent, by=g.account, at=now)}
    return {"state": case_acts.carry_out(sent, petition=g.petition, by=g.account, at=now)}


def _undo(sent: signed_commands.Act, *, by: Account, at: datetime) -> str:
    published = get_publication(g.petition)
    last = published.as_of if published else None
    signature, _ = reopening.undo_own(sent.case, petition=g.petition, by=by, at=at, published=lambda: last)
    leases.give_back(signature, by=by, at=at)
    return signature.state


def _ask_names(sent: signed_commands.Act, *, by: Account, at: datetime) -> int:
    return handing_names.ask(sent.ids("cases"), petition=g.petition, by=by, at=at)


def _publish_names(sent: signed_commands.Act, *, by: Account, at: datetime) -> int:
    return handing_names.publish(access=sent.access, petition=g.petition, by=by, at=at)


HANDING_NAMES = {"ask_names": _ask_names, "names": _publish_names}


def _signature() -> bytes:
    try:
        return bytes.fromhex(request.headers.get("X-Signature", ""))
    except ValueError:
        return b""


@remote.post("/alarm")
def alarm() -> Answer:
    """Raise the alarm for somebody who was made to open a local desk."""
    unlocking.raise_alarm(g.account.id, at=utcnow())
    return {}
