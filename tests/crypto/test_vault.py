"""The vault: what is sealed opens in its own place with its own key, and nowhere else."""

from __future__ import annotations

import secrets
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from petition_app import app_state
from petition_app.app_state import AppState
from petition_app.config import new_key_ring
from petition_app.crypto import signer_box, vault
from petition_app.crypto.vault import PARTS, KeyRing, SealContext, Sealed, UnreadableError, WrappedKey
from petition_app.errors import StorageSealedError
from tests.conftest import settings_for

content = st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=4)


def place(part: str = "identity") -> SealContext:
    return SealContext(uuid4(), uuid4(), part)


def ring(*names: str) -> KeyRing:
    return KeyRing({name: secrets.token_bytes(32) for name in names})


@given(content)
def test_a_part_opens_to_what_was_sealed(words: dict[str, str]) -> None:
    key, where = vault.new_key(), place()
    assert vault.open_part(key, where, vault.seal_part(key, where, words)) == words


@given(st.text(max_size=60), st.text(max_size=60))
def test_boxes_of_short_contents_have_one_length(one: str, other: str) -> None:
    key, where = vault.new_key(), place()
    sealed = [vault.seal_part(key, where, {"name": name}) for name in (one, other)]
    assert len({len(box.box) for box in sealed}) == 1
    assert len({len(box.wrapped_key) for box in sealed}) == 1


def test_the_same_content_is_sealed_differently_each_time() -> None:
    key, where = vault.new_key(), place()
    boxes = {vault.seal_part(key, where, {"name": "A"}).box for _ in range(20)}
    assert len(boxes) == 20


@given(st.sampled_from(PARTS), st.sampled_from(PARTS), st.booleans(), st.booleans())
def test_a_part_opens_in_no_other_place(part: str, other: str, petition: bool, signature: bool) -> None:
    key, where = vault.new_key(), place(part)
    sealed = vault.seal_part(key, where, {"name": "A"})
    elsewhere = SealContext(uuid4() if petition else where.petition, uuid4() if signature else where.signature, other)
    if elsewhere == where:
        return
    with pytest.raises(UnreadableError):
        vault.open_part(key, elsewhere, sealed)


@given(st.data())
def test_a_box_with_one_changed_bit_does_not_open(data: st.DataObject) -> None:
    key, where = vault.new_key(), place()
    sealed = vault.seal_part(key, where, {"name": "A"})
    which = data.draw(st.sampled_from(["box", "wrapped_key"]))
    old = getattr(sealed, which)
    bit = data.draw(st.integers(0, len(old) * 8 - 1))
    new = bytearray(old)
    new[bit // 8] ^= 1 << bit % 8
    values = {"box": sealed.box, "wrapped_key": sealed.wrapped_key} | {which: bytes(new)}
    with pytest.raises(UnreadableError):
        vault.open_part(key, where, Sealed(**values))


def test_another_key_or_a_stump_of_a_box_does_not_open() -> None:
    key, where = vault.new_key(), place()
    sealed = vault.seal_part(key, where, {"name": "A"})
    with pytest.raises(UnreadableError):
        vault.open_part(vault.new_key(), where, sealed)
    for box in (b"", b"\x01", sealed.box[:28], b"\x02" + sealed.box[1:]):
        with pytest.raises(UnreadableError):
            vault.open_part(key, where, Sealed(box, sealed.wrapped_key))


# --- the ring ---------------------------------------------------------------------------------------------------


def test_a_ring_with_a_second_key_opens_old_rows_and_uses_the_new_key() -> None:
    where, key, old = place("key"), vault.new_key(), ring("k1")
    both = KeyRing({**old.keys, "k2": secrets.token_bytes(32)})
    before = old.wrap(key, where)
    after = both.wrap(key, where)
    assert (before.key_id, after.key_id) == ("k1", "k2")
    assert both.unwrap(before, where) == both.unwrap(after, where) == key
    with pytest.raises(UnreadableError):
        old.unwrap(after, where)


def test_the_wrap_binds_the_name_of_the_ring_key() -> None:
    where, same = place("key"), secrets.token_bytes(32)
    both = KeyRing({"k1": same, "k2": same})
    wrapped = both.wrap(vault.new_key(), where)
    with pytest.raises(UnreadableError):
        both.unwrap(WrappedKey("k1", wrapped.box), where)


def test_the_wrap_of_one_signature_opens_at_no_other() -> None:
    keys, where = ring("k1"), place("key")
    wrapped = keys.wrap(vault.new_key(), where)
    with pytest.raises(UnreadableError):
        keys.unwrap(wrapped, SealContext(where.petition, uuid4(), "key"))
    with pytest.raises(UnreadableError):
        keys.unwrap(wrapped, SealContext(uuid4(), where.signature, "key"))


@pytest.mark.parametrize(
    "text",
    ["", "k1", "k1:", "k1:short", ":" + "A" * 43 + "=", "k1:" + "A" * 43 + "=", "k1:%%%"],
    ids=["empty", "no key", "empty key", "short", "no name", "all zeros", "not base64"],
)
def test_what_is_no_ring_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|base64"):
        vault.parse_key_ring(text)


def test_a_ring_with_one_name_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="key"):
        vault.parse_key_ring(f"{new_key_ring('k1')},{new_key_ring('k1')}")


def test_a_ring_reads_its_keys_oldest_first() -> None:
    read = vault.parse_key_ring(f"{new_key_ring('k1')}\n{new_key_ring('k2')}")
    assert list(read.keys) == ["k1", "k2"]
    assert read.newest == "k2"


def test_a_ring_kept_in_a_file_is_read_again_when_the_file_changes(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "sqlite://")
    file = Path(settings.key_ring)
    with app_state.using(AppState(settings)):
        assert vault.key_ring().newest == "k1"
        file.unlink()
        with pytest.raises(StorageSealedError):
            vault.key_ring()
        file.write_text(new_key_ring("k9"))
        assert vault.key_ring().newest == "k9"


# --- for one reader who is not the server -----------------------------------------------------------------------


@given(content)
def test_a_message_to_a_signer_opens_with_the_key_of_the_secret_code(words: dict[str, str]) -> None:
    entropy, petition = secrets.token_bytes(16), uuid4()
    key = signer_box.signer_keys(entropy, petition)
    box = signer_box.seal_to(key.public_key().public_bytes_raw(), words, b"question/v1|1")
    assert signer_box.open_with(signer_box.signer_keys(entropy, petition), box, b"question/v1|1") == words


def test_a_message_opens_with_no_other_key_place_or_petition() -> None:
    entropy, petition = secrets.token_bytes(16), UUID(int=1)
    key = signer_box.signer_keys(entropy, petition)
    box = signer_box.seal_to(key.public_key().public_bytes_raw(), {"question": "?"}, b"here")
    for other in (X25519PrivateKey.generate(), signer_box.signer_keys(entropy, UUID(int=2))):
        with pytest.raises(UnreadableError):
            signer_box.open_with(other, box, b"here")
    with pytest.raises(UnreadableError):
        signer_box.open_with(key, box, b"there")


@pytest.mark.parametrize("cut", [0, 1, 20, 33, 40])
def test_a_stump_of_a_message_is_unreadable(cut: int) -> None:
    key = X25519PrivateKey.generate()
    box = signer_box.seal_to(key.public_key().public_bytes_raw(), {"question": "?"}, b"here")
    with pytest.raises(UnreadableError):
        signer_box.open_with(key, box[:cut], b"here")
