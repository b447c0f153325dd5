"""Work for later: match with the roster, bring back what was not found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app.mailer.smtp import Letter
from petition_app.petitions.services import get_by_id
from petition_app.signatures import messages
from petition_app.verification.bulk import runs as bulk_runs
from petition_app.verification.cases.open_keys_access import OpenKeysAccess
from petition_app.verification.decisions import enactment
from petition_app.verification.dialogue import reminders
from petition_app.verification.matching_cases import matches, rematching
from petition_app.worker.rounds import Each


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
    find=lambda _at: enactment.list_petitions_waiting(),
    act=lambda petition_id, _at: enactment.enact_waiting(get_by_id(petition_id), access=OpenKeysAccess()),
)
# Signers of questions that wait.
remind = Each(
    "verification.remind",
    find=lambda at: reminders.list_to_remind(at=at),
    act=lambda petition_id, at: reminders.remind(petition_id, at=at),
)
# What was not answered in time.
close_unanswered = Each(
    "verification.close_unanswered",
    find=lambda at: reminders.list_to_close(at=at),
    act=lambda petition_id, at: reminders.close_unanswered(petition_id, at=at),
)


def run_bulk(payload: dict[str, Any], at: datetime) -> None:
    """Do the next slice of a bulk act, or take it back."""
    bulk_runs.run_slice(UUID(payload["bulk_id"]), access=OpenKeysAccess(), by=UUID(payload["by"]), at=at)


def mail_reminder(payload: dict[str, Any], _at: datetime) -> Letter:
    """Write a reminder: neutral, without a link and without the letter's title."""
    message = messages.open_message(payload)
    with force_locale(message.language):
        body = render_template("emails/verification/reminder.txt")
        return Letter(message.address, gettext("A reminder"), body, about=message.signature_id)
