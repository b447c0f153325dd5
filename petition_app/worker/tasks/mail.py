"""Work that comes round: what the mail server can do."""

from __future__ import annotations

from datetime import datetime

from petition_app import maintenance
from petition_app.mailer import offers, smtp
from petition_app.storage.db import transaction


def ask_server(at: datetime) -> None:
    """Ask the mail server once what it offers, so that a form can tell what could not be mailed.

    Later on each connection says it again.
    """
    with transaction(saving=False):
        if offers.is_known() or maintenance.list_on():
            return
    utf8 = smtp.check()
    with transaction():
        offers.note(utf8=utf8, on=at.date())
