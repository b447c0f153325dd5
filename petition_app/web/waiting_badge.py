"""How many things wait for who is signed in, for the head of the pages of staff; a machine of one's own shows none."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, g

from petition_app.clock import utcnow
from petition_app.tally import waiting


def init_app(app: Flask, *, shown: bool) -> None:
    """Let templates ask for it."""
    app.jinja_env.globals.update(things_waiting=_things if shown else dict, most_things=waiting.MOST)


def _things() -> dict[UUID, int]:
    account = g.get("account")
    return waiting.count_by_petition(account, at=utcnow()) if account else {}
