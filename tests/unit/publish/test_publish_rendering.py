"""The rendering of families beside prometheus_client's own, byte for byte."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.exposition import ALLOWUTF8
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector
from web_serving import make_run

from exporter.publish.collector import RunCollector
from exporter.publish.rendering import render

SUFFIXES = {"counter": ("_total",), "info": ("_info",), "histogram": ("_bucket", "_count", "_sum")}
names = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)


@st.composite
def families(draw: st.DrawFn) -> Family:
    kind = draw(st.sampled_from(["counter", "gauge", "histogram", "info", "stateset", "unknown"]))
    family = Family(draw(names), draw(st.text()), kind, draw(st.sampled_from(["", "bytes"])))
    labels = st.dictionaries(names, st.text(), max_size=3)
    for own, value in draw(st.lists(st.tuples(labels, st.floats() | st.integers(-(2**60), 2**60)), max_size=4)):
        for suffix in SUFFIXES.get(kind, ("",)):
            family.add_sample(family.name + suffix, own, value)
    return family


class Fixed(Collector):
    def __init__(self, content: list[Family]) -> None:
        self._content = content

    def collect(self) -> Iterator[Family]:
        return iter(self._content)


def as_the_library_does(content: list[Family], openmetrics: bool) -> bytes:
    registry = CollectorRegistry()
    registry.register(Fixed(content))
    text: bytes = generate_openmetrics(registry, ALLOWUTF8) if openmetrics else generate_latest(registry)
    return text


@given(st.lists(families(), max_size=3), st.booleans())
def test_any_families(content: list[Family], openmetrics: bool) -> None:
    assert render(content, openmetrics) == as_the_library_does(content, openmetrics)


@pytest.mark.parametrize("openmetrics", [False, True])
def test_a_run(openmetrics: bool) -> None:
    content = list(RunCollector(make_run()).collect())
    assert render(content, openmetrics) == as_the_library_does(content, openmetrics)
