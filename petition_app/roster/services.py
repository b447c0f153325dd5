"""Rosters: bring in a version, compare it with the one before, look people up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.roster.file_reader import COMPARED, Entry, key_today
from petition_app.roster.models import RosterEntry, RosterVersion
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update

CHUNK = 1000
EXAMPLES = 5
WAITS = timedelta(days=1)
_values = attrgetter(*COMPARED)


class AsOfError(DomainError):
    """A list cannot be true as of a day to come."""

    message = N_("The day as of which the list is true lies in the future.")


class EmptyRosterError(DomainError):
    """A list without people cannot be used."""

    message = N_("No row of this file can be taken, so it was not used.")


class ReplacedError(DomainError):
    """Another file was uploaded, or this one was used, meanwhile."""

    message = N_("This file is no longer waiting: another one was uploaded, or it is in use already.")


@dataclass(frozen=True)
class Difference:
    """One person in whom two versions differ; `fields` names what is different in who is on both."""

    key: str
    name: str
    body: str
    place: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two versions compared: how many people were added, are gone, changed or stayed the same, and some of them.

    `kept` has the keys of the former version by those that the same people would get now.
    """

    added: int = 0
    gone: int = 0
    changed: int = 0
    same: int = 0
    some_added: tuple[Difference, ...] = ()
    some_gone: tuple[Difference, ...] = ()
    some_changed: tuple[Difference, ...] = ()
    kept: dict[str, str] = field(default_factory=dict)


# --- bringing one in ----------------------------------------------------------------------------------------------


def begin(
    petition: Petition,
    *,
    name: str,
    as_of: date,
    sha256: bytes,
    columns: Sequence[str],
    by: Account | None,
    at: datetime,
    reading: dict[str, Any] | None = None,
    again: bool = False,
) -> RosterVersion:
    """Begin a version, or return the one in use if it is this very file, read in this way, unless `again` is said.

    Whatever was begun before and never used is removed.

    Raises:
        AsOfError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    used = current(petition.id)
    if not again and used and used.sha256 == sha256 and used.columns == list(columns):
        return used
    if as_of > at.date() + timedelta(days=1):  # It may be tomorrow already where the list was made.
        raise AsOfError
    waiting = select(RosterVersion.id).where(RosterVersion.petition_id == petition.id, RosterVersion.state == "staging")
    for version_id in db.session.scalars(waiting).all():
        discard(version_id)
    version = RosterVersion(
        petition_id=petition.id,
        number=(db.session.scalar(select(func.max(RosterVersion.number)).filter_by(petition_id=petition.id)) or 0) + 1,
        name=name,
        as_of=as_of,
        sha256=sha256,
        columns=list(columns),
        reading=reading,
        at=at,
    )
    db.session.add(version)
    db.session.flush()
    return version


def stage(version_id: UUID, entries: Iterable[Entry]) -> None:
    """Write some people to a version that is not in use yet. Raises: ReplacedError."""
    _waiting(version_id)
    rows = [{"id": uuid4(), "version_id": version_id, **vars(entry)} for entry in entries]
    if rows:
        db.session.execute(insert(RosterEntry), rows)


def admit(version_id: UUID, *, by: Account | None, at: datetime) -> RosterVersion:
    """Put a version to use in place of the one before, and have those who were not found looked for again.

    Raises:
        ReplacedError, EmptyRosterError
    """
    begun = db.session.get(RosterVersion, version_id)
    if begun is None:
        raise ReplacedError
    petition_id = begun.petition_id
    require_role(by, petition_id, "organizer")
    get_for_update(Petition, petition_id)
    version, before = _waiting(version_id), current(petition_id)
    members = select(func.count()).select_from(RosterEntry).where(RosterEntry.version_id == version_id)
    version.size = db.session.scalar(members) or 0
    if not version.size:
        raise EmptyRosterError
    found = compare(before.id if before else None, version_id)
    version.added, version.gone, version.changed = found.added, found.gone, found.changed
    _keep_keys(version_id, found.kept)
    if before:
        before.state = "past"
    version.state, version.reading, version.at = "current", None, at
    audit.record(
        "roster.imported",
        by=by.id if by else None,
        petition_id=petition_id,
        object_id=version.id,
        number=version.size,
        at=at,
    )
    jobs.enqueue("verification.rematch", {"petition_id": str(petition_id), "version_id": str(version.id)}, at=at)
    db.session.flush()
    return version


def discard(version_id: UUID) -> None:
    """Remove a version that was begun and not used. Raises: ReplacedError."""
    version = _waiting(version_id)
    db.session.execute(delete(RosterEntry).where(RosterEntry.version_id == version_id))
    db.session.delete(version)
    db.session.flush()


def list_old(*, at: datetime) -> list[UUID]:
    """Return the versions that were begun more than a day ago and never used."""
    old = select(RosterVersion.id).where(RosterVersion.state == "staging", RosterVersion.at < at - WAITS)
    return list(db.session.scalars(old))


def _waiting(version_id: UUID) -> RosterVersion:
    version = get_for_update(RosterVersion, version_id)
    if version is None or version.state != "staging":
        raise ReplacedError
    return version


# --- looking people up --------------------------------------------------------------------------------------------


def current(petition_id: UUID) -> RosterVersion | None:
    """Return the version in use."""
    query = select(RosterVersion).where(RosterVersion.petition_id == petition_id, RosterVersion.state == "current")
    return db.session.scalar(query)


def get_staging(petition_id: UUID) -> RosterVersion | None:
    """Return the version that was begun and is not in use yet."""
    query = select(RosterVersion).where(RosterVersion.petition_id == petition_id, RosterVersion.state == "staging")
    return db.session.scalar(query)


def list_versions(petition_id: UUID, *, by: Account | None) -> list[RosterVersion]:
    """Return the versions that are or were in use, the newest first."""
    require_role(by, petition_id, "organizer")
    query = select(RosterVersion).where(RosterVersion.petition_id == petition_id, RosterVersion.state != "staging")
    return list(db.session.scalars(query.order_by(RosterVersion.number.desc())))


def _keep_keys(version_id: UUID, kept: Mapping[str, str]) -> None:
    """Give people of the version before the keys that they have there, to which verdicts are bound."""
    keys = list(kept)
    for begun in range(0, len(keys), CHUNK):
        for entry in get_entries(version_id, keys[begun : begun + CHUNK]):
            entry.key = kept[entry.key]


def list_entries(version_id: UUID) -> list[RosterEntry]:
    """Return everybody on a version, in the order of their keys."""
    query = select(RosterEntry).where(RosterEntry.version_id == version_id).order_by(RosterEntry.key)
    return list(db.session.scalars(query))


def iter_entries(version_id: UUID) -> Iterator[Entry]:
    """Go through everybody on a version in the order of their keys, a thousand at a time, as plain values."""
    return (Entry(*row) for row in iter_fields(version_id, ("key", *COMPARED)))


def iter_fields(version_id: UUID, fields: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Go through everybody on a version in the order of their keys, these fields of each alone."""
    columns = [getattr(RosterEntry, field) for field in fields]
    query = select(*columns).where(RosterEntry.version_id == version_id).order_by(RosterEntry.key)
    with db.session.execute(query.execution_options(yield_per=CHUNK)) as rows:
        yield from rows


