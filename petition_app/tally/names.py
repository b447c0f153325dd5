"""The publisher of names: the only code that writes a name where the public reads it."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from petition_app import audit
from petition_app.accounts.services import role_of_id
from petition_app.crypto.vault import UnreadableError
from petition_app.errors import StorageSealedError
from petition_app.matching.names.spelling import search_spellings
from petition_app.person_names.reading import UnfitTextError, read_line, read_name
from petition_app.petitions.models import Petition
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import fold_name, publishable
from petition_app.signatures.sealing import Identity
from petition_app.storage import jobs
from petition_app.storage.db import db, get_for_update, note_erasure, note_names_published
from petition_app.tally import names_order
from petition_app.tally.models import DueName, PublishedName, PublishedPlace
from petition_app.verification.cases import judged_names
from petition_app.verification.cases.case_access import CaseAccess
from petition_app.verification.cases.decision_log import decisions_of, list_decisions, list_reached, was_reached
from petition_app.verification.cases.desk_results_access import DeskResultsError
from petition_app.verification.decisions import policy
from petition_app.verification.models import Batch, Decision

logger = logging.getLogger(__name__)

CHUNK = 500


def publish_names(petition: Petition, *, named: dict[str, int], access: CaseAccess) -> dict[str, int]:
    """Bring the public names in line with the signatures that changed; the caller holds the petition.

    A name is public if and only if the signature is verified, its signer agreed to it (consent 3), somebody reached
    the person outside this site, the condition "once N others agree" holds, and as many reviewers as the policy asks
    for have judged this very name. Returns the number of names of each batch, brought up to date from `named`.
    """
    named = _named(petition) if petition.is_sealed else dict(named)
    waiting = len(db.session.scalars(select(Signature.id).where(_due(petition)).limit(CHUNK)).all())
    seen = _look_at_due(petition, named, access) if waiting else 0
    while petition.is_sealed and seen == CHUNK:  # One publication for all, since the next one may be a day away.
        seen = _look_at_due(petition, named, access)
    if seen == CHUNK:
        jobs.mark_due(petition.id)
    elif seen < waiting and not petition.is_sealed:
        jobs.defer_to_worker(petition.id)  # Somebody holds a signature at this moment, perhaps to no end.
    _show_conditional(petition, named, access)
    db.session.flush()
    return {batch: number for batch, number in named.items() if number}


def _due(petition: Petition) -> ColumnElement[bool]:
    return and_(Signature.petition_id == petition.id, Signature.names_stale)


def _look_at_due(petition: Petition, named: dict[str, int], access: CaseAccess) -> int:
    """Bring names in line with the signatures that are due and that nobody holds; return how many these were."""
    free = select(Signature).where(_due(petition)).limit(CHUNK).with_for_update(skip_locked=True, key_share=True)
    found = db.session.scalars(free.execution_options(populate_existing=True)).all()
    decisions = decisions_of([signature.id for signature in found if _consents(signature)])
    for signature in found:
        agreed = _agreed(signature, decisions[signature.id])
        if signature.min_named_others is None or not agreed:
            _show(signature, petition, named, access, wanted=agreed, decisions=decisions[signature.id])
        signature.names_stale = False
    db.session.flush()
    return len(found)


def _consents(signature: Signature) -> bool:
    return signature.state == "verified" and signature.publication_tier == 3


def _agreed(signature: Signature, decisions: Sequence[Decision]) -> bool:
    return _consents(signature) and was_reached(signature.id, decisions)


def _show_conditional(petition: Petition, named: dict[str, int], access: CaseAccess) -> None:
    """Publish the largest set of names in which every "once N others agree" holds, and no other."""
    conditional = select(Signature).where(
        Signature.petition_id == petition.id,
        Signature.state == "verified",
        Signature.publication_tier == 3,
        Signature.min_named_others.is_not(None),
    )
    consent = db.session.scalars(conditional).all()
    ids = conditional.with_only_columns(Signature.id)
    reached = list_reached(ids) if consent else set()
    agreed = [signature for signature in consent if signature.id in reached]
    if not agreed:
        return
    public, due = (
        set(db.session.scalars(select(table.signature_id).where(table.signature_id.in_(ids))))
        for table in (PublishedName, DueName)
    )
    shown = sum(signature.id in public | due for signature in agreed)
    conditions = [signature.min_named_others or 0 for signature in agreed]
    size = publishable(conditions, unconditional=sum(named.values()) + _count_due(petition) - shown)
    waits = set[UUID]() if may_open(petition.id, access) else due  # They are sealed, and nobody here can open them.
    for signature in agreed:
        wanted = (signature.min_named_others or 0) < size
        if signature.id not in public | waits if wanted else signature.id in public | due:
            decisions = list_decisions(signature.id) if wanted else ()
            _show(signature, petition, named, access, wanted=wanted, decisions=decisions)


def _show(
    signature: Signature,
    petition: Petition,
    named: dict[str, int],
    access: CaseAccess,
    *,
    wanted: bool,
    decisions: Sequence[Decision],
) -> None:
    if petition.is_sealed and _mark(signature, access, wanted=wanted):
        return
    public = db.session.get(PublishedName, signature.id)
    if public and not wanted:
        named[str(public.batch_number)] = named.get(str(public.batch_number), 0) - 1
        count_place(petition.id, public.place, -1)
        db.session.delete(public)
        note_erasure()
    if wanted and not public and (name := _open(signature, petition, access, decisions)):
        named[str(name.batch_number)] = named.get(str(name.batch_number), 0) + 1
        count_place(petition.id, name.place, 1)
        db.session.add(name)


# --- in sealed mode ---------------------------------------------------------------------------------------------


def _mark(signature: Signature, access: CaseAccess, *, wanted: bool) -> bool:
    """Say which name is due, and leave it sealed, where no organizer has the keys open; return whether that is all."""
    due = db.session.get(DueName, signature.id)
    free = may_open(signature.petition_id, access)
    if due and (free or not wanted):
        db.session.delete(due)
    if free or not wanted or db.session.get(PublishedName, signature.id) is not None:
        return False
    if not due:
        db.session.add(DueName(signature_id=signature.id, petition_id=signature.petition_id))
    return True


def may_open(petition_id: UUID, access: CaseAccess) -> bool:
    """Return whether the names can be opened, and by an organizer."""
    holder = access.holder(petition_id)
    return holder is not None and role_of_id(holder, petition_id) == "organizer"


def open_due_names(
    petition: Petition, *, access: CaseAccess, at: datetime, only: Collection[UUID] | None = None
) -> int:
    """Open exactly the names that a publication has found due, or `only` some of them, and write them.

    Returns how many. Nothing is done unless an organizer has the keys open, here or on a machine that has sent the
    names.
    """
    if not may_open(petition.id, access):
        return 0
    query = select(DueName).where(DueName.petition_id == petition.id)
    query = query if only is None else query.where(DueName.signature_id.in_(only))
    get_for_update(Petition, petition.id)
    due = db.session.scalars(query).all()
    number, named = 0, _named(petition)
    for row in due:
        signature = get_for_update(Signature, row.signature_id)
        db.session.delete(row)
        db.session.flush()
        decisions = list_decisions(row.signature_id)
        if signature and _agreed(signature, decisions):
            _show(signature, petition, named, access, wanted=True, decisions=decisions)
            number += 1
    if number:
        note_names_published()
        audit.record("names.opened", by=access.holder(petition.id), petition_id=petition.id, number=number, at=at)
        db.session.flush()
    return number


def _named(petition: Petition) -> dict[str, int]:
    batch = PublishedName.batch_number
    rows = select(batch, func.count()).where(PublishedName.petition_id == petition.id).group_by(batch)
    return {str(number): count for number, count in db.session.execute(rows)}


def _count_due(petition: Petition) -> int:
    due = select(func.count()).select_from(DueName).where(DueName.petition_id == petition.id)
    return db.session.scalar(due) or 0


def _open(
    signature: Signature, petition: Petition, access: CaseAccess, decisions: Sequence[Decision]
) -> PublishedName | None:
    """Open a name as it is to be published; nothing, and a line in the log, where it may not be.

    Raises: LockedError. DeskResultsError: an organizer's own machine has sent a name that may not be.
    """
    try:
        identity, key = access.read_name(signature)
    except (UnreadableError, StorageSealedError):
        logger.error("The name of a verified signature cannot be opened: the key ring lacks its key.")
        return None
    if not (_was_judged(signature, identity, key, petition, access, decisions) and _is_fit(identity)):
        if not access.has_keys:
            raise DeskResultsError
        logger.error("A name was not published: it is not the one that the reviewers judged, or no name at all.")
        return None
    return PublishedName(
        signature_id=signature.id,
        petition_id=signature.petition_id,
        batch_number=db.session.get_one(Batch, signature.batch_id).number,
        name=identity.name,
        role=identity.role,
        place=identity.place,
        sort_key=unicodedata.normalize("NFKC", identity.name).casefold().replace("ё", "е")[:240],
        **names_order.keys(identity.name, names_order.language_of(petition)),
        spelled=search_spellings(identity.name)[:240],
        folded=fold_name(identity.name)[:240],
    )


def _was_judged(
    signature: Signature,
    identity: Identity,
    key: bytes,
    petition: Petition,
    access: CaseAccess,
    decisions: Sequence[Decision],
) -> bool:
    """Return whether as many reviewers as the policy asks for have verified this very name, role and place.

    Verdicts from before there were proofs count only where the server itself opens what was sealed.
    """
    who = {grounds.account_id for grounds in judged_names.proved(signature, identity, key, decisions)}
    if access.has_keys:
        who |= judged_names.older(decisions)
    return len(who) >= policy.in_force(petition, signature.batch_id).reviewers


def _is_fit(identity: Identity) -> bool:
    """Return whether these words could have been typed as a name, a role and a place."""
    try:
        read_name(identity.name)
        return all(read_line(text) is not None for text in (identity.role, identity.place))
    except UnfitTextError:
        return False


def count_place(petition_id: UUID, place: str, change: int) -> None:
    """Count a published name of a place, or one less."""
    if place:
        row = db.session.get(PublishedPlace, (petition_id, place)) or PublishedPlace(
            petition_id=petition_id, place=place, number=0
        )
        row.number += change
        db.session.add(row)
        db.session.flush()
        if not row.number:
            db.session.delete(row)
