"""Messages that did not arrive: the case is told why; and in sealed mode, where one was lost with its worker and nobody
can read its address, the page asks for it again.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from petition_app.crypto.codes import new_mail_code
from petition_app.mailer.delivery import TooLateError
from petition_app.petitions.models import Petition
from petition_app.rate_limits import budgets
from petition_app.signatures import messages, sealing
from petition_app.signatures.case_additions import add_by_signer
from petition_app.signatures.messages import Message
from petition_app.signatures.models import Confirmation
from petition_app.signatures.new_signatures import CODE_LIFE, hash_code
from petition_app.signatures.rules import quarter_after
from petition_app.signatures.services import find_confirmation
from petition_app.signatures.states import lock_signature
from petition_app.storage.db import db


def send_again(*, petition: Petition, pending: str, email: str, language: str, at: datetime) -> None:
    """Mail a new code to an address typed anew; the code before it is void.

    Whether the page is known makes no difference to who asks. Raises: StorageSealedError.
    """
    row = find_confirmation(petition.id, pending=pending, code="", at=at) if pending else None
    if row is None or row.used or row.expires_at < at or row.code_hash is None or not petition.is_sealed:
        return
    if not budgets.may_mail([email])[0]:
        return  # The code that was mailed before stays good.
    code = new_mail_code()
    row.code_hash, row.expires_at = hash_code(petition.id, code), quarter_after(at + CODE_LIFE)
    message = Message(code, language, email, row.signature_id)
    messages.enqueue_message("signatures.mail_code", message, petition, at=at)
    db.session.flush()


def is_awaited(message: Message, *, at: datetime) -> bool:
    """Return whether the code of a message still waits to be typed.

    Raises:
        TooLateError: nobody has typed it, and nobody can any more.
    """
    row = db.session.scalar(select(Confirmation).where(Confirmation.signature_id == message.signature_id))
    if row is None or row.used or row.code_hash != hash_code(row.petition_id, message.words):
        return False
    if row.expires_at < at:
        raise TooLateError
    return True


def note_failure(payload: dict[str, str], reason: str, *, at: datetime) -> None:
    """Tell the case that a message about it could not be delivered, and why; what cannot be opened is left alone."""
    if signature_id := messages.open_message(payload).signature_id:
        note_on_case(signature_id, reason, at=at)


def note_on_case(signature_id: UUID, reason: str, *, at: datetime) -> None:
    """Add to a case that a message did not arrive; `reason` is a kind of error, never a server's own words."""
    signature = lock_signature(signature_id)
    if signature and signature.state != "discarded" and sealing.is_readable(signature):
        note = {"kind": "undelivered", "on": at.date().isoformat(), "text": reason}
        add_by_signer(signature, note)
