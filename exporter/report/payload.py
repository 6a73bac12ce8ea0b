"""What the page's script is given: the runs and the points of every chart, as JSON that can stand in HTML."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from exporter.analysis.timeline import Timeline
from exporter.record.column import Unit
from exporter.report.charts import Chart, ChartLine, Section
from exporter.report.prepared import Prepared

Floats = NDArray[np.float64]

_CLOCK_POINTS = 1_000
_DECIMALS = {Unit.BYTES: 0, Unit.COUNT: 0, Unit.PER_MINUTE: 2, Unit.SHARE: 5}
_SECONDS_DECIMALS = 3
_PAYMENTS_DECIMALS = 6
_FITTED_DECIMALS = 2  # beyond those of the samples: a fit lies between whole descriptors
# "<" would let a label end the element that holds the data; the two separators end lines in older JavaScript.
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def payload(runs: Sequence[Prepared], sections: Sequence[Section]) -> Markup:
    """All data of the page as one JSON object."""
    phases = sorted({span.name for run in runs for span in run.times.phases})
    data = {
        "phases": phases,
        "runs": [_run(run, phases) for run in runs],
        "charts": [_chart(chart, section) for section in sections for chart in section.charts],
    }
    return embeddable(data)


def embeddable(data: Any) -> Markup:
    """JSON that an HTML ``script`` element can hold, whatever the strings in it are."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Markup(text.translate(_UNSAFE))  # noqa: S704 - what could end the element is escaped just here


def _run(run: Prepared, phases: list[str]) -> dict[str, Any]:
    times = run.times
    return {
        "label": run.label,
        "clock": _clock(times),
        "reconnects": _numbers(times.reconnects, _SECONDS_DECIMALS),
        "restarts": _numbers(times.restarts, _SECONDS_DECIMALS),
        "phases": [[round(span.start, 1), round(span.end, 1), phases.index(span.name)] for span in times.phases],
        "warmup": _warmup(run),
    }


def _warmup(run: Prepared) -> float | None:
    warmup = run.judgement.warmup_sec
    return round(float(run.times.seconds[0]) + warmup, 1) if warmup and len(run.times.seconds) else None


def _clock(times: Timeline) -> dict[str, Any] | None:
    """How many payments had been made when; the script interpolates."""
    if times.payments is None:
        return None
    picked = np.unique(np.linspace(0, len(times.seconds) - 1, _CLOCK_POINTS).astype(np.intp))
    return {
        "t": _numbers(times.seconds[picked], _SECONDS_DECIMALS),
        "payments": _numbers(times.payments[picked], _PAYMENTS_DECIMALS),
    }


def _chart(chart: Chart, section: Section) -> dict[str, Any]:
    return {
        "key": chart.key,
        "title": chart.title,
        "unit": chart.unit,
        "axis": chart.axis,
        # What has a level can start elsewhere; what counts from zero can't.
        "hasLevel": section.key != "load",
        "lines": [_line(line, _DECIMALS[chart.unit]) for line in chart.lines],
    }


def _line(line: ChartLine, decimals: int) -> dict[str, Any]:
    found = {
        "run": line.run,
        "name": line.name,
        "colour": line.colour,
        "samples": line.line.samples,
        "t": _numbers(line.line.t, _SECONDS_DECIMALS),
        "y": _numbers(line.line.y, decimals),
    }
    if line.growth is not None:
        growth = line.growth
        found["floors"] = _points(growth.floor_seconds, growth.floors, decimals)
        found["fit"] = _points(growth.fit_seconds, growth.fit, decimals)
    return found


def _points(seconds: Floats, values: Floats, decimals: int) -> dict[str, Any]:
    return {"t": _numbers(seconds, _SECONDS_DECIMALS), "y": _numbers(values, decimals + _FITTED_DECIMALS)}


def _numbers(values: Floats, decimals: int) -> list[float | int | None]:
    """The values as short as they can be written; None for NaN."""
    rounded = np.round(values, decimals)
    known = ~np.isnan(rounded)
    if (rounded[known] == np.floor(rounded[known])).all():
        return [int(value) if value == value else None for value in rounded.tolist()]
    return [value if value == value else None for value in rounded.tolist()]
