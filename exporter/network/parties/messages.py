"""From the ledger's objects to protocol messages, and from requests to what the ledger takes."""

import functools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from exporter.network.ledger import keys
from exporter.network.ledger.archive import Filter, TransferRow
from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.keys import OPERATORS, THRESHOLD, Shares
from exporter.network.ledger.leaves import ClaimedLeaf, Leaf, LeafStatus, SentLeaf, Transfer, TransferStatus
from exporter.network.ledger.ledger import Ledger
from exporter.network.ledger.transactions import Node, Refunds
from exporter.network.proto import spark_pb2 as pb

OPERATOR_IDS = tuple(f"{number:064x}" for number in range(1, OPERATORS + 1))

_LEAF_STATUS = {
    "AVAILABLE": pb.TREE_NODE_STATUS_AVAILABLE,
    "TRANSFER_LOCKED": pb.TREE_NODE_STATUS_TRANSFER_LOCKED,
    "SPLITTED": pb.TREE_NODE_STATUS_SPLITTED,
}


@dataclass(frozen=True, slots=True)
class OperatorKeys:
    """The operators' identity secrets, by operator number from 0."""

    secrets: tuple[int, int, int]

    @property
    def public(self) -> tuple[bytes, ...]:
        return tuple(keys.public_key(secret) for secret in self.secrets)


def timestamp(seconds: float) -> Timestamp:
    """Seconds since the epoch as a message."""
    whole = int(seconds)
    return Timestamp(seconds=whole, nanos=int((seconds - whole) * 1e9))


def tree_node(leaf: Leaf) -> pb.TreeNode:
    """A leaf as wallets see it. Leave the message as it is: others get the same one."""
    return _tree_node(
        leaf.id,
        leaf.tree_id,
        leaf.parent_id,
        leaf.value,
        leaf.node,
        leaf.refunds,
        leaf.verifying_key,
        leaf.owner,
        leaf.keyshare_key,
        leaf.signing_key,
        leaf.status,
        leaf.created,
        leaf.updated,
    )


@functools.lru_cache(maxsize=256)  # a leaf is shown several times between two changes of it
def _tree_node(
    leaf_id: str,
    tree_id: str,
    parent_id: str | None,
    value: int,
    node: Node,
    refunds: Refunds,
    verifying_key: bytes,
    owner: bytes,
    keyshare_key: bytes,
    signing_key: bytes,
    status: LeafStatus,
    created: float,
    updated: float,
) -> pb.TreeNode:
    return pb.TreeNode(
        id=leaf_id,
        tree_id=tree_id,
        value=value,
        parent_node_id=parent_id,
        node_tx=node.cpfp,
        refund_tx=refunds.cpfp,
        vout=0,
        verifying_public_key=verifying_key,
        owner_identity_public_key=owner,
        signing_keyshare=pb.SigningKeyshare(
            owner_identifiers=OPERATOR_IDS,
            threshold=THRESHOLD,
            public_key=keyshare_key,
            updated_time=timestamp(updated),
        ),
        status=status,
        network=pb.REGTEST,
        created_time=timestamp(created),
        updated_time=timestamp(updated),
        owner_signing_public_key=signing_key,
        direct_tx=node.direct,
        direct_refund_tx=refunds.direct,
        direct_from_cpfp_refund_tx=refunds.direct_from_cpfp,
        treenode_status=_LEAF_STATUS[status],
    )


def transfer(ledger: Ledger, of: Transfer) -> pb.Transfer:
    """A transfer as its parties see it, its leaves as they are now."""
    row = of.row
    sent = {part.leaf_id: part for part in of.sent}
    leaves = (_transfer_leaf(leaf, sent.get(leaf.id)) for leaf in map(ledger.find_leaf, row.leaf_ids) if leaf)
    return pb.Transfer(
        id=row.id,
        sender_identity_public_key=row.sender,
        receiver_identity_public_key=row.receiver,
        status=pb.TransferStatus.Name(row.status),
        total_value=row.value,
        expiry_time=timestamp(row.expiry),
        leaves=leaves,
        created_time=timestamp(row.created),
        updated_time=timestamp(row.updated),
        type=pb.TransferType.Name(row.type),
        spark_invoice=row.spark_invoice,
        network=pb.REGTEST,
    )


