"""A kubelet without containers: pods that are bound to its node start, run for a while, and end as it is told."""

import heapq
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import urllib3
import yaml

NODE = "played"
WORKERS = 4
LEASE_SECONDS = 10.0
PODS = f"/api/v1/pods?fieldSelector={quote(f'spec.nodeName={NODE}')}"
Object = dict[str, Any]
# What a pod's container ends with: its exit code and its termination message.
End = Callable[[Object], tuple[int, str]]


class Kubelet:
    """Plays the node ``played`` of the cluster of a kubeconfig until the process ends. Raises OSError when refused."""

    def __init__(self, kubeconfig: Path, end_of: End, *, pods: int, seconds: float) -> None:
        """``pods`` is how many the node takes at once, ``seconds`` how long each runs."""
        settings = yaml.safe_load(kubeconfig.read_text())
        cluster, user = settings["clusters"][0]["cluster"], settings["users"][0]["user"]
        self._server = cluster["server"]
        self._http = urllib3.PoolManager(
            ca_certs=cluster["certificate-authority"],
            headers={"Authorization": f"Bearer {user['token']}"},
            maxsize=WORKERS + 2,
            retries=False,
        )
        self._end_of = end_of
        self._seconds = seconds
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        self._order = itertools.count()
        self._known: set[str] = set()
        self._join(pods)
        for work in (self._renew, self._watch, *[self._work] * WORKERS):
            threading.Thread(target=work, daemon=True).start()

    def _join(self, pods: int) -> None:
        room = {"cpu": "10000", "memory": "100000Gi", "pods": str(pods)}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}
        node = {"metadata": {"name": NODE}, "status": {"capacity": room, "allocatable": room, "conditions": [ready]}}
        self._ask("POST", "/api/v1/nodes", node)
        lease = {
            "metadata": {"name": NODE, "namespace": "kube-node-lease"},
            "spec": {"holderIdentity": NODE, "leaseDurationSeconds": 40, "renewTime": now()},
        }
        self._ask("POST", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", lease)

    def _renew(self) -> None:
        path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{NODE}"
        while True:
            time.sleep(LEASE_SECONDS)
            self._ask("PATCH", path, {"spec": {"renewTime": now()}})

    def _watch(self) -> None:
        version = self._ask("GET", PODS)["metadata"]["resourceVersion"]
        while True:
            for event in self._events(f"{PODS}&watch=true&allowWatchBookmarks=true&resourceVersion={version}"):
                pod = event["object"]
                version = pod["metadata"]["resourceVersion"]
                if event["type"] in ("ADDED", "MODIFIED"):
                    self._see(pod)

    def _see(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if "deletionTimestamp" in pod["metadata"]:
            self._do(0.0, lambda: self._remove(pod))
        elif uid not in self._known:
            self._known.add(uid)
            self._do(0.0, lambda: self._prepare(pod))

    def _prepare(self, pod: Object) -> None:
        self._tell(pod, "Pending", {"waiting": {"reason": "ContainerCreating"}})
        self._do(0.5, lambda: self._start(pod))

    def _start(self, pod: Object) -> None:
        started = now()
        self._tell(pod, "Running", {"running": {"startedAt": started}}, ready=True)
        self._do(self._seconds, lambda: self._finish(pod, started))

    def _finish(self, pod: Object, started: str) -> None:
        code, message = self._end_of(pod)
        ended = {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "message": message,
            "startedAt": started,
            "finishedAt": now(),
            "containerID": f"containerd://{pod['metadata']['uid']}",
        }
        # A kubelet tells of the container first, and then of the pod.
        self._tell(pod, "Running", {"terminated": ended})
        self._tell(pod, "Failed" if code else "Succeeded", {"terminated": ended})

    def _tell(self, pod: Object, phase: str, state: Object, *, ready: bool = False) -> None:
        (container,) = pod["spec"]["containers"]
        status = {
            "phase": phase,
            "hostIP": "10.217.0.1",
            "podIP": "10.217.0.2",
            "startTime": pod["metadata"]["creationTimestamp"],
            "conditions": conditions(ready=ready),
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": f"{container['image']}@sha256:{'0' * 64}",
                    "ready": ready,
                    "restartCount": 0,
                    "state": state,
                }
            ],
        }
        self._ask("PATCH", f"{path_of(pod)}/status", {"status": status})

    def _remove(self, pod: Object) -> None:
        self._ask("DELETE", path_of(pod), {"gracePeriodSeconds": 0})

    def _do(self, seconds: float, step: Callable[[], None]) -> None:
        """Have a step done after so many seconds."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), step))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._due or (left := self._due[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left if self._due else None)
                _, _, step = heapq.heappop(self._due)
            step()

    def _ask(self, method: str, path: str, body: Object | None = None) -> Object:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {**self._http.headers, "Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        answer = self._http.request(method, self._server + path, body=data, headers=headers)
        if answer.status >= 400 and answer.status not in (404, 409):  # the pod is gone meanwhile
            raise OSError(f"{method} {path}: {answer.status} {answer.data.decode()}")
        found: Object = json.loads(answer.data)
        return found

    def _events(self, path: str) -> Iterator[Object]:
        answer = self._http.request("GET", self._server + path, preload_content=False)
        rest = b""
        for chunk in answer.stream():
            *lines, rest = (rest + chunk).split(b"\n")
            yield from map(json.loads, lines)


def conditions(*, ready: bool) -> list[Object]:
    """Of a pod, as a kubelet tells them."""
    held = dict.fromkeys(("PodReadyToStartContainers", "Initialized", "PodScheduled"), True)
    held |= dict.fromkeys(("Ready", "ContainersReady"), ready)
    return [{"type": kind, "status": str(true), "lastTransitionTime": now()} for kind, true in held.items()]


def path_of(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
