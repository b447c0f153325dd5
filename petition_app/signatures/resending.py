"""A message that was lost with its worker: in sealed mode nobody can read its address, so the page asks again."""

from __future__ import annotations

from datetime import datetime

from petition_app.db import db
from petition_app.petitions.models import Petition
from petition_app.security import new_mail_code
from petition_app.signatures import messages
from petition_app.signatures.services import find_confirmation, hash_code


def send_again(*, petition: Petition, pending: str, email: str, language: str, at: datetime) -> None:
    """Mail a new code to an address typed anew; the code before it is void.

    Whether the page is known makes no difference to who asks. Raises: StorageSealedError.
    """
    row = find_confirmation(petition.id, pending=pending, code="", at=at) if pending else None
    if row is None or row.used or row.expires_at < at or row.code_hash is None or not petition.is_sealed:
        return
    code = new_mail_code()
    row.code_hash = hash_code(petition.id, code)
    messages.enqueue_sealed("signatures.mail_code", f"{code}\n{language}\n{email}".encode(), petition, at=at)
    db.session.flush()
