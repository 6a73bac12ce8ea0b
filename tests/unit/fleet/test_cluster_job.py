"""The Job of a plan: what Kubernetes is told, and that its own schemas have nothing against it."""

import kubernetes_validate
import pytest
import yaml
from fleet_on_cluster import PLACED
from fleet_plans import NIGHTLY

from exporter.errors import ConfigError
from exporter.exit_codes import ExitCode
from exporter.fleet.cells import cells_of
from exporter.fleet.cluster.job import Object, default_name, job_of
from exporter.fleet.local import SERVED
from exporter.fleet.plan import parse_plan
from exporter.fleet.result import Result

KUBERNETES = "1.34"


def job(text: str, image: str = "memtest:1") -> Object:
    return job_of(parse_plan(text.encode()), text, "a-name", image)


@pytest.mark.parametrize("text", [NIGHTLY, PLACED])
def test_kubernetes_has_nothing_against_it(text: str) -> None:
    kubernetes_validate.validate(job(text), KUBERNETES, strict=True)


def test_kubernetes_is_really_asked() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**job(NIGHTLY), "sped": {}}, KUBERNETES, strict=True)


def test_every_cell_has_a_pod_and_the_plan_goes_with_them() -> None:
    made = job(PLACED)
    plan = parse_plan(PLACED.encode())
    assert made["spec"]["completions"] == len(cells_of(plan))
    assert made["spec"]["template"]["metadata"]["annotations"]["memtest/plan"] == PLACED


def test_what_says_something_of_the_subject_is_not_tried_again_and_the_rest_is() -> None:
    ignored, failing = job(NIGHTLY)["spec"]["podFailurePolicy"]["rules"]
    assert ignored == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    final = {int(code) for code in ExitCode if code and Result(plan="", cell=0, exit_code=code).final}
    assert set(failing["onExitCodes"]["values"]) == final | {137}
    assert failing["action"] == "FailIndex"


def test_a_plan_places_its_pods() -> None:
    made = job(PLACED, image="")
    pod = made["spec"]["template"]["spec"]
    (cell,) = pod["containers"]
    assert (made["spec"]["parallelism"], made["spec"]["backoffLimitPerIndex"]) == (5, 4)
    assert cell["image"] == "registry.example/memtest:7"
    assert cell["resources"] == {
        "requests": {"cpu": "250m", "memory": "300Mi"},
        "limits": {"cpu": 2, "memory": "600Mi"},
    }
    assert (pod["nodeSelector"], pod["priorityClassName"]) == ({"pool": "soak"}, "low")
    assert pod["tolerations"] == [{"key": "soak", "operator": "Exists"}]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert {"name": "PIP_INDEX_URL", "value": "https://mirror.example/simple"} in cell["env"]
    assert cell["envFrom"] == [{"secretRef": {"name": "memtest-s3"}}]


def test_files_go_to_a_claim_where_the_plan_names_one() -> None:
    volumes = {each["name"]: each for each in _volumes("kubernetes: {artefacts: {claim: soak}}")}
    assert volumes["artefacts"] == {"name": "artefacts", "persistentVolumeClaim": {"claimName": "soak"}}
    volumes = {each["name"]: each for each in _volumes("")}
    assert volumes["artefacts"] == {"name": "artefacts", "emptyDir": {}}


def _volumes(more: str) -> list[Object]:
    found: list[Object] = job(f"{NIGHTLY}\n{more}")["spec"]["template"]["spec"]["volumes"]
    return found


def test_pods_are_locked_down() -> None:
    pod = job(NIGHTLY)["spec"]["template"]["spec"]
    (cell,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert cell["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} == set(cell["resources"])


def test_cells_serve_metrics_where_the_pod_says() -> None:
    template = job(NIGHTLY)["spec"]["template"]
    port = template["spec"]["containers"][0]["ports"][0]["containerPort"]
    assert f":{port}" in SERVED
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(port)


def test_the_same_cells_have_the_same_name_and_others_another() -> None:
    plan = parse_plan(NIGHTLY.encode())
    assert default_name(plan) == default_name(parse_plan(f"{NIGHTLY}\nlimits: {{retries: 3}}".encode()))
    longer = yaml.safe_load(NIGHTLY) | {"durations": ["1h"]}
    assert default_name(plan) != default_name(parse_plan(yaml.safe_dump(longer).encode()))


def test_without_an_image_there_is_no_job() -> None:
    with pytest.raises(ConfigError, match="no image is named: name one with --image"):
        job(NIGHTLY, image="")


def test_a_plan_that_no_annotation_holds_is_refused() -> None:
    with pytest.raises(ConfigError, match="make it 102400 at most"):
        job(NIGHTLY + "#" * 110_000)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("{artefacts: {}}", "artefacts go to a claim or to a url"),
        ("{artefacts: {claim: a, url: 's3://b'}}", "artefacts go to a claim or to a url"),
        ("{artefacts: {url: 'http://b'}}", "write it like s3://bucket/prefix"),
        ("{artefacts: {claim: a, secret: b}}", "a secret is for a url"),
        ("{linger: soon}", "write it like 90s"),
        ("{limits: {memory: lots}}", "limits"),
        ("{parallelism: 0}", "parallelism"),
    ],
)
def test_a_placement_that_cant_be_is_refused_in_a_sentence(said: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_plan(f"{NIGHTLY}\nkubernetes: {said}".encode())
