"""Work for later: match with the roster, bring back what was not found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app.mail import Letter
from petition_app.petitions.services import get_by_id
from petition_app.rounds import Each
from petition_app.signatures import messages
from petition_app.verification import bulk_runs, import_runs, matches, rematching, retention, settling, unanswered


def rematch(payload: dict[str, Any], at: datetime) -> None:
    """Put back what was not found on an older roster; the matching itself comes with the next rounds."""
    rematching.bring_back_not_found(UUID(payload["petition_id"]), at=at)


# A slice of the signatures of each petition that wait to be matched.
match_waiting = Each(
    "verification.match_waiting",
    find=lambda _at: matches.list_waiting(),
    act=lambda petition_id, at: matches.match_waiting(get_by_id(petition_id), at=at),
)
# What was agreed and had to wait for another case.
settle_waiting = Each(
    "verification.settle_waiting",
    find=lambda _at: settling.list_petitions_waiting(),
    act=lambda petition_id, _at: settling.settle_waiting(get_by_id(petition_id)),
)
# Signers of questions that wait.
remind = Each(
    "verification.remind",
    find=lambda at: unanswered.list_to_remind(at=at),
    act=lambda petition_id, at: unanswered.remind(petition_id, at=at),
)
# What was not answered in time.
close_unanswered = Each(
    "verification.close_unanswered",
    find=lambda at: unanswered.list_to_close(at=at),
    act=lambda petition_id, at: unanswered.close_unanswered(petition_id, at=at),
)
# Once a day: what is still held of each petition.
report_held = Each(
    "verification.report_held",
    find=lambda at: retention.list_unreported(at=at),
    act=lambda petition_id, at: retention.report(petition_id, at=at),
)
# A slice of what has run out of each petition, and how much that was.
retain = Each(
    "verification.retain",
    find=lambda at: retention.list_petitions_due(at=at),
    act=lambda petition_id, at: retention.retain_some(petition_id, at=at),
)


def run_bulk(payload: dict[str, Any], at: datetime) -> None:
    """Do the next slice of a bulk act, or take it back."""
    bulk_runs.run_slice(UUID(payload["bulk_id"]), by=UUID(payload["by"]), at=at)


def run_import(payload: dict[str, Any], at: datetime) -> None:
    """Seal the next rows of an uploaded file, or turn them all into signatures."""
    import_runs.run_slice(payload, at=at)


def undo_import(payload: dict[str, Any], at: datetime) -> None:
    """Take an import back."""
    import_runs.run_undo(UUID(payload["import_id"]), by=UUID(payload["by"]), at=at)


def mail_reminder(payload: dict[str, Any], _at: datetime) -> Letter:
    """Write a reminder: neutral, without a link and without the letter's title."""
    message = messages.open_message(payload)
    with force_locale(message.language):
        body = render_template("emails/verification/reminder.txt")
        return Letter(message.address, gettext("A reminder"), body, about=message.signature_id)


def note_retained(at: datetime) -> None:
    """Note that what has run out is erased."""
    retention.note_done(at=at)
