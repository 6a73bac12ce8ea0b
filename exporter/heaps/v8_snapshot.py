"""Heap dumps of V8: what its heap holds, by kind of object.

The format is that of `v8.writeHeapSnapshot`: JSON, in which each object is a row of numbers among all others, as
``snapshot.meta`` describes them.
"""

import json
from collections import defaultdict
from pathlib import Path

from exporter.heaps.frames import Frame
from exporter.heaps.sites import NOTHING, Held, Site
from exporter.settings.files import read_file

# It is read as a whole, into ten times as much memory.
_MOST_BYTES = 256 * 1024 * 1024
_LONGEST_NAME = 80
# Their names are what they hold.
_NAMELESS = ("string", "concatenated string", "sliced string", "number", "bigint", "regexp", "symbol")


def read_v8(path: Path) -> dict[Site, Held]:
    """What V8's heap held, by kind of object; raises OSError, and ValueError for a file that is no snapshot."""
    try:
        found = json.loads(read_file(path, _MOST_BYTES))
        meta, nodes, strings = found["snapshot"]["meta"], found["nodes"], found["strings"]
        fields = meta["node_fields"]
        kinds, width = meta["node_types"][fields.index("type")], len(fields)
        columns = [nodes[fields.index(name) :: width] for name in ("type", "name", "self_size")]
        held: dict[tuple[int, int], Held] = defaultdict(lambda: NOTHING)
        for kind, name, size in zip(*columns, strict=True):
            held[kind, name if kinds[kind] not in _NAMELESS else -1] += Held(size, 1)
        sites: dict[Site, Held] = defaultdict(lambda: NOTHING)
        for (kind, name), what in held.items():
            sites[_site(kinds[kind], strings[name] if name >= 0 else "")] += what
    except (ValueError, KeyError, TypeError, IndexError):
        raise ValueError("it is no snapshot of V8's heap") from None
    return dict(sites)


def _site(kind: str, name: str) -> Site:
    return Site("node", (Frame(f"{kind} {name[:_LONGEST_NAME]}".rstrip(), "", 0),))
