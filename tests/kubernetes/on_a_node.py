"""A plan of eight cells on a real Kubernetes of one node: `make kubernetes-test` runs this beside the node.

Two cells at once; two leak, the subjects of two crash. Meanwhile a pod is evicted and another deleted, the kubelet and
the controllers are started anew, and whoever follows the Job goes away and comes back without the plan.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from stack_tools import ROOT, operator_definitions, program

NODE = Path(os.environ["NODE"])
EXPORTER = (sys.executable, "-m", "exporter", "matrix")
DRIVER = "python /opt/drivers/python/fake_driver.py"
STORAGE = "http://10.217.0.1:7070"
KEYS = {"AWS_ACCESS_KEY_ID": "memtest", "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-test"}
PLAN = textwrap.dedent(
    f"""
    name: real
    drivers:
      - python
      - {{name: steady, command: {DRIVER}}}
      - {{name: leaking, command: {DRIVER} --leak-bytes-per-payment 1024}}
      - {{name: crashing, command: {DRIVER} --crash-after 200}}
    scenarios: {{pay: {{}}}}
    durations: [60s]
    repetitions: 2
    options: {{interval: 20ms, mem-interval: 2s, settle-min-gap: 1s, protocol: doubling}}
    kubernetes:
      image: memtest-exporter:test
      parallelism: 2
      requests: {{cpu: 100m, memory: 128Mi}}
      linger: 5s
      artefacts: {{url: "s3://artefacts/nightly", secret: memtest-s3}}
    """
)
GREEDY = textwrap.dedent(
    f"""
    name: greedy
    drivers: [{{name: greedy, command: {DRIVER} --leak-bytes-per-payment 5000000}}]
    scenarios: {{pay: {{}}}}
    durations: [60s]
    options: {{interval: 20ms}}
    kubernetes:
      image: memtest-exporter:test
      requests: {{cpu: 100m, memory: 128Mi}}
      limits: {{memory: 400Mi}}
      linger: 0s
    """
)
# A volume of the node, which the pods' user may write to.
VOLUME = textwrap.dedent(
    """
    apiVersion: v1
    kind: PersistentVolume
    metadata: {{name: nights}}
    spec:
      capacity: {{storage: 1Gi}}
      accessModes: [ReadWriteMany]
      storageClassName: ""
      hostPath: {{path: {path}}}
    ---
    apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {{name: nights}}
    spec:
      accessModes: [ReadWriteMany]
      storageClassName: ""
      volumeName: nights
      resources: {{requests: {{storage: 1Gi}}}}
    """
)
NIGHT = {
    "image": {"repository": "memtest-exporter", "tag": "test"},
    "nightly": {
        "enabled": True,
        "schedule": "0 0 29 2 *",  # hardly ever: the test makes the night
        "plan": {
            "name": "night",
            "drivers": [
                {"name": "steady", "command": DRIVER},
                {"name": "leaking", "command": f"{DRIVER} --leak-bytes-per-payment 1024"},
            ],
            "scenarios": {"pay": {}},
            "durations": ["60s"],
            "options": {"interval": "20ms", "mem-interval": "2s", "settle-min-gap": "1s", "protocol": "doubling"},
            "kubernetes": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "artefacts": {"claim": "nights"},
                "linger": "0s",
            },
        },
    },
    "monitoring": {"dashboards": {"enabled": True}},
}
PATIENCE_SECONDS = 1500.0


def kubectl(*args: str, stdin: str = "") -> str:
    done = subprocess.run(["cluster", "kubectl", *args], input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def matrix(*args: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `exporter matrix` in a directory to its end, and show what it printed."""
    done = subprocess.run(
        [*EXPORTER, *args],
        cwd=directory,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    print(done.stdout, done.stderr)
    return done


def objects(kind: str, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl("get", kind, "--output=json", *args))["items"]
    return found


def until(true: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert time.monotonic() < end, f"{what} did not come about"
        time.sleep(0.5)
    return found


def running(job: str = "") -> dict[int, str]:
    """The pods that run, by the numbers of their cells."""
    label = "batch.kubernetes.io/job-completion-index"
    pods = objects("pods", "--field-selector=status.phase=Running")
    return {
        int(pod["metadata"]["labels"][label]): pod["metadata"]["name"]
        for pod in pods
        if pod["metadata"]["name"].startswith(job) and not pod["metadata"].get("deletionTimestamp")
    }


def restart(part: str) -> None:
    """Kill a part of the node and start it anew."""
    pid = int((NODE / f"{part}.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}/exe").exists(), f"the end of the {part}")
    with (NODE / f"{part}.log").open("a") as log:
        command = (NODE / f"{part}.command").read_text()
        subprocess.Popen(["bash", "-c", f"echo $$ >{NODE}/{part}.pid; exec {command}"], stdout=log, stderr=log)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An S3 server, and the directory in which it keeps its buckets as directories."""
    directory = tmp_path_factory.mktemp("s3")
    (directory / "artefacts").mkdir()
    port = f":{STORAGE.rpartition(':')[2]}"
    environment = os.environ | {"ROOT_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"]}
    environment["ROOT_SECRET_KEY"] = KEYS["AWS_SECRET_ACCESS_KEY"]
    with (NODE / "s3.log").open("w") as log:
        server = subprocess.Popen(
            ["versitygw", "--port", port, "posix", "--nometa", directory], env=environment, stdout=log, stderr=log
        )
    secret = [f"--from-literal={name}={value}" for name, value in {**KEYS, "AWS_ENDPOINT_URL": STORAGE}.items()]
    kubectl("create", "secret", "generic", "memtest-s3", *secret)
    yield directory
    kubectl("delete", "secret", "memtest-s3")
    server.terminate()
    server.wait()


def test_a_plan_is_run_to_its_table_whatever_happens_meanwhile(storage: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN)
    first = subprocess.Popen(
        [*EXPORTER, "plan.yaml", "--kubernetes"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    pods = until(lambda: len(found := running()) == 2 and found, "two running pods")
    (job,) = objects("jobs")
    name = job["metadata"]["name"]

    # The first cells: one is evicted, one deleted; both begin anew.
    evicted, deleted = pods[0], pods[1]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": evicted, "namespace": "default"}}
    kubectl(
        "create", "--raw", f"/api/v1/namespaces/default/pods/{evicted}/eviction", "-f", "-", stdin=json.dumps(eviction)
    )
    kubectl("delete", "pod", deleted, "--wait=false")
    until(lambda: not {evicted, deleted} & set(running().values()), "the end of both pods")
    until(lambda: len(running()) == 2, "two running pods again")

    # Whoever followed the Job goes; the parts of the node are started anew under it.
    first.send_signal(signal.SIGINT)
    output, _ = first.communicate(timeout=60)
    assert first.returncode == 130, output
    assert f"--job {name}" in output
    restart("kubelet")
    restart("manager")

    # Elsewhere, without the plan, it is followed to its end.
    again = matrix("--kubernetes", "--job", name, "--json", "all.json", "--junit", "all.xml", directory=tmp_path)
    assert again.returncode == 1, again.stderr  # two of the cells leak
    found = json.loads((tmp_path / "all.json").read_text())
    cells = {cell["cell"]: cell for cell in found["cells"]}
    assert sorted(cells) == list(range(8))
    assert Counter(cell["exit_code"] for cell in cells.values()) == {0: 4, 1: 2, 4: 2}
    verdicts = {row["combination"]["driver"]: row["verdicts"] for row in found["rows"]}
    assert verdicts["leaking"] == {"leak": 2}
    assert "Verdict: leak" in again.stdout

    # Nothing but the API was needed for that; the files are where the plan says.
    kept = {path.name for path in (storage / "artefacts" / "nightly" / name / "cells").iterdir()}
    assert kept == {str(number) for number in range(8)}
    for number in range(8):
        files = {path.name for path in (storage / "artefacts" / "nightly" / name / "cells" / str(number)).iterdir()}
        assert {"out.csv", "log.txt", "result.json"} <= files
        result = json.loads(
            (storage / "artefacts" / "nightly" / name / "cells" / str(number) / "result.json").read_text()
        )
        assert result == cells[number]

    # From there they are put on one page, with the same table.
    url = f"s3://artefacts/nightly/{name}"
    assert f"exporter matrix --fetch {url}" in again.stdout
    fetched = matrix("--fetch", url, "--json", "fetched.json", directory=tmp_path, **KEYS, AWS_ENDPOINT_URL=STORAGE)
    assert fetched.returncode == 1, fetched.stderr
    assert json.loads((tmp_path / "fetched.json").read_text()) == found
    assert (tmp_path / "matrix-real" / "report.html").stat().st_size > 0

    gone = matrix("--kubernetes", "--job", name, "--delete", directory=tmp_path)
    assert (gone.returncode, gone.stdout) == (0, f"Deleted: Job {name} in namespace default, with its pods\n"), (
        gone.stderr
    )
    assert objects("jobs") == []
    assert objects("pods") == []


def test_a_subject_that_takes_all_memory_is_a_result(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(GREEDY)
    done = matrix("plan.yaml", "--kubernetes", "--json", "all.json", directory=tmp_path)
    assert done.returncode == 4, done.stderr
    (cell,) = json.loads((tmp_path / "all.json").read_text())["cells"]
    assert "memory runs out" in cell["reason"] or "out of memory" in cell["reason"]
    assert len(objects("pods")) == 1  # it was tried once
    subprocess.run([*EXPORTER, "plan.yaml", "--kubernetes", "--delete"], cwd=tmp_path, check=True)
    assert objects("pods") == []


def helm(*args: str, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    command = [program("helm"), *args, "night", str(ROOT / "charts" / "memtest-exporter"), "--values", "-"]
    return subprocess.run(command, input=yaml.safe_dump(values), capture_output=True, text=True)


def test_the_chart_makes_nights_whose_files_stay_in_a_volume(tmp_path_factory: pytest.TempPathFactory) -> None:
    volume = tmp_path_factory.mktemp("volume")
    for each in (volume, *volume.parents[:2]):
        each.chmod(0o755)
    os.chown(volume, 10001, 10001)
    kubectl("apply", "-f", "-", stdin=VOLUME.format(path=volume))
    operated = {**NIGHT, "monitoring": {name: {"enabled": True} for name in ("podMonitor", "prometheusRule")}}

    # Without the operator's resources the monitors are refused, and nothing is left half-installed.
    refused = helm("install", values=operated)
    assert refused.returncode != 0
    assert "ensure CRDs are installed first" in refused.stderr
    assert objects("cronjobs") == []

    installed = helm("install", values=NIGHT)
    assert installed.returncode == 0, installed.stderr
    (cron,) = objects("cronjobs")
    kubectl("create", "job", f"--from=cronjob/{cron['metadata']['name']}", "first-night")
    followed = matrix("--kubernetes", "--job", "first-night", "--json", "all.json", directory=volume)
    assert followed.returncode == 1, followed.stderr
    rows = json.loads((volume / "all.json").read_text())["rows"]
    assert {row["combination"]["driver"]: row["verdicts"] for row in rows} == {
        "steady": {"no leak": 1},
        "leaking": {"leak": 1},
    }
    for number in (0, 1):
        kept = {path.name for path in (volume / "first-night" / "cells" / str(number)).iterdir()}
        assert {"out.csv", "log.txt", "report.html", "verdict.json", "result.json"} <= kept

    # With them, the same release takes monitors and rules.
    for kind in ("podmonitors", "prometheusrules"):
        kubectl("create", "-f", str(operator_definitions() / f"monitoring.coreos.com_{kind}.yaml"))
    kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all", "--timeout=120s")
    upgraded = helm("upgrade", values=operated)
    assert upgraded.returncode == 0, upgraded.stderr
    assert len(objects("podmonitors")) == len(objects("prometheusrules")) == 1

    # Its nights go with it, and their files stay.
    done = subprocess.run([program("helm"), "uninstall", "night", "--wait"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert objects("cronjobs") == objects("podmonitors") == objects("prometheusrules") == []
    until(lambda: objects("jobs") == objects("pods") == [], "the end of the night's Job")
    runs = [str(each) for each in sorted(volume.glob("first-night/cells/*/out.csv"))]
    assert len(runs) == 2
    subprocess.run([sys.executable, "-m", "exporter", "plot", *runs, "--output", "page.html"], cwd=volume, check=True)
    assert (volume / "page.html").stat().st_size > 0
    kubectl("delete", "persistentvolumeclaim,persistentvolume", "nights")
