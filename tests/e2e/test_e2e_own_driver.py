"""docs/own-driver.md: its programs are whole drivers, and its commands have them carry a load."""

import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest
from running_exporter import Start

pytestmark = pytest.mark.e2e

PAGE = (Path(__file__).parents[2] / "docs" / "own-driver.md").read_text()
# Each program of the page, and the driver's command in the first command below it.
PROGRAMS = re.findall(
    r"""^```(?:python|js)\n(.*?)^```.*?^```sh\nexporter --driver-command "(.*?)" (.*?)\n```""",
    PAGE,
    re.MULTILINE | re.DOTALL,
)


def test_the_page_has_a_driver_without_an_sdk_one_that_pays_and_one_in_another_language() -> None:
    named = [driver for _, driver, _ in PROGRAMS]
    assert named == ["python3 smallest.py", "python driver.py", "node --expose-gc driver.js"]


@pytest.mark.parametrize("index", range(3))
def test_its_command_has_it_pay(index: int, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, driver, options = PROGRAMS[index]
    program = tmp_path / driver.split()[-1]
    program.write_text(text)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    command = driver.replace(program.name, str(program))
    running = start("--driver-command", command, *shlex.split(options), "--duration", "1h")
    running.wait_for(r"Payments=[1-9]")
    running.signal(signal.SIGINT)
    assert running.finish() == 130, running.errors
    assert re.search(r"Payments +[1-9]\d* spark, 0 failed", running.output)
    assert "WARNING" not in running.errors
