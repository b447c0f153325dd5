"""Who asks for a staff page: the account, its session, the petition and the role on it, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, select

from petition_app.accounts import sessions
from petition_app.accounts.models import Account, AccountSession, Membership
from petition_app.maintenance import READ_ONLY, Switch
from petition_app.petitions.models import Petition
from petition_app.storage.db import Moment, db
from petition_app.storage.known_rows import known_here


@dataclass(frozen=True)
class StaffAccess:
    """What is known of a request before its page begins.

    `in_session` says whether the token is that of a session of this account that lasts. `petition` and `role` are
    nothing where the account has no role on it. `read_only` says whether nothing may change at the moment.
    """

    account: Account
    in_session: bool
    petition: Petition | None
    role: str | None
    read_only: bool


def find(identifier: str, *, token: str, slug: str, at: datetime) -> StaffAccess | None:
    """Return what is known of who has this identifier in a cookie (`Account.fs_uniquifier`), if anybody has."""
    since = at - sessions.LIFE
    given = {"identifier": identifier, "token": sessions.hash_token(token), "since": since, "slug": slug}
    row = db.session.execute(_query(), given).first()
    if row is None:
        return None
    account, session_of, petition, role, read_only = row
    if role is None:
        petition = None
    else:
        known_here("roles")[account.id, petition.id] = role
    return StaffAccess(account, session_of == account.id, petition, role, read_only)


@cache
def _query() -> Select[Account, UUID, Petition, str, bool]:
    here, now = AccountSession.token_hash == bindparam("token"), bindparam("since", type_=Moment())
    return (
        select(Account, AccountSession.account_id, Petition, Membership.role, exists().where(Switch.name == READ_ONLY))
        .select_from(Account)
        .outerjoin(AccountSession, and_(here, AccountSession.started_at >= now))
        .outerjoin(Petition, Petition.slug == bindparam("slug"))
        .outerjoin(Membership, and_(Membership.petition_id == Petition.id, Membership.account_id == Account.id))
        .where(Account.fs_uniquifier == bindparam("identifier"))
    )
