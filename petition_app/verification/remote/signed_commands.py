"""Acts that a reviewer's own machine sends: signed with their key, taken once, carried out by the same services."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from petition_app.accounts.models import Account
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.member_keys import NoKeyError
from petition_app.keys.models import AccountKey
from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import Addition
from petition_app.storage.db import db
from petition_app.verification.cases import entry_macs
from petition_app.verification.cases.desk_results_access import DeskMatch, DeskResultsAccess, DeskResultsError
from petition_app.verification.models import SignedAct
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
    """What is to be done, on which case, with which arguments, and how it reaches the case."""

    name: str
    case: UUID
    args: dict[str, Any]
    access: DeskResultsAccess

    def ids(self, name: str) -> list[UUID]:
        """Return a list of ids among the arguments. Raises: DeskResultsError."""
        found = self.args.get(name)
        if not isinstance(found, list):
            raise DeskResultsError
        return [read_id(one) for one in found]


def sign(body: bytes, private: bytes, *, petition_id: UUID, account_id: UUID) -> bytes:
    """Sign an act with a reviewer's Ed25519 key."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(_bound(petition_id, account_id) + body)


def receive(body: bytes, signature: bytes, *, petition: Petition, by: Account, at: datetime) -> Act:
    """Check that an act was signed by this reviewer for this petition just now, and read it; it is taken once.

    Raises:
        NoKeyError, ForgedError, ClockError, ReplayedError, DeskResultsError
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
        raise DeskResultsError from None
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
        raise DeskResultsError
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


def _read(made: dict[str, Any], by: Account) -> DeskResultsAccess:
    """Read what was handed over. Raises: ValueError, KeyError, TypeError, AttributeError."""
    return DeskResultsAccess(
        account_id=by.id,
        matches={UUID(id_): _read_match(found) for id_, found in made.get("matches", {}).items()},
        same_entries={UUID(id_): frozenset(map(UUID, ids)) for id_, ids in made.get("same_entry", {}).items()},
        indexes={read_mark(mark): _index(mark, found) for mark, found in made.get("indexes", {}).items()},
        additions=[
            Addition(UUID(one["signature_id"]), _box(one["box"]), _box(one["key"])) for one in made.get("additions", [])
        ],
        question=_box(made["question"]) if made.get("question") else None,
        row_id=UUID(made["row_id"]) if made.get("row_id") else None,
        names={UUID(id_): _name(name) for id_, name in made.get("names", {}).items()},
        judged_keys={UUID(id_): _digest(key) for id_, key in made.get("judged_keys", {}).items()},
        proofs={UUID(id_): _digest(proof) for id_, proof in made.get("proofs", {}).items()},
    )


def _read_match(found: dict[str, Any] | None) -> DeskMatch | None:
    if found is None:
        return None
    number, verdict = found["number"], found["verdict"]
    if not isinstance(number, int) or not 0 <= number <= LARGEST_NUMBER or verdict not in MATCH_CLASSES:
        raise ValueError("not a match")
    return DeskMatch(number, verdict, tuple(read_mark(mark) for mark in found["marks"]))


def read_mark(text: str) -> str:
    """Return the mark of an entry in hex. Raises: ValueError, TypeError."""
    return _digest(text).hex()


def _index(mark: str, found: dict[str, str] | None) -> bytes | None:
    """Read the index of an entry, to which its mark must commit: reviewers agreed on the mark. None: it is gone."""
    if found is None:
        return None
    index = _digest(found["index"])
    if not hmac.compare_digest(entry_macs.bind(_digest(found["key"]), index), _digest(mark)):
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


def read_id(text: Any) -> UUID:
    """Return an id. Raises: DeskResultsError."""
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        raise DeskResultsError from None
