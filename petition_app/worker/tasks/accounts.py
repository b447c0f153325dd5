"""Work for later: mail an invitation to a member of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext

from petition_app.accounts import inviting
from petition_app.mailer.smtp import Letter


def mail_invitation(payload: dict[str, Any], _at: datetime) -> Letter | None:
    """Write the message with the code of an invitation, which names no petition.

    There is none where the invitation was answered, taken back or sent anew meanwhile.
    """
    message = inviting.read_message(payload)
    if message is None:
        return None
    with force_locale(message.language):
        body = render_template("emails/accounts/invitation.txt", code=message.code, page=message.page)
        return Letter(message.email, gettext("An invitation"), body)
