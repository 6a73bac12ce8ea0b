"""Any order of payments, swaps and withdrawals conserves the money of every wallet."""

import asyncio
import uuid

import pytest
from costly_properties import percent_of_examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from mini_wallet import Wallet, World, balances

from exporter.network.ledger import addresses, keys, transactions
from exporter.network.ledger.errors import Invalid
from exporter.network.ledger.leaves import Leaf, LeafStatus
from exporter.network.parties.lightning import UNASKED_SECONDS
from exporter.network.parties.withdrawals import ExitService, ExitWish
from exporter.network.parties.withdrawals import fee as exit_fee

HOME = addresses.taproot_address(keys.taproot_script(keys.public_key(7)))


class Payments(RuleBasedStateMachine):
    """Any order of funding, payments, swaps, withdrawals and returns conserves the money of every wallet."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wallets = [Wallet(self.world) for _ in range(3)]
        self.expected = [0, 0, 0]
        self.withdrawn = 0

    def teardown(self) -> None:
        self.world.close()

    @rule(to=st.integers(0, 2), sats=st.integers(1, 50_000))
    def fund(self, to: int, sats: int) -> None:
        asyncio.run(self.wallets[to].funded(sats))
        self.expected[to] += sats

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data(), to=st.integers(0, 2))
    def pay(self, data: st.DataObject, to: int) -> None:
        source, leaves = self._some_leaves(data)
        asyncio.run(self.wallets[source].pay(leaves, self.wallets[to]))
        sats = sum(leaf.value for leaf in leaves)
        self.expected[source] -= sats
        self.expected[to] += sats

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        source, leaves = self._some_leaves(data)
        total = sum(leaf.value for leaf in leaves)
        target = data.draw(st.integers(1, total))
        asyncio.run(self.wallets[source].swap(leaves, [target]))

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data())
    def abandon_swap(self, data: st.DataObject) -> None:
        source, leaves = self._some_leaves(data)
        asyncio.run(self.wallets[source].ask_swap(leaves, [1]))
        self.money_is_conserved()
        self.world.passed += UNASKED_SECONDS + 1
        self.world.services.give_back_stale()
        assert {leaf.status for leaf in leaves} == {LeafStatus.AVAILABLE}
        assert self.world.ledger.total_sats() == sum(self.expected)

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        source, leaves = self._some_leaves(data)
        transfer_id, _ = asyncio.run(self.wallets[source].start_swap(leaves))
        self.world.ledger.give_back(transfer_id)

    @precondition(lambda self: any(self.expected))
    @rule(data=st.data(), completes=st.booleans())
    def withdraw(self, data: st.DataObject, completes: bool) -> None:
        source, leaves = self._some_leaves(data)
        wallet, total = self.wallets[source], sum(leaf.value for leaf in leaves)
        wish = ExitWish([leaf.id for leaf in leaves], (), HOME, "SLOW", str(uuid.uuid4()))
        if total <= exit_fee("SLOW"):
            with pytest.raises(Invalid):
                self.world.services.withdrawals.request(wallet.identity, wish)
            return
        withdrawal = self.world.services.withdrawals.request(wallet.identity, wish)
        exits = ExitService(self.world.service)
        asyncio.run(exits.cooperative_exit_v2(wallet.exit_request(withdrawal), wallet.identity))
        self.money_is_conserved()
        if completes:
            self.world.services.withdrawals.complete(wallet.identity, wish.transfer_id)
            self.expected[source] -= total
            self.withdrawn += total - exit_fee("SLOW")
        else:
            self.world.passed += UNASKED_SECONDS + 1
            self.world.services.give_back_stale()
        paid = self.world.services.chain.paid_to([HOME], unspent_only=True)
        assert sum(output.sats for output in paid) == self.withdrawn

    def _some_leaves(self, data: st.DataObject) -> tuple[int, list[Leaf]]:
        rich = [number for number, sats in enumerate(self.expected) if sats]
        source = data.draw(st.sampled_from(rich))
        # A leaf can be sent while its refund timelock can still fall.
        fresh = [leaf for leaf in self.wallets[source].leaves if transactions.parse(leaf.refunds.cpfp).timelock > 100]
        return source, data.draw(
            st.lists(st.sampled_from(fresh), min_size=1, max_size=4, unique_by=lambda leaf: leaf.id)
        )

    @invariant()
    def money_is_conserved(self) -> None:
        assert balances(self.world, *self.wallets) == self.expected


Payments.TestCase.settings = settings(max_examples=percent_of_examples(15), stateful_step_count=12)
TestPayments = Payments.TestCase
