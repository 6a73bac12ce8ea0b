"""Whatever a driver writes, the next line is read, `/metrics` answers, and the number of its series stays bounded."""

import asyncio
import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.drivers.subject import Subject
from exporter.publish.collector import RunCollector
from exporter.publish.rendering import render
from exporter.record.state import RunState, SubjectState
from exporter.record.told import note_message

pytestmark = pytest.mark.fuzz

MOST_SERIES = 400
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(["\ud800", "\x1b[2J\r\n", "", "x" * 5000, '"\\\n'])
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63, -1, 0, 1e308])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
BY_NAME = st.dictionaries(TEXTS | st.integers().map(str), VALUES, max_size=6)
FIELDS = {
    "hello": ("protocol", "driver", "sdk", "sdk_version", "language", "pid"),
    "done": ("id", "ok", "seconds", "error", "kind", "balance_sats", "address"),
    "event": ("event", "wallet"),
    "heap": ("heap_bytes", "allocator_bytes", "objects", "collections", "event_loop_handles", "goroutines"),
    "log": ("level", "message"),
    "bye": ("reason", "message"),
}
MESSAGES = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind)}, optional=dict.fromkeys(FIELDS[kind], VALUES | BY_NAME | st.integers(0, 99))
    )
)
LINES = st.binary(max_size=60) | MESSAGES.map(lambda message: json.dumps(message).encode())


class FuzzedSubject:
    """A subject without a process, and what is published of it."""

    def __init__(self) -> None:
        self.state = SubjectState("fuzzed", pid=1)
        run = RunState("fuzz", {}, datetime.now(UTC), 60.0, {"fuzzed": self.state})
        self.registry = CollectorRegistry()
        self.registry.register(RunCollector(run))

    def write(self, lines: list[bytes]) -> None:
        async def main() -> None:
            subject = Subject("fuzzed", lambda message: note_message(self.state, message))
            for line in lines:
                subject._on_line(line)

        asyncio.run(main())

    def series(self) -> int:
        text = render(self.registry.collect(), openmetrics=False).decode()
        openmetrics = render(self.registry.collect(), openmetrics=True).decode()
        list(parse_openmetrics(openmetrics))
        return sum(len(family.samples) for family in parse_text(text))


@pytest.fixture(scope="module")
def lasting() -> FuzzedSubject:
    """One that goes through all examples."""
    return FuzzedSubject()


@settings(max_examples=60)
@given(lines=st.lists(LINES, min_size=10, max_size=30))
def test_no_line_spoils_the_next_one_or_the_metrics(lasting: FuzzedSubject, lines: list[bytes]) -> None:
    lasting.write([*lines, b'{"type":"heap","heap_bytes":{"python":4242}}'])
    assert lasting.state.heap_bytes == {"python": 4242}
    assert lasting.series() < MOST_SERIES


SEEDS = (
    b'{"type":"hello","protocol":1,"driver":"x","sdk":"y","sdk_version":"1","language":"go","pid":4242}',
    b'{"type":"done","id":7,"ok":true,"seconds":0.071,"balance_sats":50}',
    b'{"type":"event","event":"payment_succeeded","wallet":"alice"}',
    b'{"type":"heap","heap_bytes":{"python":15144464,"native":8571264},"allocator_bytes":{"arena":9},"objects":43}',
    b'{"type":"log","level":"warning","message":"the storage is slow"}',
)
PIECES = (b"\\ud800", b"\xff", b"\xc3", b"0" * 400, b"-", b"e999", b"NaN", b"null", b"}", b"[[", b"\x1b", b"\\u0000")


def test_fifty_thousand_damaged_lines_do_no_harm(lasting: FuzzedSubject) -> None:
    chance = random.Random(1)
    for _ in range(50):
        lasting.write([_damaged(chance) for _ in range(1000)])
        assert lasting.series() < MOST_SERIES


def _damaged(chance: random.Random) -> bytes:
    line = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(line))
        line[at : at + chance.randint(0, 3)] = chance.choice((*PIECES, bytes([chance.randrange(256)])))
    return bytes(line)
