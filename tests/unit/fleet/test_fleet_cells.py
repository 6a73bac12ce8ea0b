"""Cells: numbered stably, and the same wherever the plan is read."""

import shlex

import yaml
from fleet_plans import NIGHTLY, nightly

from exporter.fleet.cells import cells_of, fingerprint
from exporter.fleet.plan import parse_plan


def test_cells_are_numbered_repetition_by_repetition() -> None:
    cells = cells_of(nightly())
    assert [cell.number for cell in cells] == list(range(10))
    assert [cell.label for cell in cells][:6] == [
        "python@0.26.1 steady 30m #1",
        "python@0.26.1 reconnecting 30m #1",
        "python@0.27.2 steady 30m #1",
        "python@0.27.2 reconnecting 30m #1",
        "go reconnecting 30m #1",
        "python@0.26.1 steady 30m #2",
    ]


def test_more_repetitions_number_no_cell_anew() -> None:
    more = parse_plan(NIGHTLY.replace("repetitions: 2", "repetitions: 5").encode())
    assert cells_of(more)[:10] == cells_of(nightly())


def test_a_cell_is_what_one_would_type() -> None:
    (*_, last) = cells_of(nightly())
    assert shlex.join(last.arguments) == (
        "--driver=go --duration=30m --interval=0s --prefer-spark=false --reconnect-cycles=true --reconnect-every=10"
    )


def test_how_a_plan_is_written_does_not_count() -> None:
    rewritten = yaml.safe_dump(yaml.safe_load(NIGHTLY), sort_keys=False, default_flow_style=True)
    assert fingerprint(cells_of(parse_plan(rewritten.encode()))) == fingerprint(cells_of(nightly()))


def test_what_its_cells_do_counts() -> None:
    marks = {
        fingerprint(cells_of(parse_plan(NIGHTLY.replace(before, after).encode())))
        for before, after in (
            ("0s", "0s"),
            ("0s", "1s"),
            ("every: 10", "every: 11"),
            ("30m", "31m"),
            ("repetitions: 2", "repetitions: 3"),
            ("[python@0.26.1, python@0.27.2", "[python@0.27.2, python@0.26.1"),
        )
    }
    assert len(marks) == 6
