"""The running observer stays small: what is heavy is not there before the end."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

HEAVY = ("numpy", "scipy", "jinja2", "grpc", "breez_sdk_spark", "matplotlib", "memray")


@pytest.mark.parametrize("module", ["exporter.runs.soak", "exporter.runs.watch"])
def test_the_observer_of_a_run_that_goes_on_has_loaded_nothing_heavy(module: str) -> None:
    script = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
