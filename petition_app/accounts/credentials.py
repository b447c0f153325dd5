"""Passwords of staff: checked at sign-in, changed by their owner, set anew by the operator."""

from __future__ import annotations

import secrets
from datetime import datetime

from petition_app import audit
from petition_app.accounts import attempts, sessions
from petition_app.accounts.attempts import Guesser
from petition_app.accounts.models import Account
from petition_app.accounts.services import find_account
from petition_app.crypto import passwords
from petition_app.crypto.key_derivation import run_slow
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.mailer.addresses import address_key


class WrongPasswordError(DomainError):
    """The old password is wrong."""

    message = N_("This is not your password.")


def sign_in(email: str, password: str, *, who: Guesser, at: datetime) -> Account | None:
    """Return the account of an address and its password, or nothing; the failure is counted and leaves its trace.

    Who asks for an unknown address waits as long, and is told the same. The caller answers so that this is kept.

    Raises:
        WaitError, CrowdError, BusyError: nothing was looked at.
    """
    try:
        with attempts.trying(attempts.SIGN_IN, address_key(email), who, strangers=True):
            return _find(email, password)
    except WrongPasswordError:
        if account := find_account(email):
            note_failure(account, at=at)
        return None


def _find(email: str, password: str) -> Account:
    account = find_account(email)
    stored = account.password if account and account.active else None
    checked = passwords.check(password, stored)
    account = find_account(email)  # Meanwhile another transaction has begun.
    if not (account and account.active and checked.right and account.password == stored):
        raise WrongPasswordError
    account.password = checked.fresh or account.password
    return account


def note_failure(account: Account, *, at: datetime) -> None:
    """Note a wrong password or passphrase in the trail."""
    audit.record("account.sign_in_failed", object_id=account.id, at=at)


def set_password(account: Account, password: str, *, at: datetime) -> None:
    """Give an account a new password and end its sessions, for somebody who has forgotten theirs.

    Raises:
        WeakPasswordError, CommonPasswordError, BusyError
    """
    passwords.refuse_weak(password, account.email, account.name)
    _store_password(account, passwords.hash_password(password))
    audit.record("account.password_set", object_id=account.id, at=at)


def change_password(account: Account, old: str, new: str, *, who: Guesser, at: datetime) -> None:
    """Put a new password in place of the old one and end all sessions of the account.

    Raises:
        WeakPasswordError, CommonPasswordError: and nothing was tried. WaitError, BusyError
        WrongPasswordError: the try was counted as at sign-in.
    """
    passwords.refuse_weak(new, account.email, account.name)
    stored = account.password
    with attempts.trying(attempts.SIGN_IN, account.email_key, who):
        fresh = run_slow(lambda: _replace(old, new, stored))
        if not fresh or account.password != stored:
            raise WrongPasswordError
    _store_password(account, fresh)
    audit.record("account.password_changed", by=account.id, object_id=account.id, at=at)


def confirm_password(account: Account, password: str, *, who: Guesser) -> None:
    """Check the password of somebody who is signed in; the try is counted as at sign-in.

    Raises:
        WrongPasswordError, WaitError, BusyError
    """
    stored = account.password
    with attempts.trying(attempts.SIGN_IN, account.email_key, who):
        if not passwords.check(password, stored).right or account.password != stored:
            raise WrongPasswordError


def _replace(old: str, new: str, stored: str) -> str:
    return passwords.hash_password(new) if passwords.check(old, stored).right else ""


def _store_password(account: Account, hashed: str) -> None:
    account.password, account.fs_uniquifier = hashed, secrets.token_hex(32)
    sessions.end_all(account.id)
