"""A wallet that speaks the protocol as the SDK does, as far as the tests need it, and can get things wrong."""

import hashlib
import time
import uuid
from dataclasses import dataclass, field

from exporter.network.assembly import Services
from exporter.network.ledger import keys, transactions
from exporter.network.ledger.archive import Archive, Filter
from exporter.network.ledger.leaves import Leaf, Transfer, TransferStatus
from exporter.network.ledger.user_requests import LightningReceive, LightningSend
from exporter.network.parties.lightning import InvoiceWish, fee
from exporter.network.parties.messages import OPERATOR_IDS
from exporter.network.parties.preimages import PreimageService
from exporter.network.proto import spark_pb2 as pb
from exporter.settings.network import ChainSettings


@dataclass
class World:
    """A network without its servers. ``passed`` seconds lie between the clock on the wall and this world's."""

    archive: Archive = field(default_factory=Archive)
    chain: ChainSettings = field(default_factory=ChainSettings)
    passed: float = 0.0

    def __post_init__(self) -> None:
        self.services = Services(self.archive, self.chain, lambda: time.time() + self.passed)
        self.operators = self.services.operators
        self.ledger = self.services.ledger
        self.service = self.services.spark
        self.provider = self.services.provider
        self.preimages = PreimageService(self.services.preimages, self.service)

    def close(self) -> None:
        self.archive.close()


