"""What a draft lacks before it can be opened, or before it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from petition_app.errors import DomainError
from petition_app.i18n import LANGUAGES, N_
from petition_app.petitions.models import Petition

STEPS = ("letter", "people", "danger", "checking", "days")
BLANK = "[…"  # How a place to fill in begins, in a letter that a template has begun.


class UnfinishedError(DomainError):
    """A step of drafting that matters is not answered."""

    message = N_(
        "The draft is not finished: it needs a title and a text without places left to fill in, and an answer to "
        "whether signers may be at risk. Its steps say what is still open."
    )


@dataclass(frozen=True)
class Gap:
    """One thing that a draft lacks, in which step; `blocks` says that it cannot be opened without it."""

    step: str
    what: str
    blocks: bool = True

    @property
    def is_answer(self) -> bool:
        """Whether it belongs to what only the steps of the draft ask: a whole text, and the danger to signers."""
        return self.step in ("letter", "danger")


def list_gaps(petition: Petition) -> list[Gap]:
    """Return what a draft lacks, in the order of its steps."""
    unfinished = petition.unfinished or {}
    found = _gaps_of_text(petition)
    if not petition.who_may_sign:
        found.append(Gap("people", "who_may_sign", blocks=False))
    if not petition.rehearsal and not petition.organizers:
        found.append(Gap("people", "organizers"))
    if not petition.rehearsal and not petition.contact:
        found.append(Gap("people", "contact"))
    if "danger" in unfinished and not unfinished["danger"].get("mode"):
        found.append(Gap("danger", "mode"))
    if not petition.threat:
        found.append(Gap("danger", "questions", blocks=False))
    if "checking" in unfinished:
        found.append(Gap("checking", "rules", blocks=False))
    return found


def left_by_edit(petition: Petition, mode: str) -> dict[str, Any] | None:
    """Return which steps stay unfinished once the whole form was saved: questions about danger half answered."""
    danger = (petition.unfinished or {}).get("danger")
    return {"danger": {**danger, "mode": mode}} if danger else None


def require_finished(petition: Petition) -> None:
    """Refuse a draft without a whole text, or whose organizers were not asked about danger. Raises: UnfinishedError."""
    if any(gap.blocks and gap.is_answer for gap in list_gaps(petition)):
        raise UnfinishedError


def _gaps_of_text(petition: Petition) -> list[Gap]:
    titles, texts = petition.text.titles, petition.text.texts
    if not titles and not texts:
        return [Gap("letter", "text")]
    found = [Gap("letter", f"title_{language}") for language in LANGUAGES if language in texts.keys() - titles.keys()]
    found += [Gap("letter", f"text_{language}") for language in LANGUAGES if language in titles.keys() - texts.keys()]
    words = (*titles.values(), *texts.values(), *petition.addressee.values(), *petition.who_may_sign.values())
    if any(BLANK in text for text in words):
        found.append(Gap("letter", "blanks"))
    return found
