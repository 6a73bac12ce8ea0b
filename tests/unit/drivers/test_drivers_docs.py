"""docs/driver-protocol.md: the parser reads its examples, the driver has its commands, its program runs."""

import asyncio
import json
import re
import sys
from pathlib import Path

from fake_load import FakeLoad, with_load

from exporter.drivers.protocol import parse_command, parse_config, parse_message
from exporter.drivers.python.breez import BreezDriver
from exporter.drivers.python.profiler import Profiler
from exporter.settings.load import WorkloadSettings

DOCUMENT = (Path(__file__).parents[3] / "docs" / "driver-protocol.md").read_text()
# The agent does these itself, for every driver in Python.
AGENT_COMMANDS = {"collect_garbage", "measure", "trim", "stop"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def test_every_example_is_understood() -> None:
    lines = [line.encode() for block in blocks("json") for line in block.splitlines()]
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


def test_the_example_driver_carries_a_load(tmp_path: Path) -> None:
    program = tmp_path / "driver.py"
    program.write_text(blocks("python")[0])

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
