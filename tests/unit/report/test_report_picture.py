"""Still pictures: of the right format, the same for the same runs, whatever the labels."""

import struct
import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from full_disk import fill
from report_runs import prepared, series

from exporter.analysis.series import Run
from exporter.errors import ConfigError
from exporter.report.picture import write_picture

LABEL = "$x$ <b> 😀 \\frac{" + "x" * 300


def small(name: str = "small") -> Run:
    """For one chart, where what is drawn doesn't matter."""
    return Run.of(name, elapsed_sec=np.arange(9.0), rss_bytes=np.arange(9.0))


def test_a_png_is_as_wide_as_it_says(tmp_path: Path) -> None:
    write_picture(tmp_path / "out.png", prepared(small()), "Title", "Leak")
    head = (tmp_path / "out.png").read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert struct.unpack(">II", head[16:24])[0] == 1584


def test_an_svg_is_xml_and_always_the_same(tmp_path: Path) -> None:
    runs = prepared(series("a"), small("b"))
    for name in ("a.svg", "b.svg"):
        write_picture(tmp_path / name, runs, "Title", "Leak")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_no_label_is_a_formula_or_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_picture(tmp_path / "out.png", prepared(small(LABEL)), LABEL, LABEL)
    assert (tmp_path / "out.png").stat().st_size > 10_000


@pytest.mark.parametrize("samples", [0, 1])
def test_hardly_any_sample(samples: int, tmp_path: Path) -> None:
    run = Run.of("short", elapsed_sec=np.zeros(samples), rss_bytes=np.ones(samples))
    write_picture(tmp_path / "out.png", prepared(run), "Title", "Inconclusive")
    assert (tmp_path / "out.png").stat().st_size > 1_000


def test_a_path_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"can't write .*name another file"):
        write_picture(tmp_path / "missing" / "out.png", prepared(small()), "Title", "Leak")


@pytest.mark.parametrize("name", ["out.png", "OUT.SVG"])
def test_a_full_disk_leaves_the_picture_as_it_was(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_text("before")
    fill(monkeypatch)
    with pytest.raises(ConfigError, match="No space left on device"):
        write_picture(tmp_path / name, prepared(small()), "Title", "Leak")
    assert (tmp_path / name).read_text() == "before"
