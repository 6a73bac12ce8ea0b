"""What docs/driver-protocol.md and docs/own-driver.md say of messages and commands, and the driver without an SDK."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest
from fake_load import FakeLoad, with_load

from exporter.checked import Json
from exporter.drivers.protocol import parse_command, parse_config, parse_message
from exporter.drivers.python.breez import BreezDriver
from exporter.drivers.python.profiler import Profiler
from exporter.drivers.subject import Subject
from exporter.settings.load import WorkloadSettings

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = (DOCS / "driver-protocol.md").read_text()
OWN_DRIVER = (DOCS / "own-driver.md").read_text()
# The agent does these itself, for every driver in Python.
AGENT_COMMANDS = {"collect_garbage", "measure", "trim", "stop"}


def blocks(language: str, page: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_every_example_is_understood() -> None:
    lines = [line.encode() for block in blocks("json", DOCUMENT) for line in block.splitlines()]
    messages = [parse_message(line) for line in lines if b'"type"' in line]
    commands = [parse_command(line) for line in lines if b'"do"' in line]
    configs = [parse_config(line) for line in lines if b'"wallets"' in line]
    assert None not in messages
    assert {json.loads(line)["type"] for line in lines if b'"type"' in line} == {
        *("hello", "done", "event", "heap", "log", "bye")
    }
    assert len(messages) + len(commands) + len(configs) == len(lines)


def test_the_table_holds_every_command() -> None:
    table = DOCUMENT.split("| `do` |")[1].split("\n\n")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    driver = BreezDriver({"network": {}, "storage_dir": "/nonexistent", "wallets": {}}, lambda _: None)
    assert documented == driver.commands.keys() | AGENT_COMMANDS | Profiler({}).commands.keys()


def test_the_example_driver_carries_a_load_of_the_commands_that_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"deposit_address"}  # asked for by wallets without money, which the example's have
    request = Subject.request

    async def noted(subject: Subject, do: str, **args: Json) -> tuple[dict[str, Json], float]:
        asked.add(do)
        return await request(subject, do, **args)

    monkeypatch.setattr(Subject, "request", noted)
    program = tmp_path / "driver.py"
    program.write_text(blocks("python", OWN_DRIVER)[0])

    async def use(load: FakeLoad) -> None:
        silence = asyncio.create_task(load.subject.silence(0.5))
        await load.workload.prepare()
        clock = asyncio.get_running_loop().time
        end = clock() + 2
        await load.run_until(lambda: clock() > end and load.state.load.payments.total() >= 20)
        await load.workload.finish()
        assert not silence.done()
        silence.cancel()

    load = with_load(
        WorkloadSettings(interval_seconds=0, settle_every=5, settle_min_gap_seconds=0),
        use,
        command=(sys.executable, str(program)),
    )
    assert load.state.load.step_failures.total() == 0
    assert load.state.load.settles >= 4
    table = OWN_DRIVER.split("| command |")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`(?=[^|]*\|[^|]*\|$)", table, re.MULTILINE)) == asked
