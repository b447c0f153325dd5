"""What a draft still lacks before it opens: a list with ticks, in the order in which it is best done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import func, select

from petition_app import config
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import require_role
from petition_app.i18n import LANGUAGES
from petition_app.keys import services as keys
from petition_app.petitions import drafting
from petition_app.petitions.completeness import list_gaps
from petition_app.petitions.models import Petition
from petition_app.roster import services as rosters
from petition_app.signatures.services import has_any
from petition_app.storage.db import db
from petition_app.tally.rules import Tally

# `draft`, `contact`, `keys` and `mail` keep a petition from opening; the others are told, with why they matter.
STEPS = ("draft", "text", "contact", "danger", "people", "organizers", "roster", "keys", "mail", "initial", "preview")
REQUIRED = frozenset({"draft", "contact", "keys", "mail"})


@dataclass(frozen=True)
class Step:
    """One thing to do before opening. `name` is one of `STEPS`; `have` of `need` where it is about a number.

    `languages` are those in which something is missing. What is `optional` is right to be left out by many. `part` is
    the step of drafting that mends it, where there is one.
    """

    name: str
    done: bool
    have: int = 0
    need: int = 0
    languages: tuple[str, ...] = ()
    optional: bool = False
    part: str = ""

    @property
    def required(self) -> bool:
        """Whether the petition cannot be opened without it."""
        return self.name in REQUIRED


@dataclass(frozen=True)
class Readiness:
    """The steps that this petition needs, by the order of `STEPS`."""

    steps: tuple[Step, ...]

    @property
    def next(self) -> Step | None:
        """The first step that is not done and should be."""
        return next((step for step in self.steps if not step.done and not step.optional), None)

    @property
    def missing(self) -> list[Step]:
        """What is not done and should be."""
        return [step for step in self.steps if not step.done and not step.optional]

    @property
    def may_open(self) -> bool:
        """Whether nothing is missing that opening requires."""
        return not any(step.required for step in self.missing)


def find(petition: Petition, tally: Tally, *, by: Account) -> Readiness:
    """Return what a draft has and what it lacks. Raises: NotFoundError: for anybody but organizers and auditors."""
    require_role(by, petition.id, "organizer", "auditor")
    seats = _count_seats(petition)
    people = seats.get("organizer", 0) + seats.get("reviewer", 0)
    incomplete = tuple(language for language in LANGUAGES if not _is_whole(petition, language))
    steps = [Step("draft", False)] if any(gap.is_answer and gap.blocks for gap in list_gaps(petition)) else []
    steps += [
        Step("text", len(incomplete) < len(LANGUAGES), languages=incomplete),
        Step("contact", petition.names_contact),
        Step("danger", petition.threat is not None),
        Step("people", people >= petition.most_reviewers, have=people, need=petition.most_reviewers),
        Step("organizers", seats.get("organizer", 0) > 1, have=seats.get("organizer", 0), need=2),
    ]
    if petition.roster:
        steps.append(Step("roster", rosters.current(petition.id) is not None))
    if petition.is_sealed:
        holders = sum(holder.holds for holder in keys.list_holders(petition.id))
        steps.append(Step("keys", holders >= keys.HOLDERS, have=holders, need=keys.HOLDERS))
        if petition.mail != "none":
            steps.append(Step("mail", bool(config.current().mail_url)))
    initial = tally.total.arrived
    steps.append(Step("initial", initial > 0, have=initial, optional=True))
    steps.append(Step("preview", petition.text.previewed_at is not None))
    if drafting.is_draft(petition, has_signed=has_any):
        steps = [replace(step, part=_part(petition, step.name)) for step in steps]
    return Readiness(tuple(steps))


def _part(petition: Petition, name: str) -> str:
    """Return the step of drafting that mends what is missing, or nothing where another page does."""
    if name == "draft":
        return next((gap.step for gap in list_gaps(petition) if gap.is_answer and gap.blocks), "")
    if name == "text":
        letter = (petition.text.titles, petition.text.texts, petition.addressee)
        return "people" if any(all(text.get(language) for text in letter) for language in LANGUAGES) else "letter"
    return {"contact": "people", "danger": "danger"}.get(name, "")


def _is_whole(petition: Petition, language: str) -> bool:
    """Return whether everything that the public reads stands in this language."""
    texts = (petition.text.titles, petition.text.texts, petition.addressee, petition.who_may_sign, petition.organizers)
    return all(text.get(language) for text in texts)


def _count_seats(petition: Petition) -> dict[str, int]:
    query = select(Membership.role, func.count()).where(Membership.petition_id == petition.id)
    return dict(db.session.execute(query.group_by(Membership.role)).all())
