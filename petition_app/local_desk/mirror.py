"""The mirror: a small database on this machine that holds what the server has given, still sealed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from petition_app.accounts.models import Account, Membership
from petition_app.clock import utcnow
from petition_app.keys.member_keys import lock_now
from petition_app.keys.models import AccountKey, KeyWrap, PetitionKey
from petition_app.petitions.models import Petition, TextVersion
from petition_app.roster.models import RosterEntry, RosterVersion
from petition_app.signatures.models import SealedKey, SealedPart, Signature, SignatureDelta
from petition_app.storage.db import Base, db
from petition_app.storage.row_codec import unpack
from petition_app.tally.models import TallyTotal
from petition_app.verification.models import Batch, Decision, Evidence, Lease, MatchPage, Question

# In the order in which one may point to another; the roster has its own way, since it is only sent when it is new.
OUTLINE: dict[str, type[Base]] = {
    "petitions": Petition,
    "text_versions": TextVersion,
    "accounts": Account,
    "memberships": Membership,
    "account_keys": AccountKey,
    "petition_keys": PetitionKey,
    "key_wraps": KeyWrap,
    "batches": Batch,
    "tally_totals": TallyTotal,
}
OF_CASES: dict[str, type[Base]] = {
    "sealed_parts": SealedPart,
    "sealed_keys": SealedKey,
    "evidence": Evidence,
    "questions": Question,
    "decisions": Decision,
}

Rows = dict[str, Any]


def take_outline(found: Rows) -> None:
    """Bring the petition, the roster, the numbers and the keys up to date; keys that have changed are locked."""
    before = _boxes()
    for name, model in OUTLINE.items():
        if model not in (Petition, Account):
            db.session.execute(delete(model))
        for row in found[name]:
            db.session.merge(unpack(model, row, **(_local_fields(row["id"]) if model is Account else {})))
    db.session.execute(delete(SignatureDelta))
    _take_roster(found)
    db.session.flush()
    db.session.expire_all()
    if before != _boxes():
        for account in found["accounts"]:
            lock_now(UUID(account["id"]))


def _local_fields(account_id: str) -> dict[str, Any]:
    """Return what an account has here alone: no password."""
    known = db.session.get(Account, UUID(account_id))
    return {
        "password": "",
        "fs_uniquifier": known.fs_uniquifier if known else secrets.token_hex(32),
    }


def _boxes() -> set[bytes]:
    return {*db.session.scalars(select(KeyWrap.box)), *db.session.scalars(select(AccountKey.private_box))}


def _take_roster(found: Rows) -> None:
    db.session.execute(delete(RosterVersion))
    for row in found["roster_versions"]:
        db.session.add(unpack(RosterVersion, row))
    if found["roster_entries"] or not found["roster_versions"]:
        db.session.execute(delete(RosterEntry))
        for row in found["roster_entries"]:
            db.session.add(unpack(RosterEntry, row, contact="", contact_safe=None))


def roster_number() -> int:
    """Return the number of the roster that is here, 0 for none."""
    return db.session.scalar(select(RosterVersion.number)) or 0


def take_cases(found: Rows) -> list[Signature]:
    """Put signatures in place of what was known of them; return them."""
    ids = [UUID(row["id"]) for row in found["signatures"]]
    for model in reversed(OF_CASES.values()):
        db.session.execute(delete(model).where(model.signature_id.in_(ids)))  # type: ignore[attr-defined] # Each has it.
    for row in found["signatures"]:
        db.session.merge(unpack(Signature, row, code_hash=UUID(row["id"]).bytes * 2))
    for name, model in OF_CASES.items():
        for row in found.get(name, []):
            db.session.add(unpack(model, row))
    for id_, name in found.get("people", {}).items():
        _name_stranger(UUID(id_), name)
    db.session.flush()
    return [db.session.get_one(Signature, id_, populate_existing=True) for id_ in ids]


def _name_stranger(account_id: UUID, name: str) -> None:
    db.session.merge(
        Account(id=account_id, email=f"{account_id}@example.org", name=name, password="", fs_uniquifier=account_id.hex)
    )


def hold(signature_id: UUID, *, by: Account, until: datetime) -> None:
    """Note which case this reviewer holds, and no other."""
    db.session.execute(delete(Lease))
    db.session.add(Lease(signature_id=signature_id, account_id=by.id, until=until))
    db.session.flush()


def let_go() -> None:
    """Note that no case is held."""
    db.session.execute(delete(Lease))


def forget_cases() -> None:
    """Forget all signatures, before they are fetched anew for a run of matching."""
    models: list[type[Base]] = [*reversed(OF_CASES.values()), Lease, MatchPage, Signature]
    for model in models:
        db.session.execute(delete(model))
    db.session.expire_all()


def matched(number: int) -> set[UUID]:
    """Return the signatures that are matched with the roster of this number."""
    return set(db.session.scalars(select(Signature.id).where(Signature.matched_roster == number)))


def in_seconds(seconds: int) -> datetime:
    """Return the moment so many seconds from now, by this machine's clock."""
    return utcnow() + timedelta(seconds=seconds)
