"""What a watch is told, checked: each refusal names the setting, its value and the remedy."""

import re
from typing import Any

import pytest

from exporter.errors import ConfigError
from exporter.settings.watch import WatchConfig


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"duration_seconds": 0.0}, "duration is 0s: watch for a second at least"),
        ({"mem_interval_seconds": 0.0}, "mem-interval is 0s: take a sample every 5s"),
        ({"scrape_url": "http://user:hush@["}, "scrape is 'http://...@[': give a URL such as"),
        ({"expvar_url": "ftp://x"}, "expvar is 'ftp://x': give a URL such as"),
        ({"run_name": "x\udcff"}, "run-name is 'x\\udcff', which is not UTF-8: give another name"),
        (
            {"agent": "python", "command": (), "pid": 1},
            "agent python works in a program that is started here: give",
        ),
        ({"pid": 1}, "command and pid say which program is watched: name it in one way: -- COMMAND, --pid"),
        ({"command": ()}, "nothing says which program is watched: name it in one way: -- COMMAND, --pid"),
        ({"labels": (("sources", "x"),)}, "label is 'sources', which every run has by itself: give another name"),
        ({"labels": (("a", "b"), ("a", "c"))}, "label is 'a', which is given twice: give another name"),
        ({"labels": (("mem_interval", "b"),)}, "label is 'mem_interval', which every run has by itself: give another"),
        ({"command": ("/bin/x\udcff",)}, "command is 'x\\udcff', which is not UTF-8"),
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        WatchConfig(**{"command": ("true",)} | settings)


def test_a_program_is_enough() -> None:
    assert WatchConfig(command=("true",)).duration_seconds == 86400
