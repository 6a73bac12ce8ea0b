"""The running observer and its live verdict stay small: what is heavy is not there before it is used, or at all."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes

HEAVY = ("numpy", "scipy", "jinja2", "grpc", "breez_sdk_spark", "matplotlib", "memray")


@pytest.mark.parametrize("module", ["exporter.runs.soak", "exporter.runs.watch"])
def test_the_observer_of_a_run_that_goes_on_has_loaded_nothing_heavy(module: str) -> None:
    assert loaded(module, HEAVY) == "[]\n"


def test_the_live_verdict_loads_its_arithmetic_at_the_first_look_and_never_what_runs_a_load() -> None:
    assert loaded("exporter.analysis.online", ("numpy", "asyncio", "exporter.record", "exporter.scenarios")) == "[]\n"
    assert loaded("exporter.analysis.online_subjects", ("asyncio", "ssl", "requests", "click")) == "[]\n"


def loaded(module: str, names: tuple[str, ...]) -> str:
    """Which of these a process has loaded that has loaded a module, as it prints them."""
    script = f"import sys, {module}; print([name for name in {names!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
