"""Files that settings name: what is no regular file, or has no end, is refused at once, with the remedy."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from exporter.errors import ConfigError
from exporter.settings.credentials import faucet_login
from exporter.settings.drivers import DriverChoice
from exporter.settings.files import read_file
from exporter.settings.matrix import MatrixSettings
from exporter.settings.network_file import read_network_file
from exporter.settings.profiling import ProfilingSettings
from exporter.settings.recorded import AnalyzeSettings, PlotSettings
from exporter.settings.run import RunConfig
from exporter.settings.watch import WatchConfig

WRITTEN = ("csv", "report")
READ = ("web_config",)


def refusal(make: type, **settings: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        make(**settings)
    (complaint,) = caught.value.complaints
    return complaint.text


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, Path]:
    """Names of what is no regular file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    return {"pipe": tmp_path / "pipe", "link": tmp_path / "link", "zero": Path("/dev/zero"), "full": Path("/dev/full")}


@pytest.mark.parametrize("field", [*WRITTEN, *READ])
@pytest.mark.parametrize("name", ["pipe", "link", "zero", "full"])
def test_what_is_no_regular_file_is_refused(field: str, name: str, odd: dict[str, Path]) -> None:
    for make, program in ((RunConfig, {}), (WatchConfig, {"command": ("true",)})):
        said = refusal(make, **program, **{field: odd[name]})
        assert said.endswith(f" is {str(odd[name])!r}, which is not a regular file: name a file on a disk")


@pytest.mark.parametrize("name", ["pipe", "zero"])
def test_a_dump_and_a_followed_csv_are_regular_files_too(name: str, odd: dict[str, Path]) -> None:
    assert "not a regular file" in refusal(WatchConfig, command=("true",), follow_csv=odd[name])
    assert "not a regular file" in refusal(ProfilingSettings, heap_dump=odd[name])


def test_the_csv_of_each_driver_is_looked_at(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out.go.csv")
    drivers = (DriverChoice("python"), DriverChoice("go"))
    said = refusal(RunConfig, csv=tmp_path / "out.csv", drivers=drivers)
    assert said == f"csv of go is {str(tmp_path / 'out.go.csv')!r}, which is not a regular file: name a file on a disk"


@pytest.mark.parametrize("field", [*WRITTEN, *READ])
def test_a_directory_is_no_file(field: str, tmp_path: Path) -> None:
    assert "which is a directory: name a file" in refusal(RunConfig, **{field: tmp_path})


@pytest.mark.parametrize("field", WRITTEN)
def test_a_file_to_write_needs_a_directory_that_may_be_written(
    field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing" / "file"
    assert f"there is no directory {str(missing.parent)!r}; create it first" in refusal(RunConfig, **{field: missing})
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write everywhere
    assert "which can't be written: name another file" in refusal(RunConfig, **{field: tmp_path / "file"})


def test_nothing_but_a_record_replaces_a_record(tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("timestamp,elapsed_sec,rss_bytes\n")
    said = f"is {str(kept)!r}, which holds samples of a run, which would be lost: name another file"
    assert refusal(RunConfig, report=kept) == f"report {said}"
    assert refusal(MatrixSettings, plan=tmp_path / "plan.yaml", markdown=kept) == f"markdown {said}"
    assert refusal(AnalyzeSettings, files=(kept,), junit=kept) == f"junit {said}"
    assert refusal(PlotSettings, files=(("", kept),), output=kept) == f"output {said}"
    RunConfig(csv=kept, existing_csv="overwrite")


def test_a_matrix_writes_each_of_its_files_and_its_plan_into_none(tmp_path: Path) -> None:
    plan, table = tmp_path / "plan.yaml", tmp_path / "table"
    said = f"plan and json are both {str(plan)!r}: name a file for each"
    assert refusal(MatrixSettings, plan=plan, json=plan) == said
    assert "markdown and json are both" in refusal(MatrixSettings, plan=plan, markdown=table, json=table)
    MatrixSettings(plan=plan, markdown=table, json=tmp_path / "table.json")


def test_a_page_of_before_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html>\n<p>elapsed_sec</p>\n")
    RunConfig(report=page)
    PlotSettings(files=(("", tmp_path / "out.csv"),), output=page)


def test_a_file_to_read_has_to_be_there_and_one_to_follow_has_not(tmp_path: Path) -> None:
    assert "No such file or directory" in refusal(RunConfig, web_config=tmp_path / "absent")
    WatchConfig(command=("true",), follow_csv=tmp_path / "absent")


@pytest.mark.parametrize("name", ["pipe", "zero"])
def test_nothing_is_waited_for_and_nothing_without_an_end_is_read(name: str, odd: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match=r"can't be read \(not a regular file\): say 'local'"):
        read_network_file(odd[name])
    with pytest.raises(ConfigError, match=r"FAUCET_PASSWORD_FILE names .* can't be read \(not a regular file\)"):
        faucet_login({"FAUCET_PASSWORD_FILE": str(odd[name])})


def test_a_file_of_gigabytes_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.touch()
    os.truncate(large, 8 << 30)
    with pytest.raises(ConfigError, match=r"can't be read \(larger than 1024 KiB\)"):
        read_network_file(large)
    with pytest.raises(ConfigError, match=r"can't be read \(larger than 64 KiB\)"):
        faucet_login({"FAUCET_PASSWORD_FILE": str(large)})


def test_reads_what_is_within_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_file(file, 5) == b"12345"
    with pytest.raises(OSError, match="larger than"):
        read_file(file, 4)
    with pytest.raises(OSError, match="null"):
        read_file(Path("a\0b"), 4)


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    RunConfig(csv=tmp_path / "out.csv", report=tmp_path / "out.html")
    assert not list(tmp_path.iterdir())
    assert stat.S_ISDIR(tmp_path.stat().st_mode)
