"""Work for later: match with the roster, bring back what was not found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app import mail
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


def mail_reminder(payload: dict[str, Any], _at: datetime) -> None:
    """Mail a reminder: neutral, without a link and without the letter's title. May be repeated."""
    language, address = messages.open_for_worker(payload).decode().split("\n")
    with force_locale(language):
        mail.send(to=address, subject=gettext("A reminder"), body=render_template("emails/verification/reminder.txt"))


def mail_contact(payload: dict[str, Any], _at: datetime) -> None:
    """Mail a code to the contact on the official record: neutral, since others may read it. May be repeated."""
    code, language, address = messages.open_for_worker(payload).decode().split("\n")
    with force_locale(language):
        body = render_template("emails/verification/contact.txt", code=code)
        mail.send(to=address, subject=gettext("Your code"), body=body, sealed="courier" in payload)


def remind(at: datetime) -> None:
    """Remind signers of questions that wait."""
    unanswered.remind(at=at)


def retain(at: datetime) -> None:
    """Erase what has run out, and count once a day what is still held."""
    retention.retain(at=at)
    retention.report_all(at=at)


def close_unanswered(at: datetime) -> None:
    """Decide what was not answered in time."""
    unanswered.close_unanswered(at=at)
