"""What docs/extending.md adds, added to a copy of the package: that nothing else has to be touched."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from network_files import network_file
from running_exporter import RunningExporter, rows_of, value_of

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def section(title: str) -> str:
    """A section of the page."""
    return (ROOT / "docs" / "extending.md").read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def extend(package: Path, text: str) -> list[str]:
    """Do what a section says; return the files that it touches, those of one change to a file once."""
    touched = []
    for name, content in re.findall(r"```python\n# (\S+)\n(.*?)```", text, re.DOTALL):
        (package / name).write_text(content)
        touched.append(name)
    for name, after, added in re.findall(r"```diff\n (\S+)\n (.*?)\n(.*?)```", text, re.DOTALL):
        old = (package / name).read_text()
        assert old.count(f"{after}\n") == 1, f"{name} has not one line {after!r}"
        new = "".join(line.removeprefix("+") for line in added.splitlines(keepends=True))
        (package / name).write_text(old.replace(f"{after}\n", f"{after}\n{new}"))
        touched.append(name)
    return sorted(set(touched))


@dataclass
class Extended:
    """A copy of the package, the files touched by what was added, and what a run of it has said."""

    touched: dict[str, list[str]]
    row: dict[str, str]
    metrics: str
    report: str
    reference: str
    dashboard: str


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Extended:
    copy = tmp_path_factory.mktemp("copy")
    for folder in ("exporter", "tools", "grafana", "docs", "tests/fixtures"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    touched = {title: extend(copy, section(title)) for title in ("A probe", "A heap", "A scenario")}
    # Its option is another matter; and some driver has to tell of the heap.
    edit(copy / "exporter/scenarios/balance_queries.py", "return settings.balance_queries", "return True")
    edit(copy / "exporter/drivers/python/heaps.py", "Heap({**python,", 'Heap({"dotnet": 123456, **python,')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(copy))
        pages = [
            subprocess.run([sys.executable, "-m", f"tools.{page}_reference"], cwd=copy, capture_output=True, check=True)
            for page in ("csv", "metrics")
        ]
        reference = "".join(page.stdout.decode() for page in pages)
        subprocess.run([sys.executable, "-m", "tools.dashboards"], cwd=copy, check=True)
        row, metrics = run(copy)
    dashboard = (copy / "grafana/dashboards/memtest-soak-run.json").read_text()
    return Extended(touched, row, metrics, (copy / "out.html").read_text(), reference, dashboard)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def run(copy: Path) -> tuple[dict[str, str], str]:
    """Run the copy on a driver without an SDK: the last row at rest, and the metrics at the end."""
    (copy / "network.json").write_text(json.dumps(network_file()))
    driver = shlex.join([sys.executable, str(copy / "tests/fixtures/fake_driver.py")])
    load = ("--duration", "3s", "--interval", "50ms", "--mem-interval", "500ms", "--settle-min-gap", "0s")
    kept = ("--csv", "out.csv", "--report", "out.html", "--linger", "1h", "--listen-address", "127.0.0.1:0")
    running = RunningExporter((*load, *kept, "--network", "network.json", "--driver-command", driver), copy)
    try:
        running.wait_for(r"Payments=[1-9]")
        metrics = running.scrape()
        running.wait_for(r"Page: out\.html")
        running.signal(signal.SIGINT)
        running.finish()
        return [row for row in rows_of(running) if row["settled"] == "1" and row["trimmed"] == "0"][-1], metrics
    finally:
        running.close()


def test_a_probe_is_a_file_and_a_line(extended: Extended) -> None:
    assert extended.touched["A probe"] == ["exporter/record/probes/__init__.py", "exporter/record/probes/mappings.py"]
    assert int(extended.row["mappings"]) > 10
    assert value_of(extended.metrics, 'memtest_mappings{driver="python"}') > 10
    assert value_of(extended.metrics, 'memtest_probe_success{driver="python",probe="mappings"}') == 1
    assert "Mappings" in extended.report
    assert "`mappings` | count | Mappings of the subject" in extended.reference
    assert "`memtest_mappings` | gauge" in extended.reference
    assert "memtest_mappings{" in extended.dashboard


def test_a_heap_is_a_declaration_and_who_tells_of_it(extended: Extended) -> None:
    assert extended.touched["A heap"] == ["exporter/record/heap_columns.py", "exporter/watch/formats.py"]
    assert extended.row["heap_dotnet_bytes"] == "123456"
    heaps = [name for name in extended.row if re.fullmatch(r"heap_(?!allocated)\w+_bytes", name)]
    assert int(extended.row["heap_allocated_bytes"]) == sum(int(extended.row[name] or 0) for name in heaps)
    assert value_of(extended.metrics, 'memtest_heap_bytes{driver="python",heap="dotnet"}') == 123456
    assert ".NET heap" in extended.report
    assert "`heap_dotnet_bytes` | bytes | What the garbage-collected heap of .NET holds." in extended.reference


def test_a_scenario_with_a_counter_is_a_file_and_a_line(extended: Extended) -> None:
    assert extended.touched["A scenario"] == ["exporter/scenarios/__init__.py", "exporter/scenarios/balance_queries.py"]
    assert int(extended.row["balance_queries"]) >= 2
    assert value_of(extended.metrics, 'memtest_balance_queries_total{driver="python"}') >= 2
    assert "Balance queries" in extended.report
    assert "`balance_queries` | count | Balance queries made by the load." in extended.reference
    assert "`memtest_balance_queries_total` | counter" in extended.reference
    assert "memtest_balance_queries_total{" in extended.dashboard
