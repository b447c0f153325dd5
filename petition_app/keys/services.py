"""A petition's keys: made, handed to a new holder, taken from a leaver, renewed, recovered from the printed sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from petition_app import audit
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import require_role
from petition_app.crypto import codes, vault
from petition_app.crypto.vault import PetitionPublicKey, UnreadableError
from petition_app.errors import DomainError, NotFoundError, StorageSealedError
from petition_app.i18n import N_
from petition_app.keys.member_keys import NoKeyError, seems_to_hold
from petition_app.keys.models import AccountKey, DuressAlarm, KeyWrap, PetitionKey, Unlock
from petition_app.keys.open_keys import OpenKeys
from petition_app.storage.db import db, get_for_update, try_advisory_lock

HOLDERS = 2
HOLDER_ROLES = ("organizer", "reviewer", "auditor")
HANDED = ("organizer", "reviewer")  # Who gets the first keys; auditors are granted them for a re-check.


class KeysMadeError(DomainError):
    """The petition has keys already."""

    message = N_("This petition has its keys already.")


class NoPetitionKeysError(DomainError):
    """The petition has no keys."""

    message = N_("This petition has no keys, so there is nothing to open elsewhere.")


class FewHoldersError(DomainError):
    """One holder is too few."""

    message = N_(
        "At least two people must hold the keys before a sealed petition opens; otherwise one arrest ends the check."
    )


class WrongSheetError(DomainError):
    """The words are not those of the printed sheet."""

    message = N_("These are not the words of this petition's sheet. Please check each word.")


@dataclass(frozen=True)
class Holder:
    """A member who may hold the keys: has a key pair, holds the petition's newest key, raised an alarm."""

    account: Account
    role: str
    has_key: bool
    holds: bool
    alarm_at: datetime | None


# --- a petition's keys ------------------------------------------------------------------------------------------


def make_petition_keys(petition_id: UUID, *, by: Account | None, at: datetime, language: str = "en") -> str:
    """Make the first keys of a sealed petition, hand them to every member who has a key pair, and return the 24 words
    of the sheet to be printed, which are kept nowhere.

    Raises:
        KeysMadeError
    """
    require_role(by, petition_id, "organizer")
    if not try_advisory_lock(f"keys.make|{petition_id}") or newest(
        petition_id
    ):  # A colleague may make them at this moment.
        raise KeysMadeError
    words, recovery = codes.new_recovery_words(language)
    index_key = vault.new_key()
    _new_key(petition_id, index_key, vault.public_half(recovery), by=by, at=at)
    return words


def rotate(petition_id: UUID, opened: OpenKeys, *, by: Account | None, at: datetime) -> PetitionKey:
    """Make a new key for what comes later and hand it to those who are holders now; the old ones stay readable.

    The index key stays the same. What was sealed before is opened with the older keys.
    """
    require_role(by, petition_id, "organizer")
    last = _locked_newest(petition_id)
    key = _new_key(petition_id, opened.index_key, last.recovery_public, by=by, at=at, number=last.number + 1)
    last.retired_at = at
    db.session.flush()
    return key


def _new_key(
    petition_id: UUID, index_key: bytes, recovery: bytes, *, by: Account | None, at: datetime, number: int = 1
) -> PetitionKey:
    private = vault.new_private()
    key_id, public = uuid4(), vault.public_half(private)
    holders = list_holders(petition_id)
    key = PetitionKey(
        id=key_id,
        petition_id=petition_id,
        number=number,
        public=public,
        index_box=vault.hpke_seal(public, index_key, _bound("index", petition_id, key_id)),
        recovery_public=recovery,
        made_at=at,
    )
    db.session.add(key)
    db.session.flush()
    _wrap(key, private, recovery, None)
    for holder in holders:
        if holder.has_key and not holder.alarm_at and (holder.holds or (number == 1 and holder.role in HANDED)):
            _wrap(key, private, db.session.get_one(AccountKey, holder.account.id).public, holder.account.id)
    audit.record("keys.made", by=by.id if by else None, petition_id=petition_id, object_id=key_id, at=at)
    db.session.flush()
    return key


