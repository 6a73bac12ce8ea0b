"""Samples of one subject: taken from probes and state, stored in the CSV, shown on the console."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from exporter.csv_sink import CsvSink
from exporter.probes import PROBES, read_probes
from exporter.samples import Sample
from exporter.state import SubjectState

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
        self._failing: set[str] = set()

    async def take(self, *, settled: bool = False) -> None:
        """Read every probe, and wait until the row is on disk; what fails is counted and logged, never raised."""
        async with self._one_at_a_time:
            sample = self._read(settled)
            await self._store(sample)
            self._state.last_sample = sample
            if settled:
                self._state.last_settled = sample
            self._on_sample(sample)

    def _read(self, settled: bool) -> Sample:
        state, load = self._state, self._state.load
        heaps = state.heap_bytes if state.up else {}
        reading = read_probes(PROBES, state.pid)
        state.probe_success = {probe.name: probe.name not in reading.failures for probe in PROBES}
        if state.up:
            for probe in reading.failures.keys() - self._failing:
                _log.warning("probe %s of %s failed: %s", probe, state.driver, reading.failures[probe])
            self._failing = set(reading.failures)
        return Sample(
            timestamp=datetime.now(UTC),
            elapsed_sec=self._elapsed(),
            rss_bytes=reading.values["rss_bytes"],
            heap_allocated_bytes=sum(heaps.values()) if heaps else None,
            uss_bytes=reading.values["uss_bytes"],
            heap_python_bytes=heaps.get("python"),
            heap_native_bytes=heaps.get("native"),
            heap_mmap_bytes=heaps.get("mmap"),
            threads=reading.values["threads"],
            open_fds=reading.values["open_fds"],
            payments=load.payments.total(),
            payment_failures=load.failures.total(),
            listeners=load.listeners,
            instances=load.instances,
            reconnects=load.reconnects,
            phase=state.phase,
            settled=int(settled),
        )

    async def _store(self, sample: Sample) -> None:
        try:
            # A disk may take seconds for this; the payments and the scrapes go on meanwhile.
            await asyncio.to_thread(self._sink.write, sample)
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
