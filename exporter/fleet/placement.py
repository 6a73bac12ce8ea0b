"""The part `kubernetes` of a plan: what a cell gets on a cluster, where it runs, and where its files go."""

from typing import Annotated, Any

import msgspec

from exporter.settings.kinds import DURATION, OBJECT_STORAGE

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
OBJECT_NAME = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
_TIMES = {"m": 1e-3} | {unit: 1000.0 ** (power + 1) for power, unit in enumerate(("k", "M", "G", "T", "P"))}
_TIMES |= {unit: 1024.0 ** (power + 1) for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi"))}
QUANTITY = rf"^[0-9]+(\.[0-9]+)?({'|'.join(_TIMES)})?$"
ObjectName = Annotated[str, msgspec.Meta(pattern=OBJECT_NAME, description="The name of an object.")]
Quantity = Annotated[
    str,
    msgspec.Meta(
        pattern=QUANTITY,
        description="As Kubernetes writes quantities.",
        examples=["500m", "1Gi"],
    ),
]
_LEAST_MEMORY_BYTES = 1 << 20
Resources = dict[Text, Quantity | Annotated[int, msgspec.Meta(ge=0)]]


class Artefacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where CSV files, reports and logs of cells go: a volume by its claim, or object storage by its URL.

    ``secret`` names a Secret whose keys are set in the environment of a cell: AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL for a server that isn't Amazon's.
    """

    claim: ObjectName = ""
    url: Annotated[str, msgspec.Meta(max_length=1000, examples=["s3://bucket/prefix"])] = ""
    secret: ObjectName = ""

    def __post_init__(self) -> None:
        if bool(self.claim) == bool(self.url):
            raise ValueError("artefacts go to a claim or to a url: name one of them")
        if self.url:
            try:
                OBJECT_STORAGE.read(self.url)
            except ValueError as error:
                raise ValueError(f"the url of artefacts is not one of S3: {error}") from None
        if self.secret and not self.url:
            raise ValueError("a secret is for a url: leave it out with a claim")

    def url_of(self, job: str) -> str:
        """Where the files of a Job are in object storage."""
        return f"{self.url.rstrip('/')}/{job}"


class Placement(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True, omit_defaults=True
):
    """What a cell gets on a cluster. ``linger`` is how long it serves its last state, for Prometheus to see it."""

    image: Text = ""
    pull_secrets: tuple[ObjectName, ...] = ()
    parallelism: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    requests: Resources = {}
    limits: Resources = {}
    node_selector: dict[Text, str] = {}
    tolerations: tuple[dict[str, Any], ...] = ()
    priority_class: ObjectName = ""
    environment: dict[Text, str] = {}
    artefacts: Artefacts | None = None
    linger: Annotated[str, msgspec.Meta(max_length=100, examples=["45s"])] = "45s"

    def __post_init__(self) -> None:
        DURATION.read(self.linger)
        for resources in (self.requests, self.limits):
            memory = resources.get("memory")
            if memory is not None and _number_of(memory) < _LEAST_MEMORY_BYTES:
                raise ValueError(f"memory {memory!r} is {_number_of(memory):g} bytes: give a quantity like 256Mi")
        for name in self.requests.keys() & self.limits.keys():
            if _number_of(self.requests[name]) > _number_of(self.limits[name]):
                above = f"{self.requests[name]!r} of {name} is requested, above the limit of {self.limits[name]!r}"
                raise ValueError(f"{above}: raise the limit, or request less")


def _number_of(quantity: str | int) -> float:
    """A quantity in bytes, cores or pieces."""
    text = str(quantity)
    number = text.rstrip("".join(_TIMES))
    return float(number) * _TIMES.get(text[len(number) :], 1.0)
