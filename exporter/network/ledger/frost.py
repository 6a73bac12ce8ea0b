"""Threshold signatures of a leaf's operators and its owner: FROST (RFC 9591) for BIP 340, as Spark varies it.

The suite is RFC 9591's for secp256k1 and SHA-256, with BIP 340's challenge and the context string below. Spark's
variations: the group's key is the sum of the owner's key and the operators' key, so the owner signs with the whole
of its secret and Lagrange's coefficients are those of the operators alone; the key is tweaked as BIP 341 says, by
the operators; and a signature may lack an adaptor, whose point is a part of the nonce and whose secret completes it.
"""

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from exporter.network.ledger import keys
from exporter.network.ledger.keys import ORDER

_CONTEXT = b"FROST-secp256k1-SHA256-TR-v1"
_EVEN = b"\x02"
_SCALAR_BYTES = 48  # of hash, for a scalar without bias


class Commitment(NamedTuple):
    """The points of a signer's two nonces."""

    hiding: bytes
    binding: bytes


@dataclass(frozen=True, slots=True)
class Nonces:
    """A signer's two secret nonces, for one signature and no second one."""

    hiding: int
    binding: int
    commitment: Commitment


def new_nonces() -> Nonces:
    hiding, binding = keys.random_scalar(), keys.random_scalar()
    return Nonces(hiding, binding, Commitment(keys.public_key(hiding), keys.public_key(binding)))


class Signing:
    """One signature in the making, by its message and the commitments of its signers.

    Args:
        message: the 32 bytes to sign.
        verifying_key: the sum of the owner's and the operators' key; the signature is for its BIP 341 output key.
        operators: the commitments of the operators that sign, by their number from 0.
        owner: the owner's commitment.
        adaptor: the point that the signature lacks, or nothing.
        nonces: the operators' nonces, for those who know them: that saves most of the work.

    Raises:
        ValueError: a point is none.
    """

    def __init__(
        self,
        message: bytes,
        verifying_key: bytes,
        operators: Mapping[int, Commitment],
        owner: Commitment,
        adaptor: bytes = b"",
        nonces: Mapping[int, Nonces] | None = None,
    ) -> None:
        self._tweak = keys.taproot_tweak(verifying_key)
        output = keys.taproot_output(verifying_key)
        # A signature is by keys whose points have even y: which secrets that turns round.
        self._output_sign = _sign_of(output)
        self._owner_sign = self._output_sign * _sign_of(verifying_key)
        self._operators = tuple(operators)
        commitments = {number + 1: commitment for number, commitment in operators.items()} | {owner_identifier(): owner}
        self._factors = _binding_factors(_EVEN + output[1:], message, commitments)
        self._owner_nonce = self._nonce_of(owner_identifier(), owner)
        if nonces is None:
            points = [self._nonce_of(number + 1, commitment) for number, commitment in operators.items()]
        else:
            points = [keys.public_key(sum(self._secret_nonce(number + 1, each) for number, each in nonces.items()))]
        nonce = keys.add_points(self._owner_nonce, *points, *([adaptor] if adaptor else []))
        self._nonce_sign = _sign_of(nonce)
        self._nonce_x = nonce[1:]
        self._challenge = _challenge(self._nonce_x, output[1:], message)

    def _nonce_of(self, identifier: int, commitment: Commitment) -> bytes:
        return keys.add_multiple(commitment.hiding, commitment.binding, self._factors[identifier])

    def _secret_nonce(self, identifier: int, nonces: Nonces) -> int:
        return nonces.hiding + self._factors[identifier] * nonces.binding

    def operator_share(self, number: int, nonces: Nonces, share: int) -> bytes:
        """An operator's share of the signature, by its nonces and its share of the operators' key."""
        secret = self._owner_sign * share + self._output_sign * self._tweak
        return self._share(number + 1, nonces, _coefficient(number, self._operators) * secret)

    def owner_share(self, nonces: Nonces, secret: int) -> bytes:
        """The owner's share of the signature."""
        return self._share(owner_identifier(), nonces, self._owner_sign * secret)

    def _share(self, identifier: int, nonces: Nonces, secret: int) -> bytes:
        nonce = self._nonce_sign * self._secret_nonce(identifier, nonces)
        return keys.scalar_bytes(nonce + self._challenge * secret)

    def check_owner_share(self, share: bytes, key: bytes) -> None:
        """Check the owner's share against its public key; raises ValueError."""
        nonce = self._owner_nonce if self._nonce_sign > 0 else keys.negate(self._owner_nonce)
        expected = keys.add_multiple(nonce, key, self._owner_sign * self._challenge)
        if keys.public_key(int.from_bytes(share, "big")) != expected:
            raise ValueError("the owner's share of the signature is wrong")

    def aggregate(self, shares: Iterable[bytes]) -> bytes:
        """The signature from all shares, the owner's among them: 64 bytes, as BIP 340 has it."""
        return self._nonce_x + keys.scalar_bytes(sum(int.from_bytes(share, "big") for share in shares))