def _wrap(key: PetitionKey, private: bytes, public: bytes, account_id: UUID | None) -> None:
    box = vault.hpke_seal(public, private, _bound("holder", key.petition_id, key.id, account_id))
    db.session.add(KeyWrap(key_id=key.id, account_id=account_id, box=box))


def _bound(what: str, petition_id: UUID, key_id: UUID, account_id: UUID | None = None) -> bytes:
    return f"{what}/v1|{petition_id}|{key_id}|{account_id or 'sheet'}".encode()


def newest(petition_id: UUID) -> PetitionKey | None:
    """Return the key that seals what arrives now."""
    return db.session.scalar(newest_key(petition_id))


def newest_key(petition_id: UUID | InstrumentedAttribute[UUID]) -> Select[PetitionKey]:
    """Return how that key is found, of one petition or of the row that a column belongs to."""
    live = select(PetitionKey).where(PetitionKey.petition_id == petition_id, PetitionKey.retired_at.is_(None))
    return live.order_by(PetitionKey.number.desc()).limit(1)


def require_keys(petition_id: UUID) -> None:
    """Refuse what only a sealed petition with keys can do. Raises: NoPetitionKeysError."""
    if newest(petition_id) is None:
        raise NoPetitionKeysError


def _locked_newest(petition_id: UUID) -> PetitionKey:
    key = newest(petition_id)
    if key is None or (key := get_for_update(PetitionKey, key.id)) is None:
        raise NotFoundError
    return key


def public_lock(petition_id: UUID, session: Session | None = None) -> PetitionPublicKey:
    """Return what seals a signature to a sealed petition.

    Raises:
        StorageSealedError: there is no active key, so nothing may be stored.
    """
    key = (session or db.session).scalar(newest_key(petition_id))
    if key is None:
        raise StorageSealedError
    return PetitionPublicKey(str(key.id), key.public)


def delete_petition_keys(petition_id: UUID, *, at: datetime) -> int:
    """Remove all keys of a petition, so that nothing sealed in it can be read again; return how many there were."""
    ids = list(db.session.scalars(select(PetitionKey.id).where(PetitionKey.petition_id == petition_id)))
    db.session.execute(delete(KeyWrap).where(KeyWrap.key_id.in_(ids)))
    db.session.execute(delete(Unlock).where(Unlock.petition_id == petition_id))
    db.session.execute(delete(PetitionKey).where(PetitionKey.id.in_(ids)))
    if ids:
        audit.record("keys.deleted", petition_id=petition_id, number=len(ids), at=at)
    return len(ids)


# --- holders ----------------------------------------------------------------------------------------------------


def list_holders(petition_id: UUID, *, seen_by: UUID | None = None) -> list[Holder]:
    """Return the members who may hold the keys, by name; who lost theirs under duress sees no difference."""
    key = newest(petition_id)
    holding = set(db.session.scalars(select(KeyWrap.account_id).where(KeyWrap.key_id == key.id))) if key else set()
    rows = db.session.execute(
        select(Account, Membership.role, AccountKey, DuressAlarm.raised_at)
        .join(Membership, Membership.account_id == Account.id)
        .outerjoin(AccountKey, AccountKey.account_id == Account.id)
        .outerjoin(DuressAlarm, DuressAlarm.account_id == Account.id)
        .where(Membership.petition_id == petition_id, Membership.role.in_(HOLDER_ROLES))
        .order_by(Account.name, Account.id)
    )
    if seen_by and key and seems_to_hold(seen_by, petition_id):
        holding.add(seen_by)
    return [Holder(account, role, key is not None, account.id in holding, alarm) for account, role, key, alarm in rows]


