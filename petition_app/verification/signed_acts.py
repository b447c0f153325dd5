"""Acts that a reviewer's own machine sends: signed with their key, taken once, carried out by the same services."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from petition_app.accounts.models import Account
from petition_app.db import db
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import handed
from petition_app.keys.handed import Addition, Handed, HandedError, HandedMatch
from petition_app.keys.models import AccountKey
from petition_app.keys.own import NoKeyError
from petition_app.petitions.models import Petition
from petition_app.verification import entries, evidence, lending, pairs, questions, services, settling
from petition_app.verification.evidence import NewEvidence
from petition_app.verification.models import SignedAct
from petition_app.verification.policy import NewDecision
from petition_app.verification.rules import MATCH_CLASSES

WINDOW = timedelta(minutes=15)
KEPT = timedelta(hours=1)
LARGEST_BOX = 64 * 1024
LARGEST_NUMBER = 2**31 - 1
LISTS = ("matched", "cases")


class ForgedError(DomainError):
    """The signature is not that of the reviewer's key."""

    message = N_("This act is not signed with your key, so nothing was changed.")


class ReplayedError(DomainError):
    """The act was taken already."""

    message = N_("This act was sent twice; the first time counts.")


class ClockError(DomainError):
    """The act is too old, or comes from the future."""

    message = N_("The clock of your machine is wrong by more than a quarter of an hour. Set it and try again.")


@dataclass(frozen=True)
class Act:
    """What is to be done, on which case, with which arguments, and what was handed over for it."""

    name: str
    case: UUID
    args: dict[str, Any]
    given: Handed

    def ids(self, name: str) -> list[UUID]:
        """Return a list of ids among the arguments. Raises: HandedError."""
        found = self.args.get(name)
        if not isinstance(found, list):
            raise HandedError
        return [_id(one) for one in found]


