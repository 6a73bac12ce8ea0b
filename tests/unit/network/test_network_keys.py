"""The arithmetic of shares and tweaks, against its own definition and against another implementation."""

import hashlib

import pytest
from hypothesis import assume, given, settings
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


@settings(deadline=None)
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


@settings(deadline=None)
@given(scalars, scalars)
def test_points_add_as_scalars_do(first: int, second: int) -> None:
    assume(first + second != keys.ORDER)
    total = keys.add_points(keys.public_key(first), keys.public_key(second))
    assert total == keys.public_key(first + second)
    assert keys.subtract_points(total, keys.public_key(second)) == keys.public_key(first)


# Made by eciespy 0.4.7 for the secret 7.
ECIES_TEXTS = {
    b"": (
        "0426e83fb3ffa9b97f540577fcca14d6cf27fb7f7dc28472cb41b110d2697bf7110127e0397b97d493bc7e91e0774190a7667c7e8572eea9"
        "e9420dfdb5a0bae93da1a12b36e86b68e1c04a30a21178e43ed19ded6ac51900833498226bc8af63e3"
    ),
    b"share": (
        "04304243dc371883d117cc3063bdaa3f78ae7187e922f1092394bf0e00272a43ac701b605316a6c2e14471b954a52133c9d593fdf0dc6bd2"
        "4bd110a6d6e5c8af2596ea061d5cba26a9b6a4d0fa5b77fce3e078f79ac655c0bf58bcecb3c24664803f462afd15"
    ),
}


@pytest.mark.parametrize("message", ECIES_TEXTS)
def test_cipher_texts_of_the_ecies_library_are_read(message: bytes) -> None:
    assert keys.decrypt(7, bytes.fromhex(ECIES_TEXTS[message])) == message


@settings(deadline=None)
@given(scalars, st.binary(max_size=300))
def test_what_was_encrypted_to_a_key_its_secret_decrypts(secret: int, message: bytes) -> None:
    sealed = keys.encrypt(keys.public_key(secret), message)
    assert keys.decrypt(secret, sealed) == message
    with pytest.raises(ValueError, match="cannot be decrypted"):
        keys.decrypt(secret % (keys.ORDER - 1) + 1, sealed)


@settings(deadline=None)
@given(scalars, st.binary(max_size=100))
def test_a_recoverable_signature_names_its_signer(secret: int, message: bytes) -> None:
    signature = keys.sign_recoverable(secret, message)
    assert keys.recover(signature, message) == keys.public_key(secret)
    assert keys.recover(signature, message + b"x") != keys.public_key(secret)
    assert keys.recover(signature[:64] + b"\4", message) is None
    assert keys.recover(signature[:64], message) is None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_refuses_what_was_not_made_for_the_key(ciphertext: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be decrypted"):
        keys.decrypt(5, ciphertext)


@settings(deadline=None)
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
