"""Many signatures of one petition at once: opened, and added to, in a few queries for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select

from petition_app.crypto import vault
from petition_app.crypto.vault import SealContext, Sealed, UnreadableError, WrappedKey
from petition_app.petitions.models import Petition
from petition_app.signatures.case_additions import Addition
from petition_app.signatures.models import SealedKey, SealedPart
from petition_app.signatures.sealing import Identity, read_identity, unwrap_at
from petition_app.storage.db import db


def open_many(petition: Petition, ids: Collection[UUID]) -> dict[UUID, tuple[Identity, str]]:
    """Open what was submitted and the mail address of many signatures, in two queries.

    Those that cannot be read are left out; an erased address is empty. Raises: StorageSealedError, LockedError.
    """
    columns = (SealedKey.signature_id, SealedKey.part_id, SealedKey.key_id, SealedKey.box)
    wraps = db.session.execute(select(*columns).where(SealedKey.signature_id.in_(ids))).all()
    own = {row.signature_id: WrappedKey(row.key_id or "", row.box) for row in wraps if row.part_id is None}
    keys = _unwrapped(petition, own)
    part_keys = {(row.signature_id, row.part_id): row.box for row in wraps}
    found: dict[UUID, dict[str, dict[str, Any]]] = {id_: {"contact": {"email": ""}} for id_ in keys}
    parts = select(SealedPart.id, SealedPart.signature_id, SealedPart.part, SealedPart.box)
    wanted = parts.where(SealedPart.signature_id.in_(keys), SealedPart.part.in_(("identity", "contact")))
    for part_id, id_, part, box in db.session.execute(wanted):
        if part_key := part_keys.get((id_, part_id)):
            with suppress(UnreadableError):
                found[id_][part] = vault.open_part(
                    keys[id_], SealContext(petition.id, id_, part), Sealed(box, part_key)
                )
    return {
        id_: (read_identity(parts["identity"]), str(parts["contact"]["email"]))
        for id_, parts in found.items()
        if "identity" in parts
    }


def add_to_cases(petition: Petition, contents: Sequence[tuple[UUID, dict[str, Any]]]) -> list[Addition]:
    """Seal additions to many cases, each under its signature's key, and return them; what is erased is left out.

    Raises: StorageSealedError, LockedError.
    """
    ids = {id_ for id_, _ in contents}
    wrap = select(SealedKey).where(SealedKey.signature_id.in_(ids))
    own = {
        row.signature_id: WrappedKey(row.key_id or "", row.box)
        for row in db.session.scalars(wrap)
        if row.part_id is None
    }
    keys = _unwrapped(petition, own)
    rows = select(SealedPart.signature_id, func.count()).where(SealedPart.part == "case")
    rows = rows.where(SealedPart.signature_id.in_(ids)).group_by(SealedPart.signature_id)
    there = Counter({row[0]: row[1] for row in db.session.execute(rows)})
    additions, parts, part_keys = [], [], []
    for id_, content in contents:
        if key := keys.get(id_):
            part_id = uuid4()
            sealed = vault.seal_part(key, SealContext(petition.id, id_, "case"), {**content, "n": there[id_]})
            there[id_] += 1
            parts.append({"id": part_id, "signature_id": id_, "part": "case", "box": sealed.box})
            part_keys.append({"signature_id": id_, "part_id": part_id, "box": sealed.wrapped_key})
            additions.append(Addition(id_, sealed.box, sealed.wrapped_key))
    if parts:
        db.session.execute(insert(SealedPart), parts)
        db.session.execute(insert(SealedKey), part_keys)
    return additions


def _unwrapped(petition: Petition, own: dict[UUID, WrappedKey]) -> dict[UUID, bytes]:
    keys: dict[UUID, bytes] = {}
    for id_, wrap in own.items():
        with suppress(UnreadableError):
            keys[id_] = unwrap_at(SealContext(petition.id, id_, "key"), wrap, petition)
    return keys
