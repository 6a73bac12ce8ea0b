"""The driver of the Breez SDK with a seeded leak: so many bytes kept for every payment, on the side that is named.

exporter --driver-command "python benchmarks/leaking_driver.py python 256"
exporter --driver-command "python benchmarks/leaking_driver.py malloc 1024"
"""

import ctypes
import sys
from collections.abc import Callable, Mapping
from typing import Any

from exporter.checked import Json
from exporter.drivers.python.agent import Emit, main
from exporter.drivers.python.breez import BreezDriver


class KeptObjects:
    """Python objects that nobody lets go."""

    def __init__(self, size: int) -> None:
        self._size = size - sys.getsizeof(b"")
        self._kept: list[bytes] = []

    def __call__(self) -> None:
        self._kept.append(bytes(self._size))


class LostBlocks:
    """Blocks of malloc's that are written to and never freed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._libc: Any = ctypes.CDLL(None)
        self._libc.malloc.restype = ctypes.c_void_p

    def __call__(self) -> None:
        ctypes.memset(self._libc.malloc(ctypes.c_size_t(self._size)), 1, self._size)


SIDES: Mapping[str, Callable[[int], Callable[[], None]]] = {"python": KeptObjects, "malloc": LostBlocks}


class LeakingDriver(BreezDriver):
    """Leaks once for every payment that is asked for."""

    def __init__(self, config: Mapping[str, Json], emit: Emit, leak: Callable[[], None]) -> None:
        super().__init__(config, emit)
        self._leak = leak
        self._pay_without_leak = self.commands["pay"]
        self.commands = {**self.commands, "pay": self._pay_and_leak}

    async def _pay_and_leak(self, args: Mapping[str, Json]) -> Mapping[str, Json] | None:
        self._leak()
        return await self._pay_without_leak(args)


if __name__ == "__main__":
    side, size = sys.argv[1:]
    leak = SIDES[side](int(size))
    main(lambda config, emit: LeakingDriver(config, emit, leak))
