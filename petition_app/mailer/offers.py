"""What the mail server last said it can do, so that a form can tell at once what could not be mailed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from petition_app import config
from petition_app.mailer.addresses import needs_utf8
from petition_app.storage.db import UNNUMBERED, Base, db
from petition_app.storage.short_cache import recall

SMTPUTF8 = "SMTPUTF8"  # RFC 6531: addresses in letters beyond ASCII before the @.


class MailServerOffer(Base):
    """Whether the mail server has offered something when it was last greeted by a worker, and on which day."""

    __tablename__ = "mail_server_offers"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    offered: Mapped[bool]
    seen_on: Mapped[date]

    __table_args__ = UNNUMBERED


def note(*, utf8: bool, on: date) -> None:
    """Remember whether the server offers SMTPUTF8; nothing is written where that is known."""
    found = db.session.get(MailServerOffer, SMTPUTF8)
    if found is None:
        db.session.add(MailServerOffer(name=SMTPUTF8, offered=utf8, seen_on=on))
    elif found.offered is not utf8:
        found.offered, found.seen_on = utf8, on


def is_known() -> bool:
    """Return whether a server was greeted yet."""
    return db.session.get(MailServerOffer, SMTPUTF8) is not None


def may_reach(address: str) -> bool:
    """Return whether mail can go to an address: no where it needs what the server, when last asked, did not offer.

    Where none was asked yet it may; a message that cannot go then is given up with the same reason.
    """
    if not needs_utf8(address) or not config.current().mail_url:
        return True
    offered = select(MailServerOffer.offered).where(MailServerOffer.name == SMTPUTF8)
    return recall("mail_offers", lambda session: session.scalar(offered)) is not False
