"""What the server gives a reviewer's own machine: rows as they are stored, and nothing it would have to open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from petition_app import audit
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import name_accounts, require_role
from petition_app.errors import NotFoundError
from petition_app.keys.models import AccountKey, KeyWrap, PetitionKey
from petition_app.petitions.models import Petition, TextVersion
from petition_app.roster import services as rosters
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db, get_for_update
from petition_app.storage.row_codec import pack
from petition_app.verification.batches.services import list_batches
from petition_app.verification.cases.decision_log import list_decisions
from petition_app.verification.decisions import enactment, policy
from petition_app.verification.decisions.services import NotYoursError, holds
from petition_app.verification.desk import leases
from petition_app.verification.matching_cases import pairs
from petition_app.verification.models import Decision, Evidence, Lease, Question
from petition_app.verification.remote import lending

PAGE = 200
WAITING = 20
LIGHT = ("identity", "contact")
# What a reviewer's machine has no use for, or should not learn.
PRIVATE = {
    Account: ("password", "fs_uniquifier", "seen_on"),
    Signature: (
        "code_hash",
        "entry_index",
        "match_index",
        "match_class",
        "name_index",
        "mailbox_index",
        "awaiting_enactment",
        "agreement_box",
    ),
    Decision: ("bulk_id",),
}

Rows = list[dict[str, Any]]


def _pack(rows: Iterable[Any]) -> Rows:
    return [pack(row, without=PRIVATE.get(type(row), ())) for row in rows]


def outline(petition: Petition, *, by: Account, roster: int) -> dict[str, Any]:
    """Return what a desk needs before the first case: the petition, its roster unless it is this one, and own keys."""
    require_role(by, petition.id, "reviewer", "organizer")
    keys = list(db.session.scalars(select(PetitionKey).where(PetitionKey.petition_id == petition.id)))
    mine = select(KeyWrap).where(KeyWrap.account_id == by.id, KeyWrap.key_id.in_([key.id for key in keys]))
    version = rosters.current(petition.id) if petition.uses_roster else None
    entries = rosters.list_entries(version.id) if version and version.number != roster else []
    return {
        "petitions": _pack([petition]),
        "text_versions": _pack(db.session.scalars(select(TextVersion).where(TextVersion.petition_id == petition.id))),
        "accounts": _pack([by]),
        "memberships": _pack(
            db.session.scalars(
                select(Membership).where(Membership.account_id == by.id, Membership.petition_id == petition.id)
            )
        ),
        "account_keys": _pack(db.session.scalars(select(AccountKey).where(AccountKey.account_id == by.id))),
        "petition_keys": _pack(keys),
        "key_wraps": _pack(db.session.scalars(mine)),
        "batches": _pack(list_batches(petition.id)),
        "roster_versions": _pack([version] if version else []),
        "roster_entries": [pack(entry, without=("contact", "contact_safe")) for entry in entries],
    }


def next_for(petition: Petition, *, by: Account, at: datetime, after: UUID | None, asked: bool, settled: bool) -> Any:
    """Lease the next case to a reviewer and return it sealed.

    First comes what only somebody with the keys can do: where cases are not matched yet their number is returned
    instead, and, unless `settled`, agreed cases that wait to be carried out.

    Raises:
        NotAHolderError
    """
    lending.require_keys(petition, by=by)
    if pairs.progress(petition, most=1).left:
        now = pairs.progress(petition)
        return {"left": now.left, "live": now.live}
    waiting = [] if settled else enactment.list_waiting(petition, limit=WAITING)
    if waiting:
        _log("cases.handed_for_settling", len(waiting), petition, by=by, at=at)
        return {"waiting": [{"case": _case(row, petition, by), "mark": mark and mark.hex()} for row, mark in waiting]}
    signature_id = leases.lease_next(petition, by=by, at=at, after=after, asked=asked)
    if signature_id is None:
        return {"case": None}
    lease = db.session.get_one(Lease, signature_id)
    case = _case(db.session.get_one(Signature, signature_id), petition, by)
    return {"case": case, "seconds": int((lease.until - at).total_seconds())}


def _case(signature: Signature, petition: Petition, by: Account) -> dict[str, Any]:
    """Return a case with what belongs to it; of verdicts only what this reviewer may see."""
    decisions = _decisions(signature, petition, by)
    people = (
        {row.account_id for row in decisions} if policy.in_force(petition, signature.batch_id).reviewers == 1 else set()
    )
    return {
        **_sealed([signature]),
        "evidence": _pack(db.session.scalars(select(Evidence).where(Evidence.signature_id == signature.id))),
        "questions": _pack(db.session.scalars(select(Question).where(Question.signature_id == signature.id))),
        "decisions": _pack(decisions),
        "people": {str(id_): name for id_, name in name_accounts(people).items() if id_ != by.id},
    }


def _decisions(signature: Signature, petition: Petition, by: Account) -> list[Decision]:
    """Return all decisions where the policy lets them be seen, else the reviewer's own and what ended a round."""
    rows = list_decisions(signature.id)
    if policy.in_force(petition, signature.batch_id).reviewers == 1:
        return rows
    mine = {row.id for row in rows if row.account_id == by.id}
    return [row for row in rows if row.id in mine or row.supersedes_id in mine or row.outcome == "reopened"]


