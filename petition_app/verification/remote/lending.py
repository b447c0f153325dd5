"""What of the sealed list a reviewer's own machine may take, and how it is told.

To match what is new a machine needs all it is compared with: every live signature, sealed. So the list is lent to one
machine at a time, while something is not matched, to somebody who holds the keys and asks for each page by an act of
their own. What is taken for it, and to compare a case with others, is counted by person and day, up to a limit.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import name_accounts, require_role
from petition_app.audit import AuditEvent
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.models import KeyWrap, PetitionKey
from petition_app.keys.unlocking import NotAHolderError
from petition_app.petitions.models import Petition
from petition_app.storage.db import db, get_for_update
from petition_app.verification.matching_cases import pairs
from petition_app.verification.models import MatchLease

LENT = timedelta(minutes=10)
# A day's limit for one person: so many times the live signatures, and never fewer than so many.
TIMES, FEWEST = 4, 2_000
SHOWN = timedelta(days=7)
BEGUN, STOPPED = "matching.lent", "cases.handing_stopped"
MATCHED, COMPARED = "cases.handed_for_matching", "cases.handed_for_comparing"
COUNTED = (MATCHED, COMPARED)


class BeingMatchedError(DomainError):
    """The list is lent to somebody else."""

    message = N_(
        "A colleague’s machine is matching what has arrived, and only one does at a time. Take the next case in a few "
        "minutes; if it has stopped, ten minutes after its last sign."
    )


class NotLentError(DomainError):
    """The machine has not begun to match, or ten minutes have passed without a sign."""

    message = N_("The list is not lent to your machine, or no longer. Take the next case, and matching begins anew.")


class EnoughError(DomainError):
    """A person's machines have taken as much as a day allows; made by the machine, which is told so."""

    message = N_(
        "Your machines have taken %(taken)s sealed signatures today, and this would pass the limit of %(most)s. No "
        "more are handed out before tomorrow (UTC). A colleague’s machine can match meanwhile. The organizers see this."
    )


@dataclass(frozen=True)
class Taken:
    """How many sealed signatures somebody's machines took on a day, and whether they asked for more than it allows.

    An account that is gone has no name.
    """

    name: str
    day: date
    number: int
    stopped: bool


def require_keys(petition: Petition, *, by: Account) -> None:
    """Refuse whoever could not open what they are handed. Raises: NotAllowedError, NotAHolderError."""
    require_role(by, petition.id, "reviewer", "organizer")
    held = select(KeyWrap.id).join(PetitionKey, PetitionKey.id == KeyWrap.key_id)
    held = held.where(PetitionKey.petition_id == petition.id, KeyWrap.account_id == by.id)
    if db.session.scalar(held.limit(1)) is None:
        raise NotAHolderError


# --- the list -----------------------------------------------------------------------------------------------------


def begin(petition: Petition, *, by: Account, at: datetime) -> None:
    """Lend the list to somebody's machine for a run of matching. Raises: BeingMatchedError."""
    get_for_update(Petition, petition.id)
    lease = get_for_update(MatchLease, petition.id)
    if lease and lease.account_id != by.id and lease.until > at:
        raise BeingMatchedError
    db.session.merge(MatchLease(petition_id=petition.id, account_id=by.id, until=at + LENT))
    live = pairs.progress(petition).live
    audit.record(BEGUN, by=by.id, petition_id=petition.id, number=live, at=at)
    db.session.flush()


def go_on(petition: Petition, *, by: Account, at: datetime) -> None:
    """Lend the list for another ten minutes. Raises: NotLentError."""
    lease = get_for_update(MatchLease, petition.id)
    if lease is None or lease.account_id != by.id or lease.until <= at:
        raise NotLentError
    lease.until = at + LENT


def end(petition: Petition, *, by: Account) -> None:
    """Take the list back from somebody who has it, so that a colleague can go on."""
    mine = (MatchLease.petition_id == petition.id, MatchLease.account_id == by.id)
    db.session.execute(delete(MatchLease).where(*mine))


def note_work(petition: Petition, *, by: Account, at: datetime) -> None:
    """Take the list back once nothing is left to match; until then work is a sign that it goes on."""
    if not pairs.progress(petition, most=1).left:
        end(petition, by=by)
    elif (lease := get_for_update(MatchLease, petition.id)) and lease.account_id == by.id:
        lease.until = at + LENT


# --- how much -----------------------------------------------------------------------------------------------------


def limit(live: int) -> int:
    """Return how many sealed signatures one person's machines may take in a day, of so many live ones."""
    return max(TIMES * live, FEWEST)


def may_take(number: int, petition: Petition, *, by: Account, at: datetime) -> bool:
    """Return whether so many more are within the day's limit; if not, note it once a day and take the list back."""
    if standing(petition, by=by, at=at)["taken"] + number <= limit(pairs.progress(petition).live):
        return True
    if not audit.count_on(at, (STOPPED,), by=by.id, petition_id=petition.id):
        audit.record(STOPPED, by=by.id, petition_id=petition.id, number=number, at=at)
    end(petition, by=by)
    return False


def standing(petition: Petition, *, by: Account, at: datetime) -> dict[str, int]:
    """Return how many somebody's machines have taken today, and how many they may."""
    taken = audit.count_on(at, COUNTED, by=by.id, petition_id=petition.id)
    return {"taken": taken, "most": limit(pairs.progress(petition).live)}


def list_taken(petition: Petition, *, at: datetime) -> list[Taken]:
    """Return what people's own machines have taken within a week, newest day first."""
    found = select(AuditEvent.actor_id, AuditEvent.day, AuditEvent.act, func.sum(AuditEvent.number))
    found = found.where(
        AuditEvent.petition_id == petition.id, AuditEvent.at > at - SHOWN, AuditEvent.act.in_((*COUNTED, STOPPED))
    )
    days: dict[tuple[UUID | None, date], dict[str, int]] = defaultdict(dict)
    for who, day, act, number in db.session.execute(found.group_by(*found.selected_columns[:3])):
        days[who, day][act] = number
    names = name_accounts({who for who, _ in days})
    taken = [
        Taken(names.get(who, "") if who else "", day, sum(acts.get(act, 0) for act in COUNTED), STOPPED in acts)
        for (who, day), acts in days.items()
    ]
    return sorted(taken, key=lambda one: (-one.day.toordinal(), -one.number, one.name))
