"""Counting: the live tally from totals and deltas, folding, and the recount that checks both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, select, union_all

from petition_app import audit
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature, SignatureDelta
from petition_app.storage import jobs
from petition_app.storage.db import db
from petition_app.tally.models import PublishedName, TallyTotal, Update
from petition_app.tally.rules import COUNTED, ON_THE_ROAD, BatchCount, Count, Tally, differences
from petition_app.verification.batches.services import list_batches
from petition_app.verification.models import Batch, Decision

ARRIVALS = ("signature.received", "signatures.imported")
TAKEN_BACK = ("signatures.import_undone",)


def live_tally(petition: Petition) -> Tally:
    """Return the numbers as they are this moment: what is folded and what is not, read in one statement."""
    sums = sums_by_batch(petition)
    return tally_of(petition, sums, list_batches(petition.id))


def list_sums(petition: Petition) -> list[dict[str, Any]]:
    """Return the counts of each batch as rows of a table of totals with nothing left to fold, as JSON values."""
    return [
        {"petition_id": str(petition.id), "batch_id": batch and str(batch), **sums}
        for batch, sums in _sums(petition).items()
    ]


def sums_by_batch(petition: Petition) -> dict[UUID | None, Count]:
    """Return the live count of each batch, and under nothing that of the signatures in none.

    Read before the batches: a batch that is sealed meanwhile then has a count of nothing, and the sums still add up.
    """
    return {batch_id: Count(**sums) for batch_id, sums in _sums(petition).items()}


def _sums(petition: Petition) -> dict[UUID | None, dict[str, int]]:
    rows = db.session.execute(_sums_by_batch(), {"petition": petition.id})
    return {row[0]: {name: int(row[n]) for n, name in enumerate(COUNTED, 1)} for row in rows}


@cache
def _sums_by_batch() -> Select[Any]:
    """Write the query for the sums of each batch; to write it takes longer than to add up."""
    both = union_all(_rows(TallyTotal), _rows(SignatureDelta)).subquery()
    return select(both.c.batch_id, *(func.sum(both.c[name]) for name in COUNTED)).group_by(both.c.batch_id)


def _rows(model: type[TallyTotal] | type[SignatureDelta]) -> Select[Any]:
    counts = select(model.batch_id, *(getattr(model, name) for name in COUNTED))
    return counts.where(model.petition_id == bindparam("petition"))


def tally_of(petition: Petition, counts: Mapping[UUID | None, Count], batches: Iterable[Batch]) -> Tally:
    """Return a petition's tally from the counts of its batches."""
    corrections = select(func.count()).where(Decision.petition_id == petition.id, Decision.correction)
    return Tally(
        slug=petition.slug,
        goal=petition.goal,
        corrections=db.session.scalar(corrections) or 0,
        loose=counts.get(None, Count()),
        batches=tuple(BatchCount(batch.number, batch.sealed_at, counts.get(batch.id, Count())) for batch in batches),
    )


def fold(petition_id: UUID) -> int:
    """Add the deltas of a petition to its totals and remove them; the caller holds the petition. Returns how many."""
    taken = db.session.execute(
        delete(SignatureDelta)
        .where(SignatureDelta.petition_id == petition_id)
        .returning(SignatureDelta.batch_id, *(getattr(SignatureDelta, name) for name in COUNTED))
        .execution_options(synchronize_session=False)
    ).all()
    totals = {
        total.batch_id: total
        for total in db.session.scalars(select(TallyTotal).where(TallyTotal.petition_id == petition_id))
    }
    for row in taken:
        total = totals.get(row[0])
        if total is None:
            total = totals[row[0]] = TallyTotal(petition_id=petition_id, batch_id=row[0], **dict.fromkeys(COUNTED, 0))
            db.session.add(total)
        for name, change in zip(COUNTED, row[1:], strict=True):
            setattr(total, name, getattr(total, name) + change)
    db.session.flush()
    return len(taken)


def recount(petition: Petition) -> list[str]:
    """Count everything anew from other tables and name each difference; an empty list is a clean audit.

    States come from the signatures themselves, arrivals from the trail, names from the names.
    """
    live = live_tally(petition)
    found: dict[UUID | None, dict[str, int]] = {}
    rows = select(Signature.batch_id, Signature.state, func.count()).where(Signature.petition_id == petition.id)
    for batch_id, state, number in db.session.execute(rows.group_by(Signature.batch_id, Signature.state)):
        found.setdefault(batch_id, {})[state] = number
    counts = {
        batch_id: Count(arrived=sum(states.get(state, 0) for state in ON_THE_ROAD), **states)
        for batch_id, states in found.items()
    }
    batches = list_batches(petition.id)
    counted = tally_of(petition, counts, batches)
    problems = [f"no batch: {line}" for line in differences(live.loose, counted.loose)]
    for mine, theirs in zip(live.batches, counted.batches, strict=True):
        problems += [f"batch {mine.number}: {line}" for line in differences(mine.count, theirs.count)]
    arrivals = audit.count_acts(ARRIVALS, petition_id=petition.id)
    arrivals -= audit.count_acts(TAKEN_BACK, petition_id=petition.id)
    if arrivals != live.total.arrived:
        problems.append(f"received_total: {live.total.arrived}, but {arrivals} arrivals stand in the trail")
    for batch, row in zip(live.batches, batches, strict=True):
        if batch.count.arrived != row.size:
            problems.append(f"batch {row.number}: {batch.count.arrived} members, but {row.size} were sealed")
    told = db.session.scalar(select(func.count()).where(Update.petition_id == petition.id, Update.kind == "correction"))
    waits = (told or 0) < live.corrections and jobs.count_due(petition.id)
    if petition.is_public and told != live.corrections and not waits:
        problems.append(f"corrections: {live.corrections}, but {told} were published")
    problems += _names_without_right(petition)
    return problems


def _names_without_right(petition: Petition) -> list[str]:
    wrong = db.session.scalar(
        select(func.count())
        .select_from(PublishedName)
        .join(Signature, Signature.id == PublishedName.signature_id)
        .where(
            PublishedName.petition_id == petition.id,
            ~((Signature.state == "verified") & (Signature.publication_tier == 3)),
        )
    )
    return [f"{wrong} names stand in public without consent or verification"] if wrong else []
