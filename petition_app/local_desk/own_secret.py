"""The secret under which the keys of this machine's browser lie."""

from __future__ import annotations

from flask import session

from petition_app.keys import open_keys


def own_secret() -> bytes:
    """Return the secret under which this browser's keys lie. Raises: LockedError."""
    kept = (session.get("unlock") or {}).get("secret")
    if not kept:
        raise open_keys.LockedError
    return bytes.fromhex(kept[32:])
