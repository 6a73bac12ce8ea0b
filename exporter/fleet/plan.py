"""The plan of a matrix: the file that names its axes, and what is said of a wrong one."""

import inspect
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

import msgspec
import yaml

from exporter.checked import printable, shown
from exporter.errors import Complaint, ConfigError
from exporter.fleet.options import Value, misplaced, options_schema, refusals, texts_of
from exporter.fleet.placement import OBJECT_NAME, QUANTITY, Placement
from exporter.settings.files import read_file
from exporter.settings.kinds import DURATION, TEXT
from exporter.settings.verdict import FailOn
from exporter.strict_yaml import StrictLoader, implicit_resolvers

MOST_CELLS = 10_000
_MOST_BYTES = 1024 * 1024
_LONGEST_SCALAR = 2000
_UNWANTED_TAGS = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
_SEE_SCHEMA = "see 'exporter matrix --schema'"

# Objects and labels of Kubernetes can be named so.
_NAME = "^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$"
Name = Annotated[str, msgspec.Meta(pattern=_NAME)]
_WRITTEN_SO = "write it like 90s, 30m, 1h30m or 500ms"
_WORDS_OF_PATTERNS = {
    _NAME: "a name of lower-case letters, digits and hyphens within, 40 at most",
    OBJECT_NAME: "the name of an object, of lower-case letters, digits, and hyphens and dots within",
    QUANTITY: "a quantity as Kubernetes writes it, like 500m or 1Gi",
}
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Duration = Annotated[str, msgspec.Meta(max_length=100, examples=["90s", "30m", "1h30m"])]
Options = Annotated[dict[str, Value], msgspec.Meta(extra_json_schema=options_schema())]


class OwnDriver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program that speaks the driver protocol."""

    name: Name
    command: Text


class Exclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cells to leave out: those that have all that is named."""

    driver: Text | None = None
    scenario: Text | None = None
    duration: Text | None = None

    def __post_init__(self) -> None:
        if not any((self.driver, self.scenario, self.duration)):
            raise ValueError("an exclusion names nothing: give it a driver, a scenario or a duration")

    def is_of(self, plan: "Plan") -> bool:
        """Whether the plan has what is named."""
        axes = ((self.driver, plan.commands), (self.scenario, plan.scenarios), (self.duration, plan.durations))
        return all(named is None or named in axis for named, axis in axes)

    def covers(self, driver: str, scenario: str, duration: str) -> bool:
        """Whether cells of this kind are left out."""
        pairs = ((self.driver, driver), (self.scenario, scenario), (self.duration, duration))
        return all(named in (None, value) for named, value in pairs)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a cell may take: time beyond its duration until it is ended, and further tries.

    A cell is tried again when it says nothing of the subject: its load failed, or this program did.
    """

    overtime: Duration = "10m"
    retries: Annotated[int, msgspec.Meta(ge=0, le=10)] = 1

    def __post_init__(self) -> None:
        if not DURATION.read(self.overtime):
            raise ValueError("overtime is 0: give cells time to start and to end in, 10m for example")


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True, omit_defaults=True):
    """Runs of every driver under every scenario for every duration, each as often as repetitions say.

    A scenario is a name with the options of `exporter run` that make it; `options` are those of every cell.
    """

    name: Name
    drivers: Annotated[tuple[Text | OwnDriver, ...], msgspec.Meta(min_length=1, examples=[["python@0.26.1", "go"]])]
    scenarios: Annotated[dict[Name, Options], msgspec.Meta(min_length=1)]
    durations: Annotated[tuple[Duration, ...], msgspec.Meta(min_length=1)]
    repetitions: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    options: Options = {}
    exclude: Annotated[tuple[Exclusion, ...], msgspec.Meta(max_length=1000)] = ()
    limits: Limits = Limits()
    fail_on: FailOn = "leak"
    kubernetes: Placement = Placement()

    @property
    def commands(self) -> dict[str, str]:
        """The drivers by name, each with its command, empty for one of ours."""
        return {
            driver if isinstance(driver, str) else driver.name: "" if isinstance(driver, str) else driver.command
            for driver in self.drivers
        }

    def combinations(self) -> Iterator[tuple[str, str, str]]:
        """Driver, scenario and duration of the cells, in the order of the file, without those excluded."""
        for driver in self.commands:
            for scenario in self.scenarios:
                for duration in self.durations:
                    if not any(each.covers(driver, scenario, duration) for each in self.exclude):
                        yield driver, scenario, duration

    def texts(self, driver: str, scenario: str, duration: str) -> dict[str, str]:
        """What is typed after `exporter run` for a cell, by the options' names."""
        command = self.commands[driver]
        axes = {"driver-command" if command else "driver": command or driver, "duration": duration}
        return axes | texts_of({**self.options, **self.scenarios[scenario]})