def verify(signature: bytes, message: bytes, verifying_key: bytes) -> bool:
    """Whether a signature is good by BIP 340, for the BIP 341 output key of a key."""
    try:
        return keys.verify_schnorr(keys.taproot_output(verifying_key)[1:], signature, message)
    except ValueError:
        return False


def verify_adaptor(signature: bytes, message: bytes, verifying_key: bytes, adaptor: bytes) -> bool:
    """Whether a signature lacks nothing but the secret of an adaptor's point."""
    try:
        output = keys.taproot_output(verifying_key)
        nonce_x, share = signature[:32], int.from_bytes(signature[32:], "big")
        challenge = _challenge(nonce_x, output[1:], message)
        lacking = keys.add_multiple(keys.public_key(share), _EVEN + output[1:], -challenge)
        return any(keys.add_points(lacking, each)[1:] == nonce_x for each in (adaptor, keys.negate(adaptor)))
    except ValueError:
        return False


def complete(signature: bytes, adaptor_secret: int, message: bytes, verifying_key: bytes) -> bytes:
    """The whole signature, from one that lacks an adaptor's secret; raises ValueError if it is another one's."""
    share = int.from_bytes(signature[32:], "big")
    for whole in (share + adaptor_secret, share - adaptor_secret):
        completed = signature[:32] + keys.scalar_bytes(whole)
        if verify(completed, message, verifying_key):
            return completed
    raise ValueError("the signature lacks another adaptor's secret")


@functools.cache
def owner_identifier() -> int:
    """The owner's place among the signers; an operator's is its number and one."""
    return _hash_to_scalar(b"id", b"user")


@functools.cache
def _coefficient(number: int, operators: tuple[int, ...]) -> int:
    """Lagrange's, at 0, of an operator among those that sign."""
    coefficient = 1
    for other in operators:
        if other != number:
            coefficient = coefficient * (other + 1) * pow(other - number, -1, ORDER) % ORDER
    return coefficient


def _binding_factors(key: bytes, message: bytes, commitments: Mapping[int, Commitment]) -> dict[int, int]:
    listed = b"".join(
        keys.scalar_bytes(identifier) + commitment.hiding + commitment.binding
        for identifier, commitment in sorted(commitments.items())
    )
    prefix = key + _hash(b"msg", message) + _hash(b"com", listed)
    return {identifier: _hash_to_scalar(b"rho", prefix + keys.scalar_bytes(identifier)) for identifier in commitments}


def _challenge(nonce_x: bytes, key_x: bytes, message: bytes) -> int:
    return int.from_bytes(keys.tagged_hash("BIP0340/challenge", nonce_x + key_x + message), "big") % ORDER


def _hash(purpose: bytes, message: bytes) -> bytes:
    return hashlib.sha256(_CONTEXT + purpose + message).digest()


def _hash_to_scalar(purpose: bytes, message: bytes) -> int:
    """RFC 9380's ``hash_to_field`` for one scalar, with its ``expand_message_xmd`` for SHA-256."""
    domain = _CONTEXT + purpose
    suffix = domain + bytes([len(domain)])
    first = hashlib.sha256(bytes(64) + message + _SCALAR_BYTES.to_bytes(2, "big") + b"\0" + suffix).digest()
    block = hashlib.sha256(first + b"\x01" + suffix).digest()
    mixed = (int.from_bytes(first, "big") ^ int.from_bytes(block, "big")).to_bytes(len(first), "big")
    expanded = block + hashlib.sha256(mixed + b"\x02" + suffix).digest()
    return int.from_bytes(expanded[:_SCALAR_BYTES], "big") % ORDER


def _sign_of(point: bytes) -> int:
    """1 if a point's y is even, else -1."""
    return 1 if point[:1] == _EVEN else -1
