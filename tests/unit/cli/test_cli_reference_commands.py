"""The command lines of the Go and the Rust memory test, and of their plot script, work as they stand."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from exporter.cli.options import settings_from
from exporter.cli.plot import command as plot
from exporter.cli.run import command as run
from exporter.settings.recorded import PlotSettings
from exporter.settings.run import RunConfig

LINES = (Path(__file__).parents[2] / "fixtures" / "reference_commands.txt").read_text().splitlines()
PROGRAMS = (
    (r"make run-go-memtest MEMTEST_ARGS=\"(.*)\"", r"exporter run \1"),
    (r"cargo test .*", "exporter run"),
    (r"python scripts/generate_memtest_plots\.py", "exporter plot"),
)
# What each line asks for, as far as it isn't the default; of the load where the run itself has no such setting.
MEANT: list[dict[str, Any]] = [
    {"duration_seconds": 1800, "csv": Path("output.csv")},
    {"duration_seconds": 30},
    {"duration_seconds": 3600, "reconnect_cycles": True, "reconnect_every": 100, "csv": Path("go_results.csv")},
    {
        "duration_seconds": 90,
        "interval_seconds": 0,
        "mem_interval_seconds": 1,
        "amount_sats": 1,
        "payment_type": "both",
    },
    {"reconnect_cycles": True, "reconnect_every": 7, "listener_churn": True, "frequent_sync": False},
    {
        "payment_history": True,
        "payment_history_limit": 5,
        "destroy_responses": True,
        "force_gc": True,
        "extra_instances": 2,
    },
    {"payment_type": "lightning", "pprof": True, "pprof_port": 6061},
    {"payment_type": "both", "heap_dump": Path("heap.memray.bin"), "quiet": True},
    {},
    {"duration_seconds": 1800, "csv": Path("output.csv")},
    {"duration_seconds": 30},
    {"duration_seconds": 3600, "extra_instances": 2, "csv": Path("rust_results.csv")},
    {"duration_seconds": 1.5, "payment_type": "lightning", "reconnect_cycles": True, "reconnect_every": 100},
    {"frequent_sync": True, "payment_history": True, "payment_history_limit": 50},
    {
        "go": Path("go_results.csv"),
        "rust": Path("rust_results.csv"),
        "output": Path("plots.html"),
        "title": "1h Stress Test",
    },
    {"go": Path("go_results.csv"), "output": Path("go_plots.html")},
    {
        "go": Path("go_memtest_1h_stress.csv"),
        "rust": Path("rust_memtest_1h_stress.csv"),
        "output": Path("memtest_1h_stress_plots.html"),
        "title": "1h Stress Test (Lightning + Reconnects + Extra Instances)",
    },
    {"faucet_url": "http://localhost:8080/graphql"},
]


def ours(line: str) -> tuple[dict[str, str], list[str]]:
    """The variables and the arguments of a line, with the program's name replaced."""
    for pattern, replacement in PROGRAMS:
        line = re.sub(pattern, replacement, line)
    variables, arguments = line.split("exporter ", 1)
    return dict(each.split("=", 1) for each in shlex.split(variables)), shlex.split(arguments)


@pytest.mark.parametrize(("line", "meant"), [*zip(LINES, MEANT, strict=True)])
def test_a_line_means_what_it_meant(line: str, meant: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    variables, (name, *arguments) = ours(line)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    command, group = (plot, PlotSettings) if name == "plot" else (run, RunConfig)
    with command.make_context(name, arguments) as context:
        settings = settings_from(context, group)
    places = [settings, *([settings.workload, settings.profiling] if isinstance(settings, RunConfig) else [])]
    for field, value in meant.items():
        (found,) = (getattr(place, field) for place in places if hasattr(place, field))
        assert found == value, field
