"""Publishing: the one place from which numbers, names and timeline entries become public."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, exists, func, select, update

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition
from petition_app.retention import services as retention
from petition_app.signatures.models import Signature, SignatureDelta
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.tally import breakdown, timeline
from petition_app.tally.counting import fold, sums_by_batch, tally_of
from petition_app.tally.models import DueName, Publication, PublishedName, TallyDay
from petition_app.tally.names import open_due_names, publish_names
from petition_app.tally.rules import IdentityError, Tally, each_day, public_speed
from petition_app.tally.unpublish_names import unpublish_lost_names
from petition_app.verification.batches.services import list_batches
from petition_app.verification.batches.throughput import speed
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.models import Batch
from petition_app.verification.sampling import results as sampling_results

logger = logging.getLogger(__name__)

PAUSE = timedelta(seconds=1)
MANY = 8
SEALED_MANY, SEALED_AGE = 5, timedelta(hours=24)


def publish_due(petition_id: UUID, *, at: datetime) -> Publication | None:
    """Publish what has changed, if anything has; the petition is held meanwhile, so publications follow one another.

    Under load (many changes wait and the last publication is less than a second old) it is left to the worker. A
    tally for which the accounting identity does not hold is refused, told in the trail and the log, and not published.
    In sealed mode it waits until five changes have come together, or for a day, unless one of them is urgent, so that
    no +1 can be tied to a connection; what may not be public any more is taken down at once.
    While a petition is frozen, what changes waits.
    """
    petition = get_for_update(Petition, petition_id)
    if petition is None or petition.frozen_at:
        return None
    newest = get_publication(petition)
    if petition.is_sealed:
        unpublish_lost_names(petition)
        open_due_names(petition, access=OpenKeysAccess(), at=at)
        if not jobs.should_publish(petition_id, many=SEALED_MANY, age=SEALED_AGE, at=at):
            return None
    elif newest and at - newest.as_of < PAUSE and jobs.count_due(petition_id) >= MANY:
        return None
    return _publish(petition, newest, at=at)


def _publish(
    petition: Petition, newest: Publication | None, *, at: datetime, always: bool = False
) -> Publication | None:
    """Publish what waits, or `always`. A refused tally takes no mark away, so it is published once it adds up again."""
    try:
        with db.session.begin_nested():
            waited = jobs.clear_pending(petition.id)
            return _release(petition, newest, at=at) if petition.is_public and (waited or always) else None
    except IdentityError as error:
        _refuse(petition, newest, error, at=at)
        return None


def _refuse(petition: Petition, newest: Publication | None, error: IdentityError, *, at: datetime) -> None:
    """Tell a refusal in the log and in the trail, once for each publication after which it comes."""
    told = audit.last_act("tally.refused", petition_id=petition.id)
    if told is None or (newest and told < newest.as_of):
        logger.error("The tally of a petition was refused: %s. Run `flask tally audit`.", error)
        audit.record("tally.refused", petition_id=petition.id, at=at)


def _release(petition: Petition, newest: Publication | None, *, at: datetime) -> Publication:
    """Write a publication. Raises: IdentityError."""
    counts = sums_by_batch(petition)
    batches = list_batches(petition.id)
    tally = tally_of(petition, counts, batches)
    tally.check()
    at = max(at, newest.as_of) if newest else at
    length, trail_head = audit.head()
    publication = Publication(
        petition_id=petition.id,
        number=newest.number + 1 if newest else 1,
        as_of=at,
        tally=tally.as_json(as_of=at, public=True),
        named={} if petition.frozen_at else _named_by_batch(petition, newest),
        speed=_speed(petition, tally, batches, at=at),
        trail_length=length,
        trail_head=trail_head,
        samples=sampling_results.standing(petition),
    )
    db.session.add(publication)
    _keep_day(publication)
    timeline.tell(petition, tally, batches, at=at)
    db.session.flush()
    held = retention.get_held(petition.id) if petition.is_sealed else None
    if held and held.day < at.date():
        retention.report(petition.id, at=at)
    return publication


def _named_by_batch(petition: Petition, newest: Publication | None) -> dict[str, int]:
    return publish_names(petition, named=dict(newest.named) if newest else {}, access=OpenKeysAccess())


def _keep_day(publication: Publication) -> None:
    """Let a publication be the last of its day."""
    day = {"petition_id": publication.petition_id, "day": publication.as_of.date()}
    today = update(TallyDay).filter_by(**day).values(tally=publication.tally)
    kept = db.session.execute(today.execution_options(synchronize_session=False))
    if not cast(CursorResult[Any], kept).rowcount:
        db.session.add(TallyDay(**day, tally=publication.tally))


def _speed(petition: Petition, tally: Tally, batches: Sequence[Batch], *, at: datetime) -> dict[str, int | None] | None:
    waiting = tally.total.checking + tally.total.needs_info
    now = speed(petition.id, at=at, waiting=waiting, batches=batches)
    return public_speed(
        median=now.median, ninetieth=now.ninetieth, expected=now.expected, decided=now.decided, waiting=waiting
    )


def find_lost_trail() -> int | None:
    """Return up to which row the trail once went, and does not any more, as publications remember it; or nothing."""
    kept = select(Publication.trail_length).where(Publication.trail_head.is_not(None))
    there = exists().where(
        audit.AuditEvent.position == Publication.trail_length, audit.AuditEvent.link == Publication.trail_head
    )
    return db.session.scalar(kept.where(~there).order_by(Publication.trail_length).limit(1))


def latest_publication() -> datetime | None:
    """Return when anything was published last."""
    return db.session.scalar(select(func.max(Publication.as_of)))


def publish_now(petition: Petition, *, by: Account | None, at: datetime) -> Publication | None:
    """Publish at once, changed or not. Returns nothing where the tally was refused or the petition is a draft.

    Raises:
        FrozenError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    require_thawed(petition)
    fold(petition.id)
    if not petition.is_public:
        jobs.clear_pending(petition.id)
        return None
    audit.record("tally.published", by=by.id if by else None, petition_id=petition.id, at=at)
    open_due_names(petition, access=OpenKeysAccess(), at=at)
    breakdown.refresh(petition, at=at)
    return _publish(petition, get_publication(petition), at=at, always=True)


