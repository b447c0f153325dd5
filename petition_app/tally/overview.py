"""The overview of a petition for its staff: what waits for whom, how it grew this week, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from petition_app.accounts import approvals, inviting
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import require_role
from petition_app.petitions import milestones
from petition_app.petitions.models import Draft, Petition
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.tally import claims
from petition_app.tally.models import TallyDay
from petition_app.tally.rules import Growth, Tally, grown, next_act
from petition_app.verification.batches.services import list_batches
from petition_app.verification.desk import own_work
from petition_app.verification.dialogue import questions
from petition_app.verification.dialogue import second_looks as second_look
from petition_app.verification.remote import lending
from petition_app.verification.remote.lending import Taken

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Overview:
    """What somebody should know at a glance.

    `oldest` is when the batch of the case that waits longest was sealed; `growth` the last seven days, or nothing in
    a petition younger than a day; `next` the act that makes most sense now, see `rules.NEXT`; `taken` what people's own
    machines took of the sealed list this week; `disagreed` how many cases wait for a further person, since those who
    looked differ, and `disagreed_for_you` how many of them this person can decide; `yours` how many cases they can
    decide in all, where they decide any.
    """

    oldest: datetime | None
    growth: Growth | None
    answered: int
    claims: int
    second_looks: int
    invitations: int
    undelivered: int
    approvals: int
    drafts: list[Draft]
    next: str
    taken: list[Taken]
    disagreed: int = 0
    disagreed_for_you: int = 0
    yours: int | None = None

    @property
    def waits(self) -> int:
        """How many things wait for this person, beside the queue."""
        waiting = (self.answered, self.claims, self.second_looks, self.invitations, self.undelivered, self.approvals)
        return sum(waiting) + len(self.drafts)


def overview(petition: Petition, tally: Tally, *, by: Account, role: str, at: datetime) -> Overview:
    """Return what a member of staff should know about a petition; what only organizers act on is 0 for others."""
    require_role(by, petition.id, role)
    organizes = role == "organizer"
    return Overview(
        oldest=_oldest(petition, tally),
        growth=_growth(petition, tally, at=at),
        answered=len(questions.list_answered(petition, by=by, state="checking")) if role != "auditor" else 0,
        claims=len(claims.list_waiting(petition, by=by)) if organizes else 0,
        second_looks=second_look.count_waiting(petition, by=by) if organizes else 0,
        invitations=len(inviting.list_open(petition.id, by=by)) if organizes else 0,
        undelivered=jobs.count_dead(petition.id) if organizes else 0,
        approvals=len(approvals.list_open(petition.id, at=at)) if organizes else 0,
        drafts=milestones.list_drafts(petition.id) if organizes else [],
        next=_next_act(petition, tally, at=at),
        taken=lending.list_taken(petition, at=at) if petition.is_sealed and role != "reviewer" else [],
        disagreed=own_work.count_disagreed(petition),
        disagreed_for_you=own_work.count_disagreed(petition, by=by) if role != "auditor" else 0,
        yours=own_work.count_own(petition, by=by, at=at).left if role != "auditor" else None,
    )


def _growth(petition: Petition, tally: Tally, *, at: datetime) -> Growth | None:
    """Compare with the last publication that is a week old, or with nothing in a younger petition."""
    days = select(TallyDay).where(TallyDay.petition_id == petition.id, TallyDay.day <= (at - WEEK).date())
    before = db.session.scalar(days.order_by(TallyDay.day.desc()).limit(1))
    return grown(tally, before.tally if before else None) if petition.opened_at else None


def _next_act(petition: Petition, tally: Tally, *, at: datetime) -> str:
    seats = Membership.role.in_(("organizer", "reviewer"))
    people = select(func.count()).select_from(Membership).where(Membership.petition_id == petition.id, seats)
    return next_act(
        petition.state,
        frozen=petition.frozen_at is not None,
        few=(db.session.scalar(people) or 0) < petition.most_reviewers,
        over=petition.closes is not None and petition.day(at) > petition.closes,
        tally=tally,
        done=[milestone.kind for milestone in milestones.list_milestones(petition.id)],
    )


def _oldest(petition: Petition, tally: Tally) -> datetime | None:
    """Return since when the case that waits longest is at the desk."""
    open_ = {batch.number for batch in tally.batches if batch.is_open}
    return min((batch.started_at for batch in list_batches(petition.id) if batch.number in open_), default=None)
