"""exporter plot: every form that the reference's script takes, and ours."""

import os
import threading
from pathlib import Path

import pytest

from exporter.cli import exit_code_of

OURS = "elapsed_sec,rss_bytes,heap_allocated_bytes,payments,some_other\n0,1000,500,0,x\n30,2000,600,6,y\n"
GO = (
    "timestamp,elapsed_sec,rss_bytes,heap_alloc_bytes,heap_inuse_bytes,heap_objects,heap_sys_bytes,goroutines,payments,listeners\n"
    "2025-11-01T10:00:00Z,0.00,1000,500,600,10,900,12,0,2\n2025-11-01T10:00:30Z,30.00,1100,510,610,11,900,12,6,2\n"
)
RUST = (
    "timestamp,elapsed_sec,rss_bytes,heap_allocated_bytes,heap_resident_bytes,payments\n"
    "2025-11-01T10:00:00Z,0.00,1000,500,600,0\n2025-11-01T10:00:30Z,30.00,1000,500,600,6\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("ours.csv", OURS), ("go.csv", GO), ("rust.csv", RUST)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        (["--go", "go.csv"], ["Go"]),
        (["--rust", "rust.csv", "--go", "go.csv"], ["Go", "Rust"]),
        (["--compare", "v0.5.1:go.csv", "v0.5.2:rust.csv"], ["v0.5.1", "v0.5.2"]),
        (["--compare", "a:go.csv", "--compare", "b:rust.csv", "ours.csv"], ["a", "b", "ours"]),
        (["ours.csv", "12:30 run:rust.csv"], ["ours", "12:30 run"]),
        (["--go", "go.csv", "--rust", "rust.csv", "--compare", "here:ours.csv"], ["Go", "Rust", "here"]),
        (["ours.csv", "ours.csv"], ["ours", "ours (2)"]),
    ],
)
def test_runs_under_their_labels(
    arguments: list[str], labels: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(["plot", *arguments, "-o", "out.html", "-t", "A title"]) == 0
    page = (folder / "out.html").read_text()
    assert "<h1>A title</h1>" in page
    assert page.count('name="run"') == (len(labels) if len(labels) > 1 else 0)
    assert all(f"<bdi>{label}</bdi>" in page for label in labels)
    assert "Written: out.html" in capsys.readouterr().out


def test_a_file_whose_name_has_a_colon_needs_no_label(folder: Path) -> None:
    (folder / "12:30.csv").write_text(OURS)
    assert exit_code_of(["plot", "12:30.csv"]) == 0
    assert "<h1>12:30</h1>" in (folder / "memtest_report.html").read_text()


def test_pictures_alone_or_beside_the_page(folder: Path) -> None:
    assert exit_code_of(["plot", "ours.csv", "--png", "out.png", "--svg", "out.svg"]) == 0
    assert not (folder / "memtest_report.html").exists()
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "out.svg").read_text()
    assert exit_code_of(["plot", "ours.csv", "--png", "out.png", "-o", "out.html"]) == 0
    assert (folder / "out.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no run to plot: name a CSV file"),
        (["none.csv"], "cannot read none.csv"),
        (["a:none.csv"], "cannot read none.csv"),
        (["empty.csv"], "empty.csv, line 1"),
        (["other.csv"], "expected a header line with elapsed_sec"),
        (["ours.csv", "--png", "out.jpg"], "png is 'out.jpg': give it a name that ends in .png"),
        (["ours.csv", "-o", "ours.csv"], "output is 'ours.csv', which holds samples of a run, which would be lost"),
        (["ours.csv", "-o", "go.csv"], "output is 'go.csv', which holds samples of a run, which would be lost"),
        (["ours.csv", "-o", "missing/out.html"], "can't write missing/out.html"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "empty.csv").write_text("")
    (folder / "other.csv").write_text("a,b\n1,2\n")
    assert exit_code_of(["plot", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_header_alone_makes_a_page(folder: Path) -> None:
    (folder / "header.csv").write_text(OURS.splitlines(keepends=True)[0])
    assert exit_code_of(["plot", "header.csv", "-o", "out.html"]) == 0
    assert "no sample was recorded" in (folder / "out.html").read_text()


def test_a_page_goes_to_a_pipe_too(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append((folder / "pipe").read_text()), daemon=True)
    reader.start()
    assert exit_code_of(["plot", "ours.csv", "-o", "pipe"]) == 0
    reader.join(30)
    assert received[0].endswith("</html>")
