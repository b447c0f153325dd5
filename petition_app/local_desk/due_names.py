"""Which names this machine may open: what was sealed decides, not what the server says.

A server that somebody else controls can give out any row and write any number into it. So each name is opened for the
public only where the sealed consent allows it, where as many reviewers have proved that they judged this very name as
they themselves were told are needed, where one of them knew that the person was reached, and where so many others stand
beside it as its signer has asked for, counted among those that pass the same checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from petition_app.crypto.vault import UnreadableError
from petition_app.person_names.reading import UnfitTextError, read_line, read_name
from petition_app.petitions.models import Petition
from petition_app.signatures import opened_signature
from petition_app.signatures.consents import Consent
from petition_app.signatures.models import Signature
from petition_app.signatures.rules import publishable
from petition_app.signatures.sealing import Identity
from petition_app.verification.cases import judged_names
from petition_app.verification.cases.decision_log import list_decisions
from petition_app.verification.decisions import policy

PUBLIC = 3


@dataclass(frozen=True)
class Name:
    """A name that passes every check of its own, with the key of its proofs and its signer's condition."""

    signature_id: UUID
    identity: Identity
    key: bytes = field(repr=False)
    others: int | None


@dataclass(frozen=True)
class Checked:
    """The names that may be opened, in alphabetical order, and how many are kept closed for which reason."""

    ready: list[Name]
    kept: Counter[str]


@dataclass(frozen=True)
class Sorted:
    """Names by what is to be done: sets that another organizer has agreed to, those that wait for it, all others."""

    agreed: list[list[Name]]
    asked: list[Name]
    free: list[Name]
    kept: Counter[str]


def sort(checked: Checked, leave: Sequence[set[UUID]], asked: set[UUID]) -> Sorted:
    """Sort names by what the server says of the second organizer; a set of which one fails the checks is left out."""
    names = {one.signature_id: one for one in checked.ready}
    agreed = [[name for id_, name in names.items() if id_ in ids] for ids in leave if ids and ids <= names.keys()]
    taken = {one.signature_id for group in agreed for one in group}
    rest = [one for id_, one in names.items() if id_ not in taken]
    waiting = [one for one in rest if one.signature_id in asked]
    return Sorted(agreed, waiting, [one for one in rest if one.signature_id not in asked], checked.kept)


class KeptError(Exception):
    """A name stays closed; says why in one word."""


def check(petition: Petition, due: Sequence[Signature], beside: Sequence[Signature], seen: dict[UUID, int]) -> Checked:
    """Check the names that the server calls due; `beside` are those that it says are public already.

    `seen` remembers how much was known of a case, so that an older answer is not taken for the newest.
    Raises: LockedError
    """
    passed, kept = dict[UUID, Name](), Counter[str]()
    wanted = {signature.id for signature in due}
    for signature in {row.id: row for row in (*due, *beside)}.values():
        try:
            passed[signature.id] = _check(petition, signature, seen)
        except (KeptError, UnreadableError) as error:
            if signature.id in wanted:
                kept[str(error) if isinstance(error, KeptError) else "unreadable"] += 1
    conditions = [name.others for name in passed.values() if name.others is not None]
    size = publishable(conditions, unconditional=len(passed) - len(conditions))
    ready = [one for one in passed.values() if one.signature_id in wanted and (one.others is None or one.others < size)]
    kept["others"] += len(wanted & passed.keys()) - len(ready)
    return Checked(sorted(ready, key=lambda one: one.identity.name.casefold()), +kept)


def _check(petition: Petition, signature: Signature, seen: dict[UUID, int]) -> Name:
    if signature.petition_id != petition.id or signature.state != "verified":
        raise KeptError("verdicts")
    told = opened_signature.open_said(signature)
    decisions = list_decisions(signature.id)
    known = len(told.notes) + len(decisions)
    if known < seen.get(signature.id, 0):
        raise KeptError("older")
    seen[signature.id] = known
    consent = told.consent.lowered_to(Consent(signature.publication_tier, signature.min_named_others))
    if consent.tier != PUBLIC:
        raise KeptError("consent")
    identity, key = judged_names.open_name(signature)
    grounds = judged_names.proved(signature, identity, key, decisions)
    asked = policy.in_force(petition, signature.batch_id).reviewers
    needed = max([asked, *(one.reviewers for one in grounds)])
    if len({one.account_id for one in grounds}) < needed:
        raise KeptError("verdicts")
    if not any(one.reached for one in grounds):
        raise KeptError("reached")
    try:
        read_name(identity.name)
        for text in (identity.role, identity.place):
            read_line(text)
    except UnfitTextError:
        raise KeptError("verdicts") from None
    return Name(signature.id, identity, key, consent.others)