class Wallet:
    """One identity, and the secrets of the leaves it holds."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secret = keys.random_scalar()
        self.identity = keys.public_key(self.secret)
        self.leaf_secrets: dict[str, int] = {}

    @property
    def leaves(self) -> list[Leaf]:
        return self.world.ledger.leaves_of(self.identity)

    async def funded(self, sats: int) -> "Wallet":
        """Receive fresh leaves from the provider."""
        await self.claim(self.world.provider.fund(self.identity, sats))
        return self

    def start_request(
        self,
        leaves: list[Leaf],
        receiver: bytes,
        *,
        step: int = transactions.TIMELOCK_STEP,
        payment_hash: bytes | None = None,
    ) -> pb.StartTransferRequest:
        """A good request to send leaves, locked to a preimage if there is a hash; tests spoil it."""
        transfer_id = str(uuid.uuid4())
        package = pb.TransferPackage(hash_variant=pb.HASH_VARIANT_V2)
        tweaks: list[list[pb.SendLeafKeyTweak]] = [[], [], []]
        for leaf in leaves:
            old, new = self.leaf_secrets[leaf.id], keys.random_scalar()
            cipher = keys.encrypt(receiver, keys.scalar_bytes(new))
            signature = keys.sign_compact(self.secret, (leaf.id + transfer_id).encode() + cipher)
            for of_operator, share in zip(tweaks, _secret_shares(old - new), strict=True):
                of_operator.append(
                    pb.SendLeafKeyTweak(
                        leaf_id=leaf.id,
                        secret_share_tweak=share.share,
                        pubkey_shares_tweak=share.points,
                        secret_cipher=cipher,
                        signature=signature,
                    )
                )
            timelock = transactions.parse(leaf.refunds.cpfp).timelock - step
            script = keys.taproot_script(receiver)
            if payment_hash is not None:
                timelock += transactions.HTLC_OFFSET
                script = transactions.htlc_script(payment_hash, receiver, self.identity)
            package.leaves_to_send.append(_refund_job(leaf, keys.public_key(old), script, timelock))
        raw = [pb.SendLeafKeyTweaks(leaves_to_send=part).SerializeToString() for part in tweaks]
        request = pb.StartTransferRequest(
            transfer_id=transfer_id,
            owner_identity_public_key=self.identity,
            receiver_identity_public_key=receiver,
            transfer_package=package,
        )
        self.seal(request.transfer_package, transfer_id, "transfer", raw)
        return request

    def claim_request(self, transfer: Transfer) -> pb.ClaimTransferRequest:
        """A good request to claim a transfer, which also learns the new secrets."""
        package = pb.ClaimPackage(hash_variant=pb.HASH_VARIANT_V2)
        tweaks: list[list[pb.ClaimLeafKeyTweak]] = [[], [], []]
        for part in transfer.sent:
            leaf = self.world.ledger.leaf(part.leaf_id)
            incoming = int.from_bytes(keys.decrypt(self.secret, part.secret_cipher), "big")
            new = self.leaf_secrets[leaf.id] = keys.random_scalar()
            for of_operator, share in zip(tweaks, _secret_shares(incoming - new), strict=True):
                of_operator.append(
                    pb.ClaimLeafKeyTweak(
                        leaf_id=leaf.id, secret_share_tweak=share.share, pubkey_shares_tweak=share.points
                    )
                )
            timelock = transactions.parse(part.refunds.cpfp).timelock
            timelock -= timelock % transactions.TIMELOCK_STEP
            signing_key = keys.public_key(new)
            package.leaves_to_claim.append(_refund_job(leaf, signing_key, keys.taproot_script(signing_key), timelock))
        raw = [pb.ClaimLeafKeyTweaks(leaves_to_receive=part).SerializeToString() for part in tweaks]
        request = pb.ClaimTransferRequest(
            transfer_id=transfer.row.id, owner_identity_public_key=self.identity, claim_package=package
        )
        self.seal(request.claim_package, transfer.row.id, "claim", raw)
        return request

    def seal(
        self, package: pb.TransferPackage | pb.ClaimPackage, transfer_id: str, kind: str, raw: list[bytes]
    ) -> None:
        """Encrypt each operator's part to it and sign the whole."""
        for name, key, part in zip(OPERATOR_IDS, self.world.operators.public, raw, strict=True):
            package.key_tweak_package[name] = keys.encrypt(key, part)
        message = keys.tagged_message(
            ("spark", kind, "signing payload"), uuid.UUID(transfer_id).bytes, package.key_tweak_package
        )
        package.user_signature = keys.sign(self.secret, message)

    async def send(self, leaves: list[Leaf], receiver: "Wallet") -> Transfer:
        """Start a transfer, as far as the receiver's turn."""
        request = self.start_request(leaves, receiver.identity)
        await self.world.service.start_transfer_v2(request, self.identity)
        return self.world.ledger.transfer(request.transfer_id)

    async def claim(self, transfer: Transfer) -> None:
        await self.world.service.claim_transfer(self.claim_request(transfer), self.identity)

    async def pay(self, leaves: list[Leaf], receiver: "Wallet") -> None:
        await receiver.claim(await self.send(leaves, receiver))

    async def swap(self, leaves: list[Leaf], targets: list[int]) -> None:
        """Swap leaves with the provider and claim what comes back."""
        request = self.start_request(leaves, self.world.provider.identity)
        primary = pb.InitiateSwapPrimaryTransferRequest(transfer=request)
        await self.world.service.initiate_swap_primary_transfer(primary, self.identity)
        total = sum(leaf.value for leaf in leaves)
        swap = self.world.provider.swap(self.identity, request.transfer_id, total, targets)
        await self.claim(swap.inbound)

    # Lightning

    def share_request(self, receive: LightningReceive, preimage: bytes) -> pb.StorePreimageShareV2Request:
        """A good request to keep a preimage for an invoice; tests spoil it."""
        shares = _secret_shares(int.from_bytes(preimage, "big"))
        sealed = {
            name: keys.encrypt(key, share.share.SerializeToString())
            for name, key, share in zip(OPERATOR_IDS, self.world.operators.public, shares, strict=True)
        }
        return pb.StorePreimageShareV2Request(
            payment_hash=bytes.fromhex(receive.payment_hash),
            encrypted_preimage_shares=sealed,
            threshold=keys.THRESHOLD,
            invoice_string=receive.invoice,
            user_identity_public_key=self.identity,
        )

    async def invoice(self, sats: int, *, expiry_seconds: int = 3600, store: bool = True) -> LightningReceive:
        """Have an invoice made, and the preimage kept."""
        preimage = keys.scalar_bytes(keys.random_scalar())
        wish = InvoiceWish(self.identity, hashlib.sha256(preimage).digest(), sats, expiry_seconds, "test")
        receive = self.world.services.lightning.receive(self.identity, wish)
        if store:
            await self.world.preimages.store_preimage_share_v2(self.share_request(receive, preimage), self.identity)
        return receive

    def lock_request(
        self, leaves: list[Leaf], payment_hash: bytes, receiver: bytes, invoice: str = ""
    ) -> pb.InitiatePreimageSwapRequest:
        """A good request to lock leaves to a preimage; tests spoil it."""
        started = self.start_request(leaves, receiver, payment_hash=payment_hash)
        started.expiry_time.seconds = int(self.world.ledger.now()) + 3600
        return pb.InitiatePreimageSwapRequest(
            payment_hash=payment_hash,
            invoice_amount=pb.InvoiceAmount(invoice_amount_proof=pb.InvoiceAmountProof(bolt11_invoice=invoice)),
            reason=pb.InitiatePreimageSwapRequest.REASON_SEND,
            receiver_identity_public_key=receiver,
            transfer_request=started,
        )

    async def lock(self, leaves: list[Leaf], receive: LightningReceive) -> str:
        """Lock leaves to an invoice's preimage for the provider; the transfer's id."""
        payment_hash = bytes.fromhex(receive.payment_hash)
        request = self.lock_request(leaves, payment_hash, self.world.provider.identity, receive.invoice)
        await self.world.preimages.initiate_preimage_swap_v3(request, self.identity)
        return request.transfer_request.transfer_id

    async def exact(self, sats: int) -> list[Leaf]:
        """Leaves with exactly this sum, after a swap."""
        before = {leaf.id for leaf in self.leaves}
        await self.swap(self.leaves, [sats])
        return next([leaf] for leaf in self.leaves if leaf.id not in before and leaf.value == sats)

    async def pay_invoice(self, receive: LightningReceive) -> LightningSend:
        """Pay an invoice as the SDK does, as far as the receiver's turn."""
        transfer_id = await self.lock(await self.exact(receive.sats + fee(receive.sats)), receive)
        return self.world.services.lightning.send(self.identity, receive.invoice, None, transfer_id)

    async def claim_all(self) -> None:
        """Claim everything that waits for this wallet."""
        for transfer in self.world.ledger.pending(Filter(participant=self.identity, as_sender=False)):
            if transfer.row.status == TransferStatus.SENDER_KEY_TWEAKED:
                await self.claim(transfer)


@dataclass(frozen=True)
class _Share:
    share: pb.SecretShare
    points: dict[str, bytes]


def _secret_shares(secret: int) -> list[_Share]:
    slope = keys.random_scalar()
    shares = keys.split(secret % keys.ORDER, slope)
    proofs = [keys.public_key(secret), keys.public_key(slope)]
    points = {name: keys.public_key(share) for name, share in zip(OPERATOR_IDS, shares, strict=True)}
    return [_Share(pb.SecretShare(secret_share=keys.scalar_bytes(share), proofs=proofs), points) for share in shares]


def _refund_job(leaf: Leaf, signing_key: bytes, script: bytes, timelock: int) -> pb.UserSignedTxSigningJob:
    raw = transactions.refunds(leaf.node, leaf.value, script, timelock).cpfp
    return pb.UserSignedTxSigningJob(leaf_id=leaf.id, signing_public_key=signing_key, raw_tx=raw)
