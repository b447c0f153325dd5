"""Work for later: match with the roster, bring back what was not found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app.mail import Letter
from petition_app.signatures import messages
from petition_app.verification import bulk_runs, import_runs, matches, retention, settling, unanswered


def rematch(payload: dict[str, Any], at: datetime) -> None:
    """Put back what was not found on an older roster; the matching itself comes with the next rounds."""
    matches.bring_back_not_found(UUID(payload["petition_id"]), at=at)


def match_waiting(at: datetime) -> None:
    """Match a slice of what waits."""
    matches.match_all_waiting(at=at)


def settle_waiting(_at: datetime) -> None:
    """Carry out what was agreed and had to wait for another case."""
    settling.settle_all()


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


def remind(at: datetime) -> None:
    """Remind signers of questions that wait."""
    unanswered.remind(at=at)


def retain(at: datetime) -> bool:
    """Erase a slice of what has run out and return whether there was any; in the end count what is still held."""
    return retention.retain_some(at=at)


def close_unanswered(at: datetime) -> None:
    """Decide what was not answered in time."""
    unanswered.close_unanswered(at=at)
