"""The log as JSON lines."""

import json
import logging
import sys

from exporter.runs.logs import JsonFormatter


def test_a_record_is_one_json_object_a_line() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("exporter.runs.soak", logging.WARNING, "f", 1, "two\nlines %s", ("é",), error)
    line = JsonFormatter().format(record)
    fields = json.loads(line)
    assert "\n" not in line
    assert fields["level"] == "warning"
    assert fields["logger"] == "exporter.runs.soak"
    assert fields["message"] == "two\nlines é"
    assert fields["error"].endswith("ValueError: why")
    assert fields["time"].endswith("+00:00")
