"""The verdict while a run goes on: ``python -m exporter.analysis.online``, a small process of its own.

One JSON object a line on stdin: a sample (the CSV's columns as keys, ``null`` where there is no figure), or
``{"judge": true}``. Each of the latter is answered by a line on stdout for each subject: the judgement's fields. A
sample's ``subject`` says whose it is. With ``memory_limit_bytes`` an object is no sample, but what is to be known of a
subject before its first one; ``record``, ``begin`` and ``end`` are then the CSV that holds samples so far, and between
which bytes. The process ends when stdin closes. What it keeps is bounded.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from exporter.analysis.online_subjects import OnlineSubjects


def serve(source: TextIO, sink: TextIO, threshold_kib_per_min: float, memory_limit_bytes: float | None = None) -> None:
    """Answer every ``{"judge": true}``, until the source ends; a line that is no object is passed over."""
    subjects = None
    untold = []
    for message in _messages(source):
        if not message.get("judge"):
            untold.append(message)
            continue
        if subjects is None:
            subjects = _subjects(threshold_kib_per_min, memory_limit_bytes)
        for each in untold:
            subjects.take(each)
        untold.clear()
        for answer in subjects.answers():
            sink.write(json.dumps(answer) + "\n")
        sink.flush()


def _subjects(threshold_kib_per_min: float, memory_limit_bytes: float | None) -> "OnlineSubjects":
    # All but the JSON loads only now: a run of less than a minute does without its time and memory.
    from exporter.analysis.judgement import Settings
    from exporter.analysis.online_subjects import OnlineSubjects

    settings = Settings.from_threshold(threshold_kib_per_min)
    return OnlineSubjects(replace(settings, memory_limit_bytes=memory_limit_bytes))


def _messages(source: TextIO) -> Iterator[dict[str, Any]]:
    for line in source:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if isinstance(message, dict):
            yield message


def main() -> None:
    """Read the settings from the command line and serve stdin."""
    parser = argparse.ArgumentParser(prog="python -m exporter.analysis.online")
    parser.add_argument("--threshold", type=float, required=True, help="KiB/min")
    parser.add_argument("--memory-limit", type=float, default=None, help="bytes, of a subject that isn't told of")
    arguments = parser.parse_args()
    # What else prints must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, answers, arguments.threshold, arguments.memory_limit)


if __name__ == "__main__":
    main()
