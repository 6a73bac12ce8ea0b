"""Static deposits: addresses with proofs that wallets check, claims that move each deposit's money once."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from mini_wallet import Wallet, World

from exporter.network.ledger import addresses, keys
from exporter.network.ledger.chain import Output
from exporter.network.ledger.errors import Invalid, NotAllowed, NotFound, NotReady
from exporter.network.ledger.leaves import TransferType
from exporter.network.ledger.user_requests import DepositClaim
from exporter.network.parties.deposit_claims import DepositClaims, Quote, user_statement
from exporter.network.parties.deposits import DepositService
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.proto import spark_pb2 as pb
from exporter.settings.network import ChainSettings


class Depositor(Wallet):
    """A wallet with a signing key for its deposit addresses."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.deposit_secret = keys.random_scalar()
        self.signing_key = keys.public_key(self.deposit_secret)

    @property
    def service(self) -> DepositService:
        return DepositService(self.world.services.deposits, self.world.service.signers)

    def request(self) -> pb.GenerateStaticDepositAddressRequest:
        return pb.GenerateStaticDepositAddressRequest(
            signing_public_key=self.signing_key,
            identity_public_key=self.identity,
            network=pb.REGTEST,
            hash_variant=pb.HASH_VARIANT_V2,
        )

    def address(self) -> pb.Address:
        made = asyncio.run(self.service.generate_static_deposit_address(self.request(), self.identity))
        return made.deposit_address

    def rotated(self) -> pb.RotateStaticDepositAddressResponse:
        request = pb.RotateStaticDepositAddressRequest(
            signing_public_key=self.signing_key, network=pb.REGTEST, hash_variant=pb.HASH_VARIANT_V2
        )
        return asyncio.run(self.service.rotate_static_deposit_address(request, self.identity))

    def deposit(self, sats: int) -> Output:
        return self.world.services.chain.output(self.world.services.faucet.fund(self.address().address, sats))

    def utxos(self, *, exclude_claimed: bool = False, include_pending: bool = False) -> list[pb.AddressedUtxo]:
        request = pb.GetUtxosForIdentityRequest(
            identity_public_key=self.identity, exclude_claimed=exclude_claimed, include_pending=include_pending
        )
        return list(asyncio.run(self.service.get_utxos_for_identity(request, self.identity)).utxos)

    def wish(self, output: Output) -> "Claim":
        quote = self.world.services.deposit_claims.quote(self.identity, output.txid, 0)
        secret = keys.encrypt(self.world.provider.identity, keys.scalar_bytes(self.deposit_secret))
        return Claim(self, quote, keys.sign(self.secret, user_statement(quote)), secret)


@dataclass(frozen=True)
class Claim:
    """A good claim of a deposit; tests spoil it."""

    by: Wallet
    quote: Quote
    signature: bytes
    secret: bytes
    encrypted: bool = True

    def submit(self, claims: DepositClaims) -> DepositClaim:
        return claims.claim(self.by.identity, self.quote, self.signature, self.secret, encrypted=self.encrypted)


def check_as_wallets_do(world: World, owner: Depositor, address: pb.Address) -> None:
    """The checks that the SDK makes, with other code than the product's where there is some."""
    assert addresses.bitcoin_script(address.address) == keys.taproot_script(address.verifying_key)
    share_key = keys.subtract_points(address.verifying_key, owner.signing_key)
    tag = hashlib.sha256(
        b"".join(len(part).to_bytes(8, "big") + part for part in (b"spark", b"deposit", b"proof_of_possession"))
    ).digest()
    parts = (owner.identity, share_key, address.address.encode())
    message = hashlib.sha256(tag + tag + b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
    output_key = keys.taproot_script(share_key)[2:]
    proof = address.deposit_address_proof
    assert keys.verify_schnorr(output_key, proof.proof_of_possession_signature, message)
    assert set(proof.address_signatures) == set(OPERATOR_IDS)
    for name, key in zip(OPERATOR_IDS, world.operators.public, strict=True):
        assert keys.verify(key, proof.address_signatures[name], address.address.encode())


def test_addresses_carry_proofs_and_stay_until_they_are_rotated(world: World) -> None:
    alice, bob = Depositor(world), Depositor(world)
    first = alice.address()
    check_as_wallets_do(world, alice, first)
    assert alice.address() == first
    assert bob.address() != first
    rotated = alice.rotated()
    check_as_wallets_do(world, alice, rotated.new_deposit_address)
    assert rotated.archived_deposit_address == first
    assert alice.address() == rotated.new_deposit_address != first
    query = pb.QueryStaticDepositAddressesRequest(identity_public_key=alice.identity)
    listed = asyncio.run(alice.service.query_static_deposit_addresses(query, alice.identity)).deposit_addresses
    assert [each.deposit_address for each in listed] == [first.address, rotated.new_deposit_address.address]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda request: request.ClearField("signing_public_key"),
        lambda request: request.ClearField("network"),
        lambda request: request.ClearField("hash_variant"),
    ],
)
def test_refuses_a_spoilt_request_for_an_address(
    world: World, spoil: Callable[[pb.GenerateStaticDepositAddressRequest], None]
) -> None:
    alice = Depositor(world)
    request = alice.request()
    spoil(request)
    with pytest.raises(Invalid):
        asyncio.run(alice.service.generate_static_deposit_address(request, alice.identity))
    assert world.services.deposits.of(alice.identity) == []


