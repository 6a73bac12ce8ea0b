import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from exporter.analysis.demands import LOOKS_IN_A_ROW
from exporter.analysis.judgement import Settings
from exporter.analysis.online import serve
from exporter.analysis.online_subjects import Online
from exporter.record.terms import Verdict

KIB = 1024
THRESHOLD = Settings().threshold_kib_per_min


def samples(kib_per_min: float, minutes: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(2)
    return [
        {
            "timestamp": f"2025-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z",
            "elapsed_sec": float(second),
            "rss_bytes": 50_000 * KIB + kib_per_min * KIB * second / 60 + 50 * KIB * rng.standard_normal(),
            "heap_allocated_bytes": None,
            "payments": second // 5,
            "phase": "running",
            "settled": 0,
        }
        for second in range(minutes * 60)
    ]


def verdicts(kib_per_min: float, minutes: int) -> list[Verdict]:
    online, found = Online(), []
    for number, sample in enumerate(samples(kib_per_min, minutes)):
        online.add(sample)
        if number % 60 == 59:
            found.append(online.judgement().verdict)
    return found


def test_a_leak_is_called_after_several_looks_in_a_row() -> None:
    found = verdicts(2000, 20)
    assert Verdict.LEAK in found
    first = found.index(Verdict.LEAK)
    assert 14 <= first + 1 <= 17
    assert first >= LOOKS_IN_A_ROW


def test_its_clean_twin_is_never_called_one() -> None:
    found = verdicts(0, 20)
    assert Verdict.LEAK not in found
    assert found[-1] is Verdict.NO_LEAK


@pytest.mark.parametrize(("rate", "leaks"), [(0, False), (1500, True)])
def test_a_bounded_memory_gives_the_same_verdict(rate: float, leaks: bool) -> None:
    online = Online(most_samples=200)
    for sample in samples(rate, 40):
        online.add(sample)
    found = [online.judgement() for _ in range(LOOKS_IN_A_ROW)][-1]
    assert (found.verdict is Verdict.LEAK) is leaks
    assert found.growth_kib_per_min is not None
    assert found.growth_kib_per_min.value == pytest.approx(rate, abs=40)


def test_it_tells_when_the_memory_limit_is_reached() -> None:
    stream = io.StringIO()
    serve(io.StringIO('{"elapsed_sec": 0, "rss_bytes": 1}\nnot json\n[1]\n{"judge": true}\n'), stream, THRESHOLD)
    answer = json.loads(stream.getvalue())
    assert answer["verdict"] == "inconclusive"
    assert answer["memory_limit_in_sec"] is None


def test_each_subject_is_judged_by_itself() -> None:
    lines = ['{"subject": "go", "elapsed_sec": 0, "rss_bytes": 1}', '{"subject": "node", "memory_limit_bytes": 1e9}']
    stream = io.StringIO()
    serve(io.StringIO("\n".join([*lines, '{"judge": true}']) + "\n"), stream, THRESHOLD)
    assert [json.loads(line)["subject"] for line in stream.getvalue().splitlines()] == ["go", "node"]


def test_what_was_measured_before_is_read_from_the_record(tmp_path: Path) -> None:
    """With another run's rows before ours and a torn one after: ours are judged as those that are passed on."""
    rows = samples(2000, 20)
    names = list(rows[0])
    written = [",".join("" if row[name] is None else str(row[name]) for name in names) + "\n" for row in rows]
    header, foreign = ",".join(names) + "\n", written[0] * 100
    record = tmp_path / "out.csv"
    record.write_text(header + foreign + "".join(written) + written[0][:20])
    begin, end = len(header + foreign), record.stat().st_size
    told = {"subject": "go", "memory_limit_bytes": 1e9, "record": str(record), "begin": begin, "end": end}

    def looks(*messages: dict[str, object]) -> list[dict[str, object]]:
        stream = io.StringIO()
        lines = [json.dumps(message) for message in [*messages, *([{"judge": True}] * LOOKS_IN_A_ROW)]]
        serve(io.StringIO("\n".join(lines) + "\n"), stream, THRESHOLD, 1e9)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    found = looks(told)
    assert found[-1]["verdict"] == "leak"
    assert found == looks(*({"subject": "go", **row} for row in rows))


@pytest.mark.e2e
def test_the_process_answers_and_ends_with_its_input() -> None:
    lines = [json.dumps(sample) for sample in samples(0, 8)] + ['{"judge": true}']
    done = subprocess.run(
        [sys.executable, "-m", "exporter.analysis.online", "--threshold", "5", "--memory-limit", "1e9"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(done.stdout)["verdict"] == "no leak"
