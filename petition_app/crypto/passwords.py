"""Passwords of staff: Argon2id over an HMAC under a pepper of the server; the pepper's id stands before each hash.

A stored password is `id:$argon2id$…`. Without an id the pepper is `SECRET_KEY`, as it was before peppers had keys of
their own; such a password is checked with `SECRET_KEY_FALLBACKS` as well and stored anew at the next sign-in.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from petition_app import config
from petition_app.crypto.key_derivation import run_slow
from petition_app.crypto.vault import parse_key_ring
from petition_app.errors import DomainError
from petition_app.i18n import N_

LENGTH = 12
FEWEST_GUESSES = 10**8  # What a patient stranger could try over the net in years.
LOOKED_AT = 72  # Characters from the beginning; who writes more has written enough.

hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
# Somebody who types a plain Latin word on a Russian keyboard, or the other way round, has the same word.
_LAYOUT = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`")


class WeakPasswordError(DomainError):
    """The password is too short."""

    message = N_("Please choose a password of at least 12 characters.")


class CommonPasswordError(WeakPasswordError):
    """The password is among those that are tried first."""

    message = N_("This password is among the first that others would try. A sentence or four unusual words are better.")


@dataclass(frozen=True)
class Checked:
    """Whether a password is right, and its new hash where it should be stored anew."""

    right: bool
    fresh: str = ""


def refuse_weak(password: str, *about: str) -> None:
    """Refuse a password that is short, or easy to guess for who knows what it is `about` (a name, an address).

    Raises:
        WeakPasswordError, CommonPasswordError
    """
    if len(password) < LENGTH:
        raise WeakPasswordError
    if is_common(password, *about):
        raise CommonPasswordError


def is_common(secret: str, *about: str) -> bool:
    """Return whether a secret is made of common words and patterns (zxcvbn, Wheeler 2016), on either keyboard."""
    from zxcvbn import zxcvbn  # Its lists take memory that most processes need not spend.

    typed = secret[:LOOKED_AT]
    spelled = {typed, typed.lower().translate(_LAYOUT)}
    words = [word for text in about for word in (text, *text.replace("@", " ").split())]
    return any(zxcvbn(each, user_inputs=words)["guesses"] < FEWEST_GUESSES for each in spelled)


def hash_password(password: str) -> str:
    """Return what is stored of a password. Raises: BusyError."""
    key_id, pepper = _newest()
    return run_slow(lambda: _marked(key_id, hasher.hash(_peppered(pepper, password))))


def check(password: str, stored: str | None) -> Checked:
    """Return whether a password is right; where nothing is stored it is wrong and takes as long.

    Raises:
        BusyError
    """
    return run_slow(lambda: _check(password, stored))


def _check(password: str, stored: str | None) -> Checked:
    key_id, _, encoded = (stored or "").rpartition(":")
    candidates = _peppers_of(key_id) if stored else []
    for pepper in candidates:
        if _matches(encoded, _peppered(pepper, password)):
            stale = key_id != _newest()[0] or pepper != _newest()[1] or hasher.check_needs_rehash(encoded)
            return Checked(True, hash_password(password) if stale else "")
    for _ in range(1 + len(config.current().secret_key_fallbacks) - len(candidates)):
        hasher.hash(secrets.token_hex(44))  # Nobody learns from the time whether there is an account.
    return Checked(False)


def _matches(encoded: str, peppered: str) -> bool:
    try:
        return hasher.verify(encoded, peppered)
    except (VerificationError, InvalidHashError):
        return False


def _peppered(pepper: bytes, password: str) -> str:
    return base64.b64encode(hmac.digest(pepper, password.encode(), "sha512")).decode()


def _marked(key_id: str, encoded: str) -> str:
    return f"{key_id}:{encoded}" if key_id else encoded


def _newest() -> tuple[str, bytes]:
    if not (text := config.current().password_pepper):
        return "", config.current().secret_key.encode()
    ring = parse_key_ring(text)
    return ring.newest, ring.keys[ring.newest]


def _peppers_of(key_id: str) -> list[bytes]:
    if not key_id:
        return [key.encode() for key in (config.current().secret_key, *config.current().secret_key_fallbacks)]
    text = config.current().password_pepper
    known = parse_key_ring(text).keys if text else {}
    return [known[key_id]] if key_id in known else []