def require_holders(petition_id: UUID) -> None:
    """Refuse to open a sealed petition whose keys fewer than two people hold. Raises: FewHoldersError."""
    if sum(holder.holds for holder in list_holders(petition_id)) < HOLDERS:
        raise FewHoldersError


def grant(account_id: UUID, petition_id: UUID, opened: OpenKeys, *, by: Account, at: datetime) -> None:
    """Hand all of a petition's keys to a member who has a key pair: one wrap each, by a colleague who has them open.

    Raises:
        NotFoundError: not a member who may hold them. NoKeyError
    """
    require_role(by, petition_id, *HOLDER_ROLES)
    holder = next((one for one in list_holders(petition_id) if one.account.id == account_id), None)
    if holder is None:
        raise NotFoundError
    _hand_over(account_id, petition_id, opened)
    if account_id != by.id:
        db.session.execute(delete(DuressAlarm).where(DuressAlarm.account_id == account_id))
    audit.record("keys.granted", by=by.id, petition_id=petition_id, object_id=account_id, at=at)
    db.session.flush()


def _hand_over(account_id: UUID, petition_id: UUID, opened: OpenKeys) -> None:
    own = get_for_update(AccountKey, account_id)
    if own is None:
        raise NoKeyError
    for key in db.session.scalars(select(PetitionKey).where(PetitionKey.petition_id == petition_id)).all():
        if str(key.id) in opened.keys:
            db.session.execute(delete(KeyWrap).where(KeyWrap.key_id == key.id, KeyWrap.account_id == account_id))
            _wrap(key, opened.keys[str(key.id)], own.public, account_id)


def recover(petition_id: UUID, words: str, *, by: Account, at: datetime) -> None:
    """Hand a petition's keys to an organizer who has the printed sheet and a key pair.

    Raises:
        WrongSheetError, NoKeyError
    """
    require_role(by, petition_id, "organizer")
    _hand_over(by.id, petition_id, open_with_sheet(petition_id, words, account_id=by.id))
    audit.record("keys.recovered", by=by.id, petition_id=petition_id, object_id=by.id, at=at)


def open_with_sheet(petition_id: UUID, words: str, *, account_id: UUID) -> OpenKeys:
    """Open a petition's keys with the words of the printed sheet. Raises: WrongSheetError."""
    recovery = codes.read_recovery_words(words)
    if recovery is None:
        raise WrongSheetError
    try:
        return open_wraps(petition_id, None, recovery, account_id=account_id)
    except UnreadableError:
        raise WrongSheetError from None


def open_wraps(petition_id: UUID, holder: UUID | None, private: bytes, *, account_id: UUID) -> OpenKeys:
    """Open every wrap of a holder (none: of the sheet). Raises: UnreadableError: none, or not theirs."""
    found = db.session.execute(
        select(PetitionKey, KeyWrap)
        .join(KeyWrap, KeyWrap.key_id == PetitionKey.id)
        .where(PetitionKey.petition_id == petition_id, KeyWrap.account_id == holder)
        .order_by(PetitionKey.number)
    ).all()
    opened, index_key = {}, b""
    for key, wrap in found:
        opened[str(key.id)] = own = vault.hpke_open(private, wrap.box, _bound("holder", petition_id, key.id, holder))
        index_key = vault.hpke_open(own, key.index_box, _bound("index", petition_id, key.id))
    if not opened:
        raise UnreadableError("no key is held")
    return OpenKeys(petition_id, account_id, opened, index_key)


# --- locking ----------------------------------------------------------------------------------------------------


def lock_petition(petition_id: UUID) -> int:
    """Lock a petition's keys for everybody; return for how many sessions."""
    number = db.session.scalar(select(func.count()).select_from(Unlock).where(Unlock.petition_id == petition_id)) or 0
    db.session.execute(delete(Unlock).where(Unlock.petition_id == petition_id))
    return number
