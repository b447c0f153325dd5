"""Tries at the secrets of staff: how many one client makes, how many strangers make in all, and how long one waits.

Who guesses waits; who has signed in before waits only for their own mistakes. Nothing is ever locked for good, and all
of it is counted beside the other limits: in the process, or in the store that several share.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from petition_app.crypto.fingerprints import fingerprint
from petition_app.crypto.key_derivation import BusyError
from petition_app.errors import DomainError
from petition_app.i18n import N_
from petition_app.rate_limits.counters import limits

SIGN_IN, PASSPHRASE = "sign-in", "passphrase"
FREE = 3
PAUSES = (2, 4, 8, 16, 32, 64, 128, 256, 300)  # Seconds after the fourth failure, the fifth, …
COUNTED = "1000 per hour"
PER_CLIENT = "20 per hour"
OVERALL = "60 per minute"
PER_SESSION = "4 per 12 hour"  # With the fifth wrong one the session ends.


class WaitError(DomainError):
    """Too many wrong ones."""

    message = N_("There were too many tries. Please wait a little, then try again.")


class CrowdError(DomainError):
    """Too many strangers try at the same time."""

    message = N_("Many people are trying to sign in at the moment. Please try again in a moment.")


@dataclass(frozen=True)
class Guesser:
    """Who tries: a client without a name, and its browser, where that has signed in to this account before."""

    client: str
    browser: str = ""

    @property
    def name(self) -> str:
        """Return what the tries are counted under."""
        return f"browser:{self.browser}" if self.browser else f"client:{self.client}"


@contextmanager
def trying(purpose: str, subject: str, who: Guesser | None, *, strangers: bool = False) -> Iterator[None]:
    """Count a try at the secret of `subject` (an address or an id, whether there is such an account or not).

    It is counted before it is made, so that many at once are each counted; what is done within fails with an error, or
    has found the secret to be right, which forgives earlier failures. Nobody (`None`) is the operator at the shell.
    With `strangers` all clients without a known browser share one limit, too.

    Raises:
        WaitError, CrowdError
    """
    if who is None:
        yield
        return
    key = purpose, fingerprint("attempt", subject).hex()[:32], who.name
    _count(key, strangers=strangers and not who.browser)
    try:
        yield
    except BusyError:  # Nothing was tried.
        limits().take_back(PER_CLIENT, "tries", purpose, who.name)
        limits().take_back(COUNTED, *key)
        raise
    limits().take_back(PER_CLIENT, "tries", purpose, who.name)
    limits().forget(COUNTED, *key)
    for pause in PAUSES:
        limits().forget(_pause(pause), "pause", *key)


def _count(key: tuple[str, str, str], *, strangers: bool) -> None:
    purpose, _, name = key
    if any(not limits().allows(_pause(pause), "pause", *key) for pause in PAUSES):
        raise WaitError
    if not limits().count(PER_CLIENT, "tries", purpose, name):
        raise WaitError
    if strangers and not limits().count(OVERALL, "tries", purpose):
        limits().take_back(PER_CLIENT, "tries", purpose, name)
        raise CrowdError
    limits().count(COUNTED, *key)
    failures = limits().used(COUNTED, *key)
    if failures > FREE:
        limits().count(_pause(PAUSES[min(failures - FREE, len(PAUSES)) - 1]), "pause", *key)


def may_go_on(token: str) -> bool:
    """Count a wrong secret that was typed in a session; return whether the session may go on."""
    return limits().count(PER_SESSION, "session", fingerprint("session", token).hex()[:32])


def _pause(seconds: int) -> str:
    return f"1 per {seconds} second"
