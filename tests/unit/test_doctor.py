"""What the machine has and lacks: every feature is either ready, or missing with what to do about it."""

from pathlib import Path

import pytest

from exporter import extras
from exporter.cli import exit_code_of
from exporter.doctor import FEATURES, findings


def state_of(name: str) -> str:
    return dict(findings())[name]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a program, and a plain installation."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(extras, "missing", lambda extra: [f"package-of-{extra}"])


def test_names_are_told_once_and_fit_beside_what_is_missing() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 36


@pytest.mark.usefixtures("bare")
def test_a_bare_machine_hears_what_to_do() -> None:
    assert state_of("run, network: the local network") == "missing: pip install 'memtest-exporter[network]'"
    assert "no program go and no program cc; it takes Go 1.22 or newer" in state_of("run --driver go")
    assert state_of("watch, analyze, compare, plot") == "ready"


def test_what_is_there_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert state_of("run --driver node") == "ready"


@pytest.mark.usefixtures("bare")
def test_the_command_prints_a_table_of_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert exit_code_of(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [name for name, _ in findings() if not any(line.startswith(name) for line in lines)] == []
