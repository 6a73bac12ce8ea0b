"""Which verdict fails, and what growth matters to it."""

from dataclasses import dataclass
from typing import Literal

from exporter.settings.declared import Section, setting
from exporter.settings.group import SettingsGroup

FailOn = Literal["leak", "inconclusive", "never"]


@dataclass(frozen=True)
class VerdictChoice(SettingsGroup):
    """What every command that gives a verdict is told of it."""

    fail_on: FailOn = setting(
        "leak",
        "Verdict that makes the exit code 1 (leak) or 3 (inconclusive, which includes leak).",
        section=Section.END,
    )
    threshold_kib_per_min: float = setting(
        5.0, "Growth above which a leak matters.", section=Section.END, metavar="KIB_PER_MIN", above=0
    )
