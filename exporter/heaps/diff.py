"""What grew between two heap dumps: the code that allocated what one holds and the other doesn't."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.heaps.dumps import DumpNote, read_note
from exporter.heaps.frames import Frame
from exporter.heaps.reading import read_dump
from exporter.heaps.sites import NOTHING, Held, Site

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HeapDiff:
    """The growth from one dump to another by site, the largest first; ``payments`` were made in between, if known."""

    grown: tuple[tuple[Site, Held], ...]
    growth: int
    seconds: float | None
    payments: int | None
    abandoned_instances: int


def diff_dumps(before: Path, after: Path, payments: int | None = None) -> HeapDiff:
    """Compare two dumps, with so many ``payments`` in between if not as noted; raises ConfigError for a file that is
    none.
    """
    found = diff(read_dump(before), read_dump(after), read_note(before), read_note(after))
    return found if payments is None else replace(found, payments=payments)


def diff(
    before: Mapping[Site, Held], after: Mapping[Site, Held], began: DumpNote | None, ended: DumpNote | None
) -> HeapDiff:
    """As `diff_dumps`, from what the dumps hold."""
    changes = {
        site: Held(
            after.get(site, NOTHING).size - before.get(site, NOTHING).size,
            after.get(site, NOTHING).blocks - before.get(site, NOTHING).blocks,
        )
        for site in before.keys() | after.keys()
    }
    grown = [(site, change) for site, change in changes.items() if change.size > 0]
    grown.sort(key=lambda item: (-item[1].size, str(item[0])))
    growth = sum(change.size for change in changes.values())
    if began is None or ended is None:
        return HeapDiff(tuple(grown), growth, None, None, 0)
    return HeapDiff(
        tuple(grown),
        growth,
        ended.elapsed_sec - began.elapsed_sec,
        ended.payments - began.payments,
        ended.abandoned_instances - began.abandoned_instances,
    )


def format_diff(found: HeapDiff, most: int) -> Iterator[str]:
    """The ``most`` largest sites as lines of text, after what has grown in all."""
    yield f"Grown by {_mib(found.growth)} in all{_since(found)}; the sites that grew most:"
    for site, change in found.grown[:most]:
        yield ""
        yield f"  {change.size:+,} bytes{_shares(change, found)} in {change.blocks:+,} blocks, {site.heap}"
        yield from (f"      {frame}" for frame in site.frames or (Frame("unknown code", "", 0),))
    functions = list(by_function(found.grown))[:most]
    if functions:
        yield ""
        yield "  By function, with what it calls:"
        yield from (f"  {size:+14,} bytes  {frame}" for frame, size in functions)


def top_sites(found: HeapDiff, most: int) -> list[str]:
    """The largest sites, a line each, for the report of a run."""
    return [
        f"{change.size:+,} bytes{_shares(change, found)}: {' < '.join(str(frame) for frame in site.frames[:3])}"
        for site, change in found.grown[:most]
    ]


def by_function(grown: Iterable[tuple[Site, Held]]) -> list[tuple[str, int]]:
    """The growth in each function, in what it calls included, the largest first."""
    sums: dict[str, int] = defaultdict(int)
    for site, change in grown:
        for name in {_named(frame) for frame in site.frames if frame.file}:
            sums[name] += change.size
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def _named(frame: Frame) -> str:
    """A function's name; a block of code has none of its own, so its place is added."""
    return str(frame) if frame.function.startswith("{") else f"{frame.function}  {frame.file}"


def _since(found: HeapDiff) -> str:
    if found.seconds is None:
        return f" over {found.payments} payments" if found.payments else ""
    abandoned = f", {found.abandoned_instances} instances abandoned" if found.abandoned_instances else ""
    return f" over {found.seconds:.0f} s and {found.payments} payments{abandoned}"


def _shares(change: Held, found: HeapDiff) -> str:
    """The growth per payment, and per instance left behind where there were some."""
    shares = f", {change.size / found.payments:,.1f} per payment" if found.payments else ""
    if found.abandoned_instances:
        shares += f", {change.size / found.abandoned_instances:,.0f} per abandoned instance"
    return shares


def _mib(size: int) -> str:
    return f"{size / _MIB:.2f} MiB"
