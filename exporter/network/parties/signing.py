"""The operators as signers: the commitments that they hand out, and their shares of signatures.

Any two of the three sign; which two, the commitments say that a wallet was given. Nonces are for one signature:
those that signed are forgotten, and the others are handed out again after a while, as few of them are ever used.
"""

import random
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from exporter.network.ledger import frost, keys
from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.frost import Commitment, Nonces, Signing
from exporter.network.ledger.keys import OPERATORS, THRESHOLD, Shares
from exporter.network.ledger.leaves import Leaf
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import common_pb2
from exporter.network.proto import spark_pb2 as pb

MAX_COMMITMENTS = 10_000  # in one request
KEPT = 1024  # sets of nonces: a wallet has the time in which others ask for as many; to make one costs 0.1 ms

Commitments: TypeAlias = Mapping[str, common_pb2.SigningCommitment]


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A key of an owner and the operators: the sum of both keys, and what each has of it."""

    verifying_key: bytes
    signing_key: bytes  # the owner's, public
    shares: Shares

    @classmethod
    def of(cls, leaf: Leaf) -> "SharedKey":
        return cls(leaf.verifying_key, leaf.signing_key, leaf.shares)


@dataclass(frozen=True, slots=True)
class _Quorum:
    """The nonces of operators that sign together, by operator number, and what a wallet is given of them."""

    nonces: Mapping[int, Nonces]
    message: pb.RequestedSigningCommitments

    @property
    def commitments(self) -> Commitments:
        return self.message.signing_nonce_commitments

    def is_named(self, commitments: Commitments) -> bool:
        """Whether these are its commitments."""
        theirs = ((commitments.get(OPERATOR_IDS[number]), each.commitment) for number, each in self.nonces.items())
        return len(commitments) == len(self.nonces) and all(
            given is not None and (given.hiding, given.binding) == own for given, own in theirs
        )


class Signers:
    """The operators' nonces. Not thread-safe: one event loop owns them."""

    def __init__(self) -> None:
        self._quorums: OrderedDict[bytes, _Quorum] = OrderedDict()  # by a commitment, the longest not given out first

    def commit(self, count: int) -> list[pb.RequestedSigningCommitments]:
        """As many sets of commitments; raises Invalid if that is none, or too many."""
        if not 0 < count <= MAX_COMMITMENTS:
            raise Invalid(f"want between 1 and {MAX_COMMITMENTS} signing commitments, not {count}")
        return [self._next(fresh=given >= KEPT).message for given in range(count)]

    def _next(self, *, fresh: bool) -> _Quorum:
        if fresh or len(self._quorums) < KEPT:
            quorum = _new_quorum()
        else:
            _, quorum = self._quorums.popitem(last=False)
        self._quorums[_name(quorum.commitments)] = quorum
        return quorum

    def sign_job(
        self, key: SharedKey, message: bytes, job: pb.UserSignedTxSigningJob, adaptor: bytes = b""
    ) -> pb.SigningResult:
        """The operators' shares of a signature that its owner has signed for, with the commitments it was given.

        Raises:
            Invalid: the commitments were not given out, or have signed before; or the owner's share is wrong.
        """
        return _result(key, *self._take(key, message, job, adaptor))

    def check_job(self, key: SharedKey, message: bytes, job: pb.UserSignedTxSigningJob) -> None:
        """Check that the owner has signed for a signature that nobody asks for; raises Invalid as `sign_job`."""
        self._take(key, message, job)

    def _take(
        self, key: SharedKey, message: bytes, job: pb.UserSignedTxSigningJob, adaptor: bytes = b""
    ) -> tuple[_Quorum, Signing]:
        named = job.signing_commitments.signing_commitments
        quorum = self._quorums.get(_name(named))
        if quorum is None or not quorum.is_named(named):
            raise Invalid("the signing commitments are not the operators', or have signed before")
        try:
            signing = _signing(key, message, quorum, job.signing_nonce_commitment, adaptor)
            signing.check_owner_share(job.user_signature, key.signing_key)
        except ValueError as error:
            raise Invalid(f"{job.leaf_id} can't be signed for: {error}") from error
        del self._quorums[_name(named)]
        return quorum, signing

    def sign_first(self, key: SharedKey, message: bytes, owner: common_pb2.SigningCommitment) -> pb.SigningResult:
        """The operators' shares of a signature whose owner signs after them; raises Invalid if a point is none."""
        quorum = _new_quorum()
        try:
            return _result(key, quorum, _signing(key, message, quorum, owner))
        except ValueError as error:
            raise Invalid("the owner's signing commitment is none") from error


def _new_quorum() -> _Quorum:
    nonces = {number: frost.new_nonces() for number in sorted(random.sample(range(OPERATORS), THRESHOLD))}
    points = {OPERATOR_IDS[number]: _message(each.commitment) for number, each in nonces.items()}
    return _Quorum(nonces, pb.RequestedSigningCommitments(signing_nonce_commitments=points))


def _name(commitments: Commitments) -> bytes:
    return commitments[min(commitments)].hiding if commitments else b""


def _message(commitment: Commitment) -> common_pb2.SigningCommitment:
    return common_pb2.SigningCommitment(hiding=commitment.hiding, binding=commitment.binding)


def _signing(
    key: SharedKey, message: bytes, quorum: _Quorum, owner: common_pb2.SigningCommitment, adaptor: bytes = b""
) -> Signing:
    commitments = {number: nonces.commitment for number, nonces in quorum.nonces.items()}
    own = Commitment(owner.hiding, owner.binding)
    return Signing(message, key.verifying_key, commitments, own, adaptor, quorum.nonces)


def _result(key: SharedKey, quorum: _Quorum, signing: Signing) -> pb.SigningResult:
    return pb.SigningResult(
        public_keys={OPERATOR_IDS[number]: keys.public_key(key.shares[number]) for number in quorum.nonces},
        signing_nonce_commitments=quorum.commitments,
        signature_shares={
            OPERATOR_IDS[number]: signing.operator_share(number, nonces, key.shares[number])
            for number, nonces in quorum.nonces.items()
        },
        signing_keyshare=pb.SigningKeyshare(
            owner_identifiers=OPERATOR_IDS,
            threshold=THRESHOLD,
            public_key=keys.joint_key(key.shares),
        ),
    )
