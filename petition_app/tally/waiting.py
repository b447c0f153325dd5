"""How much waits for a member of staff on all their petitions: numbers and no case, bounded and quickly counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from petition_app import app_state
from petition_app.accounts import approvals, notices
from petition_app.accounts.models import Account
from petition_app.keys.models import KeyWrap, PetitionKey
from petition_app.petitions import milestones
from petition_app.petitions.models import Petition
from petition_app.petitions.services import list_for_staff
from petition_app.storage import jobs
from petition_app.storage.db import db, is_saving
from petition_app.storage.short_cache import Region, ShortCache
from petition_app.tally import claims
from petition_app.verification.desk import leases
from petition_app.verification.dialogue import second_looks

MOST = 99  # So far is counted.
MOST_PEOPLE = 1_000


class _Counts:
    """What was counted for each person within the last second or two."""

    def __init__(self) -> None:
        self.region: Region = app_state.get(ShortCache).region(most=MOST_PEOPLE)


def count_by_petition(account: Account, *, at: datetime) -> dict[UUID, int]:
    """Return for each petition how many things wait for this person, without zeros; in all at most MOST + 1.

    These are cases that they can take, acts that wait for a second organizer, claims, wishes for a second look,
    messages that were not delivered, drafts of announcements. Cases of sealed petitions are not among them, so that
    nobody who looks over a shoulder can compare this number with the desk that a passphrase opens.
    """
    region = app_state.get(_Counts).region
    if is_saving():
        return _count(account, at=at)
    look = region.look(account.id, alone=True)
    if look.is_found:
        return dict(look.value)
    try:
        found = _count(account, at=at)
        region.keep(account.id, found, look)
        return dict(found)
    finally:
        region.end(account.id, look)


def list_to_tell(*, at: datetime) -> list[UUID]:
    """Return who wants to be told by mail and was not told today."""
    return notices.list_due(on=at.date())


def tell(account_id: UUID, *, at: datetime) -> bool:
    """Have somebody told by mail if anything waits and they were not told today; return whether they are."""
    account = db.session.get(Account, account_id)
    if account is None or not any(number for _, number in _things(account, at=at, sealed=True)):
        return False
    return notices.tell(account_id, at=at)


def _count(account: Account, *, at: datetime) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    left = MOST + 1
    for petition_id, number in _things(account, at=at, sealed=False):
        taken = min(number, left)
        if taken:
            found[petition_id] = found.get(petition_id, 0) + taken
        left -= taken
        if not left:
            break
    return found


def _things(account: Account, *, at: datetime, sealed: bool) -> Iterator[tuple[UUID, int]]:
    """Yield numbers of things of each petition that is no rehearsal; cases of `sealed` ones to who holds their keys."""
    for petition, role in list_for_staff(by=account):
        if petition.rehearsal or petition.state == "draft":
            continue
        if role != "auditor" and not petition.frozen_at and _may_open(petition, account, sealed=sealed):
            yield petition.id, leases.count_free(petition, by=account, at=at, most=MOST + 1)
        if role == "organizer":
            yield petition.id, _of_organizers(petition, account, at=at)


def _may_open(petition: Petition, account: Account, *, sealed: bool) -> bool:
    if not petition.is_sealed:
        return True
    held = select(KeyWrap.id).join(PetitionKey, PetitionKey.id == KeyWrap.key_id)
    mine = held.where(PetitionKey.petition_id == petition.id, KeyWrap.account_id == account.id)
    return sealed and db.session.scalar(mine.limit(1)) is not None


def _of_organizers(petition: Petition, account: Account, *, at: datetime) -> int:
    asked = approvals.list_open(petition.id, at=at)
    return (
        sum(request.asked_by_id != account.id for request in asked)
        + claims.count_waiting(petition)
        + second_looks.count_waiting(petition, by=account)
        + jobs.count_dead(petition.id)
        + len(milestones.list_drafts(petition.id))
    )