def read_plan(path: Path) -> Plan:
    """Read and check a plan; raises ConfigError with all that is wrong with it."""
    try:
        text = read_file(path, _MOST_BYTES)
    except OSError as error:
        raise ConfigError(
            f"plan {TEXT.shown(path)} can't be read ({error.strerror}): name a YAML file ({_SEE_SCHEMA})"
        ) from None
    try:
        return parse_plan(text)
    except ConfigError as error:
        first, *others = error.complaints
        raise ConfigError(f"plan {TEXT.shown(path)}: {first.text}", *others) from None


def parse_plan(text: bytes) -> Plan:
    """Parse and check the text of a plan; raises ConfigError with all that is wrong with it."""
    document = _document(text)
    fields = {field.encode_name: field for field in msgspec.structs.fields(Plan)}
    values: dict[str, Any] = {}
    complaints = [
        Complaint(f"{shown(key)} is unknown: remove or correct it ({_SEE_SCHEMA})")
        for key in document
        if key not in fields
    ]
    wrong: set[str] = set()
    for key, field in fields.items():
        if key in document:
            try:
                values[field.name] = msgspec.convert(document[key], field.type)
            except msgspec.ValidationError as error:
                wrong.add(key)
                complaints.append(Complaint(printable(_sentence(key, document[key], error))))
        elif field.required:
            wrong.add(key)
            complaints.append(Complaint(f"{key} is missing: {_SEE_SCHEMA}"))
    complaints += _contradictions(_with_stand_ins(values, wrong))
    if complaints:
        raise ConfigError(*complaints)
    return Plan(**values)


def _with_stand_ins(values: Mapping[str, Any], wrong: Set[str]) -> Plan:
    """The plan with something right in the place of what is wrong, so that the rest can be checked."""
    axes = {"drivers": ("python",), "scenarios": {"any": {}}, "durations": ("1s",)}
    found = {"name": "any", **axes, **values}
    return Plan(**(found | {"exclude": ()} if wrong & axes.keys() else found))


