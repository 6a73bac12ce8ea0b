"""A plan: what is read from it, what is refused of it in which words, and its schema, which agrees."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from costly_properties import percent_of_examples
from fleet_plans import NIGHTLY, nightly
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.fleet.options import offered, options_schema
from exporter.fleet.plan import MOST_CELLS, parse_plan, plan_schema, read_plan

SCHEMA = jsonschema.Draft202012Validator(plan_schema())


def refusals(text: str) -> list[str]:
    """All that is wrong with a plan."""
    with pytest.raises(ConfigError) as caught:
        parse_plan(text.encode())
    return [complaint.text for complaint in caught.value.complaints]


def with_line(line: str) -> str:
    """The nightly plan with this line in the place of the one with its key, and without what excludes cells."""
    text = NIGHTLY
    for key in ("exclude", *re.findall(r"^[\w-]+", line, re.MULTILINE)):
        text = re.sub(rf"^{key}:.*\n(?:[ ].*\n)*", "", text, flags=re.MULTILINE)
    return text + line + "\n"


def test_reads_every_part() -> None:
    plan = nightly()
    assert plan.name == "nightly"
    assert list(plan.commands) == ["python@0.26.1", "python@0.27.2", "go"]
    assert plan.texts("go", "reconnecting", "30m") == {
        "driver": "go",
        "duration": "30m",
        "interval": "0s",
        "prefer-spark": "false",
        "reconnect-cycles": "true",
        "reconnect-every": "10",
    }
    assert (plan.fail_on, plan.limits.retries) == ("leak", 1)


def test_a_driver_may_be_a_program() -> None:
    plan = parse_plan(with_line('drivers: [{name: mine, command: "python mine.py --x"}]').encode())
    assert plan.texts("mine", "steady", "30m")["driver-command"] == "python mine.py --x"


def test_a_scenario_s_option_counts_more_than_the_plan_s() -> None:
    plan = parse_plan(with_line("scenarios: {slow: {interval: 5s}}").encode())
    assert plan.texts("go", "slow", "30m")["interval"] == "5s"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("name: Nightly!", "name is 'Nightly!': give a name of lower-case letters"),
        ("drivers: [pyton]", "driver is 'pyton': choose among python, .*, or give a name and a command$"),
        ("drivers: [python@banana]", "driver is 'python@banana', and 'banana' is no release: name one, as in python@"),
        ('drivers: [{name: own, command: "x \'y"}]', "command is .*: quote it as for a shell"),
        ("drivers: []", r"drivers is \[\]: give a list of length >= 1"),
        ("drivers: [go, go]", "driver 'go' is named twice"),
        ("drivers: [{name: mine}]", r"drivers\[0\] is .*missing required field `command`"),
        ("durations: [30]", r"durations\[0\] is 30: write it like 90s"),
        ("durations: 30m", "durations is '30m': give a list"),
        ("durations: [soon]", "duration is 'soon': write it like 90s"),
        ("durations: [30m, 30m]", "duration '30m' is named twice"),
        ("repetitions: three", "repetitions is 'three': give a whole number$"),
        ("repetitions: 0", "repetitions is 0: give a whole number >= 1"),
        ("scenarios: {off: {}}", "a key of scenarios is False: give a text"),
        ("scenarios: {pay: {}, Pay it: {}}", "a key of scenarios is 'Pay it': give a name of lower-case letters"),
        (
            "kubernetes: {requests: {memory: lots}}",
            "kubernetes.requests is .*: give a quantity as Kubernetes",
        ),
        (
            "kubernetes: {limits: {memory: 500m}}",
            "kubernetes is .*memory '500m' is 0.5 bytes: give a quantity like 256Mi",
        ),
        (
            "kubernetes: {requests: {cpu: 1500m}, limits: {cpu: 1}}",
            "kubernetes is .*'1500m' of cpu is requested, above the limit of 1: raise the limit",
        ),
        ("kubernetes: {priority-class: High}", "kubernetes.priority-class is 'High': give the name of an object"),
        ("scenarios: {slow: {interval: soon}}", "interval is 'soon': write it like 90s"),
        ("scenarios: {slow: {intervall: 1s}}", "option 'intervall' is none that .*: did you mean interval?"),
        ("options: {csv: out.csv}", "option 'csv' is no option of a cell: leave it out"),
        ("options: {network: regtest}", "option 'network' is no option of a cell: leave it out"),
        ("options: {fail-on: never}", "option 'fail-on' is no option of a cell: say it once for the plan"),
        ("options: {amount: 0}", "amount is 0: pay 1 satoshi or more"),
        ("options: {destroy-responses: true}", "destroy-responses is on, and does nothing without payment-history"),
        ("exclude: [{}]", r"exclude\[0\] is .* names nothing: give it a driver"),
        ("exclude: [{driver: node}]", "exclude has .*, which no cell is: correct it"),
        ("exclude: [{duration: 30m}]", "exclude leaves no cell: take an exclusion out"),
        ("limits: {overtime: late}", "limits is .*write it like 90s"),
        ("limits: {overtime: 0s}", "overtime is 0: give cells time to start"),
        ("fail-on: rain", "fail-on is 'rain': choose among leak, inconclusive, never"),
        ("kubernetis: {}", "'kubernetis' is unknown: remove or correct it"),
        ("durations: [1m, 2m, 3m, 4m]\nrepetitions: 1000", f"24000 cells: make them {MOST_CELLS} at most"),
    ],
)
def test_says_what_is_wrong_and_what_to_do(line: str, said: str) -> None:
    (refusal,) = refusals(with_line(line))
    assert re.search(said, refusal)


def test_what_is_requested_may_reach_the_limit() -> None:
    place = "kubernetes: {requests: {cpu: 1500m, memory: 1024Mi}, limits: {cpu: '1.5', memory: 1Gi}}"
    assert parse_plan(with_line(place).encode()).kubernetes.limits == {"cpu": "1.5", "memory": "1Gi"}


def test_says_all_faults_at_once() -> None:
    text = with_line("repetitions: three\ndurations: [30]\ndrivers: [pyton]\nlimit: {}")
    text = text.replace("reconnect-every: 10", "reconnect-every: 0, cvs: x, csv: x").replace("0s", "-1s")
    assert [each.partition(" is ")[0] for each in refusals(text)] == [
        "'limit'",
        "durations[0]",
        "repetitions",
        "option 'cvs'",
        "option 'csv'",
        "interval",
        "driver",
        "scenario reconnecting: reconnect-every",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty: see"),
        ("# nothing\n", "it is empty: see"),
        ("[]", r"it is \[\], no mapping"),
        ("name: [", "no valid YAML"),
        ("[" * 1_000, "no valid YAML"),
        ("\0", "no valid YAML"),
        ("name: a\nname: b", "the key 'name' is given twice, line 2"),
        ("name: !!python/object:os.system x", "no valid YAML"),
        ("name: 0x" + "f" * 10_000, "a value is too long, line 1"),
        ("a: &a [x,x]\nb: &b [*a,*a]\nname: *b", "name is "),
    ],
)
def test_a_file_that_is_no_plan_is_refused(text: str, said: str) -> None:
    assert re.search(said, "\n".join(refusals(text)))


def test_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    with pytest.raises(ConfigError, match=r"plan '.*plan.yaml' can't be read \(No such file"):
        read_plan(path)
    path.write_text(with_line("repetitions: three"))
    with pytest.raises(ConfigError, match=r"^plan '.*plan.yaml': repetitions is 'three'"):
        read_plan(path)
    path.write_text(NIGHTLY)
    assert read_plan(path) == nightly()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
things = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@settings(max_examples=percent_of_examples(30))
@given(st.dictionaries(st.sampled_from([*yaml.safe_load(NIGHTLY), "limits", "fail-on"]), things))
def test_whatever_a_file_holds_it_is_a_plan_or_refused(changes: dict[str, Any]) -> None:
    text = yaml.safe_dump(yaml.safe_load(NIGHTLY) | changes, allow_unicode=True)
    try:
        plan = parse_plan(text.encode(errors="surrogatepass"))
    except ConfigError as error:
        said = str(error)
    else:
        said = "".join(plan.name for _ in plan.combinations())
    assert said
    assert "\n" not in said


names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
options = st.fixed_dictionaries(
    {},
    optional={
        "interval": st.sampled_from(["0s", "500ms"]),
        "amount": st.integers(1, 1000),
        "force-gc": st.booleans(),
        "failing-payments": st.floats(0, 1, exclude_max=True),
        "payment-type": st.sampled_from(["spark", "both"]),
    },
)
plans = st.fixed_dictionaries(
    {
        "name": names,
        "drivers": st.lists(st.sampled_from(["python", "go", "python@1.2"]), min_size=1, unique=True),
        "scenarios": st.dictionaries(names, options, min_size=1, max_size=3),
        "durations": st.lists(st.sampled_from(["10s", "1h30m"]), min_size=1, unique=True),
    },
    optional={
        "repetitions": st.integers(1, 5),
        "options": options,
        "limits": st.just({"overtime": "1m", "retries": 0}),
        "fail-on": st.sampled_from(["leak", "never"]),
    },
)


@settings(max_examples=percent_of_examples(30))
@given(plans)
def test_a_right_plan_is_read_and_is_right_by_the_schema(plan: dict[str, Any]) -> None:
    SCHEMA.validate(plan)
    parse_plan(yaml.safe_dump(plan).encode())


@pytest.mark.parametrize(
    "line",
    [
        *("name: Nightly!", "repetitions: three", "zz: 1", "durations: [30]", "options: {intervall: 1s}"),
        *("options: {amount: 0}", "options: {force-gc: 7}", "options: {payment-type: cash}", "fail-on: rain"),
    ],
)
def test_a_wrong_plan_is_wrong_by_the_schema(line: str) -> None:
    text = with_line(line)
    assert refusals(text)
    assert not SCHEMA.is_valid(yaml.safe_load(text))


def test_the_schema_describes_every_option() -> None:
    described = options_schema()["properties"]
    assert described.keys() == offered().keys()
    assert "abandon-instances" in described
    assert all(each["description"] for each in described.values())
