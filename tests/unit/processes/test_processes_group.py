"""A child whose start is cancelled, or that ends at once, takes nothing with it but itself."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

CANCELLED = """
import asyncio, sys
from exporter.processes.child import Child

async def main():
    for delay in [number / 2000 for number in range(40)]:
        start = asyncio.create_task(
            Child.start([sys.executable, "-c", "pass"], name="x", on_line=lambda line: None)
        )
        await asyncio.sleep(delay)
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
    await asyncio.sleep(0.5)

asyncio.run(main())
print("alive")
"""

SHORT_LIVED = """
import asyncio
from exporter.processes.child import Child

async def main():
    for _ in range(40):
        child = await Child.start(["true"], name="x", on_line=lambda line: None)
        assert (await child.wait()).code == 0

asyncio.run(main())
print("alive")
"""


@pytest.mark.parametrize("script", [CANCELLED, SHORT_LIVED])
def test_this_process_s_group_lives_on(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, process_group=0, timeout=120)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
