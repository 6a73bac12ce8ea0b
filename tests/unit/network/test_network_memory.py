"""What the network holds in memory does not grow with the payments that it has seen."""

import asyncio
import gc
import types
import weakref
from collections.abc import Awaitable, Callable

import pytest
from mini_wallet import Wallet, World
from token_wallet import TokenWallet

from exporter.network.parties.signing import KEPT

ROUNDS = 3
_SHARED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, weakref.ref)


def held(root: object) -> int:
    """How many objects are reached from one, without code and what else all programs share."""
    seen, following = {id(root)}, [root]
    while following:
        found = [each for each in gc.get_referents(*following) if not isinstance(each, _SHARED)]
        following = [each for each in {id(each): each for each in found}.values() if id(each) not in seen]
        seen.update(map(id, following))
    return len(seen)


async def there_and_back(alice: Wallet, bob: Wallet) -> None:
    """All leaves to another wallet and back, by Spark; swapped on the way."""
    await alice.pay(alice.free, bob)
    await bob.swap(bob.free, [600, 400])
    await bob.pay(bob.free, alice)
    await alice.swap(alice.free, [1000])


async def by_lightning(alice: Wallet, bob: Wallet) -> None:
    """A payment by Lightning, and all money back in one leaf; the faucet gives what the fee took."""
    await alice.pay_invoice(await bob.invoice(900))
    await bob.claim_all()
    await bob.pay(bob.free, alice)
    await alice.funded(1000 - sum(leaf.value for leaf in alice.free))
    await alice.swap(alice.free, [1000])


def test_memory_holds_no_tokens(world: World) -> None:
    async def counted() -> list[int]:
        alice, bob = TokenWallet(world, 2), TokenWallet(world, 3)
        token = await alice.create()
        counts = []
        for _ in range(3):
            for _ in range(ROUNDS):
                await alice.mint(token, 1000)
                await alice.pay(token, 1000, bob.identity)
                await bob.burn(token, 1000)
            counts.append(held(world.services))
        return counts

    counts = asyncio.run(counted())
    assert counts[2] - counts[1] < ROUNDS, counts


@pytest.mark.parametrize("pay", [there_and_back, by_lightning])
def test_memory_holds_no_payments(world: World, pay: Callable[[Wallet, Wallet], Awaitable[None]]) -> None:
    world.service.signers.commit(KEPT)

    async def counted() -> list[int]:
        alice, bob = await Wallet(world).funded(1000), Wallet(world)
        counts = []
        for rounds in (2 * ROUNDS, ROUNDS):
            for _ in range(rounds):
                await pay(alice, bob)
            counts.append(held(world.services))
        return counts

    before, after = asyncio.run(counted())
    assert after - before < ROUNDS
