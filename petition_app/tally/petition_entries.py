"""The life of a petition as the timeline tells it: opened, paused, more time, closed, the final tally, handed over."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime
from uuid import UUID

from babel.dates import format_date

from petition_app.i18n import LANGUAGES, N_, text_in_each_language, translations
from petition_app.petitions.milestones import list_milestones
from petition_app.petitions.models import Milestone, Petition
from petition_app.tally.models import Update
from petition_app.tally.policy_words import write_changes
from petition_app.tally.rules import Tally

PAUSED = N_("Signing is paused.")
RESUMED = N_("Signing has been resumed.")
EXTENDED = N_("Signing goes on until %(day)s.")
HANDED_OVER = N_("On %(day)s the letter was handed over to %(recipient)s. Verified signatures then: %(verified)s.")
ANSWERED = N_("On %(day)s %(recipient)s answered.")
CLOSED = N_("Signing has ended. Every signature that has arrived is checked before the final tally.")
FINAL_TALLY = N_(
    "The final tally. Received: %(received)s. Verified: %(verified)s. Not counted: %(not_counted)s. "
    "Taken back: %(retracted)s."
)
FINAL_AMENDED = N_(
    "The final tally was amended. Verified: %(verified)s (before: %(verified_before)s). "
    "Not counted: %(not_counted)s (before: %(not_counted_before)s). "
    "Taken back: %(retracted)s (before: %(retracted_before)s)."
)


def tell_life(petition: Petition, tally: Tally, told: Container[tuple[str, UUID | None]]) -> list[Update]:
    """Return the entries about the petition as a whole that are not `told` yet, by kind and source."""
    entries = []
    if petition.opened_at and ("opened", petition.id) not in told:
        texts = text_in_each_language(N_("The letter was published and is open for signing."))
        entries.append(entry(petition, "opened", petition.opened_at, texts, source_id=petition.id))
    entries += [
        _tell_milestone(petition, milestone, tally)
        for milestone in list_milestones(petition.id)
        if (milestone.kind, milestone.id) not in told
    ]
    if petition.closed_at and ("closed", petition.id) not in told:
        texts = text_in_each_language(CLOSED)
        entries.append(entry(petition, "closed", petition.closed_at, texts, source_id=petition.id))
    return entries


def report_final(petition: Petition, tally: Tally, before: dict[str, int] | None, *, at: datetime) -> list[Update]:
    """Tell the final tally once a closed petition is checked to the last signature; amend it, visibly, if it changes.

    `before` are the counts of the newest one that was told, if any. Like every number in public it is told with a
    publication.
    """
    total = tally.total
    counts = {
        "received": total.arrived,
        "verified": total.verified,
        "not_counted": total.not_counted,
        "retracted": total.retracted,
    }
    if petition.closed_at is None or total.received + total.checking + total.needs_info or before == counts:
        return []
    if before is None:
        texts = text_in_each_language(FINAL_TALLY, **counts)
    else:
        texts = text_in_each_language(
            FINAL_AMENDED, **counts, **{f"{name}_before": number for name, number in before.items()}
        )
    return [entry(petition, "final", at, texts, counts=counts)]


def entry(
    petition: Petition,
    kind: str,
    at: datetime,
    texts: dict[str, str],
    *,
    source_id: UUID | None = None,
    batch_id: UUID | None = None,
    counts: dict[str, int] | None = None,
) -> Update:
    """Make one entry of the timeline; `source_id` is the row it tells of, so that it is told once."""
    return Update(
        petition_id=petition.id, kind=kind, at=at, texts=texts, source_id=source_id, batch_id=batch_id, counts=counts
    )


def _tell_milestone(petition: Petition, milestone: Milestone, tally: Tally) -> Update:
    if milestone.changes:
        changed = write_changes(milestone.changes, lowered=milestone.kind == "rules_lowered")
        return entry(petition, milestone.kind, milestone.at, changed, source_id=milestone.id)
    verified = tally.total.verified
    counts = {"verified": verified} if milestone.kind == "handed_over" else None
    texts = write(milestone.kind, milestone.day, milestone.recipient, milestone.words, verified=verified)
    return entry(petition, milestone.kind, milestone.at, texts, source_id=milestone.id, counts=counts)


def write(
    kind: str,
    day: date | None,
    recipient: dict[str, str] | None,
    words: dict[str, str] | None,
    *,
    verified: int,
) -> dict[str, str]:
    """Write what the public reads of a milestone: {"en": …, "ru": …}; own words follow the sentence."""
    message = {
        "paused": PAUSED,
        "resumed": RESUMED,
        "extended": EXTENDED,
        "handed_over": HANDED_OVER,
        "answered": ANSWERED,
    }[kind]

    def in_language(language: str) -> str:
        values = {
            "day": format_date(day, "d MMMM y", locale=language) if day else "",
            "recipient": (recipient or {}).get(language, ""),
            "verified": verified,
        }
        sentence = translations(language).ugettext(message) % values
        return f"{sentence} {words[language]}" if words else sentence

    return {language: in_language(language) for language in LANGUAGES}
