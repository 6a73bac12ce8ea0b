"""A subject's operation as an SDK under load: `exporter --driver-command "python SUBJECT.py --driven"` pays by it."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exporter.checked import Json
from exporter.drivers.protocol import Hello
from exporter.drivers.python.agent import Emit, main

ENOUGH_SATS = 1_000_000  # so that no wallet is ever funded
NAMES_OF_NOTHING = ("connect", "disconnect", "add_listeners", "remove_listeners", "sync")


def drive(operation: Callable[[], object]) -> None:
    """Do ``operation`` for every payment that is asked for; doesn't return."""
    main(lambda config, emit: _Driver(operation, config, emit))


class _Driver:
    """Does the operation in one thread of its own, since an operation may have an event loop of its own."""

    def __init__(self, operation: Callable[[], object], _: Mapping[str, Json], __: Emit) -> None:
        self._operation = operation
        self._thread = ThreadPoolExecutor(max_workers=1)
        self.hello = Hello("field", Path(sys.argv[0]).stem, language="python", pid=os.getpid())
        self.commands = {
            **dict.fromkeys(NAMES_OF_NOTHING, _nothing),
            "balance": _balance,
            "pay": self._pay,
        }

    async def _pay(self, _: Mapping[str, Json]) -> Mapping[str, Json]:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._operation)
        return {"fees_sats": 0}

    async def close(self) -> None:
        self._thread.shutdown()


async def _nothing(_: Mapping[str, Json]) -> None:
    return None


async def _balance(_: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"balance_sats": ENOUGH_SATS}
