"""The command line's frame: the default command, exit codes, completion, and a fast start."""

import os
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

import exporter.cli
from exporter import version
from exporter.cli import COMMANDS, cli, exit_code_of
from exporter.errors import ConfigError, ExporterError, LoadError, SubjectError

HEAVY = (
    *("numpy", "scipy", "grpc", "breez_sdk_spark", "uvicorn", "prometheus_client"),
    "exporter.analysis.verdict",
)


def stand_in(behaviour: Callable[[], object]) -> click.Command:
    return click.Command("run", callback=lambda **_: behaviour(), params=[click.Option(["--duration"])])


def run_with(monkeypatch: pytest.MonkeyPatch, behaviour: Callable[[], object], *args: str) -> int:
    """The exit code when the command ``run`` behaves so."""
    monkeypatch.setattr(exporter.cli.CommandLine, "get_command", lambda *_: stand_in(behaviour))
    return exit_code_of(args)


@pytest.mark.parametrize("args", [(), ("--duration", "1s"), ("run",), ("run", "--duration", "1s")])
def test_run_is_the_default_command(monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]) -> None:
    assert run_with(monkeypatch, lambda: 42, *args) == 42


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError("x"), 2), (SubjectError("x"), 4), (LoadError("x"), 5), (ExporterError("x"), 2)],
)
def test_an_expected_error_is_one_sentence_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: ExporterError, code: int
) -> None:
    def fail() -> None:
        raise error

    assert run_with(monkeypatch, fail) == code
    assert capsys.readouterr() == ("", "Error: x\n")


def test_a_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MEMTEST_DURATON", "5s")
    monkeypatch.setenv("MEMTEST_WHATEVER", "s3cret")
    for known in ("MEMTEST_CSV_FILE", "MEMTEST_MEM_INTERVAL", "MEMTEST_PID", "MEMTEST_BLOCK_INTERVAL"):
        monkeypatch.setenv(known, "1")
    assert exit_code_of(["completion", "bash"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "Warning: MEMTEST_DURATON is set in the environment, and no option has this name; did you mean"
        " MEMTEST_DURATION?",
        "Warning: MEMTEST_WHATEVER is set in the environment, and no option has this name",
    ]


def test_an_interruption_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert run_with(monkeypatch, interrupt) == 130


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), RecursionError(), MemoryError(), OSError("secret")])
def test_an_unexpected_error_is_70_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail() -> None:
        raise error

    assert run_with(monkeypatch, fail) == 70
    said = capsys.readouterr().err
    assert said.startswith(f"Error: unexpected {type(error).__name__} at test_cli_commands.py:")
    assert "report it with the text that --debug adds" in said
    assert said.count("\n") == 1
    assert "secret" not in said


def test_a_traceback_is_shown_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMTEST_DEBUG", "1")
    assert run_with(monkeypatch, lambda: 1 // 0) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "ZeroDivisionError: " in said


@pytest.mark.parametrize(
    "args",
    [("--debug", "analyze", "absent.csv"), ("analyze", "--debug", "absent.csv"), ("analyze", "absent.csv", "--debug")],
)
def test_debug_may_stand_anywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], args: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MEMTEST_DEBUG", "")
    assert exit_code_of(args) == 2
    assert "cannot read absent.csv" in capsys.readouterr().err
    assert os.environ["MEMTEST_DEBUG"] == "1"


def test_debug_after_two_hyphens_is_the_watched_programs_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMTEST_DEBUG", "")
    assert exit_code_of(["watch", "--listen-address", "127.0.0.1:0", "--", "no-such-program", "--debug"]) == 2
    assert "can't be started" in capsys.readouterr().err
    assert os.environ["MEMTEST_DEBUG"] == ""


@pytest.mark.parametrize("args", [("--version",), ("--help",), *((name, "--help") for name in COMMANDS)])
def test_help_and_version_succeed(capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    assert exit_code_of(args) == 0
    assert capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_of(["--version"])
    assert capsys.readouterr().out == f"exporter, version {version()}\n"


@pytest.mark.parametrize("args", [("nosuch",), ("--nosuch",), ("run", "--duration"), ("run", "extra")])
def test_bad_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    assert exit_code_of(args) == 2
    assert "Error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        ("--duration 0s --amount 0 --error-rate 2", ["duration is 0s: ", "amount is 0: ", "error-rate is 2: "]),
        ("watch --duration 0s --stop-on x", ["duration is 0s: ", "stop-on is 'x': ", "nothing says which program"]),
        ("network --port 70000 --latency x", ["port is 70000: ", "latency is 'x': "]),
        ("analyze --threshold 0 --fail-on x", ["FILE is missing: ", "threshold is 0: ", "fail-on is 'x': "]),
        (
            "compare --tolerance x --level-tolerance -1",
            ["tolerance is 'x': ", "level-tolerance is -1: ", "B is missing: "],
        ),
        ("plot --png x.svg --svg x.png", ["no run to plot: ", "png is 'x.svg': ", "svg is 'x.png': "]),
        ("heap diff a --top 0", ["AFTER is missing: ", "top is 0: "]),
        ("heap flamegraph", ["DUMP is missing: ", "output is missing: "]),
    ],
)
def test_all_that_is_wrong_is_said_together(args: str, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(args.split()) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert all(each in said for each in wrong), said


@pytest.mark.processes
@pytest.mark.parametrize("args", ["--help", "run --help"])
def test_help_loads_nothing_heavy(args: str) -> None:
    script = f"""
import sys
from exporter.cli import exit_code_of
code = exit_code_of({args.split()!r})
print("loaded:", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize(
    ("args", "incomplete", "offered"),
    [
        ((), "ne", "network"),
        ((), "--dur", "--duration"),
        (("--duration", "1m"), "--mem", "--mem-interval"),
        (("run",), "--cs", "--csv-append"),
        (("--payment-type",), "li", "lightning"),
    ],
)
def test_completion_offers_commands_and_the_options_of_run(
    args: tuple[str, ...], incomplete: str, offered: str
) -> None:
    completion = click.shell_completion.ShellComplete(cli, {}, "exporter", "_EXPORTER_COMPLETE")
    assert offered in [item.value for item in completion.get_completions(list(args), incomplete)]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    assert exit_code_of(["completion", shell]) == 0
    assert f"{shell}_complete" in capsys.readouterr().out


def test_windows_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(SystemExit) as ended:
        exporter.cli.main([])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Error: exporter runs on Linux and macOS; on Windows, use WSL or a container\n"
