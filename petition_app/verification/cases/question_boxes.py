"""Questions as they are kept: sealed to the key that only the signer's secret code yields."""

from __future__ import annotations

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from petition_app.crypto import signer_box, vault


def seal(signature_id: UUID, signer_key: bytes, text: str) -> bytes:
    """Seal a question to its signer."""
    return signer_box.seal_to(signer_key, {"question": text}, _place(signature_id))


def open_with(private_key: X25519PrivateKey, signature_id: UUID, box: bytes) -> str | None:
    """Open a question; nothing where it was sealed to words that new ones have ended."""
    try:
        return str(signer_box.open_with(private_key, box, _place(signature_id))["question"])
    except vault.UnreadableError:
        return None


def _place(signature_id: UUID) -> bytes:
    return f"question/v1|{signature_id}".encode()
