"""What the children of a run are told by their environment, each started as a run does: no secrets, and all else."""

import asyncio
import json
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from exporter.analysis.judgement import Settings
from exporter.drivers.cache import run_tool
from exporter.drivers.subject import Subject
from exporter.processes.local_network import start_network
from exporter.runs import online_verdict
from exporter.runs.online_verdict import OnlineVerdict

pytestmark = pytest.mark.processes

LIMIT_SECONDS = 60
NAMES = ("ALICE_SEED", "BOB_SEED", "FAUCET_USERNAME", "FAUCET_PASSWORD")
SECRETS = {name: f"secret-of-{name}" for name in (*NAMES, *(f"{name}_FILE" for name in NAMES))}
# Names that resemble ours among it.
KEPT = {"OWN_SETTING": "kept", "MEMTEST_DURATION_SECS": "60", "MY_FAUCET_PASSWORD": "kept too"}
HELLO = '{"type": "hello", "protocol": 1, "driver": "x", "sdk": "x", "sdk_version": "1", "language": "x", "pid": 1}'


async def driver(command: list[str]) -> None:
    subject = await Subject.start(command, {}, lambda _: None, name="driver")
    await subject.wait()


async def tool(command: list[str]) -> None:
    await run_tool("tool", command, "no advice")


async def network(command: list[str]) -> None:
    await (await start_network(command)).wait()


async def live_verdict(command: list[str]) -> None:
    online = OnlineVerdict(Settings(), lambda *_: None, lambda: None)
    online._command = tuple(command)
    await online.start()
    assert online._child is not None
    await online._child.wait()
    await online.stop()


@pytest.mark.parametrize("start", [driver, tool, network, live_verdict])
def test_a_child_gets_no_secrets_and_all_else(
    start: Callable[[list[str]], Awaitable[None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online_verdict, "PAUSES_SECONDS", (LIMIT_SECONDS,))
    for name, value in {**SECRETS, **KEPT}.items():
        monkeypatch.setenv(name, value)
    seen = tmp_path / "environment.json"
    code = f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w')); print({HELLO!r})"

    async def main() -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            # By way of a shell, as many start theirs: what has started it has none either.
            await start(["sh", "-c", f"{shlex.join([sys.executable, '-c', code])} && ! env | grep secret-of"])

    asyncio.run(main())
    environment = json.loads(seen.read_text())
    assert environment.items() >= KEPT.items()
    assert not SECRETS.keys() & environment.keys()
    assert "secret-of" not in seen.read_text()
