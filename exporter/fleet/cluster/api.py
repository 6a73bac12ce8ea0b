"""The API of a cluster: the few calls that a plan takes, by the official client, which is imported here only."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import urllib3

from exporter.checked import printable
from exporter.errors import ConfigError, ExporterError
from exporter.fleet.cluster.objects import JOB_LABEL, Event, Job, Listing, Notice, Pod, Status

T = TypeVar("T", Job, Pod, Notice)

PAGE = 250
# A watch ends by itself and is begun anew; without an answer for longer, the connection is taken for dead.
WATCH_SECONDS = 120
_TIMEOUTS = (10.0, 30.0)  # to connect, to answer
_WATCH_TIMEOUTS = (10.0, WATCH_SECONDS + 30.0)


class GoneError(Exception):
    """What a watch would go on from is too old: list anew."""


class ApiError(ExporterError):
    """The API refused, or could not be reached. ``refused`` if asking again would not help."""

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(printable(text, 500))
        self.status = status

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500 and self.status not in (408, 409, 429)


@dataclass(frozen=True)
class Source(Generic[T]):
    """Objects of one kind that are listed and watched."""

    call: Callable[..., Any] = field(repr=False)
    kind: type[T]


class Cluster:
    """The Jobs of one namespace, with their pods."""

    def __init__(self, batch: Any, core: Any, namespace: str) -> None:
        self._batch = batch
        self._core = core
        self.namespace = namespace

    def create(self, job: dict[str, Any]) -> None:
        """Create a Job; raises ApiError, whose status is 409 if one of this name exists."""
        self._asked(self._batch.create_namespaced_job, self.namespace, job)

    def job(self, name: str) -> dict[str, Any] | None:
        """The whole Job of a name, or None; raises ApiError."""
        try:
            found: dict[str, Any] = msgspec.json.decode(
                self._asked(self._batch.read_namespaced_job, name, self.namespace)
            )
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return found

    def delete(self, name: str) -> None:
        """Delete a Job with its pods; it is gone once its pods are. Raises ApiError, also if there is none."""
        self._asked(self._batch.delete_namespaced_job, name, self.namespace, propagation_policy="Foreground")

    def job_source(self, name: str) -> Source[Job]:
        return Source(self._listing(self._batch.list_namespaced_job, field_selector=f"metadata.name={name}"), Job)

    def pod_source(self, job: str) -> Source[Pod]:
        return Source(self._listing(self._core.list_namespaced_pod, label_selector=f"{JOB_LABEL}={job}"), Pod)

    def refused_pod_source(self, job: str) -> Source[Notice]:
        """Why pods of a Job can't even be made: a quota, or what the namespace admits."""
        selector = f"involvedObject.kind=Job,involvedObject.name={job},reason=FailedCreate"
        return Source(self._listing(self._core.list_namespaced_event, field_selector=selector), Notice)

    def pages(self, source: Source[T]) -> Iterator[Listing[T]]:
        """Every object there is, in pages, so that none has to be large; raises ApiError and GoneError."""
        rest: str | None = None
        decoder = msgspec.json.Decoder(Listing[source.kind])  # type: ignore[name-defined]
        while rest is None or rest:
            page: Listing[T] = decoder.decode(
                self._asked(source.call, limit=PAGE, **{"_continue": rest} if rest else {})
            )
            rest = page.metadata.continue_
            yield page

    def changes(self, source: Source[T], version: str, stop: threading.Event) -> Iterator[tuple[str, T]]:
        """What becomes of the objects after a version: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``.

        Ends after a while, or once ``stop`` is set and something arrives. Raises ApiError and GoneError.
        """
        response = self._called(
            source.call,
            watch=True,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=WATCH_SECONDS,
            _request_timeout=_WATCH_TIMEOUTS,
        )
        event, item = msgspec.json.Decoder(Event), msgspec.json.Decoder(source.kind)
        try:
            for line in _lines(response):
                if stop.is_set():
                    return
                found = event.decode(line)
                if found.type == "ERROR":
                    _raise(msgspec.json.decode(found.object, type=Status))
                yield found.type, item.decode(found.object)
        except (urllib3.exceptions.HTTPError, msgspec.DecodeError) as error:
            raise ApiError(f"the watch broke off ({type(error).__name__})") from error
        finally:
            response.close()

    def _listing(self, call: Callable[..., Any], **selector: str) -> Callable[..., Any]:
        return lambda **options: call(self.namespace, **selector, **options)

    def _asked(self, call: Callable[..., Any], *args: Any, **options: Any) -> bytes:
        data: bytes = self._called(call, *args, **options).data
        return data

    def _called(self, call: Callable[..., Any], *args: Any, **options: Any) -> urllib3.HTTPResponse:
        from kubernetes.client.exceptions import ApiException

        options = {"_request_timeout": _TIMEOUTS, **options, "_preload_content": False}
        try:
            response: urllib3.HTTPResponse = call(*args, **options)
        except ApiException as error:
            raise _refusal(error.status or 0, error.body or error.reason or "") from error
        except urllib3.exceptions.HTTPError as error:
            why = str(getattr(error, "reason", None) or error).rpartition(": ")[2]
            raise ApiError(f"the API server can't be reached ({why}); see that the cluster is up") from error
        if response.status >= 400:
            raise _refusal(response.status, response.data)
        return response


def connect(context: str, namespace: str) -> Cluster:
    """The cluster of a kubeconfig's context; raises ConfigError.

    Empty: the context that is current, the namespace that the context names.
    """
    # An extra, which the settings of the command ask for.
    from kubernetes import config
    from kubernetes.client.api.batch_v1_api import BatchV1Api
    from kubernetes.client.api.core_v1_api import CoreV1Api
    from kubernetes.client.api_client import ApiClient
    from kubernetes.client.configuration import Configuration

    settings = Configuration()
    path = os.environ.get("KUBECONFIG") or None
    try:
        config.load_kube_config(path, context or None, settings, persist_config=False)
        contexts, current = config.list_kube_config_contexts(path)
        named = next((each for each in contexts if each["name"] == context), current)
        found = named["context"].get("namespace", "")
    except config.ConfigException as error:
        raise ConfigError(
            f"no cluster is known ({printable(str(error), 200)}): name a kubeconfig with KUBECONFIG, or its context "
            "with --context"
        ) from None
    client = ApiClient(settings)
    return Cluster(BatchV1Api(client), CoreV1Api(client), namespace or found or "default")


def _refusal(status: int, body: str | bytes) -> Exception:
    try:
        said = msgspec.json.decode(body, type=Status).message
    except msgspec.DecodeError:
        said = body.decode(errors="replace") if isinstance(body, bytes) else body
    return GoneError(said) if status == 410 else ApiError(f"the API server refused ({status}): {said}", status=status)


def _raise(said: Status) -> None:
    raise _refusal(said.code, said.message)


def _lines(response: urllib3.HTTPResponse) -> Iterator[bytes]:
    """The lines of a response as they come."""
    rest = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(None, lines)
