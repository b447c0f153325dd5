"""B10: what was sealed once opens in every later version, and one box of it with somebody else's library."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pyhpke
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from petition_app.accounts.models import Account
from petition_app.clock import utcnow
from petition_app.crypto import fingerprints, signer_box, vault
from petition_app.crypto.vault import KeyRing, SealContext, Sealed, UnreadableError, WrappedKey
from petition_app.keys import member_keys, open_keys, services
from petition_app.keys.models import AccountKey, KeyWrap, PetitionKey
from petition_app.keys.open_keys import OpenKeys
from petition_app.petitions.models import Petition, TextVersion
from petition_app.signatures import sealing
from petition_app.signatures.models import SealedKey, SealedPart, Signature
from petition_app.storage.db import db
from tests import factories as make
from tests.conftest import DATA

pytestmark = pytest.mark.usefixtures("full_costs")  # The files were sealed by the product.
FILES = sorted((DATA / "sealed").glob("*.json"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def fixture(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    return json.loads(path.read_text())


def open_box(one: dict[str, Any], bound: bytes) -> bytes:
    box = bytes.fromhex(one["box"])
    if one["suite"] == vault.RING:
        return vault.decrypt(bytes.fromhex(one["key"]), box, bound)
    if one["suite"] == vault.HPKE_X25519:
        return vault.hpke_open(bytes.fromhex(one["private"]), box, bound)
    return vault.open_with_passphrase(one["passphrase"], box, bound)


def test_there_is_a_box_of_every_suite() -> None:
    suites = {one["suite"] for path in FILES for one in json.loads(path.read_text())["boxes"]}
    assert suites == {vault.RING, vault.HPKE_X25519, vault.PASSPHRASE}


def test_a_box_of_each_suite_opens_in_its_place_alone(fixture: dict[str, Any]) -> None:
    for one in fixture["boxes"]:
        assert bytes.fromhex(one["box"])[0] == one["suite"]
        assert open_box(one, one["bound"].encode()).decode() == one["plain"]
        with pytest.raises(UnreadableError):
            open_box(one, one["bound"].encode() + b"!")


def test_a_signature_of_standard_mode_opens_with_the_ring(fixture: dict[str, Any]) -> None:
    ring = KeyRing({name: bytes.fromhex(key) for name, key in fixture["ring"].items()})
    found = fixture["standard"]
    petition, signature = UUID(found["petition"]), UUID(found["signature"])
    (key,) = {
        ring.unwrap(WrappedKey(wrap["key_id"], bytes.fromhex(wrap["box"])), SealContext(petition, signature, "key"))
        for wrap in found["wraps"]
    }
    assert len(found["wraps"]) == 2
    for name, part in found["parts"].items():
        sealed = Sealed(bytes.fromhex(part["box"]), bytes.fromhex(part["wrapped_key"]))
        assert vault.open_part(key, SealContext(petition, signature, name), sealed) == part["content"]


def test_a_question_opens_with_the_secret_code(fixture: dict[str, Any]) -> None:
    found = fixture["question"]
    key = signer_box.signer_keys(bytes.fromhex(found["entropy"]), UUID(found["petition"]))
    assert key.public_key().public_bytes_raw().hex() == found["public"]
    assert signer_box.open_with(key, bytes.fromhex(found["box"]), found["bound"].encode()) == found["content"]


# --- a sealed petition, in a database ---------------------------------------------------------------------------


def store(app: Any, found: dict[str, Any]) -> UUID:
    """Put the rows of a sealed petition into a database of this version; return the holder's id."""
    petition_id = UUID(found["petition"])
    holder, account_id = found["account"], UUID(found["account"]["id"])
    with make.acting(app):
        texts = {"en": "Old"}
        version = TextVersion(number=1, titles=texts, texts=texts, sha256=bytes(32), created_at=utcnow())
        petition = Petition(
            id=petition_id, slug="of-old", mode="sealed", addressee=texts, who_may_sign=texts, created_at=utcnow(),
            versions=[version],
        )  # fmt: skip
        organizer = Account(id=account_id, email="old@example.org", name="Old", password="-", fs_uniquifier="old")
        db.session.add_all([organizer, petition])
        db.session.flush()
        db.session.add(AccountKey(
            account_id=account_id, made_at=utcnow(),
            **{name: bytes.fromhex(holder[name]) for name in ("public", "signing_public", "private_box", "duress_box")},
        ))  # fmt: skip
        for key in found["keys"]:
            key_id = UUID(key["id"])
            db.session.add(PetitionKey(
                id=key_id, petition_id=petition_id, number=key["number"], public=bytes.fromhex(key["public"]),
                index_box=bytes.fromhex(key["index_box"]), recovery_public=bytes.fromhex(found["recovery_public"]),
                made_at=utcnow(),
            ))  # fmt: skip
            db.session.flush()
            db.session.add(KeyWrap(key_id=key_id, account_id=account_id, box=bytes.fromhex(key["wrap"])))
            db.session.add(KeyWrap(key_id=key_id, account_id=None, box=bytes.fromhex(key["sheet_wrap"])))
        for one in found["signatures"]:
            store_signature(one, petition_id, version.id)
    return account_id


