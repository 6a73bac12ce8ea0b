"""The agent in Node.js programs: it tells V8's heap, and they don't notice it."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from agent_hearing import PATIENCE_SECONDS, heard, run_with_agent

from exporter.watch import agents

pytestmark = pytest.mark.system

NODE_AGENT = Path(agents.__file__).parent / "node" / "memtest_agent.cjs"
MIB = 1 << 20
# Holds more at a line of input, and less at the next.
HOLDS_MORE = """
let held = [], buffers;
process.stdin.once('data', () => {
  for (let number = 0; number < 100_000; number += 1) held.push({ number });
  buffers = Buffer.alloc(20_000_000);
  console.log('more');
  process.stdin.once('data', () => {
    held = buffers = null;
    console.log('less');
  });
});
"""


def test_it_tells_what_the_program_holds_and_no_garbage() -> None:
    async def main() -> None:
        async with heard("auto", "node", "-e", HOLDS_MORE) as program:
            before = await program.until(lambda heap: "node" in heap.heap_bytes)
            assert await program.go_on() == "more"
            await program.until(lambda heap: heap.heap_bytes["node"] > before.heap_bytes["node"] + 2 * MIB)
            await program.until(lambda heap: heap.heap_bytes["node_external"] > 20_000_000)
            assert await program.go_on() == "less"
            await program.until(lambda heap: heap.heap_bytes["node"] < before.heap_bytes["node"] + MIB)
            await program.until(lambda heap: heap.heap_bytes["node_external"] < 20_000_000)

    asyncio.run(main())


# Before the agent is loaded: a reading of that cost, and a second in which the program waited for a processor so long.
PRETENDS = """
const fs = require('fs');
const {readFileSync} = fs;
fs.readFileSync = (path, ...rest) =>
  path === '/proc/self/schedstat' ? '7 WAITED 7' : readFileSync(path, ...rest);
process.cpuUsage = before => ({user: before ? COST : 0, system: 0});
process.uptime = () => 1;
"""


@pytest.mark.parametrize(
    ("cost_ms", "waited_ms", "pause_seconds"),
    [
        (0, 0, 1),
        (5, 0, 2),
        (5, 750, 8),
        (5, 990, 15),
        (95, 0, 20),
        (95, 750, 20),
    ],
)
def test_it_rests_as_long_as_a_reading_took_and_longer_where_the_program_waits(
    tmp_path: Path, cost_ms: int, waited_ms: int, pause_seconds: float
) -> None:
    pretends = PRETENDS.replace("WAITED", str(waited_ms * 10**6)).replace("COST", str(cost_ms * 10**3))
    (tmp_path / "pretends.cjs").write_text(pretends)
    (tmp_path / "pace").write_text("1")
    agent = shutil.copy(NODE_AGENT, tmp_path)

    async def main() -> None:
        told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.set_result(await reader.readline())
            writer.close()

        async with await asyncio.start_unix_server(on_connection, tmp_path / "socket"):
            process = await asyncio.create_subprocess_exec(
                *(
                    "node",
                    "--require",
                    tmp_path / "pretends.cjs",
                    "--require",
                    agent,
                    "-e",
                    "setInterval(() => {}, 1e6)",
                )
            )
            try:
                message = json.loads(await asyncio.wait_for(told, PATIENCE_SECONDS))
            finally:
                process.kill()
                await process.wait()
        assert message["pause_seconds"] == pytest.approx(pause_seconds)

    asyncio.run(main())


PROGRAMS = {
    "ends by itself": "console.log(process.execArgv, process.argv.length)",
    "ends at once": "process.exit(3)",
    "fails": "setTimeout(() => { throw new Error('x'); }, 400)",
    "waits for nothing but a timer": "setTimeout(() => console.log(Object.keys(globalThis)), 400)",
    "patches what it can": "JSON.stringify = setTimeout = process.hrtime = process.cpuUsage = undefined",
    "has no descriptor to spare": "const fs = require('fs'); try { for (;;) fs.openSync('/'); } catch (error) {"
    "setTimeout(() => console.log(error.code), 400); }",
    "destroys what it has": "setTimeout(() => process._getActiveHandles().forEach(each => each.destroy?.()), 400)",
    "has a global of that name": "const vm = require('vm'); setTimeout(() => console.log(typeof gc, vm.runInNewContext("
    "'typeof gc')), 400)",
    "has workers": "const {Worker} = require('worker_threads');"
    "new Worker('setTimeout(() => console.log(1), 400)', {eval: true}).on('exit', console.log)",
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_a_program_ends_as_it_does_without(what: str) -> None:
    command = ("node", "-e", PROGRAMS[what])
    alone = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert asyncio.run(run_with_agent("auto", *command)) == (alone.returncode, alone.stdout, alone.stderr)


def test_the_options_that_are_there_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=99")
    code, output, errors = asyncio.run(run_with_agent("node", "node", "-p", "process.env.NODE_OPTIONS"))
    assert (code, errors) == (0, b"")
    assert output.startswith(b"--max-old-space-size=99 --require /")


def test_one_that_may_not_read_it_is_not_given_it(tmp_path: Path) -> None:
    code, output, _ = asyncio.run(
        run_with_agent("auto", "node", "--experimental-permission", f"--allow-fs-read={tmp_path}", "-p", "1")
    )
    assert (code, output) == (0, b"1\n")


def test_a_script_for_node_gets_it_and_a_shell_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NODE_OPTIONS", raising=False)
    script = tmp_path / "script"
    script.write_text("#!/usr/bin/env node\nconsole.log(process.env.NODE_OPTIONS)")
    script.chmod(0o755)
    assert b"memtest_agent" in asyncio.run(run_with_agent("auto", str(script)))[1]
    assert asyncio.run(run_with_agent("auto", "sh", "-c", "echo $NODE_OPTIONS"))[1] == b"\n"
