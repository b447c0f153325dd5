"""The timeline: what happened, told in public once, in both languages, with the publication that makes it true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select

from petition_app.i18n import N_, in_each_language, text_in_each_language
from petition_app.petitions.models import Petition
from petition_app.signatures.import_models import Import
from petition_app.storage.db import db
from petition_app.tally.models import Publication, Update
from petition_app.tally.petition_entries import entry, report_final, tell_life
from petition_app.tally.rules import BatchCount, Tally
from petition_app.verification.models import Batch, Decision

REPORTED = ("received", "verified", "not_counted", "retracted", "checking")
REASONS = {
    "entered_in_error": N_("One signature that had been counted was taken back: it had been entered in error."),
    "not_verified_after_all": N_("One signature that had been counted was taken back: it could not be verified."),
    "denies_signing": N_("One signature that had been counted was taken back: the person named did not sign."),
    "no_longer_eligible": N_("One signature that had been counted was taken back: the signer may not sign."),
    "checked_again": N_("One signature that had been counted is being checked again and is not counted meanwhile."),
}


def tell(petition: Petition, tally: Tally, batches: Iterable[Batch], *, at: datetime) -> None:
    """Write what the timeline does not tell yet: opening, initial signatories, imports taken back, batches, …"""
    told = _told(petition)
    news = [*tell_life(petition, tally, told.sources), *_imports(petition, told), *_batches(petition, batches, told)]
    if told.corrections != tally.corrections:
        news += _corrections(petition, told)
    for batch, count in zip(batches, tally.batches, strict=True):
        news += _report(petition, batch, count, told.reports.get(batch.id), at=at)
    db.session.add_all([*news, *report_final(petition, tally, told.final, at=at)])


@dataclass(frozen=True)
class Told:
    """What stands in the timeline: of what it tells, how many corrections, and the newest counts that it reported."""

    sources: frozenset[tuple[str, UUID | None]]
    corrections: int
    reports: dict[UUID, dict[str, int]]
    final: dict[str, int] | None


def _told(petition: Petition) -> Told:
    query = select(Update.kind, Update.source_id, Update.batch_id, Update.counts)
    rows = db.session.execute(
        query.where(Update.petition_id == petition.id).order_by(Update.at, Update.id.desc())
    ).all()
    return Told(
        sources=frozenset((row.kind, row.source_id) for row in rows),
        corrections=sum(row.kind == "correction" for row in rows),
        reports={row.batch_id: row.counts for row in rows if row.kind in ("report", "amended")},
        final=next((row.counts or {} for row in reversed(rows) if row.kind == "final"), None),
    )


def _imports(petition: Petition, told: Told) -> list[Update]:
    """Tell of initial signatories, and of imports that were taken back where a publication had shown them."""
    shown = exists().where(
        Publication.petition_id == petition.id, Publication.as_of >= Import.at, Publication.as_of < Import.undone_at
    )
    initial = and_(Import.state == "done", Import.initial, Import.added > 0)
    query = select(Import).where(Import.petition_id == petition.id, or_(initial, and_(Import.state == "undone", shown)))
    found = db.session.scalars(query.order_by(Import.at)).all()
    first = next((job for job in found if job.state == "done"), None)
    return [
        entry(petition, "taken_back", job.undone_at or job.at, _undone_text(job), source_id=job.id)
        if job.state == "undone"
        else entry(petition, "initial", job.at, _initial_text(job.added, first=job is first), source_id=job.id)
        for job in found
        if ("taken_back" if job.state == "undone" else "initial", job.id) not in told.sources
    ]


def _initial_text(number: int, *, first: bool) -> dict[str, str]:
    if first:
        return in_each_language(
            "%(num)s initial signatory was entered. Each is checked before being counted.",
            "%(num)s initial signatories were entered. Each is checked before being counted.",
            number,
        )
    return in_each_language(
        "%(num)s more initial signatory was entered.", "%(num)s more initial signatories were entered.", number
    )


def _undone_text(job: Import) -> dict[str, str]:
    if job.initial:
        return in_each_language(
            "An entry of %(num)s initial signatory was taken back before it was checked.",
            "An entry of %(num)s initial signatories was taken back before they were checked.",
            job.added,
        )
    return in_each_language(
        "An import of %(num)s signature was taken back before it was sealed into a batch.",
        "An import of %(num)s signatures was taken back before they were sealed into a batch.",
        job.added,
    )


def _batches(petition: Petition, batches: Iterable[Batch], told: Told) -> list[Update]:
    return [
        entry(petition, "batch", batch.sealed_at, batch.announcement, source_id=batch.id, batch_id=batch.id)
        for batch in batches
        if batch.sealed_at and batch.announcement and ("batch", batch.id) not in told.sources
    ]


def _corrections(petition: Petition, told: Told) -> list[Update]:
    taken = db.session.scalars(select(Decision).where(Decision.petition_id == petition.id, Decision.correction))
    entries = []
    for decision in taken:
        if ("correction", decision.id) in told.sources:
            continue
        reason = decision.reason or "checked_again"
        found = entry(
            petition, "correction", decision.at, text_in_each_language(REASONS[reason]), source_id=decision.id
        )
        found.reason = reason
        entries.append(found)
    return entries


# --- closing reports --------------------------------------------------------------------------------------------


def _report(
    petition: Petition, batch: Batch, count: BatchCount, before: dict[str, int] | None, *, at: datetime
) -> list[Update]:
    """Report on a batch when its last signature is decided; amend the report, visibly, when it changes later."""
    now = {name: int(count.public()[name]) for name in REPORTED}
    if before is None and count.state == "closed":
        kind, texts = "report", _report_text(batch, now)
    elif before is not None and before != now:
        kind, texts = "amended", _amended_text(batch, before, now)
    else:
        return []
    return [entry(petition, kind, at, texts, batch_id=batch.id, counts=now)]


def _report_text(batch: Batch, now: dict[str, int]) -> dict[str, str]:
    if batch.number == 0:
        return text_in_each_language(
            N_(
                "All initial signatories have been checked. Entered: %(received)s. Verified: %(verified)s. "
                "Not counted: %(not_counted)s. Taken back: %(retracted)s."
            ),
            **now,
        )
    return text_in_each_language(
        N_(
            "Batch %(number)s has been checked to the last signature. Received: %(received)s. Verified: %(verified)s. "
            "Not counted: %(not_counted)s. Taken back: %(retracted)s."
        ),
        number=batch.number,
        **now,
    )


def _amended_text(batch: Batch, before: dict[str, int], now: dict[str, int]) -> dict[str, str]:
    values: dict[str, Any] = dict(now)
    values.update({f"{name}_before": number for name, number in before.items()})
    if batch.number == 0:
        return text_in_each_language(
            N_(
                "The report on the initial signatories was amended. Verified: %(verified)s (before: "
                "%(verified_before)s). Not counted: %(not_counted)s (before: %(not_counted_before)s). "
                "Taken back: %(retracted)s (before: %(retracted_before)s). Being checked: %(checking)s "
                "(before: %(checking_before)s)."
            ),
            **values,
        )
    return text_in_each_language(
        N_(
            "The report on batch %(number)s was amended. Verified: %(verified)s (before: %(verified_before)s). "
            "Not counted: %(not_counted)s (before: %(not_counted_before)s). Taken back: %(retracted)s "
            "(before: %(retracted_before)s). Being checked: %(checking)s (before: %(checking_before)s)."
        ),
        number=batch.number,
        **values,
    )


# --- reading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Timeline:
    """What happened, newest first."""

    updates: list[Update]
    more: bool


def list_corrections(petition: Petition) -> list[Update]:
    """Return every public correction, newest first."""
    query = select(Update).where(Update.petition_id == petition.id, Update.kind == "correction")
    return list(db.session.scalars(query.order_by(Update.at.desc(), Update.id)))


def list_updates(petition: Petition, *, limit: int = 100) -> Timeline:
    """Return the latest entries of the timeline; while a petition is frozen, without what people wrote themselves."""
    query = select(Update).where(Update.petition_id == petition.id)
    if petition.frozen_at:
        query = query.where(Update.kind != "batch")
    found = list(db.session.scalars(query.order_by(Update.at.desc(), Update.id).limit(limit + 1)))
    return Timeline(found[:limit], len(found) > limit)
