"""A flame graph of a heap dump, through memray's own reporter."""

import io
from pathlib import Path

from exporter.errors import ConfigError
from exporter.heaps.memray_dump import open_memray
from exporter.heaps.reading import format_of, unreadable
from exporter.whole_files import write_whole

_ELSEWHERE = {
    "pprof": "'go tool pprof -http=localhost: FILE' draws it",
    "v8": "Chromium's developer tools show it, under Memory",
}


def write_flamegraph(dump: Path, output: Path) -> None:
    """Draw what a dump holds as one HTML page that loads nothing; raises ConfigError for unfit files."""
    try:
        if (remedy := _ELSEWHERE.get(format_of(dump))) is not None:
            raise ConfigError(f"{dump} is not of memray, whose dumps are drawn here: {remedy}")
        opened = open_memray(dump)
    except OSError as error:
        raise unreadable(dump, error) from None
    with opened as reader:
        from memray.reporters.flamegraph import FlameGraphReporter

        records = list(reader.get_leaked_allocation_records(merge_threads=True))
        if not records:
            raise ConfigError(f"{dump} holds nothing to draw; name a dump of a run that made payments")
        reporter = FlameGraphReporter.from_snapshot(
            records,
            memory_records=tuple(reader.get_memory_snapshots()),
            native_traces=reader.metadata.has_native_traces,
        )
        metadata = reader.metadata
    page = io.StringIO()
    reporter.render(page, metadata=metadata, show_memory_leaks=True, merge_threads=True, inverted=False, no_web=True)
    try:
        write_whole(output, page.getvalue())
    except OSError as error:
        raise ConfigError(f"output {output} can't be written: {error.strerror}; name another file") from None