def test_makes_addresses_for_oneself_alone(world: World) -> None:
    alice, bob = Depositor(world), Depositor(world)
    with pytest.raises(NotAllowed):
        asyncio.run(alice.service.generate_static_deposit_address(alice.request(), bob.identity))


def test_every_deposit_is_credited_once_in_full(world: World) -> None:
    alice = Depositor(world)
    claims = world.services.deposit_claims
    old = alice.deposit(20_000)
    alice.rotated()
    new = alice.deposit(30_000)
    assert [utxo.utxo.txid.hex() for utxo in alice.utxos(exclude_claimed=True)] == [old.txid, new.txid]
    for output in (new, old):
        claim = alice.wish(output).submit(claims)
        assert claim.transfer_id is not None
        transfer = world.ledger.transfer(claim.transfer_id)
        assert transfer.row.type == TransferType.UTXO_SWAP
        assert transfer.row.value == output.sats
        asyncio.run(alice.claim(transfer))
        assert world.services.requests.of_transfers([claim.transfer_id]) == [claim]
    assert world.ledger.balance(alice.identity) == world.ledger.total_sats() == 50_000
    assert alice.utxos(exclude_claimed=True) == []
    assert len(alice.utxos()) == 2
    with pytest.raises(NotReady, match="claimed before"):
        claims.quote(alice.identity, old.txid, 0)


def test_a_cleartext_secret_serves_as_well(world: World) -> None:
    alice = Depositor(world)
    wish = replace(alice.wish(alice.deposit(1_000)), secret=keys.scalar_bytes(alice.deposit_secret), encrypted=False)
    assert wish.submit(world.services.deposit_claims).sats == 1_000


Spoil = Callable[[Claim], Claim]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda claim: replace(claim, signature=keys.sign(5, b"something")), "not signed by the deposit's owner"),
        (lambda claim: replace(claim, secret=claim.secret[:-1] + bytes([claim.secret[-1] ^ 1])), "secret key"),
        (lambda claim: replace(claim, secret=keys.scalar_bytes(5), encrypted=False), "secret key"),
        (lambda claim: replace(claim, quote=replace(claim.quote, sats=claim.quote.sats + 1)), "quote"),
        (lambda claim: replace(claim, quote=replace(claim.quote, signature=b"")), "quote"),
    ],
)
def test_refuses_a_spoilt_claim_and_takes_the_good_one(world: World, spoil: Spoil, why: str) -> None:
    alice = Depositor(world)
    wish = alice.wish(alice.deposit(1_000))
    with pytest.raises(Invalid, match=why):
        spoil(wish).submit(world.services.deposit_claims)
    assert world.ledger.total_sats() == 0
    wish.submit(world.services.deposit_claims)
    assert world.ledger.total_sats() == 1_000


def test_nobody_claims_anothers_deposit(world: World) -> None:
    alice, mallory = Depositor(world), Depositor(world)
    output = alice.deposit(1_000)
    with pytest.raises(NotAllowed):
        world.services.deposit_claims.quote(mallory.identity, output.txid, 0)
    with pytest.raises(NotAllowed):
        replace(alice.wish(output), by=mallory).submit(world.services.deposit_claims)
    elsewhere = world.services.faucet.fund(addresses.taproot_address(keys.taproot_script(keys.public_key(9))), 5)
    with pytest.raises(NotFound, match="no deposit"):
        world.services.deposit_claims.quote(alice.identity, elsewhere, 0)


def test_a_deposit_is_claimed_when_it_is_mature() -> None:
    world = World(chain=ChainSettings(block_seconds=10, confirmations=3))
    alice = Depositor(world)
    output = alice.deposit(1_000)
    assert [utxo.is_confirmed for utxo in alice.utxos(include_pending=True)] == [False]
    assert alice.utxos(include_pending=False) == []
    with pytest.raises(NotReady, match="too few confirmations"):
        world.services.deposit_claims.quote(alice.identity, output.txid, 0)
    world.passed += 21
    assert [utxo.is_confirmed for utxo in alice.utxos()] == [True]
    alice.wish(output).submit(world.services.deposit_claims)
    world.close()


def test_deposits_come_in_pages_and_by_address(world: World) -> None:
    alice = Depositor(world)
    paid = [alice.deposit(100 + number).txid for number in range(5)]
    seen, cursor = [], ""
    while True:
        request = pb.GetUtxosForIdentityRequest(
            identity_public_key=alice.identity, page=pb.PageRequest(page_size=2, cursor=cursor)
        )
        answer = asyncio.run(alice.service.get_utxos_for_identity(request, alice.identity))
        seen += [each.utxo.txid.hex() for each in answer.utxos]
        cursor = answer.page.next_cursor
        if not answer.page.has_next_page:
            break
    assert seen == paid
    by_address = pb.GetUtxosForAddressRequest(address=alice.address().address, offset=3)
    to_address = asyncio.run(alice.service.get_utxos_for_address(by_address, alice.identity))
    assert [each.txid.hex() for each in to_address.utxos] == paid[3:]
    bad = pb.GetUtxosForIdentityRequest(identity_public_key=alice.identity, page=pb.PageRequest(cursor="-1"))
    with pytest.raises(Invalid):
        asyncio.run(alice.service.get_utxos_for_identity(bad, alice.identity))


@pytest.mark.parametrize("sats", [0, -1, 50_001])
def test_the_faucet_gives_what_the_hosted_one_does(world: World, sats: int) -> None:
    with pytest.raises(Invalid, match="50000"):
        world.services.faucet.fund(Depositor(world).address().address, sats)
