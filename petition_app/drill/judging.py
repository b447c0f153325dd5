"""Judges what was found: what says something about a signer, of which petition, and for how many signatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from petition_app.drill.dictionary import ADDRESS, LINK, NAME, Person
from petition_app.drill.links import ROSTER, Link
from petition_app.drill.survey import Survey

PUBLIC = ("published_names", "petitions", "text_versions", "updates", "batches", "accounts")
UPLOADS = "uploads/"  # Rosters between their upload and their use.


@dataclass(frozen=True)
class Hit:
    """An occurrence of a person. `scope` and `signature` are those of its row; `raw`: in a database's own bytes."""

    person: int
    what: str
    how: str
    where: str
    table: str = ""
    scope: UUID | None = None
    signature: UUID | None = None
    raw: bool = False


@dataclass(frozen=True)
class Finding:
    """What was found, how it was written, where, and for how many signatures (or people, where that is unknown)."""

    what: str
    how: str
    where: str
    number: int
    petition: str
    sealed: bool


@dataclass(frozen=True)
class PetitionResult:
    """What falls of one petition: of `signatures`, `readable` still have keys, and `opened` were opened."""

    slug: str
    mode: str
    signatures: int
    readable: int
    opened: int
    published: int


@dataclass
class Report:
    """The result of a drill. `unread` are files that could not be read."""

    petitions: list[PetitionResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    people: int = 0
    files: int = 0
    keys: int = 0
    unread: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether anything was found about a sealed petition but its published names."""
        return any(finding.sealed for finding in self.findings)


_Key = tuple[str, str, str, str, bool]


def judge(hits: Iterable[Hit], links: Iterable[Link], people: Sequence[Person], known: Survey) -> list[Finding]:
    """Return the findings, those about sealed petitions first."""
    counted: dict[_Key, tuple[set[UUID], set[int]]] = defaultdict(lambda: (set(), set()))
    for hit in _telling(set(hits), people):
        person = people[hit.person]
        for petition, sealed in _petitions(hit.scope, person, known):
            signatures, persons = counted[hit.what, hit.how, hit.where, petition, sealed]
            persons.add(hit.person)
            if hit.signature:
                signatures.add(hit.signature)
    for number, link in enumerate(links):
        petition_id = known.signatures.get(link.signature) if link.signature else link.petition
        petition = known.slugs.get(petition_id, "") if petition_id else ""
        sealed = petition_id in known.sealed if petition_id else bool(known.sealed)
        signatures, persons = counted[link.what, link.how, link.where, petition, sealed]
        if link.signature:
            signatures.add(link.signature)
        persons.add(number)
    found = [
        Finding(what, how, where, len(signatures) or len(persons), petition, sealed)
        for (what, how, where, petition, sealed), (signatures, persons) in counted.items()
    ]
    return sorted(found, key=lambda one: (not one.sealed, one.petition, one.what, one.where, one.how))


def _petitions(scope: UUID | None, person: Person, known: Survey) -> Iterator[tuple[str, bool]]:
    """Give the petition a finding is about: its row's; else a sealed one that this person may have signed."""
    if scope:
        yield known.slugs.get(scope, ""), scope in known.sealed
        return
    signed = person.petitions or set(known.slugs)
    sealed = (set(known.slugs) if person.named else signed) & known.sealed
    about = sealed or signed
    yield known.slugs[next(iter(about))] if len(about) == 1 else "", bool(sealed)


def _telling(hits: set[Hit], people: Sequence[Person]) -> Iterator[Hit]:
    """Leave out what is public, what the roster itself says, and what a row has told already."""
    public = {(hit.person, hit.what) for hit in hits if hit.table in PUBLIC}
    published = {hit.person for hit in hits if hit.table == "published_names"}
    listed = {(hit.person, hit.what) for hit in hits if hit.table in ROSTER}
    in_rows = {(hit.person, hit.what, hit.how) for hit in hits if hit.table}
    for hit in hits:
        if hit.table in (*PUBLIC, *ROSTER) or (hit.person, hit.what) in public:
            continue
        if hit.what == LINK and hit.person in published:
            continue
        if hit.raw and ((hit.person, hit.what) in listed or (hit.person, hit.what, hit.how) in in_rows):
            continue
        if hit.where.startswith(UPLOADS) and people[hit.person].petitions and hit.what in (NAME, ADDRESS):
            continue
        yield hit
