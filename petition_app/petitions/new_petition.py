"""A petition as somebody drafts it: what the page and the file of a petition hand to the services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class NewPetition:
    """A petition as it is drafted. Texts are by language: {"en": …, "ru": …}; `goal` is a number of signatures.

    `time_zone` is the IANA name of the zone in which its first day begins and its last day ends, `names_order` one
    of `tailorings.LANGUAGES`, or "" where names stand in the order of the letter's own language.
    """

    slug: str
    titles: dict[str, str]
    texts: dict[str, str]
    addressee: dict[str, str]
    who_may_sign: dict[str, str]
    goal: int | None = None
    opens: date | None = None
    closes: date | None = None
    mode: str = "standard"
    mail: str = "required"
    roster: bool = False
    reviewers: int = 2
    match_rule: str = "possible"
    evidence_rule: int = 0
    evidence_kinds: tuple[str, ...] = ()
    freeze_after: int | None = None
    organizers: dict[str, str] = field(default_factory=dict)
    contact: str = ""
    time_zone: str = "UTC"
    names_order: str = ""
