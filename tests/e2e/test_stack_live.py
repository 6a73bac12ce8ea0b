"""The stack on real runs: a real Prometheus scrapes them, records, alerts, and answers every dashboard."""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from live_prometheus import LEAK_GROUPS, LivePrometheus
from running_exporter import RunningExporter, wait_until
from stack_dashboards import ASKING, Dashboard, load, put_in, queries, variable_query, variables

pytestmark = pytest.mark.e2e

FAKE_DRIVER = Path(__file__).parents[1] / "fixtures" / "fake_driver.py"
FACTOR = 60  # half an hour in half a minute
LEAKING, CLEAN, REAL = "leaking", "clean", "real"
# What these runs don't have: what is judged after minutes only, and figures of subjects of other kinds.
NOT_HERE = re.compile(
    r"memtest_growth|memtest_judged|memtest_memory_limit_reached_seconds|memtest_verdict_timestamp_seconds|ALERTS"
    r"|memtest_goroutines|memtest_event_loop_handles|memtest_descendant_resident_memory_bytes|memtest_cgroup_memory_bytes"
)
PACE = ("--interval", "100ms", "--settle-every", "10", "--settle-min-gap", "1s", "--mem-interval", "1s")
REAL_LOAD = (
    *("--interval", "500ms", "--settle-every", "10", "--mem-interval", "5s", "--payment-type", "both"),
    *("--failing-payments", "0.2", "--reconnect-cycles", "--reconnect-every", "40", "--protocol", "doubling"),
)


def fake(*args: str) -> tuple[str, str]:
    return "--driver-command", shlex.join([sys.executable, str(FAKE_DRIVER), *args])


RUNS = {
    LEAKING: (*PACE, *fake("--leak-bytes-per-payment", "65536")),
    CLEAN: (*PACE, *fake()),
    REAL: REAL_LOAD,
}


@dataclass(frozen=True)
class Stack:
    """The runs' addresses by name, and the Prometheus that scrapes them."""

    targets: Mapping[str, str]
    prometheus: LivePrometheus

    def fired(self, run: str) -> set[str]:
        """Return the alerts on leaks that have fired for a run so far."""
        fired = f'last_over_time(ALERTS{{alertstate="firing",instance="{self.targets[run]}"}}[1h])'
        return {series["metric"]["alertname"] for series in self.prometheus.query(fired)} & self.leak_alerts()

    def leak_alerts(self) -> set[str]:
        groups = self.prometheus.ask("rules", type="alert")["groups"]
        return {rule["name"] for group in groups if group["name"] in LEAK_GROUPS for rule in group["rules"]}

    def answered(self, expression: str) -> bool:
        return bool(self.prometheus.query(expression))

    def offered(self, expression: str, label: str, wanted: str | None) -> str | None:
        """The wanted value of a label, or any; None as long as no series has it."""
        found = {series["metric"][label] for series in self.prometheus.query(expression)}
        return wanted if wanted in found else None if wanted else next(iter(found))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with ExitStack() as cleanup:
        targets = {}
        for name, args in RUNS.items():
            directory = tmp_path_factory.mktemp(name)
            common = ("--listen-address", "127.0.0.1:0", "--duration", "1h", "--run-name", name, "--csv", "out.csv")
            cell = ("--label=plan=live", "--label=scenario=pay", "--label=repetition=1")
            run = RunningExporter((*common, *cell, *args), directory)
            cleanup.callback(run.close)
            targets[name] = run.url.removeprefix("http://")
        prometheus = LivePrometheus(tmp_path_factory.mktemp("prometheus"), targets.values(), FACTOR)
        cleanup.callback(prometheus.close)
        wait_until(prometheus.ready, "Prometheus is ready")
        yield Stack(targets, prometheus)


def test_targets_are_up_and_rules_are_healthy(stack: Stack) -> None:
    def up() -> bool:
        targets = stack.prometheus.ask("targets", state="active")["activeTargets"]
        return {target["scrapeUrl"].split("/")[2]: target["health"] for target in targets} == dict.fromkeys(
            stack.targets.values(), "up"
        )

    def healthy() -> bool:
        rules = [rule for group in stack.prometheus.ask("rules")["groups"] for rule in group["rules"]]
        assert [rule["lastError"] for rule in rules if rule["health"] == "err"] == []
        return bool(rules) and {rule["health"] for rule in rules} == {"ok"}

    wait_until(up, "every target is up")
    wait_until(healthy, "every rule was evaluated")


def test_alerts_fire_on_the_leak_and_not_on_its_twin(stack: Stack) -> None:
    wanted = {"MemtestRawGrowthPerPayment", "MemtestRawHeapGrowing"}
    wait_until(lambda: stack.fired(LEAKING) >= wanted, f"{wanted} fire")
    for series in ("driver:memtest_heap_bytes:rise10m", "driver:memtest_settled_heap_bytes:rise10m"):
        earlier = f'{series}{{instance="{stack.targets[CLEAN]}"}} offset 20s'
        wait_until(partial(stack.answered, earlier), "the twin has been watched for as long")
    assert stack.fired(CLEAN) == set()


def choices(stack: Stack, dashboard: Dashboard) -> dict[str, str]:
    """Choose values for the variables as Grafana offers them, each after those that it depends on."""
    wanted = {"job": "memtest", "instance": stack.targets[REAL], "run": REAL, "candidate": REAL, "baseline": CLEAN}
    if "baseline" in {variable["name"] for variable in variables(dashboard)}:
        wanted |= {"instance": ".+", "run": ".+"}
    values: dict[str, str] = {}
    for variable in variables(dashboard):
        if variable["type"] != "query":
            continue
        name = variable["name"]
        function, expression, label = variable_query(variable)
        query = put_in(expression, values)
        wait_until(partial(stack.answered, query), f"a value of ${name}")
        if function == "query_result":
            values[name] = str(int(float(stack.prometheus.query(query)[0]["value"][1])))
        elif wanted.get(name) == ".+":
            values[name] = ".+"
        else:
            offered = partial(stack.offered, query, label, wanted.get(name))
            values[name] = wait_until(offered, f"{wanted.get(name, 'a value')} as ${name}")
    return values


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.stem)
def test_every_query_of_every_panel_and_variable_returns_data(stack: Stack, path: Path) -> None:
    dashboard = load(path)
    values = choices(stack, dashboard)
    for panel, target in queries(dashboard):
        query = put_in(target["expr"], values)
        what = f"{panel['title']!r}, query {target['refId']}: {query}"
        if NOT_HERE.search(query):
            stack.answered(query)  # at least it is understood
        else:
            wait_until(partial(stack.answered, query), what)


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.stem)
def test_annotations_can_be_asked_for(stack: Stack, path: Path) -> None:
    dashboard = load(path)
    values = choices(stack, dashboard)
    for annotation in dashboard["annotations"]["list"]:
        found = stack.answered(put_in(annotation["expr"], values))
        assert found or annotation["name"] != "Run", annotation["name"]
