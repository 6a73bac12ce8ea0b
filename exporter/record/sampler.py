"""Samples of one subject: taken from probes and state, stored in the CSV, shown on the console."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import psutil

from exporter.record.column import Moment
from exporter.record.csv_file import CsvSink
from exporter.record.probes import PROBES, Counts, count_probes, read_counts, read_probes
from exporter.record.sample import Sample, sample_of
from exporter.record.state import SubjectState

_log = logging.getLogger(__name__)


class Sampler:
    """Takes the samples of one subject, one at a time.

    ``elapsed`` gives the seconds since the start of the load; ``on_sample`` gets every sample, stored or not.
    """

    def __init__(
        self,
        state: SubjectState,
        sink: CsvSink,
        elapsed: Callable[[], float],
        on_sample: Callable[[Sample], None],
    ) -> None:
        self._state = state
        self._sink = sink
        self._elapsed = elapsed
        self._on_sample = on_sample
        self._one_at_a_time = asyncio.Lock()
        self._count_probes = count_probes()
        self._failing: set[str] = set()

    async def take(self, *, settled: bool = False, trimmed: bool = False) -> None:
        """Read every probe, and wait until the row is on disk; what fails is counted and logged, never raised."""
        async with self._one_at_a_time:
            # Some of what is counted takes the kernel a while; payments and scrapes go on meanwhile.
            counts = await asyncio.to_thread(read_counts, self._count_probes, self._state.pid)
            sample = self._read(settled, trimmed, counts)
            await self._store(sample)
            # A trimmed one is for its likes only, and the first of them comes before the load.
            if not trimmed:
                self._state.last_sample = sample
                self._state.last_settled = sample if settled else self._state.last_settled
            self._on_sample(sample)

    def _read(self, settled: bool, trimmed: bool, counts: Counts) -> Sample:
        reading = read_probes(PROBES, self._state.pid, self._state.others)
        self._note(counts, {**reading.failures, **counts.failures})
        moment = Moment(datetime.now(UTC), self._elapsed(), self._state, reading.values, settled, trimmed)
        return sample_of(moment)

    def _note(self, counts: Counts, failures: Mapping[str, str]) -> None:
        """Keep what was counted as the subject's latest, and log each probe when it begins to fail."""
        state = self._state
        state.counted = counts.by_probe
        names = [*(probe.name for probe in PROBES), *(probe.name for probe in self._count_probes)]
        state.probe_success = {name: name not in failures for name in names}
        # That nothing can be read of a process that is gone is no news.
        if state.pid is not None and psutil.pid_exists(state.pid):
            for probe in failures.keys() - self._failing:
                _log.warning("probe %s of %s failed: %s", probe, state.driver, failures[probe])
            self._failing = set(failures)

    async def _store(self, sample: Sample) -> None:
        try:
            # A disk may take seconds for this; the payments and the scrapes go on meanwhile.
            news = await asyncio.to_thread(self._sink.write, sample)
        except OSError as error:
            if self._state.csv_errors == 0:
                _log.warning(
                    "a sample could not be written to the CSV: %s; the run goes on, "
                    "and memtest_csv_errors_total counts the samples that are lost",
                    error.strerror or error,
                )
            self._state.csv_errors += 1
        else:
            self._state.samples_written += 1
            if news:
                if self._state.csv_mishaps == 0:
                    _log.warning("%s", news)
                self._state.csv_mishaps += 1
