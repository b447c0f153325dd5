"""Looking a case up by exact name or mailbox: it opens one case or none, never a list, and the trail keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.signatures.exact_match import list_exact
from petition_app.storage.db import db
from petition_app.verification.cases.decision_log import list_decisions
from petition_app.verification.desk import case_view
from petition_app.verification.dialogue.lost_codes import ORDER
from petition_app.verification.rules import case_number


class NotFoundExactlyError(DomainError):
    """No signature fits exactly."""

    message = N_(
        "No signature has exactly this. Look at how it was written when it was signed. What was withdrawn or erased, "
        "and what was never confirmed, is not found; a mailbox is erased some time after the decision."
    )


class SeveralPeopleError(DomainError):
    """What was asked for fits several people."""

    message = N_(
        "This fits more than one signature, of different people or without a mailbox to tell them apart. None is "
        "opened. Write both the name and the mailbox."
    )


@dataclass(frozen=True)
class CaseLookedUp:
    """The one case; `is_decided` says that it has decisions to show, `more` that its signer signed more than once."""

    id: UUID
    number: str
    state: str
    is_decided: bool
    more: bool


def look_up(name: str, mailbox: str, *, petition: Petition, by: Account, at: datetime) -> CaseLookedUp:
    """Return the one case that fits exactly, the one that counts first where a person has signed more than once.

    A decided case counts as opened by this person afterwards. Each look-up stands in the trail.

    Raises:
        NotFoundExactlyError, SeveralPeopleError
        LockedError: the keys of a sealed petition are not open.
    """
    require_role(by, petition.id, "organizer")
    matching = list_exact(petition, name, mailbox if mailbox.strip() else None, states=ORDER)
    found = sorted(matching, key=lambda match: (ORDER.index(match.state), match.id.bytes))
    people = {(match.name, match.mailbox) for match in found}
    one = found[0] if len(found) == 1 or (len(people) == 1 and found[0].mailbox) else None
    known = one.id if one else None
    audit.record("case.looked_up", by=by.id, petition_id=petition.id, object_id=known, number=int(bool(found)), at=at)
    db.session.flush()
    if not found:
        raise NotFoundExactlyError
    if one is None:
        raise SeveralPeopleError
    is_decided = bool(list_decisions(one.id))
    if is_decided:
        case_view.open_decided(one.id, petition=petition, by=by, at=at)
    return CaseLookedUp(one.id, case_number(one.id), one.state, is_decided, len(found) > 1)