def get_entry(version_id: UUID, key: str) -> RosterEntry | None:
    """Return one person on a version."""
    query = select(RosterEntry).where(RosterEntry.version_id == version_id, RosterEntry.key == key)
    return db.session.scalar(query)


def get_entries(version_id: UUID, keys: Collection[str]) -> list[RosterEntry]:
    """Return the people with these keys who are on a version."""
    query = select(RosterEntry).where(RosterEntry.version_id == version_id, RosterEntry.key.in_(keys))
    return list(db.session.scalars(query))


# --- comparing ----------------------------------------------------------------------------------------------------


def compare(old: UUID | None, new: UUID) -> Comparison:
    """Compare two versions; without an old one everybody is added."""
    return compare_with(old, iter_entries(new))


def compare_with(old: UUID | None, entries: Iterable[Entry]) -> Comparison:
    """Compare a version with people that are not one yet, with a few names of each kind.

    Of each person of the old version a key and a number are remembered, nothing else.
    """
    before, kept = dict[str, int](), dict[str, str]()
    for entry in iter_entries(old) if old else ():
        before[entry.key], key = hash(_values(entry)), key_today(entry)
        if key != entry.key:
            kept[key] = entry.key
    added, changed, same = 0, 0, 0
    some_added: list[Difference] = []
    some_changed: list[Entry] = []
    for entry in entries:
        known = before.pop(kept.get(entry.key, entry.key), None)
        if known is None:
            added += 1
            if len(some_added) < EXAMPLES:
                some_added.append(_difference(entry))
        elif known == hash(_values(entry)):
            same += 1
        else:
            changed += 1
            if len(some_changed) < EXAMPLES:
                some_changed.append(entry)
    some_gone = [get_entry(old, key) for key in list(before)[:EXAMPLES]] if old else []
    return Comparison(
        added=added,
        gone=len(before),
        changed=changed,
        same=same,
        some_added=tuple(some_added),
        some_gone=tuple(_difference(entry) for entry in some_gone if entry),
        some_changed=tuple(
            _difference(entry, get_entry(old, kept.get(entry.key, entry.key))) for entry in some_changed if old
        ),
        kept=kept,
    )


def _difference(entry: Entry | RosterEntry, before: RosterEntry | None = None) -> Difference:
    fields = [field for field in COMPARED if before and getattr(before, field) != getattr(entry, field)]
    return Difference(entry.key, entry.name, entry.body, entry.place, tuple(fields))