def _sealed(signatures: list[Signature], parts: tuple[str, ...] | None = None) -> dict[str, Rows]:
    """Return signatures with their sealed parts (all, or these) and the keys of those parts."""
    ids = [signature.id for signature in signatures]
    found = select(SealedPart).where(SealedPart.signature_id.in_(ids))
    rows = db.session.scalars(found.where(SealedPart.part.in_(parts)) if parts else found).all()
    wanted = {row.id for row in rows} | {None}
    keys = db.session.scalars(select(SealedKey).where(SealedKey.signature_id.in_(ids))).all()
    return {
        "signatures": _pack(signatures),
        "sealed_parts": _pack(rows),
        "sealed_keys": _pack(key for key in keys if key.part_id in wanted),
    }


def others_of(signature_id: UUID, ids: list[UUID], *, petition: Petition, by: Account, at: datetime) -> dict[str, Any]:
    """Return, sealed, the signatures that a held case is compared with, within a day's limit.

    Raises:
        NotAHolderError, NotYoursError
    """
    lending.require_keys(petition, by=by)
    if not holds(signature_id, by=by, at=at):
        raise NotYoursError
    get_for_update(Lease, signature_id)  # Who asks twice at once is counted twice.
    query = select(Signature).where(Signature.petition_id == petition.id, Signature.id.in_(ids[: pairs.MOST * 2]))
    found = list(db.session.scalars(query))
    if not lending.may_take(len(found), petition, by=by, at=at):
        return _enough(petition, by=by, at=at)
    _log(lending.COMPARED, len(found), petition, by=by, at=at)
    decided = db.session.scalars(
        select(Decision).where(Decision.signature_id.in_([row.id for row in found]), Decision.account_id == by.id)
    )
    return {**_sealed(found, LIGHT), "decisions": _pack(decided)}


def page(petition: Petition, *, by: Account, after: UUID | None, at: datetime) -> dict[str, Any]:
    """Lend the next 200 live signatures, sealed, to a machine that matches them; with nothing `after` it begins.

    While every case is matched there are none, so that nobody has the whole list without a need; what is given out is
    counted in the trail. A run begins only where the whole list is within the day's limit.

    Raises:
        NotAHolderError, BeingMatchedError, NotLentError
    """
    lending.require_keys(petition, by=by)
    if not pairs.progress(petition, most=1).left:
        return _sealed([])
    if after:
        lending.go_on(petition, by=by, at=at)
    else:
        lending.begin(petition, by=by, at=at)
    live = select(Signature).where(Signature.petition_id == petition.id, Signature.state.in_(pairs.COMPARED))
    live = live.order_by(Signature.id).limit(PAGE)
    found = list(db.session.scalars(live.where(Signature.id > after) if after else live))
    wanted = len(found) if after else pairs.progress(petition).live
    if not lending.may_take(wanted, petition, by=by, at=at):
        return _enough(petition, by=by, at=at)
    _log(lending.MATCHED, len(found), petition, by=by, at=at)
    return _sealed(found, LIGHT)


def _enough(petition: Petition, *, by: Account, at: datetime) -> dict[str, Any]:
    """Return nothing, and why: what a refusal leaves in the trail must be kept, so it is no error."""
    return {**_sealed([]), "decisions": [], "enough": lending.standing(petition, by=by, at=at)}


def sealed_names(due: list[UUID], beside: list[UUID], petition: Petition, *, by: Account) -> dict[str, Any]:
    """Return, sealed, the signatures whose names an organizer is to open, with what their machine checks before.

    That is what the signers themselves have added, and every verdict. `beside` are names that are public already, for
    those who want to be named only beside others. Raises: NotFoundError.
    """
    require_role(by, petition.id, "organizer")
    found = list(db.session.scalars(select(Signature).where(Signature.id.in_({*due, *beside}))))
    if any(row.petition_id != petition.id for row in found):
        raise NotFoundError
    ids = [row.id for row in found]
    sealed = _sealed(found, ("identity", "case"))
    signers = {key["part_id"] for key in sealed["sealed_keys"] if key["part_id"] and key["key_id"]}
    parts = [row for row in sealed["sealed_parts"] if row["part"] == "identity" or row["id"] in signers]
    given = {row["id"] for row in parts} | {None}
    decisions = select(Decision).where(Decision.signature_id.in_(ids))
    return {
        **sealed,
        "sealed_parts": parts,
        "sealed_keys": [key for key in sealed["sealed_keys"] if key["part_id"] in given],
        "decisions": _pack(db.session.scalars(decisions)),
        "due": [str(id_) for id_ in due],
    }


def _log(act: str, number: int, petition: Petition, *, by: Account, at: datetime) -> None:
    if number:
        audit.record(act, by=by.id, petition_id=petition.id, number=number, at=at)
