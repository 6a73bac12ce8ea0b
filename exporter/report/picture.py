"""The report as a still picture, PNG or SVG: memory over time with its floors and fitted growth."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from exporter.errors import ConfigError
from exporter.record.column import Column
from exporter.record.columns import HEAP, RESIDENT
from exporter.report.prepared import Prepared, columns_of
from exporter.report.runs import printable
from exporter.report.thinning import Floats, thin
from exporter.whole_files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MIB = 1 << 20
_INCHES_WIDE, _INCHES_A_CHART, _INCHES_OF_HEAD = 11.0, 3.0, 0.9
_DOTS_PER_INCH = 144
_POINTS = 3_000
_LONGEST_LABEL, _LONGEST_TEXT = 48, 120
_COLOURS = ("#1f5fc8", "#c25a08", "#0b7d68", "#b42f78", "#8a6c00", "#6a3fc4", "#0a7796", "#5d6b12")
_STYLES = ("-", "--", ":")
_TEXT, _QUIET, _GRID = "#171b24", "#566072", "#dce1e9"


def write_picture(path: Path, runs: Sequence[Prepared], title: str, conclusion: str) -> None:
    """Write a picture in the format that the path's suffix names, .png or .svg.

    Raises ConfigError when ``path`` can't be written.
    """
    import matplotlib as mpl  # an extra, which the settings of the command ask for
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    kind = path.suffix.lstrip(".").lower()
    height = _INCHES_OF_HEAD + _INCHES_A_CHART * len(_columns(runs))
    with mpl.rc_context(), warnings.catch_warnings():
        # Its font has no emoji; their boxes are worth no warning.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        mpl.rcParams["text.parse_math"] = False  # no "$" in a label starts a formula
        mpl.rcParams["svg.hashsalt"] = "memtest-exporter"  # the same runs give the same file
        layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - _INCHES_OF_HEAD / height))
        figure = Figure(figsize=(_INCHES_WIDE, height), layout=layout, facecolor="white")
        _draw_all(figure, runs, title, conclusion)
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        picture = io.BytesIO()
        figure.savefig(picture, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)
        try:
            write_whole(path, picture.getvalue())
        except OSError as error:
            raise ConfigError(f"can't write {path}: {error.strerror}; name another file") from error


def _columns(runs: Sequence[Prepared]) -> list[Column]:
    return columns_of(runs, (RESIDENT, HEAP)) or [RESIDENT]


def _draw_all(figure: "Figure", runs: Sequence[Prepared], title: str, conclusion: str) -> None:
    height = figure.get_figheight()
    for text, inches, size, weight in ((title, 0.26, 14, "bold"), (conclusion, 0.6, 10.5, "normal")):
        figure.text(
            0.012,
            1 - inches / height,
            _short(text, _LONGEST_TEXT),
            fontsize=size,
            fontweight=weight,
            color=_TEXT,
            verticalalignment="center",
        )
    columns = _columns(runs)
    charts = figure.subplots(len(columns), 1, sharex=True, squeeze=False)[:, 0]
    for axes, column in zip(charts, columns, strict=True):
        _draw(axes, runs, column)
    charts[-1].set_xlabel("minutes", color=_QUIET)


def _draw(axes: "Axes", runs: Sequence[Prepared], column: Column) -> None:
    for index, run in enumerate(runs):
        values = run.values(column)
        if values is not None:
            _draw_run(axes, run, column, values, index)
    axes.set_title(f"{column.title}, MiB", loc="left", fontsize=10.5, color=_TEXT)
    axes.grid(visible=True, color=_GRID, linewidth=0.8)
    axes.tick_params(colors=_QUIET, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9, labelcolor=_TEXT, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_run(axes: "Axes", run: Prepared, column: Column, values: Floats, index: int) -> None:
    colour = _COLOURS[index % len(_COLOURS)]
    style = _STYLES[index // len(_COLOURS) % len(_STYLES)]
    line = thin(run.times.seconds, values, _POINTS)
    marker = "o" if len(line.t) < 3 else None
    label = _short(run.label, _LONGEST_LABEL)
    axes.plot(line.t / 60, line.y / _MIB, style, color=colour, linewidth=1.2, marker=marker, label=label)
    growth = run.growth.get(column.name)
    if growth is not None:
        minutes, floors = growth.floor_seconds / 60, growth.floors / _MIB
        axes.plot(minutes, floors, "o", color=colour, markersize=3, markerfacecolor="white")
        axes.plot(growth.fit_seconds / 60, growth.fit / _MIB, "--", color=_TEXT, linewidth=1.4)


def _short(text: str, most: int) -> str:
    line = printable(text)
    return line if len(line) <= most else line[: most - 1] + "…"
