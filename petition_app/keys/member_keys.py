"""A member's own key pair: made under a passphrase, opened, put under another one, removed."""

from __future__ import annotations

import json
import secrets
import unicodedata
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from petition_app import audit
from petition_app.accounts.models import Account
from petition_app.audit import AuditEvent
from petition_app.crypto import vault
from petition_app.crypto.key_derivation import run_slow
from petition_app.crypto.passwords import is_common
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.keys.models import AccountKey, DuressAlarm, KeyWrap, Unlock
from petition_app.storage.db import db, get_for_update

PASSPHRASE_LENGTH = 16


class WeakPassphraseError(DomainError):
    """The passphrase is too short or too plain."""

    message = N_("Please choose a passphrase of at least 16 characters; four unusual words are good.")


class SamePassphraseError(DomainError):
    """One passphrase cannot do both."""

    message = N_("The passphrase for duress must differ from the other one.")


class WrongPassphraseError(DomainError):
    """The passphrase does not open the keys."""

    message = N_("This passphrase is not right.")


class HasKeyError(DomainError):
    """There is a key already."""

    message = N_("You have a key already. To replace it, remove it first and have a colleague grant you the keys anew.")


class NoKeyError(DomainError):
    """The person has no key pair yet."""

    message = N_("This person has no key yet. They make it themselves, on their page of keys.")


def make_account_key(account: Account, passphrase: str, *, duress: str = "", at: datetime) -> AccountKey:
    """Make a member's key pair under a passphrase, and perhaps a second one to give up under duress.

    Raises:
        WeakPassphraseError, SamePassphraseError, HasKeyError, BusyError
    """
    if db.session.get(AccountKey, account.id):
        raise HasKeyError
    require_strong(passphrase, account)
    if duress:
        require_strong(duress, account)
        if _plain(duress) == _plain(passphrase):
            raise SamePassphraseError
    private, signing = vault.new_private(), Ed25519PrivateKey.generate()
    both = json.dumps({"open": private.hex(), "sign": signing.private_bytes_raw().hex()}).encode()
    bound, other = _account_bound(account.id), duress or secrets.token_urlsafe(32)
    contents = ((passphrase, both), (other, secrets.token_bytes(len(both))))
    boxes = run_slow(lambda: [vault.close_with_passphrase(words, plain, bound) for words, plain in contents])
    if db.session.get(AccountKey, account.id):  # It takes a while; another window may have been faster.
        raise HasKeyError
    key = AccountKey(
        account_id=account.id,
        public=vault.public_half(private),
        signing_public=signing.public_key().public_bytes_raw(),
        private_box=boxes[0],
        duress_box=boxes[1],
        made_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(key)
    except IntegrityError:  # Two windows ended at the same moment.
        raise HasKeyError from None
    audit.record("keys.own_made", by=account.id, object_id=account.id, at=at)
    db.session.flush()
    return key


def get_account_key(account: Account) -> AccountKey | None:
    """Return a member's key, if they have made it."""
    return db.session.get(AccountKey, account.id)


def change_passphrase(account: Account, old: str, new: str, *, at: datetime) -> bool:
    """Put a member's private halves under a new passphrase, or what lies under that of duress; return whether it does.

    Raises:
        NoKeyError, WeakPassphraseError, WrongPassphraseError, BusyError
    """
    require_strong(new, account)
    key = db.session.get(AccountKey, account.id)
    if key is None:
        raise NoKeyError
    before, bound = (key.private_box, key.duress_box), _account_bound(account.id)
    fresh = run_slow(lambda: _rewrap(old, new, before, bound))
    key = get_for_update(AccountKey, account.id)
    if fresh is None or key is None or (key.private_box, key.duress_box) != before:
        raise WrongPassphraseError
    key.private_box, key.duress_box = fresh
    lock_now(account.id)
    audit.record("keys.passphrase_changed", by=account.id, object_id=account.id, at=at)
    return fresh[0] == before[0]


def remove_account_key(account: Account, *, at: datetime) -> None:
    """Remove a member's key pair and all that was sealed to it, for somebody who has forgotten the passphrase."""
    lock_now(account.id)
    db.session.execute(delete(KeyWrap).where(KeyWrap.account_id == account.id))
    db.session.execute(delete(AccountKey).where(AccountKey.account_id == account.id))
    audit.record("keys.own_removed", by=account.id, object_id=account.id, at=at)
    db.session.flush()


def open_account_key(key: AccountKey, passphrase: str) -> tuple[bytes, bytes] | None:
    """Return a member's private halves, for opening and for signing; nothing for the passphrase of duress.

    Takes as long whatever is typed. Raises: WrongPassphraseError, BusyError.
    """
    bound, boxes = _account_bound(key.account_id), (key.private_box, key.duress_box)
    found = run_slow(lambda: [_try(passphrase, box, bound) for box in boxes])
    if found[0] is not None:
        both = json.loads(found[0])
        return bytes.fromhex(both["open"]), bytes.fromhex(both["sign"])
    if found[1] is None:
        raise WrongPassphraseError
    return None


def _try(passphrase: str, box: bytes, bound: bytes) -> bytes | None:
    try:
        return vault.open_with_passphrase(passphrase, box, bound)
    except UnreadableError:
        return None


def _rewrap(old: str, new: str, boxes: tuple[bytes, bytes], bound: bytes) -> tuple[bytes, bytes] | None:
    """Return the boxes with the one that `old` opens under `new`; it takes as long whichever that is."""
    found = [_try(old, box, bound) for box in boxes]
    number, content = next(((number, one) for number, one in enumerate(found) if one is not None), (0, None))
    if content is None:
        return None
    if _try(new, boxes[1 - number], bound) is not None:
        raise SamePassphraseError
    fresh = vault.close_with_passphrase(new, content, bound)
    return (boxes[0], fresh) if number else (fresh, boxes[1])


def require_strong(passphrase: str, account: Account) -> None:
    """Refuse a passphrase that is short or easy to guess. Raises: WeakPassphraseError."""
    plain = _plain(passphrase)
    if len(plain) < PASSPHRASE_LENGTH or len(set(plain)) < 6 or is_common(plain, account.email, account.name):
        raise WeakPassphraseError


def _plain(passphrase: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", passphrase).split())


def _account_bound(account_id: UUID) -> bytes:
    return f"account/v1|{account_id}".encode()


def lock_now(account_id: UUID) -> None:
    """Lock everything that an account has open, in every browser."""
    db.session.execute(delete(Unlock).where(Unlock.account_id == account_id))


def seems_to_hold(account_id: UUID, petition_id: UUID) -> bool:
    """Return whether somebody lost a petition's keys under duress, and must seem to have them until a colleague acts.

    Who has given them up since, as they were perhaps told to, seems to have given them up.
    """
    since = select(DuressAlarm.account_id).join(AccountKey, AccountKey.account_id == DuressAlarm.account_id)
    lost = since.where(DuressAlarm.account_id == account_id, AccountKey.made_at <= DuressAlarm.raised_at)
    if db.session.scalar(lost) is None:
        return False
    acts = select(AuditEvent.act).where(AuditEvent.petition_id == petition_id, AuditEvent.object_id == account_id)
    ends = acts.where(AuditEvent.act.in_((audit.DURESS, "keys.taken")))
    return db.session.scalar(ends.order_by(AuditEvent.at.desc()).limit(1)) == audit.DURESS
