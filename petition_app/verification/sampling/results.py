"""What samples show: for staff as it stands, and for the public as of the last publication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.estimation.bounds import Bound, recheck
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.storage.db import db
from petition_app.verification.models import Batch
from petition_app.verification.rules import case_number
from petition_app.verification.sampling.models import Recheck, Sample
from petition_app.verification.sampling.rechecks import count_left
from petition_app.verification.sampling.services import is_closed


@dataclass(frozen=True)
class Flagged:
    """A case whose second look disagrees with its outcome."""

    signature_id: UUID
    number: str
    state: str


@dataclass(frozen=True)
class Result:
    """A sample and how far it has come; `seed` once it is told.

    `drawn` is the number of cases in it, `done` of those re-checked, `gone` of those their signers withdrew before,
    `mine` of those that wait for the one who asks. `bound` is the result: only when nothing is left, since looking
    until one likes what one sees proves nothing.
    """

    sample: Sample
    seed: bytes | None
    number: int
    closed: bool
    drawn: int
    done: int
    wrong: int
    gone: int
    mine: int
    flagged: tuple[Flagged, ...]
    bound: Bound | None


def list_samples(petition: Petition, *, by: Account) -> list[Result]:
    """Return every sample of a petition for its organizers and auditors, by batch."""
    require_role(by, petition.id, "organizer", "auditor")
    return [_result(sample, batch, by=by) for sample, batch in _samples(petition)]


def list_ready(petition: Petition, *, by: Account) -> list[Batch]:
    """Return the batches of which a sample can be committed to now: being decided, and without one."""
    require_role(by, petition.id, "organizer", "auditor")
    query = select(Batch).where(Batch.petition_id == petition.id, Batch.id.not_in(select(Sample.batch_id)))
    return [batch for batch in db.session.scalars(query.order_by(Batch.number)) if not is_closed(batch)]


def standing(petition: Petition) -> dict[str, dict[str, Any]]:
    """Return what a publication keeps of each sample, since it bears no time of its own.

    `closed`: every case of the batch is decided; `gone`: the cases that their signers have withdrawn before.
    """
    found = [(sample, _result(sample, batch)) for sample, batch in _samples(petition)]
    return {str(sample.id): {"closed": result.closed, "gone": result.gone} for sample, result in found}


def list_published(
    petition: Petition, *, as_of: datetime, kept: Mapping[str, Mapping[str, Any]] | None
) -> list[Result]:
    """Return the samples as the public may see them: nothing that happened after the last publication.

    `kept` is what that publication kept of them: see `standing`.
    """
    found = [(sample, batch) for sample, batch in _samples(petition) if sample.committed_at <= as_of]
    told = kept or {}
    return [_result(sample, batch, as_of=as_of, kept=told.get(str(sample.id), {})) for sample, batch in found]


def _samples(petition: Petition) -> list[tuple[Sample, Batch]]:
    query = select(Sample, Batch).join(Batch, Batch.id == Sample.batch_id).where(Sample.petition_id == petition.id)
    return [(sample, batch) for sample, batch in db.session.execute(query.order_by(Batch.number))]


def _result(
    sample: Sample,
    batch: Batch,
    *,
    by: Account | None = None,
    as_of: datetime | None = None,
    kept: Mapping[str, Any] | None = None,
) -> Result:
    told = sample.drawn_at is not None and (as_of is None or sample.drawn_at <= as_of)
    query = select(Recheck, Signature.state).join(Signature, Signature.id == Recheck.signature_id)
    rows = db.session.execute(query.where(Recheck.sample_id == sample.id).order_by(Recheck.position)).all()
    rows = rows if told else []
    done = [(found, state) for found, state in rows if found.at and (as_of is None or found.at <= as_of)]
    gone = sum(found.at is None and state == "withdrawn" for found, state in rows)
    if kept is not None:
        gone = int(kept.get("gone", 0))
    wrong = [
        Flagged(found.signature_id, case_number(found.signature_id), state)
        for found, state in done
        if found.finding == "wrong"
    ]
    complete = told and len(done) + gone == len(rows)
    return Result(
        sample=sample,
        seed=sample.seed if told else None,
        number=batch.number,
        closed=is_closed(batch) if kept is None else bool(kept.get("closed")),
        drawn=len(rows),
        done=len(done),
        wrong=len(wrong),
        gone=gone,
        mine=count_left(sample, by=by) if by and told and not complete else 0,
        flagged=tuple(wrong),
        bound=recheck(raw=sample.members or 0, sample=len(done), wrong=len(wrong)) if complete else None,
    )
