"""Any order of mints, payments and burns conserves the tokens of every wallet, whatever else is tried in between."""

import asyncio

import pytest
from costly_properties import percent_of_examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from mini_wallet import World
from token_wallet import TokenWallet

from exporter.network.ledger.errors import Exists, Invalid, NotReady, Preempted
from exporter.network.ledger.tokens import BURNT, MAX_AMOUNT
from exporter.network.proto import token_pb2 as pb

AMOUNTS = st.integers(1, MAX_AMOUNT) | st.integers(1, 100)


class Tokens(RuleBasedStateMachine):
    """Nothing makes or loses a token but mints and burns."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wallets = [TokenWallet(self.world, version) for version in (2, 3, 3)]
        self.tokens: list[bytes] = []
        self.supply: list[int] = []  # the largest of each token
        self.issuers: list[TokenWallet] = []
        self.minted: list[int] = []
        self.burnt: list[int] = []
        self.held: dict[tuple[int, int], int] = {}  # by wallet and token
        self.made: list[tuple[TokenWallet, pb.PartialTokenTransaction]] = []  # mints and payments

    def teardown(self) -> None:
        self.world.close()

    @rule(by=st.integers(0, 2), supply=st.just(0) | AMOUNTS)
    def create(self, by: int, supply: int) -> None:
        number = len(self.tokens)
        self.tokens.append(asyncio.run(self.wallets[by].create(f"T{number:02}", supply)))
        self.issuers.append(self.wallets[by])
        self.supply.append(supply or MAX_AMOUNT)
        self.minted.append(0)
        self.burnt.append(0)
        self.held |= {(wallet, number): 0 for wallet in range(3)}

    @precondition(lambda self: self.tokens)
    @rule(data=st.data(), amount=AMOUNTS)
    def mint(self, data: st.DataObject, amount: int) -> None:
        token = data.draw(st.integers(0, len(self.tokens) - 1))
        issuer = self.issuers[token]
        draft = issuer.minting(self.tokens[token], amount)
        if self.minted[token] + amount > self.supply[token]:
            with pytest.raises(NotReady):
                asyncio.run(issuer.send(draft))
            return
        asyncio.run(issuer.send(draft))
        self.minted[token] += amount
        self.held[self.wallets.index(issuer), token] += amount
        self.made.append((issuer, draft))

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), to=st.integers(0, 3))
    def pay(self, data: st.DataObject, to: int) -> None:
        source, token, amount = self._some(data)
        receiver = BURNT if to == 3 else self.wallets[to].identity
        draft = self.wallets[source].paying(self.tokens[token], amount, receiver)
        asyncio.run(self.wallets[source].send(draft))
        self.held[source, token] -= amount
        if to == 3:
            self.burnt[token] += amount
        else:
            self.held[to, token] += amount
        self.made.append((self.wallets[source], draft))

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data(), wrong=st.sampled_from(["more", "less", "signer", "token"]))
    def pay_wrongly(self, data: st.DataObject, wrong: str) -> None:
        source, token, amount = self._some(data)
        wallet = self.wallets[source]
        draft = wallet.paying(self.tokens[token], amount, self.wallets[0].identity)
        output = draft.partial_token_outputs[0]
        if wrong in ("more", "less"):
            changed = amount + (1 if wrong == "more" and amount < MAX_AMOUNT else -1)
            output.token_amount = changed.to_bytes(16, "big")
        if wrong == "token":
            output.token_identifier = bytes(32)
        with pytest.raises(Invalid):
            asyncio.run(wallet.send(draft, secret=5 if wrong == "signer" else None))

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The same once more is done once; another transaction that spends the same is refused."""
        wallet, draft = data.draw(st.sampled_from(self.made))
        if wallet.version == 2:
            with pytest.raises((Exists, NotReady, Preempted)):
                asyncio.run(wallet.send(draft))
        else:
            asyncio.run(wallet.send(draft))
        if draft.HasField("transfer_input"):
            changed = pb.PartialTokenTransaction()
            changed.CopyFrom(draft)
            changed.token_transaction_metadata.client_created_timestamp.seconds += 1_000_000
            with pytest.raises(Preempted):
                asyncio.run(wallet.send(changed))

    def _some(self, data: st.DataObject) -> tuple[int, int, int]:
        rich = sorted(key for key, amount in self.held.items() if amount)
        source, token = data.draw(st.sampled_from(rich))
        held = self.held[source, token]
        return source, token, data.draw(st.integers(1, held) | st.just(held))

    @invariant()
    def tokens_are_conserved(self) -> None:
        ledger = self.world.services.token_ledger
        for (wallet, token), amount in self.held.items():
            assert self.wallets[wallet].balance(self.tokens[token]) == amount
        for number, token_id in enumerate(self.tokens):
            held = sum(self.held[wallet, number] for wallet in range(3))
            assert ledger.minted(token_id) == self.minted[number] == held + self.burnt[number]
            assert ledger.balance(BURNT, token_id) == self.burnt[number]


Tokens.TestCase.settings = settings(max_examples=percent_of_examples(50), stateful_step_count=20)
TestTokens = Tokens.TestCase
