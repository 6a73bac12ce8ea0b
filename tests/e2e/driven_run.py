"""A server whose run is driven from standard input: one JSON object a line sets what the test wants to see.

Keys: ``payments``, ``failures`` (added), ``verdict``, ``reason``, ``ballast_mib`` (held by this process, which is its
own subject), ``finished``, ``name``, ``phase``. Prints the server's URL on a line of its own.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exporter.publish.server import Server
from exporter.record.state import Histogram, LoadCounters, RunState, SubjectState


class DrivenRun:
    """A run that does what it is told."""

    def __init__(self) -> None:
        rails = ("spark", "lightning")
        load = LoadCounters(
            payments=Counter(dict.fromkeys(rails, 0)),
            failures=Counter(dict.fromkeys(rails, 0)),
            latency_seconds={rail: Histogram() for rail in rails},
            sdk_events=Counter(synced=0, payment_succeeded=0, payment_failed=0),
            balances_sats={"alice": 10_000, "bob": 10_000},
        )
        self.subject = SubjectState(
            "python", sdk="breez-sdk-spark", sdk_version="0.27.2", pid=os.getpid(), phase="running", load=load
        )
        now = datetime.now(UTC)
        settings = {"interval": "5s", "payment-type": "both"}
        self.state = RunState("driven", settings, now, 600.0, {"python": self.subject}, load_started_at=now)
        self.ballast = b""

    def obey(self, order: dict[str, Any]) -> None:
        load = self.subject.load
        for _ in range(order.get("payments", 0)):
            load.payments["spark"] += 1
            load.latency_seconds["spark"].observe(0.07)
        load.failures["spark"] += order.get("failures", 0)
        self.ballast = b"x" * (order.get("ballast_mib", 0) << 20) or self.ballast
        self.subject.heap_bytes = {"python": 4_000_000 + len(self.ballast), "native": 6_000_000}
        self.subject.phase = order.get("phase", self.subject.phase)
        self.state.name = order.get("name", self.state.name)
        self.state.verdict = order.get("verdict", self.state.verdict)
        self.state.verdict_reason = order.get("reason", self.state.verdict_reason)
        self.state.finished = order.get("finished", self.state.finished)


async def main(listen_address: str, web_config: str = "") -> None:
    driven = DrivenRun()
    driven.obey({})
    async with Server(driven.state, listen_address, Path(web_config) if web_config else None) as server:
        print(server.url, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            driven.obey(json.loads(line))


asyncio.run(main(*sys.argv[1:]))
