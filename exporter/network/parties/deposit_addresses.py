"""Addresses for deposits: each pays to the user's signing key plus a key of the operators', who prove that it does."""

from dataclasses import dataclass
from typing import TypeAlias

from exporter.network.ledger import addresses, keys
from exporter.network.ledger.errors import Invalid
from exporter.network.parties.messages import OPERATOR_IDS, OperatorKeys
from exporter.network.proto import spark_pb2 as pb

AddressRequest: TypeAlias = (
    pb.GenerateDepositAddressRequest | pb.GenerateStaticDepositAddressRequest | pb.RotateStaticDepositAddressRequest
)


@dataclass(frozen=True, slots=True)
class DepositAddress:
    """An address with its keys, and the operators' proof that it is the user's."""

    text: str
    identity: bytes
    signing_key: bytes
    verifying_key: bytes
    shares: keys.Shares  # the operators', of their key
    proof: pb.DepositAddressProof
    leaf_id: str | None = None  # that the one deposit becomes; a static address has none

    @property
    def message(self) -> pb.Address:
        return pb.Address(
            address=self.text,
            verifying_key=self.verifying_key,
            deposit_address_proof=self.proof,
            is_static=self.leaf_id is None,
        )

    @property
    def query_result(self) -> pb.DepositAddressQueryResult:
        return pb.DepositAddressQueryResult(
            deposit_address=self.text,
            user_signing_public_key=self.signing_key,
            verifying_public_key=self.verifying_key,
            leaf_id=self.leaf_id,
            proof_of_possession=self.proof,
        )


def make_address(
    operators: OperatorKeys, identity: bytes, signing_key: bytes, leaf_id: str | None = None
) -> DepositAddress:
    """A new address under a new key of the operators'; raises Invalid if a key is no public key."""
    share = keys.random_scalar()
    share_key = keys.public_key(share)
    try:
        verifying_key = keys.add_points(signing_key, share_key)
    except ValueError as error:
        raise Invalid("the signing key is no public key") from error
    text = addresses.taproot_address(keys.taproot_script(verifying_key))
    possession = keys.tagged_message(("spark", "deposit", "proof_of_possession"), identity, share_key, text.encode())
    signatures = (keys.sign(secret, text.encode()) for secret in operators.secrets)
    proof = pb.DepositAddressProof(
        address_signatures=dict(zip(OPERATOR_IDS, signatures, strict=True)),
        proof_of_possession_signature=keys.sign_taproot(share, possession),
    )
    return DepositAddress(text, identity, signing_key, verifying_key, keys.split(share), proof, leaf_id)


def check_request(request: AddressRequest) -> None:
    """Check that an address is asked for that there is here; raises Invalid."""
    if request.network != pb.REGTEST:
        raise Invalid("want an address of the regtest network")
    if request.hash_variant != pb.HASH_VARIANT_V2:
        raise Invalid("want hash variant 2")