def invoice_status(invoice: str, paid: TransferRow | None) -> pb.InvoiceResponse:
    """What became of a Spark invoice: the transfer that pays it last, if there is one."""
    if paid is None:
        return pb.InvoiceResponse(invoice=invoice, status=pb.NOT_FOUND)
    open_or_returned = {
        TransferStatus.SENDER_KEY_TWEAK_PENDING: pb.PENDING,
        TransferStatus.RETURNED: pb.RETURNED,
    }
    status = open_or_returned.get(TransferStatus(paid.status), pb.FINALIZED)
    by = pb.SatsTransfer(transfer_id=uuid.UUID(paid.id).bytes)
    return pb.InvoiceResponse(invoice=invoice, status=status, sats_transfer=by)


def _transfer_leaf(leaf: Leaf, part: SentLeaf | None) -> pb.TransferLeaf:
    refunds = part.refunds if part else leaf.refunds
    return pb.TransferLeaf(
        leaf=tree_node(leaf),
        secret_cipher=part.secret_cipher if part else b"",
        signature=part.signature if part else b"",
        intermediate_refund_tx=refunds.cpfp,
        intermediate_direct_refund_tx=refunds.direct,
        intermediate_direct_from_cpfp_refund_tx=refunds.direct_from_cpfp,
    )


def transfer_filter(request: pb.TransferFilter) -> Filter:
    """The part of a transfer query that says which ones."""
    party = request.WhichOneof("participant")
    time_filter = request.WhichOneof("time_filter")
    return Filter(
        participant=getattr(request, party) if party else None,
        as_sender=party != "receiver_identity_public_key",
        as_receiver=party != "sender_identity_public_key",
        ids=tuple(request.transfer_ids),
        types=tuple(request.types),
        statuses=tuple(request.statuses),
        created_after=_seconds(request.created_after) if time_filter == "created_after" else None,
        created_before=_seconds(request.created_before) if time_filter == "created_before" else None,
        ascending=request.order == pb.ASCENDING,
    )


def _seconds(stamp: Timestamp) -> float:
    return stamp.seconds + stamp.nanos / 1e9


class _Tweak(Protocol):
    @property
    def leaf_id(self) -> str: ...
    @property
    def secret_share_tweak(self) -> pb.SecretShare: ...
    @property
    def pubkey_shares_tweak(self) -> Mapping[str, bytes]: ...


_T = TypeVar("_T", bound=_Tweak)
_M = TypeVar("_M", bound=Message)


def sent_leaves(operators: OperatorKeys, request: pb.StartTransferRequest) -> list[SentLeaf]:
    """Decrypt and check a transfer package.

    Raises:
        Invalid: a signature, share, proof or cipher text in it is wrong, or the leaves do not match.
    """
    sender, package = request.owner_identity_public_key, request.transfer_package
    tweaks = _open_package(operators, request.transfer_id, sender, "transfer", package)
    jobs = _refund_jobs(package.leaves_to_send, package.direct_leaves_to_send, package.direct_from_cpfp_leaves_to_send)
    parsed = [_parse(pb.SendLeafKeyTweaks, raw).leaves_to_send for raw in tweaks]
    sent = []
    for leaf_id, of_operators in _by_leaf(parsed).items():
        first: pb.SendLeafKeyTweak = of_operators[0]
        signed = (leaf_id + request.transfer_id).encode() + first.secret_cipher
        if not keys.verify(sender, first.signature, signed):
            raise Invalid(f"leaf {leaf_id} is not signed by the sender")
        signing_key, refunds = _job_of(jobs, leaf_id)
        tweak = _check_tweaks(leaf_id, of_operators)
        sent.append(SentLeaf(leaf_id, signing_key, tweak, refunds, first.secret_cipher, first.signature))
    return sent


