"""Tries the Breez SDK's operations on a local network: ``python breez.py NETWORK [OPERATION…]``.

NETWORK is the file that `exporter network` prints. Prints lines of JSON as main.js does for the official client.
"""

import asyncio
import json
import os
import re
import sys
import time
from pathlib import Path

import breez_sdk_spark as sdk  # type: ignore[import-untyped]
from breez_bench import Bench, Difference
from breez_operations import OPERATIONS, Operation

LIMIT_SECONDS = 300  # machines can be slow: most take a few seconds
_BY_OPERATOR = re.compile(r"(?:code|status): '?(\w+)|Reason\.(\w+)")


async def outcome_of(operation: Operation, bench: Bench) -> tuple[str, str]:
    """How an operation ends within a limit, and what was said of it."""
    try:
        await asyncio.wait_for(operation(bench), LIMIT_SECONDS)
    except TimeoutError:
        return "hangs", ""
    except Difference as difference:
        return "differs", str(difference)
    except sdk.SdkError as error:
        print(error, file=sys.stderr)
        return _refusal(repr(error))
    return "works", ""


def _refusal(error: str) -> tuple[str, str]:
    """Refused if an operator, or the provider, said no."""
    if found := _BY_OPERATOR.search(error):
        return "refused", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", found[1] or found[2]).upper()
    return ("refused", "by the provider") if "graphql" in error.lower() else ("differs", error)


async def main() -> None:
    network = json.loads(Path(sys.argv[1]).read_text())
    for name, operation in OPERATIONS.items():
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        bench, started = Bench(network), time.monotonic()
        outcome, said = await outcome_of(operation, bench)
        seconds = time.monotonic() - started
        print(json.dumps({"operation": name, "outcome": outcome, "said": said, "seconds": seconds}), flush=True)
        await bench.close()


asyncio.run(main())
os._exit(0)  # the binding's threads may outlive the loop