def plan_schema() -> dict[str, Any]:
    """The JSON schema of a plan, for editors."""
    schema = msgspec.json.schema(Plan)
    for described in schema["$defs"].values():
        # Python 3.13 and later take the indentation off by themselves.
        described["description"] = inspect.cleandoc(described["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _contradictions(plan: Plan) -> Iterator[Complaint]:
    """What is wrong with a plan whose parts are what they should be."""
    for what, names in (
        ("driver", [each if isinstance(each, str) else each.name for each in plan.drivers]),
        ("duration", plan.durations),
    ):
        for name in dict.fromkeys(each for each in names if names.count(each) > 1):
            yield Complaint(f"{what} {shown(name)} is named twice: raise repetitions to have more runs of a cell")
    cells = len(plan.drivers) * len(plan.scenarios) * len(plan.durations) * plan.repetitions
    if cells > MOST_CELLS:
        yield Complaint(f"the axes have {cells} cells: make them {MOST_CELLS} at most")
        return
    for excluded in plan.exclude:
        if not excluded.is_of(plan):
            said = msgspec.to_builtins(excluded)
            yield Complaint(f"exclude has {shown(said)}, which no cell is: correct it, or take it out")
    combinations = list(plan.combinations())
    if not combinations:
        yield Complaint("exclude leaves no cell: take an exclusion out")
    yield from _refused(plan, combinations)


def _refused(plan: Plan, combinations: list[tuple[str, str, str]]) -> Iterator[Complaint]:
    """What `exporter run` would refuse, once for all cells that have the same fault."""
    names = {name: None for options in (plan.options, *plan.scenarios.values()) for name in options}
    yield from misplaced(names)
    of_scenario: dict[str, dict[str, None]] = {}
    seen: set[tuple[str, ...]] = set()
    for driver, scenario, duration in combinations:
        # A duration is right or wrong whatever it is combined with.
        for key in ((driver, scenario), (duration,)):
            if key not in seen:
                seen.add(key)
                for text in refusals(plan.texts(driver, scenario, duration)):
                    of_scenario.setdefault(text, {})[scenario] = None
    everywhere = {scenario for _, scenario, _ in combinations}
    for text, scenarios in of_scenario.items():
        where = "" if len(scenarios) == len(everywhere) else f"scenario {', '.join(scenarios)}: "
        yield Complaint(f"{where}{text}")


class _Loader(StrictLoader):
    """Makes no dates and no overlong values. Anchors work."""

    # The stubs take it for an instance's.
    yaml_implicit_resolvers: ClassVar = implicit_resolvers(lambda tag: tag not in _UNWANTED_TAGS)  # type: ignore[misc]

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:  # type: ignore[override]  # no mapping is a scalar
        if len(node.value) > _LONGEST_SCALAR:  # Python writes no whole number of more than 4300 digits
            raise yaml.MarkedYAMLError(problem="a value is too long", problem_mark=node.start_mark)
        return super().construct_scalar(node)


def _document(text: bytes) -> Mapping[str, Any]:
    try:
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be parsed"
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"it is no valid YAML ({problem}{line}): correct it") from None
    except (ValueError, OverflowError, RecursionError):  # of numbers that Python has not, and of depth
        raise ConfigError(f"it is no valid YAML: {_SEE_SCHEMA}") from None
    if found is None:
        raise ConfigError(f"it is empty: {_SEE_SCHEMA}")
    if not isinstance(found, dict):
        raise ConfigError(f"it is {shown(found)}, no mapping of keys to values: {_SEE_SCHEMA}")
    return found


_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}


def _sentence(key: str, value: object, error: msgspec.ValidationError) -> str:
    """Say in words of the file what msgspec found, and where: ``Expected `int`, got `str` - at `$[0]` ``."""
    what, _, place = str(error).partition(" - at `")
    place = place.rstrip("`")
    pattern = next((each for each in _WORDS_OF_PATTERNS if repr(each) in what), "")
    if place.startswith("key") and isinstance(value, dict):
        wrong = (each for each in value if not isinstance(each, str) or not re.search(pattern, each))
        thing, value = f"a key of {key}", next(wrong, value)
    else:
        thing, value = _found(key, value, place)
    if key == "durations" and isinstance(value, int | float):
        return f"{thing} is {shown(value)}: {_WRITTEN_SO}"
    if pattern:
        return f"{thing} is {shown(value)}: give {_WORDS_OF_PATTERNS[pattern]}"
    if what.startswith("Invalid enum value"):
        return f"{thing} is {shown(value)}: choose among {', '.join(get_args(FailOn))}"
    wanted = re.match(r"Expected `([^`]+)`(.*)", what)
    if wanted is None:
        return f"{thing} is {shown(value)}: {what} ({_SEE_SCHEMA})"
    kinds = " or ".join(_WORDS.get(kind, kind) for kind in wanted[1].split(" | "))
    return f"{thing} is {shown(value)}: give {kinds}{'' if wanted[2].startswith(', got') else wanted[2]}"


def _found(key: str, value: Any, place: str) -> tuple[str, object]:
    """The name and the value at a place such as ``$[0].name``, as far down as the place says which it is."""
    for index, name in re.findall(r"\[(\d+)\]|\.([^.\[]+)", place.partition("[...]")[0]):
        key, value = (f"{key}[{index}]", value[int(index)]) if index else (f"{key}.{name}", value.get(name))
    return key, value
