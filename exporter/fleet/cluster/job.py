"""The Job of a plan, as Kubernetes reads it. The Helm chart makes the same, and a test compares the two."""

from pathlib import Path
from typing import Any

import yaml

from exporter.errors import ConfigError
from exporter.fleet.cells import cells_of, fingerprint
from exporter.fleet.placement import Placement
from exporter.fleet.plan import Plan

PLAN_KEY = "memtest/plan"  # the label with the plan's name, and the annotation with its text
CONTAINER = "cell"
# Of all annotations of an object, 256 KiB; kubectl may keep a copy of the object in one.
_MOST_PLAN_BYTES = 100 * 1024
_TEMPLATE = Path(__file__).with_name("job.yaml")

Object = dict[str, Any]


def default_name(plan: Plan) -> str:
    """What the Job of a plan is called if nobody says: the same for the same cells, so that it is found again."""
    return f"memtest-{plan.name}-{fingerprint(cells_of(plan))[:8]}"


def job_of(plan: Plan, text: str, name: str, image: str = "") -> Object:
    """The Job that runs every cell of a plan, whose text it carries; raises ConfigError if that can't be.

    ``image`` is taken where the plan names none.
    """
    place = plan.kubernetes
    if not (image := image or place.image):
        raise ConfigError("no image is named: name one with --image, or as image in the plan's part kubernetes")
    if len(text.encode()) > _MOST_PLAN_BYTES:
        raise ConfigError(f"the plan has {len(text.encode())} bytes: make it {_MOST_PLAN_BYTES} at most for a Job")
    job: Object = yaml.safe_load(_TEMPLATE.read_text())
    job["metadata"]["name"] = name
    spec, template = job["spec"], job["spec"]["template"]
    spec |= {
        "completions": len(cells_of(plan)),
        "parallelism": place.parallelism,
        "backoffLimitPerIndex": plan.limits.retries,
    }
    for labels in (job["metadata"]["labels"], template["metadata"]["labels"]):
        labels[PLAN_KEY] = plan.name
    template["metadata"]["annotations"][PLAN_KEY] = text
    _place(template["spec"], place)
    template["spec"]["containers"][0]["image"] = image
    return job


def _place(pod: Object, place: Placement) -> None:
    """Fill in what the plan says of its pods; what it says nothing of stays as it is."""
    cell = pod["containers"][0]
    cell["resources"] |= _named(requests=place.requests, limits=place.limits)
    cell["env"] += [{"name": name, "value": value} for name, value in sorted(place.environment.items())]
    pod |= _named(
        priorityClassName=place.priority_class,
        nodeSelector=place.node_selector,
        tolerations=list(place.tolerations),
        imagePullSecrets=[{"name": name} for name in place.pull_secrets],
    )
    if place.artefacts and place.artefacts.secret:
        cell["envFrom"] = [{"secretRef": {"name": place.artefacts.secret}}]
    if place.artefacts and place.artefacts.claim:
        (volume,) = (each for each in pod["volumes"] if each["name"] == "artefacts")
        volume |= {"persistentVolumeClaim": {"claimName": place.artefacts.claim}}
        del volume["emptyDir"]


def _named(**values: Any) -> Object:
    return {name: value for name, value in values.items() if value}
