"""The life of a petition: draft, edit, open, pause, resume, close."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from petition_app import audit, config
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import give_role, require_role
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.keys import services as keys
from petition_app.petitions import milestones, policies
from petition_app.petitions.completeness import left_by_edit, require_finished
from petition_app.petitions.contact import require_contact
from petition_app.petitions.freezing import require_thawed
from petition_app.petitions.models import Petition, TextVersion
from petition_app.petitions.new_petition import NewPetition as NewPetition  # The services take it.
from petition_app.petitions.policy_rules import Policy
from petition_app.petitions.rules import text_hash
from petition_app.petitions.time_zones import zones
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update
from petition_app.storage.multi_insert import insert_alone

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
STEPS = {"open": ("draft", "paused"), "paused": ("open",), "closed": ("open", "paused")}


class SlugTakenError(DomainError):
    """Another petition has this address."""

    message = N_("Another petition has this address already. Please choose another one.")


class SlugError(DomainError):
    """Not usable as an address."""

    message = N_("The address may hold small Latin letters, digits and single hyphens, and at most 80 characters.")


class MissingTextError(DomainError):
    """A title or a text is missing in a language that has the other."""

    message = N_("Each language needs a title and a text, and there must be at least one language.")


class ModeError(DomainError):
    """The mode cannot change any more."""

    message = N_("People may have signed already, so the petition keeps its mode: what is sealed stays sealed.")


class NeutralMailError(DomainError):
    """Codes would lie in a folder on the server."""

    message = N_(
        "A sealed petition opens only with a mail server of your own, set as MAIL_URL, or without any mail to signers."
    )


class StepError(DomainError):
    """The petition cannot go there from where it is."""

    message = N_("A petition that is %(state)s cannot be %(to)s.")


class ZoneError(DomainError):
    """Not the name of a time zone."""

    message = N_("Please choose a time zone from the list.")


class DatesError(DomainError):
    """It would close before it opens."""

    message = N_("The last day of signing lies before the first.")


def create(new: NewPetition, *, by: Account | None, at: datetime, unfinished: dict[str, Any] | None = None) -> Petition:
    """Draft a petition; who drafts it becomes its first organizer. With steps `unfinished` it may have no text yet.

    Raises:
        SlugError, SlugTakenError, MissingTextError, DatesError, ZoneError
    """
    check_days(new.opens, new.closes, new.time_zone)
    if unfinished is None:
        check_texts(new.titles, new.texts)
    if not SLUG.fullmatch(new.slug) or len(new.slug) > 80:
        raise SlugError
    petition = Petition(slug=new.slug, created_at=at, freeze_after=new.freeze_after, unfinished=unfinished)
    _set_fields(petition, new)
    for name, value in Policy.of(new).as_json().items():
        setattr(petition, name, value)
    petition.versions = [_version(1, new, at)]
    if not insert_alone(petition):
        raise SlugTakenError
    audit.record("petition.created", by=by.id if by else None, petition_id=petition.id, at=at)
    if by:
        give_role(by, petition_id=petition.id, role="organizer", by=by, at=at)
    return petition


def edit(
    petition: Petition, new: NewPetition, *, has_signed: Callable[[UUID], bool], by: Account | None, at: datetime
) -> bool:
    """Change a petition. Once somebody `has_signed`, a changed text becomes a new version; the old one stays.

    The address, the mode and the mail rule stay as they are after the first signature; a sealed petition that was
    opened stays sealed. Rules of checking that ask for less than before then wait for another organizer.

    Returns whether everything is changed now.

    Raises:
        MissingTextError, DatesError, ZoneError, ModeError, StepError: it is closed. OnlyOrganizerError,
        AskedAlreadyError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id, alone=True)  # Nobody signs meanwhile, so that the answer holds until the end.
    signed = has_signed(petition.id)
    require_thawed(petition)
    check_texts(new.titles, new.texts)
    check_days(new.opens, new.closes, new.time_zone)
    if petition.state == "closed":
        raise StepError(state="closed", to="edited")
    if new.mode != petition.mode and (signed or (petition.is_sealed and petition.opened_at)):
        raise ModeError
    whole = policies.change(petition, Policy.of(new), signed=signed, by=by, at=at)
    mail = petition.mail
    _set_fields(petition, new)
    if signed:
        petition.mail = mail
    petition.unfinished = left_by_edit(petition, new.mode)
    if text_hash(new.titles, new.texts) != petition.text.sha256:
        if signed:
            petition.versions.append(_version(petition.text.number + 1, new, at))
        else:
            replace_text(petition, new.titles, new.texts, at=at)
    audit.record("petition.edited", by=by.id if by else None, petition_id=petition.id, at=at)
    jobs.mark_due(petition.id)
    db.session.flush()
    return whole


