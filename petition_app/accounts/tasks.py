"""Work for later: mail an invitation to a member of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app import mail
from petition_app.accounts import inviting


def mail_invitation(payload: dict[str, Any], _at: datetime) -> None:
    """Mail the code of an invitation, which names no petition, unless it was answered or taken back meanwhile."""
    if message := inviting.read_message(payload):
        with force_locale(message.language):
            body = render_template("emails/accounts/invitation.txt", code=message.code, page=message.page)
            mail.send(to=message.email, subject=gettext("An invitation"), body=body)
