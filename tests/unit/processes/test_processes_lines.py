"""Cutting lines: the cut doesn't depend on the chunks, and an endless line costs no memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from exporter.processes.lines import LineSplitter

CHUNKS = st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"a\nb", b"\n\n"]), max_size=20)


@given(CHUNKS, st.integers(min_value=1, max_value=10))
def test_lines_do_not_depend_on_the_chunks(chunks: list[bytes], limit: int) -> None:
    overlong: list[None] = []
    splitter = LineSplitter(limit, lambda: overlong.append(None))
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    lines += splitter.flush()

    *ended, rest = b"".join(chunks).split(b"\n")
    expected = [line for line in ended if len(line) <= limit]
    expected += [rest] if 0 < len(rest) <= limit else []
    assert lines == expected
    assert len(overlong) == sum(len(line) > limit for line in [*ended, rest])


def test_an_endless_line_costs_no_memory() -> None:
    overlong: list[None] = []
    splitter = LineSplitter(1000, lambda: overlong.append(None))
    chunk = b"x" * 65536
    tracemalloc.start()
    try:
        for _ in range(1000):
            assert list(splitter.feed(chunk)) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(chunk)
    assert list(splitter.feed(b"\nnext\n")) == [b"next"]
    assert len(overlong) == 1
