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
from typing import Any, TextIO

from exporter.analysis.judgement import Settings


def serve(source: TextIO, sink: TextIO, settings: Settings) -> None:
    """Answer every ``{"judge": true}``, until the source ends; a line that is no object is passed over."""
    subjects = None
    untold = []
    for message in _messages(source):
        if not message.get("judge"):
            untold.append(message)
            continue
        if subjects is None:
            # The arithmetic's libraries load only now: a run of less than a minute does without their time and memory.
            from exporter.analysis.online_subjects import OnlineSubjects

            subjects = OnlineSubjects(settings)
        for each in untold:
            subjects.take(each)
        untold.clear()
        for answer in subjects.answers():
            sink.write(json.dumps(answer) + "\n")
        sink.flush()


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
    parser.add_argument("--threshold", type=float, default=Settings().threshold_kib_per_min, help="KiB/min")
    parser.add_argument("--memory-limit", type=float, default=None, help="bytes, of a subject that isn't told of")
    arguments = parser.parse_args()
    settings = replace(Settings.from_threshold(arguments.threshold), memory_limit_bytes=arguments.memory_limit)
    # What else prints must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, answers, settings)


if __name__ == "__main__":
    main()
