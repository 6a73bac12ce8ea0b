"""The options of a run that a plan may set: all of them, but for those that the plan or the matrix sees to itself."""

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from exporter.checked import shown
from exporter.errors import Complaint, ConfigError
from exporter.settings.declared import Flag, Setting, all_settings
from exporter.settings.drivers import OWN_PROGRAM
from exporter.settings.kinds import DURATION, INTEGER, NUMBER
from exporter.settings.run import RunConfig

Value = bool | int | float | str

_AXES = ("driver", "driver-command", "duration")
_OWN_PROGRAM = "give a name and a command"
_BY_THE_MATRIX = "leave it out, every cell has its own"
# Each with the remedy for whoever sets it as an option.
_ELSEWHERE = {
    **dict.fromkeys(("driver", "driver-command"), "name it under drivers"),
    "duration": "name it under durations",
    "fail-on": "say it once for the plan, beside drivers",
    **dict.fromkeys(("network", "faucet-url"), "leave it out, every cell has a local network of its own"),
    **dict.fromkeys(
        ("csv", "csv-append", "csv-overwrite", "report", "listen-address", "run-name", "label"), _BY_THE_MATRIX
    ),
    "storage": "leave it out, cells have no PostgreSQL",
    **dict.fromkeys(("quiet", "log-format", "web-config-file", "linger"), "leave it out, cells have no use for it"),
    **dict.fromkeys(("pprof", "pprof-port", "heap-dump"), "leave it out, profile one run with 'exporter run'"),
}


def offered() -> dict[str, tuple[Setting, Flag]]:
    """What a plan may set, by the option's name."""
    found = {flag.name: (setting, flag) for setting in all_settings(RunConfig) for flag in setting.flags}
    return {name: each for name, each in found.items() if name not in _ELSEWHERE}


def texts_of(options: Mapping[str, Value]) -> dict[str, str]:
    """The options as one would type them."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}


def misplaced(names: Iterable[str]) -> list[Complaint]:
    """What is wrong with the names of options, whatever their values are."""
    known = offered()
    return [Complaint(f"option {shown(name)} {_misplaced(name, known)}") for name in names if name not in known]


def _misplaced(name: str, known: Iterable[str]) -> str:
    if remedy := _ELSEWHERE.get(name):
        return f"is no option of a cell: {remedy}"
    meant = next(iter(get_close_matches(name, known, 1)), None)
    hint = f"did you mean {meant}?" if meant else "see 'exporter run --help'"
    return f"is none that 'exporter run' has: {hint}"


def refusals(texts: Mapping[str, str]) -> list[str]:
    """What `exporter run` would refuse of a cell's options, each in a sentence; `misplaced` ones are passed over."""
    known = {*offered(), *_AXES}
    try:
        given = {name.replace("-", "_"): text for name, text in texts.items() if name in known}
        RunConfig.from_texts(given, {"driver_command": "command"})
    except ConfigError as error:
        return [complaint.text.replace(OWN_PROGRAM, _OWN_PROGRAM) for complaint in error.complaints]
    return []


def options_schema() -> dict[str, Any]:
    """The JSON schema of a mapping of options, from their declarations."""
    properties = {name: _schema(setting, flag) for name, (setting, flag) in sorted(offered().items())}
    return {"properties": properties, "propertyNames": {"enum": list(properties)}}


def _schema(setting: Setting, flag: Flag) -> dict[str, Any]:
    kind = flag.kind
    found: dict[str, Any] = {"description": flag.help}
    if kind is None or kind.is_switch:
        return found | {"type": "boolean"}
    if kind.choices:
        return found | {"enum": list(kind.choices)}
    if kind is DURATION:
        return found | {"type": "string", "examples": ["90s", "30m", "1h30m"]}
    if kind not in (INTEGER, NUMBER):
        return found | {"type": "string"}
    limits = {
        "minimum": setting.at_least,
        "exclusiveMinimum": setting.above,
        "maximum": min(setting.at_most, kind.most),
        "exclusiveMaximum": setting.below,
    }
    found["type"] = "integer" if kind is INTEGER else "number"
    return found | {name: limit for name, limit in limits.items() if math.isfinite(limit)}
