"""A second look: why a signature is not counted, for its own signer, and how they ask to have it looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import aliased

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.accounts.services import require_role
from petition_app.errors import DomainError, NotFoundError
from petition_app.i18n import N_
from petition_app.petitions.models import Petition
from petition_app.roster.models import RosterVersion
from petition_app.signatures import sealing
from petition_app.signatures import services as signing
from petition_app.signatures.case_additions import add_by_signer
from petition_app.signatures.models import Signature
from petition_app.signatures.states import StateError, lock_signature, move
from petition_app.storage.db import db
from petition_app.verification.cases.decision_log import append
from petition_app.verification.decisions.services import TEXT_LENGTH
from petition_app.verification.dialogue.questions import AnswerError
from petition_app.verification.models import Decision, SecondLook

NOT_COUNTED = ("rejected", "duplicate", "retracted")
AT_ONCE = ("rejected", "duplicate")
LISTED = 200
MOST_WISHES = 5


class ErasedError(DomainError):
    """The keys are gone, so nobody can look."""

    message = N_("What was stored about this signature is erased, so nobody can look at it again. Please sign anew.")


class AskedAlreadyError(DomainError):
    """The organizers have the words already."""

    message = N_("Your words are with the organizers already. They decide whether it is looked at once more.")


class LookedAtAgainError(StateError):
    """It was asked for, and the check has begun anew."""

    message = N_("It is being looked at again already. Nothing was sent twice.")


class AskedOftenError(DomainError):
    """It was looked at several times."""

    message = N_("You have asked for this several times. Please turn to the organizers of the letter.")


@dataclass(frozen=True)
class NotCounted:
    """Why a signature is not counted, as its signer reads it.

    `list_of` is the day of the roster it was compared with. `at_once`: asking for a second look begins the check
    anew; else the organizers decide. `waiting`: they have the signer's words already. `readable`: its keys are there.
    """

    state: str
    reason: str | None
    decided_on: date
    list_of: date | None
    at_once: bool
    waiting: bool
    readable: bool


def withdraw(signature: Signature, *, at: datetime) -> None:
    """Withdraw a signature, in whatever state it is, and with it what its signer asked to be looked at again.

    Raises:
        StateError: the signature is withdrawn already.
    """
    signing.withdraw(signature, at=at)
    open_wishes = update(SecondLook).where(SecondLook.signature_id == signature.id, SecondLook.closed_on.is_(None))
    db.session.execute(open_wishes.values(closed_on=at.date()).execution_options(synchronize_session="fetch"))


def why_not_counted(signature: Signature) -> NotCounted | None:
    """Return why a signature is not counted, or nothing where it is counted, or still on its way."""
    decision = _last_word(signature)
    if decision is None:
        return None
    return NotCounted(
        state=signature.state,
        reason=decision.reason,
        decided_on=decision.at.date(),
        list_of=_list_of(decision),
        at_once=signature.state in AT_ONCE and not _count_wishes(signature.id),
        waiting=_waits(signature.id, decision),
        readable=sealing.is_readable(signature),
    )


def ask(signature: Signature, words: str, *, at: datetime) -> bool:
    """Take a signer's wish to be looked at again; return whether the check begins anew at once.

    It does once, by itself, where the signature was not verified or was taken for a duplicate. Any further wish, and
    that about a signature taken back, goes to the organizers. The signature is locked by its code.

    Raises:
        StateError: it is counted, on its way, or withdrawn.
        ErasedError, AskedAlreadyError, AskedOftenError, AnswerError
    """
    words, decision = words.strip(), _last_word(signature)
    if decision is None:
        raise LookedAtAgainError if signature.state == "checking" and _count_wishes(signature.id) else StateError
    if not sealing.is_readable(signature):
        raise ErasedError
    if _waits(signature.id, decision):
        raise AskedAlreadyError
    if not words or len(words) > TEXT_LENGTH:
        raise AnswerError
    asked = _count_wishes(signature.id)
    if asked >= MOST_WISHES:
        raise AskedOftenError
    at_once = signature.state in AT_ONCE and not asked
    note = {"kind": "second_look", "on": at.date().isoformat(), "text": words}
    add_by_signer(signature, note)
    db.session.add(
        SecondLook(
            signature_id=signature.id,
            petition_id=signature.petition_id,
            position=_latest_position(signature.id),
            asked_on=at.date(),
            closed_on=at.date() if at_once else None,
        )
    )
    if at_once:
        # A signer's act is kept with its day only.
        append(signature, outcome="reopened", by=None, at=datetime.combine(at.date(), time(), UTC))
        move(signature, "checking")
    audit.record_signer("signature.second_look", petition_id=signature.petition_id, at=at)
    db.session.flush()
    return at_once


def _last_word(signature: Signature) -> Decision | None:
    """Return the decision by which a signature is not counted."""
    if signature.state not in NOT_COUNTED:
        return None
    undone = aliased(Decision)
    return db.session.scalars(
        select(Decision)
        .where(
            Decision.signature_id == signature.id,
            Decision.outcome == signature.state,
            ~exists().where(undone.supersedes_id == Decision.id),
        )
        .order_by(Decision.position.desc())
        .limit(1)
    ).first()


def _list_of(decision: Decision) -> date | None:
    return db.session.scalar(
        select(RosterVersion.as_of).where(
            RosterVersion.petition_id == decision.petition_id, RosterVersion.number == decision.roster_number
        )
    )


def _count_wishes(signature_id: UUID) -> int:
    asked = select(func.count()).select_from(SecondLook).where(SecondLook.signature_id == signature_id)
    return db.session.scalar(asked) or 0


def _latest_position(signature_id: UUID) -> int:
    return db.session.scalar(select(func.max(Decision.position)).where(Decision.signature_id == signature_id)) or 0


def _waits(signature_id: UUID, decision: Decision) -> bool:
    waiting = select(SecondLook.id).where(
        SecondLook.signature_id == signature_id,
        SecondLook.position >= decision.position,
        SecondLook.closed_on.is_(None),
    )
    return db.session.scalar(waiting.limit(1)) is not None


# --- for the organizers -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """One wish that waits for the organizers: no name; the words are read in the case."""

    id: UUID
    signature_id: UUID
    number: str
    state: str
    asked_on: date


def list_waiting(petition: Petition, *, by: Account) -> list[Waiting]:
    """Return the wishes for a second look that wait for the organizers, oldest first. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    rows = db.session.execute(_waiting(petition).order_by(SecondLook.asked_on, SecondLook.id).limit(LISTED))
    return [Waiting(row.id, row.signature_id, row.signature_id.hex[:8], state, row.asked_on) for row, state in rows]


