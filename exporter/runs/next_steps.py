"""The commands that go on from a run that has ended, with the files that it has written."""

import shlex
from collections.abc import Sequence
from pathlib import Path

_EARLIER = "EARLIER.csv"


def next_steps(csv: Sequence[Path]) -> list[str]:
    """What to print after the report: three commands on the CSV files, or how to keep one."""
    if not csv:
        return ["Next: keep the samples with --csv out.csv, for exporter plot, analyze and compare"]
    files = [shlex.quote(str(path)) for path in csv]
    compared = files if len(files) > 1 else [_EARLIER, *files]
    return [
        "Next:",
        f"  a page with charts   exporter plot {' '.join(files)}",
        f"  the verdict again    exporter analyze {' '.join(files)}",
        f"  is one worse?        exporter compare {' '.join(compared)}",
    ]
