"""Open file descriptors of the subject by kind: which kind grows tells what is left behind."""

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

import psutil

from exporter.record.column import Column, Group, Unit, counted

KINDS = ("socket", "file", "pipe", "eventfd", "other")


def _kind(kind: str, title: str, meaning: str, part: str = "") -> Column:
    read = counted("descriptor_kinds", kind)
    return Column(f"fds_{kind}", Unit.COUNT, meaning, read, title=title, group=Group.KINDS, part=part)


class DescriptorKindsProbe:
    """How many descriptors of each kind the subject has open; 10 µs for each of them."""

    name: ClassVar[str] = "descriptor_kinds"
    columns: ClassVar[tuple[Column, ...]] = (
        _kind("socket", "Sockets", "Descriptors that are sockets.", "sockets"),
        _kind("file", "Files", "Descriptors that are files.", "files"),
        _kind("pipe", "Pipes", "Descriptors that are ends of pipes.", "pipes"),
        _kind("eventfd", "Event descriptors", "Descriptors that wake event loops.", "eventfds"),
        _kind("other", "Other descriptors", "Descriptors of any other kind."),
    )
    metric: ClassVar[str] = "memtest_descriptors"
    label: ClassVar[str] = "kind"
    help: ClassVar[str] = "Open file descriptors of the subject by kind, as of the last sample."

    def read(self, process: psutil.Process) -> Mapping[str, int]:
        counts = dict.fromkeys(KINDS, 0)
        directory = f"/proc/{process.pid}/fd"
        for descriptor in os.listdir(directory):
            # It may have been closed since it was listed.
            with suppress(FileNotFoundError):
                counts[kind_of(os.readlink(f"{directory}/{descriptor}"))] += 1
        return counts


def kind_of(link: str) -> str:
    """The kind of a descriptor, from what its link in proc(5)'s ``fd`` directory says."""
    if link.startswith("/"):
        return "file"
    kind = link.partition(":")[0]
    if kind == "anon_inode":
        kind = link.partition(":")[2].strip("[]")
    return kind if kind in KINDS else "other"
