"""The gate: many inside, or one alone."""

import asyncio

from exporter.workload.gate import Gate


def test_shared_passers_are_inside_together_and_an_exclusive_one_alone() -> None:
    inside: set[str] = set()
    seen: list[frozenset[str]] = []
    gate = Gate()

    async def shared(name: str, leave: asyncio.Event) -> None:
        async with gate.shared():
            inside.add(name)
            seen.append(frozenset(inside))
            await leave.wait()
            inside.remove(name)

    async def exclusive(name: str) -> None:
        async with gate.exclusive():
            inside.add(name)
            for _ in range(3):
                seen.append(frozenset(inside))
                await asyncio.sleep(0)
            inside.remove(name)

    async def main() -> None:
        leave = asyncio.Event()
        async with asyncio.timeout(10):
            tasks = [asyncio.create_task(shared("a", leave)), asyncio.create_task(shared("b", leave))]
            await asyncio.sleep(0)
            tasks += [asyncio.create_task(exclusive("x")), asyncio.create_task(exclusive("y"))]
            await asyncio.sleep(0)
            tasks += [asyncio.create_task(shared("late", leave))]
            await asyncio.sleep(0)
            assert inside == {"a", "b"}
            leave.set()
            await asyncio.gather(*tasks)

    asyncio.run(main())
    assert frozenset({"a", "b"}) in seen
    assert frozenset({"x"}) in seen
    assert frozenset({"y"}) in seen
    assert not any(group > {name} for group in seen for name in ("x", "y"))
    assert seen[-1] == {"late"} or frozenset({"late"}) in seen


def test_who_gives_up_waiting_leaves_the_gate_open() -> None:
    async def main() -> None:
        gate = Gate()
        async with asyncio.timeout(10), gate.shared():
            waiting = asyncio.create_task(_close(gate))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            async with gate.shared():
                pass

    asyncio.run(main())


async def _close(gate: Gate) -> None:
    async with gate.exclusive():
        pass
