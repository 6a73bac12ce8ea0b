"""Refunds of static deposits: signed by the operators with the owner, and taken by the chain when signed well."""

import asyncio
from dataclasses import dataclass, field

import pytest
from asgi_client import request
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput
from mini_wallet import Wallet, World
from starlette.applications import Starlette

from exporter.network.ledger import addresses, frost, keys, transactions
from exporter.network.ledger.chain import Output
from exporter.network.ledger.errors import Invalid, NotAllowed, NotFound, NotReady
from exporter.network.ledger.frost import Commitment, Nonces, Signing
from exporter.network.parties.deposits import DepositService, StatementKind, statement_of
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb
from exporter.network.servers import esplora

HOME = keys.taproot_script(keys.public_key(7))
HOME_ADDRESS = addresses.taproot_address(HOME)


@dataclass
class Refund:
    """A refund of a deposit, as the official client makes it; tests spoil it."""

    owner: Wallet
    deposit_secret: int
    output: Output
    sats: int = 19_000
    nonces: Nonces = field(default_factory=frost.new_nonces)

    def __post_init__(self) -> None:
        spent = TransactionInput(bytes.fromhex(self.output.txid), 0)
        self.transaction = Transaction(version=3, vin=[spent], vout=[TransactionOutput(self.sats, Script(HOME))])
        self.script = addresses.bitcoin_script(self.output.address)
        raw = self.transaction.serialize()
        self.message = transactions.sighash(raw, ((self.output.sats, self.script),))
        statement = statement_of(self.output.txid, 0, StatementKind.REFUND, self.sats, self.message)
        hiding, binding = self.nonces.commitment
        self.request = pb.InitiateStaticDepositUtxoRefundRequest(
            on_chain_utxo=pb.UTXO(txid=bytes.fromhex(self.output.txid), network=pb.REGTEST),
            refund_tx_signing_job=pb.SigningJob(
                signing_public_key=keys.public_key(self.deposit_secret),
                raw_tx=raw,
                signing_nonce_commitment={"hiding": hiding, "binding": binding},
            ),
            user_signature=keys.sign(self.owner.secret, statement),
        )

    def ask(self, service: DepositService) -> pb.InitiateStaticDepositUtxoRefundResponse:
        return asyncio.run(service.initiate_static_deposit_utxo_refund(self.request, self.owner.identity))

    def signed(self, answer: pb.InitiateStaticDepositUtxoRefundResponse) -> bytes:
        result = answer.refund_tx_signing_result
        commitments = {
            OPERATOR_IDS.index(name): Commitment(each.hiding, each.binding)
            for name, each in result.signing_nonce_commitments.items()
        }
        key = answer.deposit_address.verifying_public_key
        signing = Signing(self.message, key, commitments, self.nonces.commitment)
        own = signing.owner_share(self.nonces, self.deposit_secret)
        self.transaction.vin[0].witness.items = [signing.aggregate([own, *result.signature_shares.values()])]
        return bytes(self.transaction.serialize())


def deposited(world: World) -> tuple[Refund, DepositService]:
    owner, secret = Wallet(world), keys.random_scalar()
    address = world.services.deposits.current(owner.identity, keys.public_key(secret))
    output = world.services.chain.output(world.services.faucet.fund(address.text, 20_000))
    return Refund(owner, secret, output), DepositService(world.services.deposits, world.service.signers)


def test_a_refund_is_signed_and_broadcast_and_the_deposit_credited_no_more(world: World) -> None:
    refund, service = deposited(world)
    signed = refund.signed(refund.ask(service))
    with pytest.raises(NotReady, match="refunded"):
        world.services.deposit_claims.quote(refund.owner.identity, refund.output.txid, 0)
    chain = world.services.chain
    application = Starlette(routes=esplora.routes(chain))
    answer = request(application, "POST", "/chain/tx", signed.hex().encode())
    assert answer.status == 200
    (paid,) = chain.paid_to([HOME_ADDRESS], unspent_only=True)
    assert (paid.txid, paid.sats) == (answer.body.decode(), refund.sats)
    assert chain.output(refund.output.txid).spent
    assert request(application, "POST", "/chain/tx", signed.hex().encode()).status == 400
    with pytest.raises(NotReady):
        refund.ask(service)


def test_a_refund_whose_answer_was_lost_is_signed_again(world: World) -> None:
    refund, service = deposited(world)
    refund.ask(service)
    assert world.services.chain.broadcast(refund.signed(refund.ask(service))).sats == refund.sats


def test_a_refund_is_its_owners_alone(world: World) -> None:
    refund, service = deposited(world)
    with pytest.raises(NotAllowed):
        asyncio.run(service.initiate_static_deposit_utxo_refund(refund.request, Wallet(world).identity))
    good = refund.request.user_signature
    refund.request.user_signature = keys.sign(5, b"x")
    with pytest.raises(Invalid, match="not signed"):
        refund.ask(service)
    refund.request.user_signature = good
    for raw, said in ((b"x", "not a transaction"), (refund.output.raw, "another output")):
        refund.request.refund_tx_signing_job.raw_tx = raw
        with pytest.raises(Invalid, match=said):
            refund.ask(service)
    refund.request.on_chain_utxo.vout = 1
    with pytest.raises(NotFound):
        refund.ask(service)
    assert world.services.deposit_claims.quote(refund.owner.identity, refund.output.txid, 0).sats == 20_000


def test_the_chain_takes_what_is_well_signed_alone(world: World) -> None:
    refund, service = deposited(world)
    answer = refund.ask(service)
    chain = world.services.chain
    unsigned = bytes(refund.transaction.serialize())
    signed = bytearray(refund.signed(answer))
    signed[-10] ^= 1
    for raw in (b"x", unsigned, bytes(signed)):
        with pytest.raises(Invalid):
            chain.broadcast(raw)
    greedy = Refund(refund.owner, refund.deposit_secret, refund.output, sats=20_001)
    with pytest.raises(Invalid, match="more than it spends"):
        chain.broadcast(greedy.signed(greedy.ask(service)))
    assert request(Starlette(routes=esplora.routes(chain)), "POST", "/chain/tx", b"no hex").status == 400
    assert chain.paid_to([HOME_ADDRESS], unspent_only=True) == []
