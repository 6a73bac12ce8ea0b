"""The demonstration: both twins are run, a page shows them, and a run that fails is said."""

from pathlib import Path
from typing import Any

import pytest
from report_runs import series

from exporter.errors import ConfigError, LoadError
from exporter.processes.child import Exit
from exporter.runs import demo


class FakeChild:
    """Stands for ``exporter run``: writes a CSV, prints a sample, and ends with a code of its own."""

    last_words = "the faucet is dry"
    commands: list[tuple[str, ...]]
    codes: dict[str, int]

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    async def start(cls, argv: tuple[str, ...], *, name: str, on_line: Any) -> "FakeChild":
        cls.commands.append(argv)
        write_csv(Path(argv[argv.index("--csv") + 1]), leak=name == "leak")
        on_line(b"exporter 1")
        on_line(b"[00:00:05] RSS=1MiB")
        return cls(name)

    async def wait(self) -> Exit:
        return Exit(self.codes[self._name])

    async def stop(self, **_: Any) -> Exit:
        return await self.wait()


def write_csv(path: Path, *, leak: bool) -> None:
    run = series(path.stem, kib_per_min=900 if leak else 0)
    columns = {name: run.column(name) for name in ("elapsed_sec", "rss_bytes", "payments")}
    rows = zip(*(values for values in columns.values() if values is not None), strict=True)
    head = ",".join(name for name, values in columns.items() if values is not None)
    path.write_text("\n".join([head, *(",".join(f"{value:g}" for value in row) for row in rows)]) + "\n")


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> type[FakeChild]:
    FakeChild.commands, FakeChild.codes = [], {"leak": 1, "clean": 0}
    monkeypatch.setattr(demo, "Child", FakeChild)
    return FakeChild


def test_both_twins_run_and_a_page_shows_them(child: type[FakeChild], tmp_path: Path) -> None:
    said: list[str] = []
    demo.demo(tmp_path / "made", said.append)
    assert {command[-3] for command in child.commands} == set(demo.TWINS.values())
    assert "leak  [00:00:05] RSS=1MiB" in said
    assert "clean [00:00:05] RSS=1MiB" in said
    assert "exporter 1" not in "".join(said)
    assert said[-1] == f"Page: {tmp_path / 'made' / 'report.html'}"
    assert "clean" in (tmp_path / "made" / "report.html").read_text()


def test_a_run_that_fails_is_said(child: type[FakeChild], tmp_path: Path) -> None:
    child.codes["clean"] = 5
    with pytest.raises(LoadError, match="the run 'clean' failed with exit code 5: the faucet is dry"):
        demo.demo(tmp_path, lambda _: None)


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"output is .*file/demo', which can't be made"):
        demo.demo(tmp_path / "file" / "demo", lambda _: None)
