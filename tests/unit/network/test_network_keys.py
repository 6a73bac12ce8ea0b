"""The arithmetic of shares and tweaks, against its own definition and against another implementation."""

import hashlib

import ecies
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.network.ledger import keys

scalars = st.integers(min_value=1, max_value=keys.ORDER - 1)


@given(scalars, scalars)
def test_any_two_shares_give_the_secret_back(secret: int, slope: int) -> None:
    first, second, third = keys.split(secret, slope)
    assert keys.join((first, second)) == secret
    assert (2 * second - third) % keys.ORDER == first
    assert (3 * first - third) * pow(2, -1, keys.ORDER) % keys.ORDER == secret


@given(scalars, scalars, scalars, scalars)
def test_adding_shares_adds_secrets(secret: int, slope: int, change: int, other_slope: int) -> None:
    moved = [a + b for a, b in zip(keys.split(secret, slope), keys.split(change, other_slope), strict=True)]
    assert keys.join(moved) == (secret + change) % keys.ORDER


@given(scalars, scalars)
def test_proofs_fit_their_shares_and_no_others(secret: int, slope: int) -> None:
    shares = keys.split(secret, slope)
    assume(all(shares))  # 0 is no share: it has no point
    proofs = [[keys.public_key(secret), keys.public_key(slope)]] * 3
    assert keys.check_shares(shares, proofs) == [keys.public_key(share) for share in shares]
    with pytest.raises(ValueError, match="share 2"):
        keys.check_shares((shares[0], shares[1] % (keys.ORDER - 1) + 1, shares[2]), proofs)
    with pytest.raises(ValueError, match="same 2 proofs"):
        keys.check_shares(shares, [proofs[0], proofs[0], proofs[0][:1]])


@given(scalars, scalars)
def test_points_add_as_scalars_do(first: int, second: int) -> None:
    assume(first + second != keys.ORDER)
    total = keys.add_points(keys.public_key(first), keys.public_key(second))
    assert total == keys.public_key(first + second)
    assert keys.subtract_points(total, keys.public_key(second)) == keys.public_key(first)


@given(scalars, st.binary(max_size=300))
def test_cipher_texts_are_those_of_the_ecies_library(secret: int, message: bytes) -> None:
    point = keys.public_key(secret)
    assert keys.decrypt(secret, ecies.encrypt(point, message)) == message
    assert ecies.decrypt(keys.scalar_bytes(secret), keys.encrypt(point, message)) == message


@given(st.binary(max_size=200))
def test_refuses_what_was_not_made_for_the_key(ciphertext: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be decrypted"):
        keys.decrypt(5, ciphertext)


@given(scalars, st.binary(max_size=100))
def test_signatures_are_good_for_their_message_and_key_alone(secret: int, message: bytes) -> None:
    point = keys.public_key(secret)
    for signature in (keys.sign(secret, message), keys.sign_compact(secret, message)):
        assert keys.verify(point, signature, message)
        assert not keys.verify(point, signature, message + b"x")
        assert not keys.verify(keys.public_key(secret % (keys.ORDER - 1) + 1), signature, message)
    assert not keys.verify(point, b"no signature", message)


def test_structured_hashing_prefixes_every_value_with_its_length() -> None:
    tag = hashlib.sha256(bytes(7) + b"\x05spark" + bytes(7) + b"\x02ab").digest()
    values = bytes(7) + b"\x02hi" + bytes(7) + b"\x08" + bytes(7) + b"\x01" + bytes(7) + b"\x01k" + bytes(7) + b"\x01v"
    assert keys.tagged_message(("spark", "ab"), b"hi", {"k": b"v"}) == tag + tag + values


def test_taproot_output_of_the_bip341_vector() -> None:
    internal = bytes.fromhex("02d6889cb081036e0faefa3a35157ad71086b123b2b144b649798b494c300a961d")
    script = "512053a1f6e454df1aa2776a2814a721372d6258050de330b3c6d10ee8f4e0dda343"
    assert keys.taproot_script(internal).hex() == script
