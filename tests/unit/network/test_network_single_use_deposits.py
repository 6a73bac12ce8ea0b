"""Deposits to addresses for single use: each becomes one leaf, which its owner has signed for."""

import asyncio
import uuid
from dataclasses import dataclass, field

import pytest
from mini_wallet import Wallet, World, balances

from exporter.network.ledger import frost, keys, transactions
from exporter.network.ledger.chain import Output
from exporter.network.ledger.errors import Exists, Invalid, NotAllowed, NotFound, NotReady
from exporter.network.ledger.frost import Commitment, Signing
from exporter.network.ledger.transactions import Node
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb
from exporter.settings.network import ChainSettings

SATS = 10_000


def address_request(owner: Wallet, secret: int, leaf_id: str) -> pb.GenerateDepositAddressRequest:
    return pb.GenerateDepositAddressRequest(
        signing_public_key=keys.public_key(secret),
        identity_public_key=owner.identity,
        network=pb.REGTEST,
        leaf_id=leaf_id,
        hash_variant=pb.HASH_VARIANT_V2,
    )


def unused(owner: Wallet) -> list[str]:
    asked = pb.QueryUnusedDepositAddressesRequest(identity_public_key=owner.identity)
    service = owner.world.services.single_use_deposits
    found = asyncio.run(service.query_unused_deposit_addresses(asked, owner.identity))
    return [each.leaf_id for each in found.deposit_addresses]


@dataclass
class Deposit:
    """A deposit to a fresh address, and its owner's claim of it, as the official client makes it; tests spoil it."""

    owner: Wallet
    secret: int = field(default_factory=keys.random_scalar)
    leaf_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        services = self.owner.world.services
        self.service = services.single_use_deposits
        request = address_request(self.owner, self.secret, self.leaf_id)
        answer = asyncio.run(self.service.generate_deposit_address(request, self.owner.identity))
        self.address = answer.deposit_address
        self.output: Output = services.chain.output(services.faucet.fund(self.address.address, SATS))
        self.script = keys.taproot_script(self.address.verifying_key)

    def claim(self, *, root_sats: int = SATS, timelock: int = transactions.INITIAL_TIMELOCK, secret: int = 0) -> None:
        own = keys.public_key(self.secret)
        spent = bytes.fromhex(self.output.txid)[::-1]
        root = Node(transactions.node(spent, 0, root_sats, self.script, 0).cpfp)
        refunds = transactions.refunds(root, root_sats, keys.taproot_script(own), timelock)
        raws = (root.cpfp, refunds.cpfp, refunds.direct_from_cpfp)
        root_job, refund_job, direct_job = (self._job(raw, secret or self.secret) for raw in raws)
        request = pb.FinalizeDepositTreeCreationRequest(
            identity_public_key=self.owner.identity,
            root_tx_signing_job=root_job,
            refund_tx_signing_job=refund_job,
            direct_from_cpfp_refund_tx_signing_job=direct_job,
        )
        self.ask(request)

    def ask(self, request: pb.FinalizeDepositTreeCreationRequest) -> None:
        answer = asyncio.run(self.service.finalize_deposit_tree_creation(request, self.owner.identity))
        assert answer.root_node.id == self.leaf_id
        self.owner.leaf_secrets[self.leaf_id] = self.secret

    def _job(self, raw: bytes, secret: int) -> pb.UserSignedTxSigningJob:
        (given,) = self.owner.world.service.signers.commit(1)
        named = given.signing_nonce_commitments
        nonces = frost.new_nonces()
        signing = Signing(
            transactions.sighash(raw, ((SATS, self.script),)),
            self.address.verifying_key,
            {OPERATOR_IDS.index(name): Commitment(each.hiding, each.binding) for name, each in named.items()},
            nonces.commitment,
        )
        hiding, binding = nonces.commitment
        return pb.UserSignedTxSigningJob(
            raw_tx=raw,
            signing_public_key=keys.public_key(secret),
            user_signature=signing.owner_share(nonces, secret),
            signing_nonce_commitment={"hiding": hiding, "binding": binding},
            signing_commitments=pb.SigningCommitments(signing_commitments=named),
        )


def test_a_deposit_becomes_a_leaf_that_can_be_sent(world: World) -> None:
    alice, bob = Wallet(world), Wallet(world)
    deposit = Deposit(alice)
    assert unused(alice) == [deposit.leaf_id]
    deposit.claim()
    assert unused(alice) == []
    assert balances(world, alice) == [SATS]
    assert world.services.chain.output(deposit.output.txid).spent
    asyncio.run(alice.pay(alice.free, bob))
    assert balances(world, alice, bob) == [0, SATS]
    with pytest.raises(NotReady, match="claimed before"):
        deposit.claim()


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"root_sats": SATS - 1}, "all of the deposit"),
        ({"timelock": 100}, "timelock"),
        ({"secret": 5}, "owner's share"),
    ],
)
def test_a_claim_that_is_not_in_order_changes_nothing(world: World, spoilt: dict[str, int], said: str) -> None:
    deposit = Deposit(Wallet(world))
    with pytest.raises(Invalid, match=said):
        deposit.claim(**spoilt)
    with pytest.raises(Invalid, match="the root is not a transaction"):
        deposit.ask(pb.FinalizeDepositTreeCreationRequest(identity_public_key=deposit.owner.identity))
    assert balances(world, deposit.owner) == [0]
    deposit.claim()
    assert balances(world, deposit.owner) == [SATS]


def test_a_deposit_is_its_owners_alone(world: World) -> None:
    alice, mallory = Wallet(world), Wallet(world)
    deposit = Deposit(alice)
    deposit.owner = mallory
    with pytest.raises(NotAllowed):
        deposit.claim()
    with pytest.raises(NotFound):  # nor is it the provider's to credit
        world.services.deposit_claims.quote(alice.identity, deposit.output.txid, 0)


def test_a_deposit_waits_for_its_confirmations() -> None:
    world = World(chain=ChainSettings(confirmations=3))
    deposit = Deposit(Wallet(world))
    with pytest.raises(NotReady, match="confirmations"):
        deposit.claim()
    world.close()


def test_a_leaf_has_one_address_for_one_key(world: World) -> None:
    owner, leaf_id = Wallet(world), str(uuid.uuid4())
    service = world.services.single_use_deposits

    def ask(request: pb.GenerateDepositAddressRequest) -> str:
        return asyncio.run(service.generate_deposit_address(request, owner.identity)).deposit_address.address

    request = address_request(owner, 7, leaf_id)
    assert ask(request) == ask(request)
    with pytest.raises(Exists):
        ask(address_request(owner, 8, leaf_id))
    with pytest.raises(Invalid, match="leaf id 'x' is no UUID"):
        ask(address_request(owner, 7, "x"))
    request.is_static = True
    with pytest.raises(Invalid, match="static"):
        ask(request)
