"""Messages of a petition that could not be delivered: organizers see why, send them again, or let them go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.crypto import worker_keys
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.storage.jobs import Job

KEPT = timedelta(days=14)
ALL = 100_000
NAMES = ("accounts.mail_invitation", "signatures.mail_code", "verification.mail_reminder")


class LostLetterError(DomainError):
    """The only process that could read the address has ended."""

    message = N_(
        "The worker that could read this address has ended, so the message is lost. The page asks for it again."
    )


@dataclass(frozen=True)
class Post:
    """The mail of a petition: how many messages wait and since when, and those that were not delivered."""

    waiting: int
    oldest: datetime | None
    dead: list[Job]


def get_post(petition: Petition, *, by: Account) -> Post:
    """Return what waits to be mailed and what could not be; no address is among it."""
    require_role(by, petition.id, "organizer")
    waiting, oldest = jobs.waiting_since(NAMES, petition_id=petition.id)
    return Post(waiting, oldest, jobs.list_dead(petition.id))


def resend(job_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Try a message again from the beginning. Raises: NotFoundError, LostLetterError."""
    job = _locked(job_id, petition, by=by)
    if job.courier_id and not worker_keys.is_running(job.courier_id, at=at):
        raise LostLetterError
    jobs.requeue(job, at=at)
    audit.record("mail.sent_again", by=by.id, petition_id=petition.id, at=at)
    db.session.flush()


def resend_all(petition: Petition, *, by: Account, at: datetime) -> int:
    """Try again every message that was not taken, but for those that may have arrived; return how many."""
    require_role(by, petition.id, "organizer")
    dead = [job for job in jobs.list_dead(petition.id, limit=ALL) if job.failure != "UnsureError"]
    again = [job for job in dead if not job.courier_id or worker_keys.is_running(job.courier_id, at=at)]
    for job in again:
        jobs.requeue(job, at=at)
    audit.record("mail.sent_again", by=by.id, petition_id=petition.id, number=len(again), at=at)
    db.session.flush()
    return len(again)


def drop(job_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Let a message go. Raises: NotFoundError."""
    job = _locked(job_id, petition, by=by)
    jobs.finish(job.id)
    audit.record("mail.dropped", by=by.id, petition_id=petition.id, at=at)


def forget(*, at: datetime) -> int:
    """Remove what was not delivered two weeks ago and nobody has sent again; return how many."""
    return jobs.forget_dead(before=(at - KEPT).date())


def _locked(job_id: UUID, petition: Petition, *, by: Account) -> Job:
    require_role(by, petition.id, "organizer")
    job = get_for_update(Job, job_id)
    if job is None or job.petition_id != petition.id or job.dead_on is None:
        raise NotFoundError
    return job
