"""Opening the keys for a while: what is open lies as ciphertext in a row, its secret in the reviewer's cookie."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select

from petition_app import audit
from petition_app.accounts import attempts
from petition_app.accounts.attempts import Guesser
from petition_app.accounts.models import Account, Membership
from petition_app.accounts.services import require_role
from petition_app.crypto import vault
from petition_app.crypto.fingerprints import hash_secret
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys import member_keys
from petition_app.keys.member_keys import NoKeyError, open_account_key, seems_to_hold
from petition_app.keys.models import AccountKey, DuressAlarm, KeyWrap, PetitionKey, Unlock
from petition_app.keys.open_keys import OpenKeys
from petition_app.keys.services import HOLDER_ROLES, lock_petition, open_wraps
from petition_app.storage.db import db

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=8)


class NotAHolderError(DomainError):
    """The person has a key pair, and nobody has handed the petition's keys over."""

    message = N_("You do not hold the keys of this petition yet. A colleague who has them open can grant them to you.")


class UnderDuressError(DomainError):
    """The passphrase of duress was typed; what follows must be kept, so no door may turn this into a failure."""

    message = N_("No case waits for you.")


def unlock(account: Account, petition_id: UUID, passphrase: str, *, at: datetime, who: Guesser | None = None) -> str:
    """Open a petition's keys as `open_once` does and return the secret for the cookie.

    Under duress nothing tells it from another: not the secret, not the row that it opens, not the trail as they see it.
    """
    try:
        opened = open_once(account, petition_id, passphrase, at=at, who=who)
    except UnderDuressError:
        opened = _decoy(account.id, petition_id)
    audit.record("keys.opened", by=account.id, petition_id=petition_id, object_id=account.id, at=at)
    return _keep(opened, at=at)


def open_once(
    account: Account, petition_id: UUID, passphrase: str, *, at: datetime, who: Guesser | None = None
) -> OpenKeys:
    """Open a petition's keys with a passphrase.

    After the passphrase of duress the desk shows an empty queue, this person's keys to every petition are gone,
    everybody's are locked, and the others are told. A wrong passphrase makes the next try of `who` wait.

    Raises:
        NoKeyError, WrongPassphraseError, WaitError, BusyError, NotAHolderError, UnderDuressError
    """
    require_role(account, petition_id, *HOLDER_ROLES)
    key = db.session.get(AccountKey, account.id)
    if key is None:
        raise NoKeyError
    with attempts.trying(attempts.PASSPHRASE, str(account.id), who):
        halves = open_account_key(key, passphrase)
    require_role(account, petition_id, *HOLDER_ROLES)  # Meanwhile another transaction has begun.
    if halves is None:
        raise_alarm(account.id, at=at)
    if halves is None or seems_to_hold(account.id, petition_id):
        raise UnderDuressError
    try:
        return open_wraps(petition_id, account.id, halves[0], account_id=account.id)
    except UnreadableError:
        raise NotAHolderError from None


def change_passphrase(account: Account, old: str, new: str, *, who: Guesser | None = None, at: datetime) -> None:
    """Put a member's key under a new passphrase; a wrong old one makes the next try of `who` wait.

    Under duress the new one takes the place of that of duress, and the alarm is raised.

    Raises:
        NoKeyError, WeakPassphraseError, WrongPassphraseError, WaitError, BusyError
    """
    member_keys.require_strong(new, account)
    with attempts.trying(attempts.PASSPHRASE, str(account.id), who):
        under_duress = member_keys.change_passphrase(account, old, new, at=at)
    if under_duress:
        raise_alarm(account.id, at=at)


def raise_alarm(account_id: UUID, *, at: datetime) -> None:
    """Take a member's keys to every petition, lock everybody's, and have the others told."""
    db.session.merge(DuressAlarm(account_id=account_id, raised_at=at))
    held = select(PetitionKey.petition_id).join(KeyWrap).where(KeyWrap.account_id == account_id).distinct()
    for petition_id in db.session.scalars(held).all():
        lock_petition(petition_id)
        audit.record(audit.DURESS, petition_id=petition_id, object_id=account_id, at=at)
    db.session.execute(delete(KeyWrap).where(KeyWrap.account_id == account_id))
    db.session.flush()