def publish_frozen(petition: Petition, *, at: datetime) -> Publication | None:
    """Publish the counts of a petition that is being frozen, for the last time until that ends, and no name."""
    fold(petition.id)
    return _publish(petition, get_publication(petition), at=at, always=True)


def list_unfolded() -> list[UUID]:
    """Return the petitions that have counts to fold."""
    return list(db.session.scalars(select(SignatureDelta.petition_id).distinct()))


def fold_one(petition_id: UUID) -> None:
    """Fold the counts of one petition."""
    get_for_update(Petition, petition_id)
    fold(petition_id)


def get_publication(petition: Petition) -> Publication | None:
    """Return the newest publication: the only source of numbers for the public."""
    query = select(Publication).where(Publication.petition_id == petition.id)
    return db.session.scalar(query.order_by(Publication.number.desc()).limit(1))


def list_days(petition: Petition) -> list[tuple[date, dict[str, Any]]]:
    """Return the tally that was public at the end of each day, oldest first; no day is left out."""
    query = select(TallyDay).where(TallyDay.petition_id == petition.id)
    return list(each_day([(row.day, row.tally) for row in db.session.scalars(query.order_by(TallyDay.day))]))


def list_due_names(petition: Petition) -> tuple[list[UUID], list[UUID]]:
    """Return the signatures of a sealed petition whose names wait for an organizer to open them.

    The second list holds so many public ones as somebody among them wants to be named beside.
    """
    due = select(DueName.signature_id).where(DueName.petition_id == petition.id)
    asked = select(func.max(Signature.min_named_others)).where(Signature.id.in_(due))
    public = select(PublishedName.signature_id).where(PublishedName.petition_id == petition.id)
    beside = public.order_by(PublishedName.signature_id).limit((db.session.scalar(asked) or -1) + 1)
    return list(db.session.scalars(due)), list(db.session.scalars(beside))
