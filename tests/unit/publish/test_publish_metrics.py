"""The rules that the table of metrics keeps."""

import re
from typing import Any

import pytest

from exporter.publish.metric_types import Metric
from exporter.publish.metrics import SUBJECT_METRICS, TABLE


def test_names_are_unique() -> None:
    names = [metric.name for metric in TABLE]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("metric", TABLE, ids=lambda metric: metric.name)
def test_row_follows_the_naming_rules(metric: Metric[Any]) -> None:
    assert re.fullmatch(r"memtest_[a-z][a-z0-9_]*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.name.endswith("_info") == (metric.kind == "info")
    assert not set(metric.name.split("_")) & {"gauge", "counter", "histogram", "driver", "rail", "ms", "kb", "mb"}
    assert metric.help.endswith(".")
    assert "pid" not in metric.labels


@pytest.mark.parametrize("metric", SUBJECT_METRICS, ids=lambda metric: metric.name)
def test_subject_metric_carries_the_driver(metric: Metric[Any]) -> None:
    assert metric.labels[0] == "driver"