def count_waiting(petition: Petition, *, by: Account) -> int:
    """Return how many wishes for a second look wait, however many are listed. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    return db.session.scalar(select(func.count()).select_from(_waiting(petition).subquery())) or 0


def _waiting(petition: Petition) -> Select[SecondLook, str]:
    later = aliased(Decision)
    return (
        select(SecondLook, Signature.state)
        .join(Signature, Signature.id == SecondLook.signature_id)
        .where(
            SecondLook.petition_id == petition.id,
            SecondLook.closed_on.is_(None),
            Signature.state.in_(NOT_COUNTED),
            ~exists().where(later.signature_id == SecondLook.signature_id, later.position > SecondLook.position),
        )
    )


def leave(second_look_id: UUID, *, petition: Petition, by: Account, at: datetime) -> None:
    """Leave a signature as it was decided; the signer may write again. Raises: NotFoundError."""
    require_role(by, petition.id, "organizer")
    wish = db.session.get(SecondLook, second_look_id)
    if wish is None or wish.petition_id != petition.id or lock_signature(wish.signature_id) is None:
        raise NotFoundError
    if wish.closed_on is None:
        wish.closed_on, wish.account_id = at.date(), by.id
        audit.record("case.left", by=by.id, petition_id=petition.id, object_id=wish.signature_id, at=at)
    db.session.flush()