def claimed_leaves(operators: OperatorKeys, request: pb.ClaimTransferRequest) -> list[ClaimedLeaf]:
    """Decrypt and check a claim package; raises Invalid as `sent_leaves` does."""
    receiver, package = request.owner_identity_public_key, request.claim_package
    tweaks = _open_package(operators, request.transfer_id, receiver, "claim", package)
    jobs = _refund_jobs(
        package.leaves_to_claim, package.direct_leaves_to_claim, package.direct_from_cpfp_leaves_to_claim
    )
    parsed = [_parse(pb.ClaimLeafKeyTweaks, raw).leaves_to_receive for raw in tweaks]
    claimed = []
    for leaf_id, of_operators in _by_leaf(parsed).items():
        signing_key, refunds = _job_of(jobs, leaf_id)
        claimed.append(ClaimedLeaf(leaf_id, signing_key, _check_tweaks(leaf_id, of_operators), refunds))
    return claimed


def _open_package(
    operators: OperatorKeys, transfer_id: str, signer: bytes, kind: str, package: pb.TransferPackage | pb.ClaimPackage
) -> list[bytes]:
    """Each operator's plain text, by operator number."""
    if package.hash_variant != pb.HASH_VARIANT_V2:
        raise Invalid("want the package signed with hash variant 2")
    try:
        uuid = bytes.fromhex(transfer_id.replace("-", ""))
    except ValueError as error:
        raise Invalid(f"transfer id {transfer_id!r} is no UUID") from error
    message = keys.tagged_message(("spark", kind, "signing payload"), uuid, package.key_tweak_package)
    if not keys.verify(signer, package.user_signature, message):
        raise Invalid(f"the {kind} package is not signed by its sender")
    if set(package.key_tweak_package) != set(OPERATOR_IDS):
        raise Invalid(f"want a package for each of {OPERATORS} operators")
    try:
        return [
            keys.decrypt(secret, package.key_tweak_package[operator_id])
            for secret, operator_id in zip(operators.secrets, OPERATOR_IDS, strict=True)
        ]
    except ValueError as error:
        raise Invalid(f"the {kind} package {error}") from error


def _parse(message: type[_M], raw: bytes) -> _M:
    try:
        return message.FromString(raw)
    except DecodeError as error:
        raise Invalid(f"not a {message.DESCRIPTOR.name}") from error


def _by_leaf(packages: Sequence[Sequence[_T]]) -> dict[str, list[_T]]:
    """The operators' tweaks of each leaf, by operator number."""
    leaf_ids = [tweak.leaf_id for tweak in packages[0]]
    if len(set(leaf_ids)) != len(leaf_ids):
        raise Invalid("a leaf is in the package twice")
    if any([tweak.leaf_id for tweak in package] != leaf_ids for package in packages):
        raise Invalid("the operators' packages hold different leaves")
    return {leaf_id: [package[at] for package in packages] for at, leaf_id in enumerate(leaf_ids)}


def _check_tweaks(leaf_id: str, tweaks: Sequence[_Tweak]) -> Shares:
    first, second, third = (int.from_bytes(tweak.secret_share_tweak.secret_share, "big") for tweak in tweaks)
    shares = first, second, third
    try:
        points = keys.check_shares(shares, [tweak.secret_share_tweak.proofs for tweak in tweaks])
    except ValueError as error:
        raise Invalid(f"the key tweak of leaf {leaf_id} is wrong: {error}") from error
    public_shares = dict(zip(OPERATOR_IDS, points, strict=True))
    if any(dict(tweak.pubkey_shares_tweak) != public_shares for tweak in tweaks):
        raise Invalid(f"the public shares of leaf {leaf_id} do not fit its key tweak")
    return shares


def _refund_jobs(
    cpfp: Sequence[pb.UserSignedTxSigningJob],
    direct: Sequence[pb.UserSignedTxSigningJob],
    direct_from_cpfp: Sequence[pb.UserSignedTxSigningJob],
) -> dict[str, tuple[bytes, Refunds]]:
    directs = {job.leaf_id: job.raw_tx for job in direct}
    directs_from_cpfp = {job.leaf_id: job.raw_tx for job in direct_from_cpfp}
    return {
        job.leaf_id: (
            job.signing_public_key,
            Refunds(job.raw_tx, directs.get(job.leaf_id, b""), directs_from_cpfp.get(job.leaf_id, b"")),
        )
        for job in cpfp
    }


def _job_of(jobs: Mapping[str, tuple[bytes, Refunds]], leaf_id: str) -> tuple[bytes, Refunds]:
    if leaf_id not in jobs:
        raise Invalid(f"there is no refund for leaf {leaf_id}")
    return jobs[leaf_id]
