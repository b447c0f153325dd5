"""Before opening: what could happen to whom, as the organizers answer it. Choices only, nothing about a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.storage.db import db

HARMS = ("nobody", "work", "law", "violence", "family")
HOLDERS = ("one", "together", "apart")
SERVERS = ("reach", "abroad", "unknown")


class AnswerMissingError(DomainError):
    """A question is not answered."""

    message = N_("Please answer each of the three questions.")


@dataclass(frozen=True)
class Answers:
    """Who is harmed if it leaks, who holds the keys, where the server stands."""

    harm: tuple[str, ...]
    holders: str
    server: str


def answer(petition: Petition, answers: Answers, *, by: Account | None, at: datetime) -> None:
    """Keep the organizers' answers with the petition; a later answer takes the place of the earlier one.

    Raises:
        AnswerMissingError
    """
    require_role(by, petition.id, "organizer")
    if not answers.harm or not set(answers.harm) <= set(HARMS):
        raise AnswerMissingError
    if answers.holders not in HOLDERS or answers.server not in SERVERS:
        raise AnswerMissingError
    petition.threat = {**asdict(answers), "harm": list(answers.harm), "on": at.date().isoformat()}
    audit.record("petition.threat_answered", by=by.id if by else None, petition_id=petition.id, at=at)
    db.session.flush()
