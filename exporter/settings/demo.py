"""What a demonstration is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.settings.declared import setting
from exporter.settings.group import SettingsGroup


@dataclass(frozen=True)
class DemoSettings(SettingsGroup):
    """Where a demonstration writes its files, which replace those of an earlier one."""

    output: Path = setting(
        Path("exporter-demo"),
        "Directory for the two CSV files and the page; made if it is missing.",
        short="o",
        metavar="DIRECTORY",
    )

    def needs(self) -> Mapping[str, str]:
        return {"breez": "the SDK", "network": "the local network"}