def sign(body: bytes, private: bytes, *, petition_id: UUID, account_id: UUID) -> bytes:
    """Sign an act with a reviewer's Ed25519 key."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(_bound(petition_id, account_id) + body)


def receive(body: bytes, signature: bytes, *, petition: Petition, by: Account, at: datetime) -> Act:
    """Check that an act was signed by this reviewer for this petition just now, and read it; it is taken once.

    Raises:
        NoKeyError, ForgedError, ClockError, ReplayedError, HandedError
    """
    key = db.session.get(AccountKey, by.id)
    if key is None:
        raise NoKeyError
    try:
        public = Ed25519PublicKey.from_public_bytes(key.signing_public)
        public.verify(signature, _bound(petition.id, by.id) + body)
    except InvalidSignature:
        raise ForgedError from None
    try:
        sent = json.loads(body)
        moment, nonce = datetime.fromisoformat(sent["at"]), bytes.fromhex(sent["nonce"])
        act = Act(str(sent["act"]), UUID(sent["case"]), _plain(sent["args"]), _read(sent["made"], by))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise HandedError from None
    if moment.tzinfo is None or abs(moment - at) > WINDOW:
        raise ClockError
    _take_once(nonce, at=at)
    return act


def _plain(args: dict[str, Any]) -> dict[str, Any]:
    """Return arguments of which each is a word, a whole number that fits a column, yes or no, nothing, or a list.

    Lists belong to the acts that read them by themselves. Raises: TypeError, ValueError, AttributeError.
    """
    for name, value in args.items():
        if isinstance(value, list) and name in LISTS:
            continue
        if not isinstance(value, str | int | None) or (isinstance(value, int) and abs(value) > LARGEST_NUMBER):
            raise TypeError(name)
    return dict(args)


def _take_once(nonce: bytes, *, at: datetime) -> None:
    db.session.execute(delete(SignedAct).where(SignedAct.at < at - KEPT))
    if len(nonce) != 16:
        raise HandedError
    if db.session.get(SignedAct, nonce):
        raise ReplayedError
    try:
        with db.session.begin_nested():
            db.session.add(SignedAct(nonce=nonce, at=at))
    except IntegrityError:  # It came twice at this moment.
        raise ReplayedError from None


def _bound(petition_id: UUID, account_id: UUID) -> bytes:
    return f"act/v1|{petition_id}|{account_id}|".encode()


# --- what was handed over -----------------------------------------------------------------------------------------


def _read(made: dict[str, Any], by: Account) -> Handed:
    """Read what was handed over. Raises: ValueError, KeyError, TypeError, AttributeError."""
    return Handed(
        account_id=by.id,
        matches={UUID(id_): _read_match(found) for id_, found in made.get("matches", {}).items()},
        same_entry={UUID(id_): frozenset(map(UUID, ids)) for id_, ids in made.get("same_entry", {}).items()},
        indexes={_mark(mark): _index(mark, found) for mark, found in made.get("indexes", {}).items()},
        additions=[
            Addition(UUID(one["signature_id"]), _box(one["box"]), _box(one["key"])) for one in made.get("additions", [])
        ],
        question=_box(made["question"]) if made.get("question") else None,
        row_id=UUID(made["row_id"]) if made.get("row_id") else None,
        names={UUID(id_): _name(name) for id_, name in made.get("names", {}).items()},
        judged_keys={UUID(id_): _digest(key) for id_, key in made.get("judged_keys", {}).items()},
        proofs={UUID(id_): _digest(proof) for id_, proof in made.get("proofs", {}).items()},
    )


def _read_match(found: dict[str, Any] | None) -> HandedMatch | None:
    if found is None:
        return None
    number, verdict = found["number"], found["verdict"]
    if not isinstance(number, int) or not 0 <= number <= LARGEST_NUMBER or verdict not in MATCH_CLASSES:
        raise ValueError("not a match")
    return HandedMatch(number, verdict, tuple(_mark(mark) for mark in found["marks"]))


def _mark(text: str) -> str:
    return _digest(text).hex()


def _index(mark: str, found: dict[str, str] | None) -> bytes | None:
    """Read the index of an entry, to which its mark must commit: reviewers agreed on the mark. None: it is gone."""
    if found is None:
        return None
    index = _digest(found["index"])
    if not hmac.compare_digest(entries.bind(_digest(found["key"]), index), _digest(mark)):
        raise ValueError("the mark is not that of this index")
    return index


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32:
        raise ValueError("not a digest of 32 bytes")
    return digest


def _box(text: str) -> bytes:
    box = base64.b64decode(text, validate=True)
    if not 29 <= len(box) <= LARGEST_BOX:
        raise ValueError("not a box")
    return box


def _name(name: dict[str, str]) -> dict[str, str]:
    plain = {field: name[field] for field in ("name", "role", "place")}
    if not all(isinstance(text, str) and len(text) <= 200 for text in plain.values()):
        raise ValueError("not a name")
    return plain


# --- carrying it out ----------------------------------------------------------------------------------------------


def carry_out(act: Act, *, petition: Petition, by: Account, at: datetime) -> str:
    """Do what an act says and return the state of its signature after it, if that may be told.

    Raises:
        HandedError: there is no such act, or what was handed over does not fit. And whatever its service raises.
    """
    if act.name not in ACTS:
        raise HandedError
    with handed.using(act.given):
        state = ACTS[act.name](act, petition, by, at)
    if act.given.additions:
        raise HandedError
    return state


def _decide(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    try:
        new = NewDecision(**act.args | {
            "duplicate_of": UUID(act.args["duplicate_of"]) if act.args.get("duplicate_of") else None,
            "contacted_on": date.fromisoformat(act.args["contacted_on"]) if act.args.get("contacted_on") else None,
            "entry": _mark(act.args["entry"]) if act.args.get("entry") else None,
            "note": handed.STAND_IN if act.args.get("note") else "",
            "grounds": handed.STAND_IN if act.args.get("grounds") else "",
        })  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError):
        raise HandedError from None
    return services.decide(act.case, new, petition=petition, by=by, at=at)[1]


def _ask(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    questions.ask(act.case, handed.STAND_IN, petition=petition, by=by, at=at)
    return "needs_info"


def _add_evidence(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    try:
        new = NewEvidence(
            kind=str(act.args["kind"]),
            strength=int(act.args["strength"]),
            on=date.fromisoformat(act.args["on"]),
            seen=handed.STAND_IN if act.args.get("seen") else "",
            danger=handed.STAND_IN if act.args.get("danger") else "",
            own_word=bool(act.args.get("own_word")),
        )
    except (ValueError, TypeError, KeyError):
        raise HandedError from None
    evidence.add(act.case, new, petition=petition, by=by, at=at)
    return ""


def _remove_evidence(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    evidence.remove(_id(act.args.get("evidence_id")), act.case, petition=petition, by=by, at=at)
    return ""


def _put_back(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    services.put_back(act.case, petition=petition, by=by, at=at)
    return ""


def _match(act: Act, petition: Petition, by: Account, at: datetime) -> str:
    matched, number = act.ids("matched"), act.args.get("number")
    if not isinstance(number, int):
        raise HandedError
    pairs.keep(petition, act.given, matched, number=number, by=by, at=at)
    lending.note_work(petition, by=by, at=at)
    return ""


def _settle(_act: Act, petition: Petition, _by: Account, _at: datetime) -> str:
    settling.settle_waiting(petition)
    return ""


def _id(text: Any) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise HandedError from None


ACTS: dict[str, Callable[[Act, Petition, Account, datetime], str]] = {
    "decide": _decide,
    "ask": _ask,
    "add_evidence": _add_evidence,
    "remove_evidence": _remove_evidence,
    "put_back": _put_back,
    "match": _match,
    "settle": _settle,
}