def _decoy(account_id: UUID, petition_id: UUID) -> OpenKeys:
    ids = db.session.scalars(select(PetitionKey.id).where(PetitionKey.petition_id == petition_id))
    return OpenKeys(petition_id, account_id, {str(id_): vault.new_key() for id_ in ids}, vault.new_key(), decoy=True)


def _keep(opened: OpenKeys, *, at: datetime) -> str:
    token, secret = secrets.token_bytes(16), vault.new_key()
    keys = {name: key.hex() for name, key in opened.keys.items()}
    content = {"keys": keys, "index": opened.index_key.hex(), "decoy": int(opened.decoy)}
    drop_idle(at=at)
    db.session.add(
        Unlock(
            token_hash=hash_secret("unlock", token),
            account_id=opened.account_id,
            petition_id=opened.petition_id,
            box=vault.encrypt(secret, json.dumps(content).encode(), _bound(opened.account_id, opened.petition_id)),
            started_at=at,
            seen_at=_minute(at),
        )
    )
    db.session.flush()
    return f"{token.hex()}{secret.hex()}"


def open_again(account_id: UUID, petition_id: UUID, cookie: str, *, at: datetime) -> OpenKeys | None:
    """Return the keys that a cookie's secret opens, until fifteen idle minutes or eight hours have passed."""
    try:
        token, secret = bytes.fromhex(cookie[:32]), bytes.fromhex(cookie[32:])
    except ValueError:
        return None
    row = db.session.get(Unlock, hash_secret("unlock", token))
    if row is None or (row.account_id, row.petition_id) != (account_id, petition_id) or not _lasts(row, at):
        return None
    try:
        content = json.loads(vault.decrypt(secret, row.box, _bound(account_id, petition_id)))
    except (UnreadableError, ValueError):
        return None
    keys = {name: bytes.fromhex(key) for name, key in content["keys"].items()}
    return OpenKeys(petition_id, account_id, keys, bytes.fromhex(content["index"]), decoy=bool(content["decoy"]))


def _lasts(row: Unlock, at: datetime) -> bool:
    return row.started_at >= at - LONGEST and row.seen_at >= _minute(at) - IDLE


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def note_act(cookie: str, *, at: datetime) -> None:
    """Note that the keys of a cookie's secret are used, to the minute."""
    row = db.session.get(Unlock, hash_secret("unlock", bytes.fromhex(cookie[:32])))
    if row and row.seen_at != _minute(at):
        row.seen_at = _minute(at)
        db.session.flush()


def drop_idle(*, at: datetime) -> int:
    """Remove what lay open for too long without an act, or at all; return how many rows that were."""
    over = or_(Unlock.started_at < at - LONGEST, Unlock.seen_at < _minute(at) - IDLE)
    return db.session.execute(delete(Unlock).where(over)).rowcount  # type: ignore[attr-defined,no-any-return] # What deletes has a count.


def _bound(account_id: UUID, petition_id: UUID) -> bytes:
    return f"unlock/v1|{account_id}|{petition_id}".encode()


def lock_others(petition_id: UUID, *, by: Account) -> None:
    """Lock a petition's keys everywhere, so that everybody opens them anew, the newest among them."""
    require_role(by, petition_id, "organizer")
    lock_petition(petition_id)


def list_alarms(petition_id: UUID, *, by: Account) -> list[tuple[str, datetime]]:
    """Return who of the other members has used the passphrase of duress, and when, until they are granted keys anew."""
    rows = db.session.execute(
        select(Account.name, DuressAlarm.raised_at)
        .join(DuressAlarm, DuressAlarm.account_id == Account.id)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.petition_id == petition_id, Account.id != by.id)
    )
    return [(name, moment) for name, moment in rows]
