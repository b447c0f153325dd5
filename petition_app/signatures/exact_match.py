"""Signatures by exactly a name, a mailbox or both: what somebody who already knows them asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from petition_app.crypto.fingerprints import fingerprint
from petition_app.petitions.models import Petition
from petition_app.signatures.bulk_open import open_many
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import fold_mailbox, fold_name
from petition_app.storage.db import db

SLICE = 500


@dataclass(frozen=True)
class Match:
    """One signature that fits, with its name and mailbox as they are compared."""

    id: UUID
    state: str
    name: str
    mailbox: str


def list_exact(petition: Petition, name: str, mailbox: str | None, *, states: Collection[str]) -> Iterator[Match]:
    """Yield the signatures of exactly this name and mailbox; an empty name fits any, no mailbox (None) fits any.

    An empty mailbox fits those of which none is kept. What is erased is never found. A sealed petition is opened whole.

    Raises:
        LockedError: the keys of a sealed petition are not open.
    """
    wanted, address = fold_name(name), fold_mailbox(mailbox) if mailbox and mailbox.strip() else ""
    if not wanted and not address:
        return
    query = select(Signature.id, Signature.state).where(
        Signature.petition_id == petition.id, Signature.state.in_(states)
    )
    if not petition.is_sealed and wanted:
        query = query.where(Signature.name_index == fingerprint("name", petition.id, wanted))
    if not petition.is_sealed and mailbox is not None:
        index = fingerprint("mailbox", petition.id, address) if address else None
        query = query.where(Signature.mailbox_index == index if index else Signature.mailbox_index.is_(None))
    found: dict[UUID, str] = {row.id: row.state for row in db.session.execute(query)}
    ids = list(found)
    for start in range(0, len(ids), SLICE):
        for signature_id, (identity, email) in open_many(petition, ids[start : start + SLICE]).items():
            kept = fold_mailbox(email) if email else ""
            match = Match(signature_id, found[signature_id], fold_name(identity.name), kept)
            if (not wanted or match.name == wanted) and (mailbox is None or match.mailbox == address):
                yield match
