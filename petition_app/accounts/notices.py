"""The wish of a member of staff to be told by mail that something waits: off until they say so, one a day at most."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, or_, select, update

from petition_app.accounts.models import Account, Membership, NoticeWish
from petition_app.errors import NotFoundError
from petition_app.i18n import LANGUAGES
from petition_app.storage import jobs
from petition_app.storage.db import db

LETTER = "accounts.mail_notice"


def language_wished(account: Account) -> str | None:
    """Return in which language somebody wants to be told, or nothing where they do not."""
    wish = db.session.get(NoticeWish, account.id)
    return wish.language if wish else None


def begin(account: Account, language: str, *, at: datetime) -> None:
    """Note that somebody wants to be told from now on. The day of the last mail stays. Raises: NotFoundError."""
    if language not in LANGUAGES:
        raise NotFoundError
    wish = db.session.get(NoticeWish, account.id)
    if wish:
        wish.language = language
    else:  # Who ends the wish and begins it anew on one day is not told twice on it.
        db.session.add(NoticeWish(account_id=account.id, language=language, last_on=at.date()))
    db.session.flush()


def end(account: Account) -> None:
    """Tell somebody no more; what waits to be mailed is not mailed either."""
    db.session.execute(delete(NoticeWish).where(NoticeWish.account_id == account.id))


def list_due(*, on: date) -> list[UUID]:
    """Return who wants to be told, has a role on some petition, and was not told on this day or a later one."""
    query = (
        select(NoticeWish.account_id)
        .join(Account, Account.id == NoticeWish.account_id)
        .where(Account.active, _is_due(on))
        .where(select(Membership.id).where(Membership.account_id == Account.id).exists())
        .order_by(NoticeWish.account_id)
    )
    return list(db.session.scalars(query))


def tell(account_id: UUID, *, at: datetime) -> bool:
    """Have a mail sent to somebody for this day, unless one was already; return whether it will be."""
    day = at.date()
    claimed = update(NoticeWish).where(NoticeWish.account_id == account_id, _is_due(day)).values(last_on=day)
    taken = db.session.execute(claimed.execution_options(synchronize_session=False))
    if cast(CursorResult[Any], taken).rowcount != 1:
        return False
    jobs.enqueue(LETTER, {"account_id": str(account_id), "on": day.isoformat()}, at=at)
    return True


def read_message(payload: dict[str, Any], *, at: datetime) -> tuple[str, str] | None:
    """Return the address and the language of a mail; nothing where it is no longer wanted or its day is over."""
    account = db.session.get(Account, UUID(payload["account_id"]))
    wish = db.session.get(NoticeWish, account.id) if account and account.active else None
    is_today = payload["on"] == at.date().isoformat()
    return (account.email, wish.language) if account and wish and is_today else None


def _is_due(on: date) -> Any:
    return or_(NoticeWish.last_on.is_(None), NoticeWish.last_on < on)
