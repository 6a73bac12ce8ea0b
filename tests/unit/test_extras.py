"""What a plain installation lacks is said in one sentence, with the command that adds it, before anything starts."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet_plans import NIGHTLY

from exporter.cli import exit_code_of
from exporter.errors import ConfigError
from exporter.extras import complaint, missing
from exporter.settings.drivers import DriverChoice
from exporter.settings.group import check_installed
from exporter.settings.profiling import ProfilingSettings
from exporter.settings.run import RunConfig

METADATA = """\
Metadata-Version: 2.4
Name: memtest-exporter
Version: 1
Requires-Dist: click<9,>=8.5
Requires-Dist: no-such-sdk<2; extra == 'breez'
Requires-Dist: numpy>=2; extra == 'breez'
Requires-Dist: no-such-network-library; extra == 'network'
Requires-Dist: no-such-profiler; (python_version >= '3') and extra == "heap"
Requires-Dist: no-such-renderer; extra == 'pictures'
Requires-Dist: no-such-client; extra == 'kubernetes'
Provides-Extra: breez
"""

Plain = Callable[[str], None]


@pytest.fixture
def installed_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plain:
    """Make this package look as if it had been installed with these metadata."""

    def install(metadata: str) -> None:
        directory = tmp_path / "memtest_exporter-1.dist-info"
        directory.mkdir()
        (directory / "METADATA").write_text(metadata)
        monkeypatch.syspath_prepend(str(tmp_path))

    return install


def test_only_what_is_not_installed_is_missing(installed_as: Plain) -> None:
    installed_as(METADATA)
    assert (missing("breez"), missing("heap"), missing("unheard-of")) == (["no-such-sdk"], ["no-such-profiler"], [])


def test_what_is_installed_is_no_complaint(installed_as: Plain) -> None:
    installed_as(METADATA.replace("no-such-sdk<2", "click"))
    assert missing("breez") == []
    assert complaint({"breez": "the SDK"}) is None


def test_a_source_tree_that_nobody_has_installed_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert missing("network") == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("run",),
            "the local network and the driver python need what is not installed here: "
            "pip install 'memtest-exporter[network,breez]'",
        ),
        (("network",), "the local network needs what is not installed here: pip install 'memtest-exporter[network]'"),
        (
            ("heap", "diff", "a", "b"),
            "reading heap dumps needs what is not installed here: pip install 'memtest-exporter[heap]'",
        ),
        (
            ("plot", __file__, "--png", "out.png"),
            "png needs what is not installed here: pip install 'memtest-exporter[pictures]'",
        ),
        (
            ("matrix", "plan.yaml", "--kubernetes"),
            "kubernetes needs what is not installed here: pip install 'memtest-exporter[kubernetes]'",
        ),
    ],
)
def test_the_command_that_adds_it_is_said(
    args: tuple[str, ...], said: str, installed_as: Plain, capsys: pytest.CaptureFixture[str]
) -> None:
    installed_as(METADATA)
    assert exit_code_of(args) == 2
    assert capsys.readouterr().err == f"Error: {said}\n"


def test_another_driver_takes_no_sdk_of_ours(installed_as: Plain) -> None:
    installed_as(METADATA)
    for driver in (DriverChoice("python@0.22.3"), DriverChoice("own", ("own",))):
        with pytest.raises(ConfigError, match=r"^the local network needs .*\[network\]'$"):
            check_installed([RunConfig(drivers=(driver,))])


def test_what_the_settings_within_settings_take_counts(installed_as: Plain) -> None:
    installed_as(METADATA)
    asked = RunConfig(network="regtest", drivers=(DriverChoice("go"),), profiling=ProfilingSettings(pprof=True))
    with pytest.raises(ConfigError, match=r"^pprof needs .*\[heap\]'$"):
        check_installed([asked])


def test_a_plan_is_right_wherever_it_is_read_and_runs_where_all_is_installed(
    tmp_path: Path, installed_as: Plain, capsys: pytest.CaptureFixture[str]
) -> None:
    installed_as(METADATA)
    plan, output = tmp_path / "plan.yaml", tmp_path / "cells"
    plan.write_text(NIGHTLY)
    assert exit_code_of(("matrix", str(plan), "--dry-run")) == 0
    assert exit_code_of(("matrix", str(plan), "--output", str(output))) == 2
    assert capsys.readouterr().err.endswith("pip install 'memtest-exporter[network]'\n")
    assert not output.exists()
    # Of cells that were run elsewhere, a table takes nothing.
    assert exit_code_of(("matrix", str(plan), "--output", str(output), "--jobs", "0")) != 2
