"""Inviting several people at once: a list with one person a line, looked at before anybody is written to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from email_validator import EmailNotValidError
from sqlalchemy import select

from petition_app.accounts import inviting, services
from petition_app.accounts.inviting import InvitedAlreadyError, NoWayError
from petition_app.accounts.models import Account, StaffInvitation
from petition_app.accounts.services import AddressError, AlreadyMemberError, require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.mailer import offers
from petition_app.mailer.addresses import address_key, read_address
from petition_app.storage.db import db

MOST = 50  # Lines at once.
LONGEST_NAME = 120
_LINE = re.compile(r"(?P<name>[^<>@]*?)[\s,;:]*<?(?P<address>[^\s<>,;:\"]+@[^\s<>,;:\"]+)>?[\s,;.]*")


class TwiceError(DomainError):
    """A line before it has the same mailbox."""

    message = N_("This mailbox stands in the list already.")


class LongNameError(DomainError):
    """More than a name."""

    message = N_("The name is too long: at most 120 characters.")


class TooManyLinesError(DomainError):
    """More than one looks at."""

    message = N_("At most 50 people at once.")


@dataclass(frozen=True)
class Line:
    """One person of the list; `problem` says why they cannot be invited, if they cannot."""

    text: str
    name: str = ""
    address: str = ""
    problem: DomainError | None = None


def read(text: str, *, petition_id: UUID, by: Account, at: datetime) -> list[Line]:
    """Read a list with a mailbox, or a name and a mailbox, on each line, and say what keeps a line from being invited.

    Raises:
        TooManyLinesError
    """
    require_role(by, petition_id, "organizer")
    rows = [row.strip() for row in text.splitlines() if row.strip()]
    if len(rows) > MOST:
        raise TooManyLinesError
    return list(_checked(rows, petition_id, at))


def invite_all(
    lines: list[Line], *, petition_id: UUID, role: str, language: str, page: str, by: Account, at: datetime
) -> list[Line]:
    """Invite everybody on the list to one role; return the lines that could not be invited, each with its problem."""
    failed = [line for line in lines if line.problem]
    for line in lines:
        if line.problem:
            continue
        try:
            with db.session.begin_nested():
                inviting.invite(
                    petition_id=petition_id, email=line.address, name=line.name, role=role, language=language,
                    page=page, by=by, at=at,
                )  # fmt: skip
        except DomainError as error:
            failed.append(replace(line, problem=error))
    return failed


def _checked(rows: list[str], petition_id: UUID, at: datetime) -> Iterator[Line]:
    waiting = select(StaffInvitation.email_key).where(StaffInvitation.petition_id == petition_id)
    invited = set(db.session.scalars(waiting.where(StaffInvitation.expires_at > at)))
    seen: set[bytes | str] = set()
    for row in rows:
        found = _LINE.fullmatch(row)
        try:
            address = read_address(found["address"] if found else "")
        except EmailNotValidError:
            yield Line(row, problem=AddressError())
            continue
        name, key = (found["name"].strip(" \"'") if found else "") or address.split("@")[0], address_key(address)
        problem = _problem(address, petition_id, is_invited=key in invited, is_twice=key in seen)
        yield Line(row, name, address, LongNameError() if len(name) > LONGEST_NAME else problem)
        seen.add(key)


def _problem(address: str, petition_id: UUID, *, is_invited: bool, is_twice: bool) -> DomainError | None:
    if is_twice:
        return TwiceError()
    if not offers.may_reach(address):
        return NoWayError()
    if is_invited:
        return InvitedAlreadyError()
    account = services.find_account(address)
    return AlreadyMemberError() if account and services.role_of(account, petition_id) else None
