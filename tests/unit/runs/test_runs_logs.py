"""The log as JSON lines."""

import json
import logging
import sys

from exporter.runs.logs import JsonFormatter, TextFormatter


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


def test_nothing_that_is_logged_can_break_a_line_or_a_terminal() -> None:
    try:
        raise ValueError("a\x1b[2J\ud800")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("exporter.child.x", logging.INFO, "f", 1, "two\nlines %s", ("\x1b[31m\udcc3",), error)
    first, *traceback = TextFormatter().format(record).split("\n")
    assert first.endswith(r"INFO exporter.child.x: two\nlines \x1b[31m\udcc3")
    assert traceback[-1] == r"ValueError: a\x1b[2J\ud800"
    "\n".join(traceback).encode()
