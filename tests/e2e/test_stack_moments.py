"""What the dashboards say of whole runs at four moments, by a real Prometheus: never another thing than the verdict."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from compressed_runs import MadeRun, Played, as_openmetrics, hours_ago
from live_prometheus import LivePrometheus
from running_exporter import wait_until
from stack_dashboards import DIRECTORY, load, panels, put_in
from stack_tools import RULES, program

from exporter.analysis.judgement import Judgement
from exporter.record.terms import Verdict

pytestmark = pytest.mark.e2e

LEAK_BYTES = 16384
CODES = {None: 0, Verdict.LEAK: 1, Verdict.INCONCLUSIVE: 2, Verdict.NO_LEAK: 3}
SOON = timedelta(seconds=30)
AFTER = timedelta(hours=1)
LENGTHS = (2, 12, 60, 180)
RUNS = [(kind, minutes) for minutes in LENGTHS for kind in ("clean", "leaking")]
MOMENTS = ("start", "middle", "end", "an hour after")


@dataclass(frozen=True)
class Recorded:
    """The runs by name, and the Prometheus that has them in its past."""

    runs: dict[str, Played]
    prometheus: LivePrometheus

    def ask(self, dashboard: str, title: str, run: MadeRun, moment: datetime) -> list[list[dict[str, Any]]]:
        """What each query of a panel finds at a moment, with the run chosen."""
        panel = next(each for each in panels(load(DIRECTORY / f"{dashboard}.json")) if each["title"] == title)
        values = {"job": "memtest", "instance": run.instance, "run": run.name, "driver": ".+", "__range": "5h"}
        values |= dict.fromkeys(("plan", "scenario"), ".*")
        return [self.prometheus.query(put_in(target["expr"], values), moment) for target in panel["targets"]]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    directory = tmp_path_factory.mktemp("recorded")
    runs = {}
    for kind, minutes in RUNS:
        run = MadeRun(f"{kind}-{minutes}m", minutes, hours_ago(5), LEAK_BYTES if kind == "leaking" else 0)
        runs[run.name] = Played(run, directory)
        runs[run.name].served_after(run.ended + AFTER)
    page = directory / "page.txt"
    page.write_text("\n".join(as_openmetrics(list(runs.values()))) + "\n")
    data = directory / "prometheus" / "data"
    subprocess.run(
        [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", page, data], check=True, capture_output=True
    )
    with ExitStack() as cleanup:

        def started() -> LivePrometheus:
            prometheus = LivePrometheus(directory / "prometheus", (), 1)
            cleanup.callback(prometheus.close)
            wait_until(prometheus.ready, "Prometheus is ready")
            return prometheus

        first = started()
        record(first, directory, min(played.run.began for played in runs.values()), data)
        first.close()
        yield Recorded(runs, started())


def record(prometheus: LivePrometheus, directory: Path, begin: datetime, data: Path) -> None:
    """Record in the past what the rules make of metrics alone."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if rule.get("record", "").endswith((":sum", ":bool"))]
    path = directory / "recording.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "past", "rules": rules}]}))
    end = begin + timedelta(hours=4, minutes=30)
    subprocess.run(
        [
            *(program("promtool"), "tsdb", "create-blocks-from", "rules", f"--url={prometheus.url}"),
            *(f"--start={begin.timestamp():.0f}", f"--end={end.timestamp():.0f}", "--eval-interval=15s"),
            *(f"--output-dir={data}", str(path)),
        ],
        check=True,
        capture_output=True,
    )


def moment_of(played: Played, moment: str) -> datetime:
    run = played.run
    half = timedelta(minutes=run.minutes) / 2
    offsets = {"start": SOON, "middle": half, "end": 2 * half + SOON, "an hour after": 2 * half + AFTER}
    return run.began + offsets[moment]


def judged_by(played: Played, moment: datetime) -> Judgement | None:
    """What the run's verdict was at a moment."""
    looks = [judgement for taken, judgement in played.looks.items() if taken <= moment]
    return looks[-1] if looks else None


def values(series: list[dict[str, Any]], label: str) -> dict[str, float]:
    """The values by a label, without those of series that have just ended."""
    return {each["metric"].get(label, ""): float(each["value"][1]) for each in series if each["value"][1] != "NaN"}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", [f"{kind}-{minutes}m" for kind, minutes in RUNS])
def test_what_is_shown_is_what_was_judged(recorded: Recorded, name: str, moment: str) -> None:
    played = recorded.runs[name]
    at = moment_of(played, moment)
    judgement = judged_by(played, at)
    (verdict,) = recorded.ask("memtest-soak-run", "Verdict", played.run, at)
    assert values(verdict, "run") == {name: CODES[judgement.verdict if judgement else None]}
    growth = judgement.growth_kib_per_min if judgement else None
    per_payment = judgement.growth_bytes_per_payment if judgement else None
    for title, interval in (("Growth", growth), ("Growth per payment", per_payment)):
        (shown,) = recorded.ask("memtest-soak-run", title, played.run, at)
        stated = (
            {} if interval is None else {"growth": interval.value, "at least": interval.low, "at most": interval.high}
        )
        assert values(shown, "bound") == pytest.approx(stated, rel=1e-6), title
    table = recorded.ask("memtest-fleet", "Runs", played.run, at)
    assert values(table[0], "run") == {name: CODES[judgement.verdict if judgement else None]}
    assert values(table[1], "run") == pytest.approx({} if growth is None else {name: growth.value}, rel=1e-6)
    raised = recorded.prometheus.query(alert("MemtestLeak"), at)
    assert (played.run.instance in {each["metric"]["instance"] for each in raised}) == (
        judgement is not None and judgement.verdict is Verdict.LEAK
    )
    missing = recorded.prometheus.query(alert("MemtestVerdictMissing"), at)
    assert played.run.instance not in {each["metric"]["instance"] for each in missing}


@pytest.mark.parametrize("name", [f"{kind}-{minutes}m" for kind, minutes in RUNS])
def test_a_run_that_is_over_keeps_what_it_came_to(recorded: Recorded, name: str) -> None:
    played = recorded.runs[name]
    at = moment_of(played, "an hour after")
    table = recorded.ask("memtest-fleet", "Runs", played.run, at)
    shown = [values(column, "run").get(name) for column in table]
    payments, duration = played.run.minutes * 60 * 2, played.run.minutes * 60
    assert shown[6] == payments
    assert shown[8] == pytest.approx(duration, abs=60)
    assert played.final.verdict is (Verdict.LEAK if name.startswith("leaking") else Verdict.NO_LEAK)


def alert(name: str) -> str:
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]
    found: str = next(rule["expr"] for group in groups for rule in group["rules"] if rule.get("alert") == name)
    return found
