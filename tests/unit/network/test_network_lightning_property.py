"""Any order of Lightning payments conserves the money of every wallet."""

import asyncio

from costly_properties import percent_of_examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from mini_wallet import Wallet, World, check_conserved

from exporter.network.ledger.archive import Filter
from exporter.network.ledger.leaves import TransferStatus, TransferType
from exporter.network.ledger.user_requests import LightningReceive, SendStatus
from exporter.network.parties.lightning import UNASKED_SECONDS, fee
from exporter.network.proto import spark_pb2 as pb

WAITING = pb.PREIMAGE_REQUEST_STATUS_WAITING_FOR_PREIMAGE
SHARED = pb.PREIMAGE_REQUEST_STATUS_PREIMAGE_SHARED
RETURNED = pb.PREIMAGE_REQUEST_STATUS_RETURNED


class Payments(RuleBasedStateMachine):
    """Two wallets pay each other's invoices, good ones and hopeless ones, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wallets = [asyncio.run(Wallet(self.world).funded(4_000)) for _ in range(2)]
        self.fees = 0
        self.open: list[tuple[int, LightningReceive]] = []
        self.held: list[tuple[int, LightningReceive]] = []

    def teardown(self) -> None:
        self.world.close()

    @rule(receiver=st.integers(0, 1), sats=st.integers(1, 600), store=st.booleans())
    def make_invoice(self, receiver: int, sats: int, store: bool) -> None:
        self.open.append((receiver, asyncio.run(self.wallets[receiver].invoice(sats, store=store))))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), keep=st.booleans())
    def pay(self, data: st.DataObject, keep: bool) -> None:
        receiver, receive = chosen = data.draw(st.sampled_from(self.open))
        payer = self.wallets[1 - receiver]
        asyncio.run(payer.claim_all())
        if sum(leaf.value for leaf in payer.free) < receive.sats + fee(receive.sats):
            return
        paid_already = self.world.services.requests.find(receive.id)
        assert isinstance(paid_already, LightningReceive)
        stored = self.world.services.preimages.stored(bytes.fromhex(receive.payment_hash)) is not None
        sent = asyncio.run(payer.pay_invoice(receive))
        if paid_already.transfer_id is not None or chosen in self.held:
            assert sent.status == SendStatus.USER_SWAP_RETURNED
        elif stored:
            assert sent.status == SendStatus.TRANSFER_COMPLETED
            self.fees += sent.fee_sats
        else:
            assert sent.status == SendStatus.LIGHTNING_PAYMENT_INITIATED
            self.held.append(chosen)
        if not keep:
            self.open.remove(chosen)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def show_preimage(self, data: st.DataObject) -> None:
        receiver, receive = chosen = data.draw(st.sampled_from(self.held))
        asyncio.run(self.wallets[receiver].show_preimage(receive))
        self.fees += fee(receive.sats)
        self.held.remove(chosen)

    @rule()
    def let_all_expire(self) -> None:
        self.world.passed += 3_601
        self.world.services.give_back_stale()
        self.held.clear()
        self.open.clear()

    @rule(payer=st.integers(0, 1))
    def lock_and_forget(self, payer: int) -> None:
        wallet = self.wallets[payer]
        leaves = wallet.free[:1]
        if leaves:
            receive = asyncio.run(self.wallets[1 - payer].invoice(5))
            asyncio.run(wallet.lock(leaves, receive))
            self.world.passed += UNASKED_SECONDS + 1
            self.world.services.give_back_stale()

    @rule()
    def claim(self) -> None:
        for wallet in self.wallets:
            asyncio.run(wallet.claim_all())

    @invariant()
    def money_is_conserved(self) -> None:
        check_conserved(self.world)
        on_both_sides = sum(receive.sats for _, receive in self.held)
        assert self.world.ledger.total_sats() == 8_000 - self.fees + on_both_sides

    @invariant()
    def nothing_stays_locked_but_what_is_held(self) -> None:
        waiting = Filter(types=[TransferType.PREIMAGE_SWAP], statuses=[TransferStatus.SENDER_KEY_TWEAK_PENDING])
        assert len(self.world.ledger.pending(waiting)) == 2 * len(self.held)


Payments.TestCase.settings = settings(max_examples=percent_of_examples(8), stateful_step_count=12)
TestPayments = Payments.TestCase
