"""What a signer agreed to, sealed: only holders of the keys can read it, and only the signer can raise it.

A server that somebody else controls can write any number into a row. So the tier and its condition also stand in the
sealed identity, and what the signer chooses later is a sealed addition to the case, with an HMAC under r, the secret of
the signature's commitment. The page that asks for the code holds r sealed under the page's own token, and from the
confirmation on it lies sealed under the secret code: so nobody but the signer can prove a higher tier. A lower one
needs no proof; whoever says it, it counts.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from petition_app.crypto import vault
from petition_app.crypto.fingerprints import hash_secret
from petition_app.crypto.vault import UnreadableError
from petition_app.signatures.case_additions import add_by_signer, count_notes
from petition_app.signatures.models import Confirmation, Signature


@dataclass(frozen=True)
class Consent:
    """The tier of publication 0-3, and the condition "once N others agree", if there is one."""

    tier: int
    others: int | None

    def lowered_to(self, other: Consent) -> Consent:
        """Return what both allow: the lower tier, and the stricter condition."""
        asked = [one for one in (self.others, other.others) if one is not None]
        return Consent(min(self.tier, other.tier), max(asked) if asked else None)


NOTHING = Consent(0, None)


# --- the secret that proves it ----------------------------------------------------------------------------------


def seal_for_page(r: bytes, pending: str, *, petition_id: UUID, signature_id: UUID) -> bytes:
    """Seal r under the token of the page that waits for the code."""
    return vault.encrypt(hash_secret("agreement-page", pending.encode()), r, _bound(petition_id, signature_id))


def take_from_page(row: Confirmation, pending: str) -> bytes | None:
    """Return r, or nothing on another page than the one that the form led to."""
    return _open(row.agreement_box, hash_secret("agreement-page", pending.encode()), row.petition_id, row.signature_id)


def seal_for_code(r: bytes, entropy: bytes, *, petition_id: UUID, signature_id: UUID) -> bytes:
    """Seal r under the secret code."""
    return vault.encrypt(hash_secret("agreement-code", entropy), r, _bound(petition_id, signature_id))


def keep_for_code(signature: Signature, r: bytes | None, entropy: bytes) -> None:
    """Let a secret code prove what its signer chooses; without r, what is raised later cannot be proved."""
    words = {"petition_id": signature.petition_id, "signature_id": signature.id}
    signature.agreement_box = seal_for_code(r, entropy, **words) if r else None


def _open(box: bytes | None, key: bytes, petition_id: UUID, signature_id: UUID) -> bytes | None:
    try:
        return vault.decrypt(key, box or b"", _bound(petition_id, signature_id))
    except UnreadableError:
        return None


def _bound(petition_id: UUID, signature_id: UUID) -> bytes:
    return f"agreement/v1|{petition_id}|{signature_id}".encode()


# --- saying and reading -----------------------------------------------------------------------------------------


def add(signature: Signature, entropy: bytes, *, at: datetime) -> None:
    """Seal into the case what the signer has chosen just now, proved where the code can."""
    r = _open(signature.agreement_box, hash_secret("agreement-code", entropy), signature.petition_id, signature.id)
    said = Consent(signature.publication_tier, signature.min_named_others)
    note = {"kind": "consent", "tier": said.tier, "others": said.others, "on": at.date().isoformat()}
    number = count_notes(signature)
    proof = _proof(r, signature, said, number).hex() if r else ""
    add_by_signer(signature, note | {"proof": proof})


def read(signature: Signature, identity: Mapping[str, Any], notes: Sequence[Mapping[str, Any]]) -> Consent:
    """Return what a signer has agreed to, from what was sealed alone.

    `identity` is the opened part as it stands, `notes` are the opened additions by age. Who signed before this was
    sealed has agreed to nothing that could be read here.
    """
    if "tier" not in identity:
        return NOTHING
    found = Consent(int(identity["tier"]), identity.get("others"))
    for note in notes:
        if note.get("kind") == "consent":
            said = Consent(int(note["tier"]), note["others"])
            proof = _proof(bytes.fromhex(str(identity["r"])), signature, said, int(note.get("n", 0))).hex()
            proved = hmac.compare_digest(proof, str(note.get("proof", "")))
            found = said if proved else found.lowered_to(said)
    return found


def _proof(r: bytes, signature: Signature, said: Consent, number: int) -> bytes:
    """Return HMAC-SHA256 of a choice and its place in the case, so that none can be moved to another place."""
    words = f"consent/v1|{signature.petition_id}|{signature.id}|{said.tier}|{said.others}|{number}"
    return hmac.digest(r, words.encode(), "sha256")