def store_signature(one: dict[str, Any], petition_id: UUID, version: UUID) -> None:
    signature_id = UUID(one["id"])
    db.session.add(Signature(
        id=signature_id, petition_id=petition_id, text_version_id=version, state="received", language="ru",
        publication_tier=0, arrived_on=date(2026, 1, 1), commitment=bytes.fromhex(one["commitment"]),
    ))  # fmt: skip
    db.session.flush()
    db.session.add(SealedKey(signature_id=signature_id, key_id=one["key_id"], box=bytes.fromhex(one["wrap"])))
    for part in one["parts"]:
        row = SealedPart(
            id=UUID(part["id"]), signature_id=signature_id, part=part["part"], box=bytes.fromhex(part["box"])
        )
        db.session.add(row)
        db.session.flush()
        box = bytes.fromhex(part["key_box"])
        db.session.add(SealedKey(signature_id=signature_id, part_id=row.id, key_id=part["key_id"], box=box))


def readable(signature: Signature, part: str) -> list[dict[str, Any]]:
    """Return what a part holds, or nothing where it does not open."""
    try:
        return sealing._open(signature, part)
    except UnreadableError:
        return []


def check_all(app: Any, found: dict[str, Any], keys: OpenKeys) -> None:
    assert keys.index_key.hex() == found["index_key"]
    assert {name: key.hex() for name, key in keys.keys.items()} == {key["id"]: key["private"] for key in found["keys"]}
    with make.looking(app), open_keys.using(keys):
        for one in found["signatures"]:
            signature = db.session.get_one(Signature, UUID(one["id"]))
            for name in vault.PARTS:
                wanted = [part["content"] for part in one["parts"] if part["part"] == name]
                assert sorted(readable(signature, name), key=repr) == sorted(wanted, key=repr)
            r = bytes.fromhex(sealing._open(signature, "identity")[0]["r"])
            assert fingerprints.commitment(signature.petition_id, r) == signature.commitment


def test_a_sealed_petition_opens_with_the_passphrase_and_with_the_sheet(app: Any, fixture: dict[str, Any]) -> None:
    found = fixture["sealed"]
    petition_id, account_id = UUID(found["petition"]), store(app, found)
    with make.looking(app):
        halves = member_keys.open_account_key(
            db.session.get_one(AccountKey, account_id), found["account"]["passphrase"]
        )
        assert halves
        by_passphrase = services.open_wraps(petition_id, account_id, halves[0], account_id=account_id)
        by_sheet = services.open_with_sheet(petition_id, found["sheet"], account_id=account_id)
    for keys in (by_passphrase, by_sheet):
        check_all(app, found, keys)


# --- with somebody else's library -------------------------------------------------------------------------------


def open_elsewhere(private: bytes, box: bytes, info: bytes) -> bytes:
    """Open a box of suite 2 with another implementation of RFC 9180."""
    suite = pyhpke.CipherSuite.new(
        pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.AES256_GCM
    )
    key = pyhpke.KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(private))
    return suite.create_recipient_context(box[1:33], key, info=info).open(box[33:])


def aes_gcm(key: bytes, box: bytes, bound: bytes) -> bytes:
    assert box[0] == vault.RING
    return AESGCM(key).decrypt(box[1:13], box[13:], bound)


def test_another_implementation_opens_a_signature_from_the_words_of_the_format(fixture: dict[str, Any]) -> None:
    found = fixture["sealed"]
    private = {key["id"]: bytes.fromhex(key["private"]) for key in found["keys"]}
    for one in found["signatures"]:
        where = f"sig/v1|{found['petition']}|{one['id']}"
        info = f"wrap|{where}|key|{one['key_id']}".encode()
        signature_key = open_elsewhere(private[one["key_id"]], bytes.fromhex(one["wrap"]), info)
        for part in one["parts"]:
            bound, wrapped = f"{where}|{part['part']}", bytes.fromhex(part["key_box"])
            if part["key_id"]:
                part_key = open_elsewhere(private[part["key_id"]], wrapped, f"wrap|{bound}|{part['key_id']}".encode())
            else:
                part_key = aes_gcm(signature_key, wrapped, f"key|{bound}".encode())
            assert json.loads(aes_gcm(part_key, bytes.fromhex(part["box"]), bound.encode())) == part["content"]


def test_another_implementation_opens_a_bare_box_and_not_in_another_place(fixture: dict[str, Any]) -> None:
    one = next(one for one in fixture["boxes"] if one["suite"] == vault.HPKE_X25519)
    private, box = bytes.fromhex(one["private"]), bytes.fromhex(one["box"])
    assert open_elsewhere(private, box, one["bound"].encode()).decode() == one["plain"]
    with pytest.raises(pyhpke.OpenError):
        open_elsewhere(private, box, b"elsewhere")


def test_what_is_sealed_now_has_the_format_of_the_fixture(fixture: dict[str, Any]) -> None:
    one = next(one for one in fixture["boxes"] if one["suite"] == vault.HPKE_X25519)
    bound = one["bound"].encode()
    fresh = vault.hpke_seal(bytes.fromhex(one["public"]), one["plain"].encode(), bound)
    assert len(fresh) == len(bytes.fromhex(one["box"]))
    assert open_elsewhere(bytes.fromhex(one["private"]), fresh, bound).decode() == one["plain"]
