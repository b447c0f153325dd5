"""Drafting a petition in steps: each is kept by itself, and what is not answered yet stays open.

Until somebody has said whether signers may be at risk, a draft counts as sealed, so that nothing can be read that
should not have been.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, N_
from petition_app.petitions import risk_assessment, services
from petition_app.petitions.completeness import STEPS
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.letter_templates import TEMPLATES
from petition_app.petitions.models import MAIL_RULES, MODES, Petition
from petition_app.petitions.new_petition import NewPetition
from petition_app.petitions.policy_rules import Policy
from petition_app.petitions.risk_assessment import HARMS, HOLDERS, SERVERS, Answers
from petition_app.storage.db import db, get_for_update


class NoDraftError(DomainError):
    """It is public, or somebody's name is in it."""

    message = N_("This letter is public or has names in it already. It is changed on its page Edit.")


@dataclass(frozen=True)
class LetterStep:
    """What the letter says and to whom, by language. A language may still lack its title or its text."""

    titles: dict[str, str]
    texts: dict[str, str]
    addressee: dict[str, str]


@dataclass(frozen=True)
class PeopleStep:
    """Who stands behind it, how they are reached, and who may sign."""

    organizers: dict[str, str]
    contact: str
    who_may_sign: dict[str, str]


@dataclass(frozen=True)
class DangerStep:
    """The mode and the three answers about danger; what is not answered is empty."""

    mode: str = ""
    harm: tuple[str, ...] = ()
    holders: str = ""
    server: str = ""


@dataclass(frozen=True)
class CheckingStep:
    """How signatures are checked."""

    mail: str
    policy: Policy


@dataclass(frozen=True)
class DaysStep:
    """When it can be signed, in which time zone, and how many signatures are hoped for."""

    goal: int | None
    opens: date | None
    closes: date | None
    time_zone: str = "UTC"


Step = LetterStep | PeopleStep | DangerStep | CheckingStep | DaysStep


def begin(slug: str, template: str, languages: tuple[str, ...], *, by: Account | None, at: datetime) -> Petition:
    """Begin a draft from a template, or from nothing where there is none of this name, in these languages.

    Raises:
        SlugError, SlugTakenError
    """
    start, chosen = TEMPLATES.get(template), languages or tuple(LANGUAGES)
    values: dict[str, Any] = {"titles": {}, "texts": {}, "addressee": {}, "who_may_sign": {}}
    if start:
        values = {name: {code: getattr(start, name)[code] for code in chosen} for name in values} | dict(start.rules)
    new = NewPetition(slug=slug, mode="sealed", **values)
    return services.create(new, by=by, at=at, unfinished={step: {} for step in STEPS})


def save(
    petition: Petition, step: str, values: Step, *, has_signed: Callable[[UUID], bool], by: Account | None, at: datetime
) -> None:
    """Keep one step of a draft, whole or not, and nothing of the others.

    Raises:
        NoDraftError, DatesError, ZoneError, FrozenError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id, alone=True)
    require_thawed(petition)
    if not is_draft(petition, has_signed=has_signed):
        raise NoDraftError
    left = _keep(petition, values, by=by, at=at)
    unfinished = {name: kept for name, kept in (petition.unfinished or {}).items() if name != step}
    petition.unfinished = (unfinished if left is None else {**unfinished, step: left}) or None
    audit.record("petition.edited", by=by.id if by else None, petition_id=petition.id, at=at)
    db.session.flush()


def is_draft(petition: Petition, *, has_signed: Callable[[UUID], bool]) -> bool:
    """Return whether it can be drafted in steps: nobody outside has seen it, and nobody's name is in it."""
    return petition.state == "draft" and not has_signed(petition.id)


def answered_of_danger(petition: Petition) -> DangerStep:
    """Return what was answered about danger so far."""
    open_ = (petition.unfinished or {}).get("danger")
    kept = {
        name: value for name, value in (open_ or petition.threat or {}).items() if name in ("harm", "holders", "server")
    }
    mode = petition.mode if open_ is None else str(open_.get("mode", ""))
    return DangerStep(mode, tuple(kept.get("harm", ())), kept.get("holders") or "", kept.get("server") or "")


def _keep(petition: Petition, values: Step, *, by: Account | None, at: datetime) -> dict[str, Any] | None:
    """Put the values of one step into the petition; return what has to be kept apart, since it is not whole."""
    match values:
        case LetterStep():
            petition.addressee = values.addressee
            services.replace_text(petition, values.titles, values.texts, at=at)
        case PeopleStep():
            petition.organizers, petition.contact = values.organizers, values.contact
            petition.who_may_sign = values.who_may_sign
        case DangerStep():
            return _keep_danger(petition, values, by=by, at=at)
        case CheckingStep():
            petition.mail = values.mail if values.mail in MAIL_RULES else petition.mail
            for name, value in values.policy.as_json().items():
                setattr(petition, name, value)
        case DaysStep():
            services.check_days(values.opens, values.closes, values.time_zone)
            petition.goal, petition.opens, petition.closes = values.goal, values.opens, values.closes
            petition.time_zone = values.time_zone
    return None


def _keep_danger(petition: Petition, values: DangerStep, *, by: Account | None, at: datetime) -> dict[str, Any] | None:
    whole = bool(values.harm) and set(values.harm) <= set(HARMS)
    whole = whole and values.holders in HOLDERS and values.server in SERVERS
    if whole:
        risk_assessment.answer(petition, Answers(values.harm, values.holders, values.server), by=by, at=at)
    petition.mode = values.mode if values.mode in MODES else "sealed"
    kept = {**asdict(values), "harm": list(values.harm)}
    return None if whole and values.mode in MODES else kept
