"""Watching: every object of a kind once, and then what becomes of it, over broken connections and restarted servers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from exporter.fleet.cluster.api import ApiError, Cluster, GoneError, Source
from exporter.fleet.cluster.objects import Job, Notice, Pod

T = TypeVar("T", Job, Pod, Notice)

_LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """An object as it is now, or as it was when it was deleted."""

    item: T
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """All objects of a kind have been told; ``names`` are theirs."""

    kind: type[Job] | type[Pod] | type[Notice]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing can be seen; asked again after a pause, unless it is ``final``."""

    text: str
    final: bool = False


Told = Seen[T] | Listed | Trouble


def follow(cluster: Cluster, source: Source[T], tell: Callable[[Told[T]], None], stop: threading.Event) -> None:
    """Tell of a source's objects until ``stop`` is set, or the API refuses; for a thread of its own."""
    pause = 1.0
    while not stop.is_set():
        try:
            version = _list(cluster, source, tell)
            pause = 1.0
            while not stop.is_set():
                for kind, item in cluster.changes(source, version, stop):
                    version = item.metadata.resource_version
                    if kind != "BOOKMARK":
                        tell(Seen(item, deleted=kind == "DELETED"))
                    if stop.is_set():
                        return
        except GoneError:
            continue  # what happened in between is in the next list
        except ApiError as error:
            tell(Trouble(str(error), final=error.refused))
            if error.refused:
                return
            stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _list(cluster: Cluster, source: Source[T], tell: Callable[[Told[T]], None]) -> str:
    """Tell of every object there is; return the version to watch from."""
    names: set[str] = set()
    version = ""
    for page in cluster.pages(source):
        version = page.metadata.resource_version
        for item in page.items:
            names.add(item.metadata.name)
            tell(Seen(item))
    tell(Listed(source.kind, frozenset(names)))
    return version