def change_state(
    petition: Petition, to: str, *, by: Account | None, at: datetime, notice: dict[str, str] | None = None
) -> Petition:
    """Open, pause or close a petition; a pause may carry a notice, by language, which says why.

    Raises:
        StepError: it cannot go there from where it is.
        FewHoldersError, NeutralMailError: a sealed petition is not ready.
        UnfinishedError: it was drafted in steps, and one that matters is not answered.
        NoContactError: an organizer opens it, and it does not say whom to turn to; at the shell that is only told.
        WordsError: the notice lacks a language, or is too long.
        FrozenError
    """
    require_role(by, petition.id, "organizer")
    get_for_update(Petition, petition.id)
    require_thawed(petition)
    if petition.state not in STEPS[to]:
        raise StepError(state=petition.state, to=to)
    if to == "open" and not petition.opened_at:
        require_finished(petition)
    if to == "open" and by and not petition.opened_at:
        require_contact(petition)
    if to == "open" and petition.is_sealed:
        keys.require_holders(petition.id)
        if petition.mail != "none" and not config.current().mail_url:
            raise NeutralMailError
    petition.state = to
    if to == "paused":
        milestones.note(petition, "paused", words=milestones.check_words(notice), by=by, at=at)
        return petition
    if to == "open" and petition.opened_at:
        milestones.note(petition, "resumed", by=by, at=at)
        return petition
    if to == "open":
        petition.opened_at = at
    if to == "closed":
        petition.closed_at = at
    audit.record(f"petition.{to}", by=by.id if by else None, petition_id=petition.id, at=at)
    jobs.mark_due(petition.id, urgent=True)
    db.session.flush()
    return petition


def get_public(slug: str) -> Petition:
    """Return a petition the public may see. Raises: NotFoundError."""
    petition = db.session.scalar(select(Petition).where(Petition.slug == slug))
    if petition is None or not petition.is_public:
        raise NotFoundError
    return petition


def get_by_slug(slug: str) -> Petition:
    """Return any petition, for the operator at the shell. Raises: NotFoundError."""
    petition = db.session.scalar(select(Petition).where(Petition.slug == slug))
    if petition is None:
        raise NotFoundError
    return petition


def get_by_id(petition_id: UUID) -> Petition:
    """Return any petition, for who was invited to it. Raises: NotFoundError."""
    if petition := db.session.get(Petition, petition_id):
        return petition
    raise NotFoundError


def get_for_staff(slug: str, *, by: Account) -> tuple[Petition, str]:
    """Return a petition and the actor's role on it. Raises: NotFoundError: for anybody without a role."""
    row = db.session.execute(
        select(Petition, Membership.role)
        .join(Membership, Membership.petition_id == Petition.id)
        .where(Petition.slug == slug, Membership.account_id == by.id)
    ).first()
    if row is None:
        raise NotFoundError
    return row[0], row[1]


def list_public() -> list[Petition]:
    """Return the petitions the public may see, the latest first."""
    query = select(Petition).where(Petition.state != "draft", ~Petition.rehearsal)
    return list(db.session.scalars(query.order_by(Petition.opened_at.desc(), Petition.id)))


def list_all() -> list[Petition]:
    """Return every petition, for the operator at the shell."""
    return list(db.session.scalars(select(Petition).order_by(Petition.slug)))


def list_for_staff(*, by: Account) -> list[tuple[Petition, str]]:
    """Return the petitions on which the actor has a role, with the role."""
    query = (
        select(Petition, Membership.role)
        .join(Membership, Membership.petition_id == Petition.id)
        .where(Membership.account_id == by.id)
        .order_by(Petition.created_at.desc())
    )
    return [(petition, role) for petition, role in db.session.execute(query)]


def get_version(version_id: UUID) -> TextVersion:
    """Return the text version a signature is bound to. Raises: NotFoundError."""
    if version := db.session.get(TextVersion, version_id):
        return version
    raise NotFoundError


def check_days(opens: date | None, closes: date | None, time_zone: str) -> None:
    """Refuse days in a wrong order, or in a zone that is none. Raises: DatesError, ZoneError."""
    if opens and closes and closes < opens:
        raise DatesError
    if time_zone not in zones():
        raise ZoneError


def replace_text(petition: Petition, titles: dict[str, str], texts: dict[str, str], *, at: datetime) -> None:
    """Put another text in the place of one that nobody has signed."""
    current = petition.text
    current.titles, current.texts, current.sha256 = titles, texts, text_hash(titles, texts)
    current.created_at, current.previewed_at = at, None


def check_texts(titles: dict[str, str], texts: dict[str, str]) -> None:
    """Refuse a letter without a language that has a title and a text. Raises: MissingTextError."""
    if not texts or set(titles) != set(texts):
        raise MissingTextError
    if not all(text.strip() for text in (*titles.values(), *texts.values())):
        raise MissingTextError


def _set_fields(petition: Petition, new: NewPetition) -> None:
    petition.addressee, petition.who_may_sign = new.addressee, new.who_may_sign
    petition.organizers, petition.contact = new.organizers, new.contact
    petition.goal, petition.opens, petition.closes = new.goal, new.opens, new.closes
    petition.mode, petition.mail, petition.time_zone = new.mode, new.mail, new.time_zone
    petition.names_order = new.names_order


def _version(number: int, new: NewPetition, at: datetime) -> TextVersion:
    return TextVersion(
        number=number,
        titles=new.titles,
        texts=new.texts,
        sha256=text_hash(new.titles, new.texts),
        created_at=at,
    )
