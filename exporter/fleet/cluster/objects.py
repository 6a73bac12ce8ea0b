"""What is read of the API's objects. All else is skipped as it arrives: a thousand pods take little memory."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

INDEX_LABEL = "batch.kubernetes.io/job-completion-index"
JOB_LABEL = "batch.kubernetes.io/job-name"
_BREAKING = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"})


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str = ""
    labels: dict[str, str] = {}


class Waiting(msgspec.Struct, frozen=True, rename="camel"):
    reason: str = ""
    message: str = ""


class Terminated(msgspec.Struct, frozen=True, rename="camel"):
    exit_code: int
    reason: str = ""
    message: str = ""


class ContainerState(msgspec.Struct, frozen=True, rename="camel"):
    waiting: Waiting | None = None
    terminated: Terminated | None = None


class ContainerStatus(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    state: ContainerState = ContainerState()


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class PodStatus(msgspec.Struct, frozen=True, rename="camel"):
    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []


class Pod(msgspec.Struct, frozen=True, rename="camel"):
    metadata: Metadata
    status: PodStatus = PodStatus()

    @property
    def index(self) -> int | None:
        """The number of its cell."""
        text = self.metadata.labels.get(INDEX_LABEL, "")
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def terminated(self) -> Terminated | None:
        """How its container ended."""
        return next((each.state.terminated for each in self.status.container_statuses if each.state.terminated), None)

    @property
    def running(self) -> bool:
        return self.status.phase == "Running"

    @property
    def over(self) -> bool:
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def disrupted(self) -> bool:
        """Whether it had to go: it was evicted or preempted, or its node went."""
        return _holds(self.status.conditions, "DisruptionTarget") is not None

    @property
    def trouble(self) -> str:
        """Why it can't start or be placed, as the API tells; empty if nothing is in its way."""
        for each in self.status.container_statuses:
            if (waiting := each.state.waiting) and waiting.reason in _BREAKING:
                return f"{waiting.reason}: {waiting.message}" if waiting.message else waiting.reason
        for condition in self.status.conditions:
            if (condition.type, condition.status, condition.reason) == ("PodScheduled", "False", "Unschedulable"):
                return f"no node takes it: {condition.message}"
        return ""


class JobSpec(msgspec.Struct, frozen=True, rename="camel"):
    completions: int = 1
    parallelism: int = 1


class JobStatus(msgspec.Struct, frozen=True, rename="camel"):
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    completed_indexes: str = ""
    failed_indexes: str = ""
    conditions: list[Condition] = []


class Job(msgspec.Struct, frozen=True, rename="camel"):
    metadata: Metadata
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    @property
    def completed(self) -> frozenset[int]:
        """The cells that succeeded."""
        return indexes(self.status.completed_indexes)

    @property
    def settled(self) -> frozenset[int]:
        """The cells that are not tried again."""
        return self.completed | indexes(self.status.failed_indexes)

    @property
    def end(self) -> Condition | None:
        """How it ended, if it has: waiting for Complete alone would wait for ever for a Job that fails."""
        return _holds(self.status.conditions, "Complete") or _holds(self.status.conditions, "Failed")


class Notice(msgspec.Struct, frozen=True, rename="camel"):
    """An event of Kubernetes' own, on a Job."""

    metadata: Metadata
    message: str = ""


class ListMetadata(msgspec.Struct, frozen=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Listing(msgspec.Struct, Generic[T], frozen=True, rename="camel"):
    """A page of a list."""

    metadata: ListMetadata
    items: list[T] = []


class Event(msgspec.Struct, frozen=True, rename="camel"):
    """A line of a watch; ``object`` is left as it came, since what it is depends on ``type``."""

    type: str
    object: msgspec.Raw


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What the API answers instead of what was asked for."""

    code: int = 0
    message: str = ""


def indexes(text: str) -> frozenset[int]:
    """The numbers in a text as ``0,3-5,7``."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _holds(conditions: list[Condition], name: str) -> Condition | None:
    return next((each for each in conditions if each.type == name and each.status == "True"), None)
