"""Whatever is typed for an option is taken, or refused with the option, the value and the remedy."""

import re

import click
import pytest
from hypothesis import example, given, settings
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
OPTIONS = [
    (name, option) for name, (command, _) in COMMANDS.items() for option in command.params if hasattr(option, "flag")
]
typed = st.text(max_size=30) | st.sampled_from(
    [
        *(
            "",
            "0",
            "-1",
            "1e400",
            "9" * 5000,
            "nan",
            "inf",
            "-inf",
            "1_0",
            "٣",
            "0x10",
            "1.5",
            "9" * 400 + "h",
            "1h" * 300,
        ),
        *(
            "true",
            "maybe",
            "a\0b",
            "\ud800",
            "/dev/zero",
            "/",
            "x=y",
            "=",
            "http://",
            "http://[",
            "(",
            "(?P<x",
            "'",
            "\n",
        ),
        *("\x1b[31m", "python@", "go", "-", "--", "a" * 5000, "(a+)+$", "a{99999999999}", "1s2", ".s", "µs", "\u202e"),
    ]
)


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=lambda value: getattr(value, "name", value))
@settings(max_examples=40)
@given(text=typed)
@example(text="9" * 5000)
def test_any_text_is_taken_or_refused_in_one_sentence(name: str, option: SettingOption, text: str) -> None:
    flag = option.flag.name
    before = WANTED.get(name, [])
    argument = [f"--{flag}={text}"] if option.nargs == 1 else [f"--{flag}", text, text]
    for complaint in complaints(name, *argument, *before):
        assert complaint.isprintable()
        assert len(complaint) < 1500
        assert re.search(r"[:;] \w", complaint), "the remedy"
        assert flag.removesuffix("-command") in complaint or complaint.startswith("nothing says which program"), (
            "the option"
        )


def complaints(name: str, *args: str) -> list[str]:
    """What is said against a command line."""
    command, group = COMMANDS[name]
    try:
        with command.make_context(name, list(args)) as context:
            settings_from(context, group)
    except ConfigError as error:
        return [each.text for each in error.complaints]
    return []
