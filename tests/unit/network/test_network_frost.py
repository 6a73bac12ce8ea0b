"""Threshold signatures: good by BIP 340 for any operators that sign, and for nobody else."""

import hashlib
import json
from pathlib import Path

import pytest
from costly_properties import percent_of_examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from exporter.network.ledger import frost, keys
from exporter.network.ledger.frost import Nonces, Signing

RECORDED = Path(__file__).parents[2] / "fixtures" / "recorded"
scalars = st.integers(min_value=1, max_value=keys.ORDER // 2)  # the sum of two has a point
messages = st.binary(min_size=32, max_size=32)
signers = st.sampled_from([(0, 1), (0, 2), (1, 2), (2, 0), (0, 1, 2)])


class Party:
    """An owner and operators with a leaf's keys, and nonces for one signature."""

    def __init__(self, owner: int, operators: int, numbers: tuple[int, ...]) -> None:
        self.owner, self.numbers = owner, numbers
        self.shares = keys.split(operators)
        self.verifying_key = keys.public_key(owner + operators)
        self.nonces: dict[int, Nonces] = {number: frost.new_nonces() for number in numbers}
        self.own_nonces = frost.new_nonces()

    def signing(self, message: bytes, adaptor: bytes = b"") -> Signing:
        commitments = {number: nonces.commitment for number, nonces in self.nonces.items()}
        return Signing(message, self.verifying_key, commitments, self.own_nonces.commitment, adaptor)

    def sign(self, message: bytes, adaptor: bytes = b"") -> bytes:
        signing = self.signing(message, adaptor)
        own = signing.owner_share(self.own_nonces, self.owner)
        signing.check_owner_share(own, keys.public_key(self.owner))
        return signing.aggregate(
            [own, *(signing.operator_share(each, self.nonces[each], self.shares[each]) for each in self.numbers)]
        )


@settings(max_examples=percent_of_examples(30))
@given(scalars, scalars, signers, messages)
def test_the_signature_is_good_whoever_of_the_operators_signs(
    owner: int, operators: int, numbers: tuple[int, ...], message: bytes
) -> None:
    party = Party(owner, operators, numbers)
    signature = party.sign(message)
    assert frost.verify(signature, message, party.verifying_key)
    assert not frost.verify(signature, hashlib.sha256(message).digest(), party.verifying_key)
    assert not frost.verify(signature, message, keys.public_key(owner))


@settings(max_examples=percent_of_examples(30))
@given(scalars, scalars, scalars, signers, messages)
def test_an_adaptors_secret_completes_the_signature_that_lacks_it(
    owner: int, operators: int, secret: int, numbers: tuple[int, ...], message: bytes
) -> None:
    party = Party(owner, operators, numbers)
    adaptor = keys.public_key(secret)
    signature = party.sign(message, adaptor)
    assert frost.verify_adaptor(signature, message, party.verifying_key, adaptor)
    assert not frost.verify_adaptor(signature, message, party.verifying_key, keys.public_key(secret % 7 + 1))
    assert not frost.verify(signature, message, party.verifying_key)
    assert frost.verify(frost.complete(signature, secret, message, party.verifying_key), message, party.verifying_key)
    with pytest.raises(ValueError, match="another adaptor"):
        frost.complete(signature, secret % 7 + 1, message, party.verifying_key)


@settings(max_examples=percent_of_examples(10))
@given(scalars, scalars, messages)
def test_the_owners_share_is_of_its_key_and_message_alone(owner: int, operators: int, message: bytes) -> None:
    assume(owner != operators)
    party = Party(owner, operators, (0, 1))
    share = party.signing(message).owner_share(party.own_nonces, owner)
    for signing, key in (
        (party.signing(message), keys.public_key(operators)),
        (party.signing(hashlib.sha256(message).digest()), keys.public_key(owner)),
    ):
        with pytest.raises(ValueError, match="owner's share"):
            signing.check_owner_share(share, key)


def test_points_that_are_none_are_refused() -> None:
    party = Party(5, 7, (0, 1))
    party.own_nonces = Nonces(1, 1, frost.Commitment(b"\x02" * 33, bytes(33)))
    with pytest.raises(ValueError, match=r"point|key"):
        party.signing(bytes(32))
    assert not frost.verify(bytes(64), bytes(32), bytes(33))
    assert not frost.verify_adaptor(bytes(64), bytes(32), party.verifying_key, bytes(33))


def test_shares_and_signatures_are_those_of_the_official_clients_signer() -> None:
    # Its WebAssembly computed them: wasm_sign_frost and wasm_aggregate_frost of @buildonspark/spark-sdk 0.8.8.
    for vector in json.loads((RECORDED / "frost_signatures.json").read_text()):
        adaptor = bytes.fromhex(vector["adaptor"])
        hiding, binding = (int(nonce, 16) for nonce in vector["owner_nonces"])
        own = Nonces(hiding, binding, frost.Commitment(keys.public_key(hiding), keys.public_key(binding)))
        operators = {int(number): each for number, each in vector["operators"].items()}
        commitments = {
            number: frost.Commitment(bytes.fromhex(each["hiding"]), bytes.fromhex(each["binding"]))
            for number, each in operators.items()
        }
        message, key = bytes.fromhex(vector["message"]), bytes.fromhex(vector["verifying_key"])
        signing = Signing(message, key, commitments, own.commitment, adaptor)
        share = signing.owner_share(own, int(vector["owner_secret"], 16))
        assert share.hex() == vector["owner_share"]
        signature = signing.aggregate([share, *(bytes.fromhex(each["share"]) for each in operators.values())])
        assert signature.hex() == vector["signature"]
        assert frost.verify(signature, message, key) is not bool(adaptor)
