"""Whatever is typed for an option is taken, or refused with the option, the value and the remedy."""

import re
from collections.abc import Iterator, Mapping

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.cli.analyze import command as analyze
from exporter.cli.compare import command as compare
from exporter.cli.heap import diff_command, flamegraph_command
from exporter.cli.network import command as network
from exporter.cli.options import SettingOption, settings_from
from exporter.cli.plot import command as plot
from exporter.cli.run import command as run
from exporter.cli.watch import command as watch
from exporter.errors import ConfigError
from exporter.settings.group import SettingsGroup
from exporter.settings.network import NetworkSettings
from exporter.settings.recorded import (
    AnalyzeSettings,
    CompareSettings,
    DiffSettings,
    FlamegraphSettings,
    PlotSettings,
)
from exporter.settings.run import RunConfig
from exporter.settings.watch import WatchConfig

COMMANDS: dict[str, tuple[click.Command, type[SettingsGroup]]] = {
    "run": (run, RunConfig),
    "watch": (watch, WatchConfig),
    "network": (network, NetworkSettings),
    "analyze": (analyze, AnalyzeSettings),
    "compare": (compare, CompareSettings),
    "plot": (plot, PlotSettings),
    "heap diff": (diff_command, DiffSettings),
    "heap flamegraph": (flamegraph_command, FlamegraphSettings),
}
# What makes a command line without the option right.
WANTED = {
    "watch": ["--", "true"],
    "analyze": ["a"],
    "compare": ["a", "b"],
    "plot": ["a"],
    "heap diff": ["a", "b"],
    "heap flamegraph": ["a", "-o", "b"],
}
OPTIONS = {
    name: [each for each in command.params if isinstance(each, SettingOption)]
    for name, (command, _) in COMMANDS.items()
}
ODD = (
    *("", "0", "-1", "1e400", "9" * 5000, "nan", "inf", "-inf", "1_0", "٣", "0x10", "1.5", "9" * 400 + "h", "true"),
    *("maybe", "a\0b", "\ud800", "/dev/zero", "/", "x=y", "=", "http://", "http://[", "(", "'", "\n", "\x1b[31m"),
    *("python@", "go", "-", "--", "a" * 5000, "(a+)+$", "a{99999999999}", "1s2", ".s", "µs", "\u202e"),
)


@pytest.fixture(scope="module", autouse=True)
def _a_login() -> Iterator[None]:
    """What --faucet-login looks for."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("FAUCET_USERNAME", "FAUCET_PASSWORD"):
            patch.setenv(variable, "x")
        yield


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text)[:20])
def test_an_odd_text_for_every_option_at_once_is_taken_or_refused_for_each(name: str, text: str) -> None:
    check(name, dict.fromkeys(OPTIONS[name], text))


@pytest.mark.fuzz
@settings(max_examples=300)
@given(st.data())
def test_any_text_for_any_options_is_taken_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(COMMANDS)))
    check(name, data.draw(st.dictionaries(st.sampled_from(OPTIONS[name]), st.text(max_size=30), max_size=4)))


def check(name: str, said: Mapping[SettingOption, str]) -> None:
    """Every complaint is one sentence of a bounded length, with an option and a remedy."""
    arguments = [
        argument
        for option, text in said.items()
        for argument in (
            [f"--{option.flag.name}={text}"] if option.nargs == 1 else [f"--{option.flag.name}", text, text]
        )
    ]
    for complaint in complaints(name, *arguments, *WANTED.get(name, [])):
        assert complaint.isprintable()
        assert len(complaint) < 1500
        assert re.search(r"[:;] \w", complaint), f"no remedy: {complaint}"
        named = [option for option in said if option.setting.name in complaint or option.flag.name in complaint]
        assert named, f"no option: {complaint}"


def complaints(name: str, *args: str) -> list[str]:
    """What is said against a command line."""
    command, group = COMMANDS[name]
    try:
        with command.make_context(name, list(args)) as context:
            settings_from(context, group)
    except ConfigError as error:
        return [each.text for each in error.complaints]
    return []
